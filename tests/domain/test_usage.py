"""Labels: any text that comes in becomes a label that can be stored, shown and told apart."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotakeeper.domain.usage import (
    MAX_LABEL,
    CallLabels,
    UsageEvent,
    check_label,
    check_scope,
    is_storable,
    labels_are_storable,
)
from quotakeeper.errors import InvalidInputError

# Every code point, including lone surrogates.
texts = st.text(st.characters(), max_size=400)
ODD = (
    "dịch 翻译 🎬", "mô-hình", "שלום", "مرحبا", "\u202eabc", "a\x00b", "\ud800", "x\udfffy",
    "line\nbreak", "tab\t", "👨‍👩‍👧", "e\u0301", " spaces ", "\u3000wide\u3000", "a" * 256, "a" * 257,
    "'; DROP TABLE entry; --", "\\x00", "=1+1", "\x1b[31mred",
)  # fmt: skip


@given(texts)
def test_a_checked_label_can_be_stored_and_checking_it_again_changes_nothing(text):
    label = check_label(text, "operation", empty=True)
    assert is_storable(label, empty=True)
    assert label.encode("utf-8").decode("utf-8") == label
    assert label == label.strip() and len(label) <= MAX_LABEL
    assert check_label(label, "operation", empty=True) == label


@given(texts)
def test_two_unicode_forms_of_one_name_are_one_label(text):
    composed, split = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    assert check_label(composed, "x", empty=True) == check_label(split, "x", empty=True)
    assert check_label(f"  {text} ", "x", empty=True) == check_label(text, "x", empty=True)


@pytest.mark.parametrize("text", ODD, ids=lambda text: ascii(text)[:20])
def test_unusual_names_stay_unchanged(text):
    label = check_label(text, "operation")
    assert is_storable(label)
    if text.isprintable() and len(text) <= MAX_LABEL:
        assert label == unicodedata.normalize("NFC", text).strip()


def test_long_names_stay_distinct_and_keep_their_beginning():
    first, second = (check_label("n" * 300 + end, "x") for end in "ab")
    assert first != second and len(first) == len(second) == MAX_LABEL
    assert first.startswith("n" * 243 + "~")
    assert check_label("é" * 300, "x") == check_label("e\u0301" * 300, "x")
    assert len(check_label("x" * 1_000_000, "x")) == MAX_LABEL
    assert len(check_label("\ud800" * 1_000_000, "x")) == MAX_LABEL


@pytest.mark.parametrize("value", ["", "  ", "\n", "\u3000", "\u2003 "])
def test_an_empty_name_is_refused(value):
    with pytest.raises(InvalidInputError, match="empty") as caught:
        check_label(value, "operation")
    assert caught.value.field == "operation"
    assert check_label(value, "model", empty=True) == ""


@pytest.mark.parametrize("value", [None, 1, b"text", ["x"], Ellipsis])
def test_values_that_are_not_text_are_refused(value):
    with pytest.raises(InvalidInputError, match="not text"):
        check_label(value, "provider")


@given(st.dictionaries(st.text(min_size=1, max_size=20), st.text(max_size=20), max_size=16))
def test_scopes_are_sorted_and_can_be_stored(scope):
    try:
        checked = check_scope(scope)
    except InvalidInputError as error:
        assert "twice" in error.problem or "empty" in error.problem
        return
    assert list(checked) == sorted(checked)
    assert len(checked) == len(scope)
    assert labels_are_storable(CallLabels("p", scope=checked))
    assert check_scope(dict(checked)) == checked


def test_a_scope_with_two_values_for_one_name_is_refused():
    with pytest.raises(InvalidInputError, match=r"scope\.team.*twice"):
        check_scope({"team": "a", " team": "b"})


@pytest.mark.parametrize(
    "scope", [{"a": 1}, {1: "a"}, {"": "a"}, {str(n): "x" for n in range(17)}, ["a"], "a", 7]
)
def test_wrong_scopes_are_refused(scope):
    with pytest.raises(InvalidInputError, match="scope"):
        check_scope(scope)


def test_an_empty_scope_is_no_scope():
    assert check_scope(None) == check_scope({}) == ()


def test_unchecked_labels_are_recognised():
    good = CallLabels("p", "", "call", (("a", ""),))
    assert labels_are_storable(good)
    for bad in (
        CallLabels(""), CallLabels("p", "m\x00"), CallLabels("p", operation=""),
        CallLabels("p", "m" * 257), CallLabels("p", scope=(("a", "1"), ("a", "2"))),
        CallLabels("p", scope=(("", "1"),)), CallLabels("p", scope=(("a", "\ud800"),)),
        CallLabels("p", scope=tuple((str(n), "") for n in range(17))),
    ):  # fmt: skip
        assert not labels_are_storable(bad)


def test_a_missing_price_differs_from_a_price_of_zero():
    labels = CallLabels("p")
    assert not UsageEvent("a", 0, labels).priced
    assert UsageEvent("a", 0, labels, cost_pico=0).priced
