"""The text format: exact numbers, labels that no text of a client can break, and stable lines."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotakeeper.telemetry.exposition import (
    COUNTER,
    Family,
    decimal_text,
    exposition,
    label_value,
)

_LINE = re.compile(r'(\w+)\{name="((?:[^"\\\n]|\\["\\n])*)"\} (\S+)')


@pytest.mark.parametrize(
    ("number", "per_unit", "text"),
    [
        (0, 10**12, "0"), (1, 10**12, "0.000000000001"), (-1, 1_000, "-0.001"),
        (12_345_678_901_234_567_890, 10**12, "12345678.90123456789"), (7, 1, "7"),
        (1_500, 1_000, "1.5"), (3_000, 1_000, "3"),
    ],
)  # fmt: skip
def test_a_number_is_exact(number: int, per_unit: int, text: str) -> None:
    assert decimal_text(number, per_unit) == text
    assert Decimal(text) * per_unit == number


@given(st.text(max_size=300))
def test_any_text_is_one_line_and_is_read_back_as_it_was_shown(text: str) -> None:
    value = label_value(text)
    assert len(value) <= 100
    family = Family("quotakeeper_x_total", COUNTER, "About\nit.", {(("name", value),): 5})
    lines = exposition((family,)).split("\n")
    assert lines[0] == "# HELP quotakeeper_x_total About\\nit."
    assert len(lines) == 4 and lines[3] == ""
    found = _LINE.fullmatch(lines[2])
    assert found is not None, lines[2]
    read = re.sub(r"\\(.)", lambda match: {"n": "\n"}.get(match[1], match[1]), found[2])
    assert read == value


def test_long_texts_that_begin_alike_stay_different() -> None:
    assert label_value("a" * 100) == "a" * 100
    assert label_value("a" * 101) != label_value("a" * 102)
    assert label_value("a\x00") != label_value("a\x01")


def test_a_family_without_samples_is_left_out() -> None:
    assert exposition((Family("quotakeeper_x", COUNTER, "About.", {}),)) == ""
