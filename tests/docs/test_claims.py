"""The README claims no more than the evidence shows."""

from __future__ import annotations

import json
import re

import pytest

from quotakeeper.catalogue import load_snapshot
from tests.docs.pages import DOCS, LANGUAGES, READMES, blocks
from tests.docs.test_examples import tried


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_readme_names_no_more_cases_than_were_tried(language: str) -> None:
    result = json.loads((DOCS / "reliability.json").read_text(encoding="utf-8"))
    claimed = re.search(r"(\d+) (?:million|triệu)", READMES[language].read_text(encoding="utf-8"))
    assert claimed is not None
    assert int(claimed[1]) * 1_000_000 < sum(part["cases"] for part in result["parts"])
    assert [part["name"] for part in result["parts"] if part["found"]] == []


def test_every_example_names_a_model_that_has_a_price() -> None:
    """Of the pages that people type from; `our-writer` is a model that its page gives a price."""
    snapshot = load_snapshot([])
    known = {name for provider in ("gemini", "deepgram") for name in snapshot.models(provider)}
    named = {
        name
        for page in tried("en")
        for block in blocks(page)
        for name in re.findall(r"model ?= ?\"([\w.-]+)\"", block.text)
    }
    assert "gemini-3.5-flash-lite" in named
    assert named - known == {"our-writer"}
