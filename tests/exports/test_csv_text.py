"""No text, however hostile, does anything in a spreadsheet, and all of it comes back."""

from __future__ import annotations

import csv
import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotakeeper.app.records.csv_text import Number, csv_line, inert, visible

FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    '=HYPERLINK("http://x","y")',
    "=cmd|' /C calc'!A0",
    "  =1",
    "\u3000=1",
    "＝1",
    "＋1",
    "－1",
    "＠x",
    "\u22121",
    "\ufe621",
]
HIDDEN = [
    "\t=1",
    "\r=1",
    "\n=1",
    "\x00=1",
    "\u202e=1",
    "\u200b=1",
    "\ufeff=1",
    "\ud800=1",
    "\x1b[2J",
]
DANGEROUS = set("=+-@\t\r\n\0\u2212")

texts = st.text(st.characters() | st.sampled_from("=+-@\t\r\n'\",; ＝＋－＠\u202e\u3000")) | (
    st.sampled_from([*FORMULAS, *HIDDEN])
)


def first_shown(cell: str) -> str:
    return unicodedata.normalize("NFKC", cell.lstrip()[:1])


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_gets_an_apostrophe_and_is_otherwise_itself(text: str) -> None:
    assert inert(text) == f"'{text}"


@pytest.mark.parametrize("text", HIDDEN)
def test_a_hidden_character_is_written_out(text: str) -> None:
    assert inert(text).startswith("\\")


@given(st.lists(texts, min_size=1))
def test_whatever_is_written_is_one_line_and_inert(cells: list[str]) -> None:
    line = csv_line(cells)
    assert line.count("\n") == 1
    assert line.endswith("\r\n")
    (row,) = csv.reader(io.StringIO(line, newline=""), strict=True)
    assert row == [inert(cell) for cell in cells]
    for cell in row:
        assert first_shown(cell) not in DANGEROUS
        assert all(c.isprintable() or c == "\u3000" for c in cell)
        cell.encode("utf-8")


@given(st.text().filter(str.isprintable).filter(lambda t: inert(t) == t))
def test_an_ordinary_text_comes_back_as_it_was(text: str) -> None:
    assert next(csv.reader([csv_line([text, "x"])])) == [text, "x"]


@given(st.integers(0, 2**62))
def test_numbers_are_not_quoted(number: int) -> None:
    assert csv_line([Number(number), None, Number("0.000002")]) == f"{number},,0.000002\r\n"


def test_ordinary_words_of_both_languages_are_left_alone() -> None:
    for text in ("dịch thuật", "翻译", "speech_to_text", "emoji 🚨", "a-b", "it's"):
        assert visible(text) == text == inert(text)
