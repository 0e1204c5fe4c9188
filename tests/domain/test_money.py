"""Money compared with exact fractions, and wrong numbers of every kind."""

from __future__ import annotations

from decimal import Context, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotakeeper.domain.money import (
    MAX_PICO,
    PICO_PER_USD,
    divide_half_even,
    parse_decimal,
    pico_from_usd,
    usd_from_pico,
    usd_text,
)
from quotakeeper.errors import InvalidInputError

NOT_NUMBERS = (None, True, False, "", "abc", "1,5", "1.2.3", "0x10", b"1", [1], {}, 1j, Ellipsis,
               "1 000", "½", "\ud800", "1\x00")  # fmt: skip
NOT_FINITE = ("NaN", "nan", "sNaN", "inf", "-Infinity", float("nan"), float("inf"), -float("inf"),
              Decimal("NaN"), Decimal("sNaN"), Decimal("-Infinity"))  # fmt: skip


def rounded(value: Fraction) -> int:
    return round(value)  # round() of a Fraction rounds half to even


@given(st.integers(-(10**40), 10**40), st.integers(1, 10**30))
def test_dividing_rounds_half_to_even(numerator, denominator):
    assert divide_half_even(numerator, denominator) == rounded(Fraction(numerator, denominator))


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**6))
def test_a_half_is_rounded_to_the_even_neighbour(whole, half):
    assert divide_half_even((2 * whole + 1) * half, 2 * half) == rounded(Fraction(2 * whole + 1, 2))


@given(st.decimals(0, 9_223_372, allow_nan=False, allow_infinity=False))
def test_dollars_become_pico_dollars_with_one_rounding(usd):
    expected = rounded(Fraction(usd) * PICO_PER_USD)
    if expected <= MAX_PICO:
        assert pico_from_usd(usd) == pico_from_usd(str(usd)) == expected


@given(st.integers(0, 10**9), st.text("0123456789", min_size=1, max_size=120))
def test_any_number_of_digits_is_rounded_once(whole, digits):
    text = f"0.{whole:012d}5{digits}"
    assert pico_from_usd(text) == rounded(Fraction(text) * PICO_PER_USD)


def test_a_half_plus_a_tiny_digit_is_rounded_up():
    assert pico_from_usd("0.0000000000005") == 0
    assert pico_from_usd("0.0000000000015") == 2
    assert pico_from_usd("0.0000000000005" + "0" * 200 + "1") == 1


@given(st.floats(0, 9e6, allow_nan=False))
def test_a_float_counts_as_the_shortest_text_that_names_it(number):
    assert parse_decimal(number, "x") == Decimal(repr(number))
    assert pico_from_usd(number) == pico_from_usd(repr(number))


def test_the_float_0_1_is_exactly_a_tenth():
    assert pico_from_usd(0.1) == PICO_PER_USD // 10
    assert parse_decimal(0.1 + 0.2, "x") == Decimal("0.30000000000000004")


@given(st.integers(-MAX_PICO, MAX_PICO))
def test_amounts_are_written_exactly(pico):
    assert Fraction(usd_text(pico)) == Fraction(pico, PICO_PER_USD)
    assert Fraction(usd_from_pico(pico)) == Fraction(pico, PICO_PER_USD)
    whole, _, places = usd_text(pico).partition(".")
    assert len(places) >= 2 and not places[2:].endswith("0") and whole.lstrip("-").isdigit()
    if pico >= 0:
        assert pico_from_usd(usd_text(pico)) == pico


def test_amounts_have_the_requested_decimal_places():
    assert usd_text(0) == "0.00"
    assert usd_text(5 * PICO_PER_USD, least_places=0) == "5"
    assert usd_text(-1) == "-0.000000000001"
    assert usd_text(MAX_PICO) == "9223372.036854775807"


@given(st.integers(1, 12), st.decimals(0, 1000, places=15))
def test_the_decimal_settings_of_the_host_change_nothing(precision, usd):
    expected = pico_from_usd(usd), usd_text(pico_from_usd(usd)), usd_from_pico(123_456_789_012_345)
    with localcontext(Context(prec=precision, Emax=15, Emin=-15, traps=[])):
        found = pico_from_usd(usd), usd_text(pico_from_usd(usd)), usd_from_pico(123_456_789_012_345)
    assert found == expected


@pytest.mark.parametrize("value", [*NOT_NUMBERS, *NOT_FINITE], ids=ascii)
@pytest.mark.parametrize("read", [parse_decimal, pico_from_usd])
def test_a_value_that_is_no_number_is_refused_with_its_fields_name(read, value):
    with pytest.raises(InvalidInputError) as caught:
        read(value, "limit[1].amount")
    assert caught.value.field == "limit[1].amount"
    str(caught.value).encode("utf-8")


@pytest.mark.parametrize(
    "value",
    [-1, "-0.01", -0.5, Decimal("-1E-30"), 9_223_373, "1E+13", "1E+999999", 10**5_000,
     "9" * 100_000, "9223372.036854775808"],
    ids=[f"amount {number}" for number in range(10)],
)  # fmt: skip
def test_an_amount_out_of_range_is_refused_in_a_short_text(value):
    with pytest.raises(InvalidInputError, match=r"negative|large") as caught:
        pico_from_usd(value, "amount")
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("value", [0, "0", "0.00", "-0", 0.0, -0.0, "0E+30", "1E-400000", "1E-13"])
def test_zero_in_any_form_is_zero(value):
    assert pico_from_usd(value) == 0
