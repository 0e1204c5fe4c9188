"""Labels of languages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from quotakeeper.tokens import detect_language, language

GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text("utf-8"))
# Indonesian and Malay share most words, so one short sentence may give no certain label.
CASES = [
    (row["label"].split("-")[0], row["text"])
    for row in GOLDEN
    if (len(row["label"]) == 2 or "-" in row["label"]) and row["label"] != "id"
]


@pytest.fixture(autouse=True)
def without_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "_by_library", lambda text: "und")


@pytest.mark.parametrize(("label", "text"), CASES, ids=[label for label, _ in CASES])
def test_a_text_gets_its_languages_label(label: str, text: str) -> None:
    assert detect_language(text) == label


@pytest.mark.parametrize("text", ["", "12 345", "\0", "\ud800", "x", "🎉"])
def test_an_ambiguous_text_is_unsure(text: str) -> None:
    assert detect_language(text) == "und"


def test_the_library_is_asked_only_when_unsure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "_by_library", lambda text: "fi")
    assert detect_language("xyzzy plugh") == "fi"
    assert detect_language(CASES[1][1]) == CASES[1][0]


def test_without_word_lists_scripts_are_still_recognised(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = language._Lists((), {}, {})
    monkeypatch.setattr(language, "_lists", lambda: empty)
    assert detect_language("これは本です") == "ja"
    assert detect_language("the house is on the hill") == "und"
