"""The page names every kind of difference and every column that the importer accepts."""

from __future__ import annotations

from pathlib import Path

import pytest

from quotakeeper.app.reconcile import DifferenceKind
from quotakeeper.providers.gemini.billing import COLUMNS, _plain


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_the_page_names_every_difference_and_column(repository: Path, lang: str) -> None:
    page = (repository / "docs" / lang / "reference" / "reconcile.md").read_text(encoding="utf-8")
    for kind in DifferenceKind:
        assert f"| `{kind}` |" in page
    quoted = {_plain(part) for part in page.split("`")[1::2]}
    for choices in COLUMNS.values():
        for name in choices:
            if name not in ("service", "service name"):  # rarer forms of a named column
                assert name in quoted, name


def test_both_languages_have_the_same_sections(repository: Path) -> None:
    english, vietnamese = (
        (repository / "docs" / lang / "reference" / "reconcile.md").read_text(encoding="utf-8")
        for lang in ("en", "vi")
    )
    for mark in ("\n## ", "\n|", "```", "\n- "):
        assert english.count(mark) == vietnamese.count(mark)
