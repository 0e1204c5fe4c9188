"""Meters: which names are allowed, sums without double counting, and amounts as people write them."""

from __future__ import annotations

from decimal import Context, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotakeeper.domain.units import (
    MAX_AMOUNT,
    MAX_QUANTITY,
    METERS,
    MODALITIES,
    STORED_METERS,
    TOKEN_METERS,
    amount_from_units,
    amounts_of,
    check_quantities,
    check_whole,
    is_stored_key,
    measure,
    meter_named,
    split_key,
    units_text,
)
from quotakeeper.errors import InvalidInputError

KEYS = [*STORED_METERS, *(f"{name}@{kind}" for name in TOKEN_METERS for kind in MODALITIES)]
quantities = st.dictionaries(st.sampled_from(sorted(KEYS)), st.integers(0, MAX_QUANTITY))
meters = st.sampled_from(sorted(METERS.values(), key=lambda meter: meter.name))


@given(quantities)
def test_tokens_are_the_sum_of_meters_that_do_not_overlap(given_quantities):
    parts = sum(measure(METERS[name], given_quantities, None) for name in TOKEN_METERS)
    assert measure(METERS["tokens"], given_quantities, None) == parts


@given(quantities)
def test_every_quantity_counts_in_exactly_one_stored_meter(given_quantities):
    total = sum(measure(METERS[name], given_quantities, None) for name in STORED_METERS)
    assert total == sum(given_quantities.values())


@given(quantities, st.none() | st.integers(0, 2**63 - 1))
def test_cost_is_a_meter_and_an_unknown_cost_adds_nothing(given_quantities, cost):
    assert measure(METERS["cost"], given_quantities, cost) == (cost or 0)
    assert measure(METERS["audio_minutes"], given_quantities, cost) == measure(
        METERS["audio_milliseconds"], given_quantities, cost
    )


@given(quantities)
def test_checked_quantities_are_sorted_whole_and_have_no_zeros(given_quantities):
    checked = check_quantities(given_quantities)
    assert checked == {key: amount for key, amount in given_quantities.items() if amount}
    assert list(checked) == sorted(checked)
    assert check_quantities({key: str(amount) for key, amount in checked.items()}) == checked
    assert all(is_stored_key(key) for key in checked)


@pytest.mark.parametrize(
    "key",
    ["tokens", "cost", "audio_minutes", "audio_seconds", "", "@audio", "input_tokens@", "x" * 999,
     "input_tokens@smell", "input_tokens@audio@text", 'input_tokens"', "INPUT_TOKENS", "\ud800"],
    ids=lambda key: ascii(key)[:20],
)  # fmt: skip
def test_other_meter_names_are_refused_by_name(key):
    if key == "input_tokens@":  # an empty modality is none
        assert split_key(key) == ("input_tokens", "")
        return
    assert not is_stored_key(key)
    with pytest.raises(InvalidInputError) as caught:
        check_quantities({key: 1})
    assert len(str(caught.value)) < 1_500 and caught.value.field == key


@pytest.mark.parametrize("value", [0, "0", 7, "7", 7.0, "7.000", Decimal(7), "1e3", MAX_QUANTITY])
def test_whole_numbers_are_accepted_in_any_spelling(value):
    whole = check_whole(value, "x")
    assert type(whole) is int and whole == Fraction(str(value))


@pytest.mark.parametrize(
    "value",
    [-1, "-1", -0.5, 0.5, "1.5", "1E-999999", float("nan"), float("inf"), "inf", True, None, [], "",
     "x", MAX_QUANTITY + 1, 2**63, 10**4_000, "1" * 50_000, "1E+400000", Decimal("sNaN"), 1e300],
    ids=lambda value: ascii(value)[:20],
)  # fmt: skip
def test_other_counts_are_refused_in_a_short_text(value):
    with pytest.raises(InvalidInputError) as caught:
        check_whole(value, "output_tokens")
    assert caught.value.field == "output_tokens"
    assert len(str(caught.value)) < 200


def test_an_unknown_meter_is_refused_with_the_known_names():
    for name in ("token", "", None, 3, ["tokens"], "x" * 5_000):
        with pytest.raises(InvalidInputError, match="audio_minutes") as caught:
            meter_named(name, "limit[0].meter")
        assert caught.value.field == "limit[0].meter"
        assert len(str(caught.value)) < 500


@given(meters, st.integers(0, 10**12))
def test_amounts_are_exact_in_base_units(meter, base):
    units = Fraction(base, meter.per_unit)
    digits = units * 10**12
    if digits.denominator == 1:
        assert amount_from_units(str(Decimal(digits.numerator).scaleb(-12)), meter) == base


@given(meters, st.decimals(0, 10**6, places=14))
def test_amounts_finer_than_the_base_unit_are_refused(meter, number):
    exact = Fraction(number) * meter.per_unit
    if exact.denominator == 1:
        assert amount_from_units(number, meter) == exact
    else:
        with pytest.raises(InvalidInputError, match="more decimals than can be counted"):
            amount_from_units(number, meter, "amount")


@pytest.mark.parametrize(
    ("text", "meter", "base"),
    [
        ("1000", "audio_minutes", 60_000_000),
        ("0.5", "audio_minutes", 30_000),
        ("10.00", "cost", 10**13),
        ("15_000_000", "tokens", 15_000_000),
        (4.3, "cost", 4_300_000_000_000),
        ("0.000000000001", "cost", 1),
        ("0E+50", "requests", 0),
        (str(MAX_AMOUNT), "tokens", MAX_AMOUNT),
    ],
)
def test_amounts_as_people_write_them(text, meter, base):
    assert amount_from_units(text, METERS[meter]) == base


@pytest.mark.parametrize(
    "value",
    ["-1", "NaN", "inf", True, None, "ten", MAX_AMOUNT + 1, "1E+30", "1E+999999", "1E-999999",
     "1" * 50_000, "1.0000000000000000000000000000000000000000000000000000000000000000001"],
    ids=lambda value: ascii(value)[:20],
)  # fmt: skip
def test_other_amounts_are_refused_in_a_short_text(value):
    with pytest.raises(InvalidInputError) as caught:
        amount_from_units(value, METERS["tokens"], "limit[3].amount")
    assert caught.value.field == "limit[3].amount"
    assert len(str(caught.value)) < 200


@given(meters, st.integers(0, MAX_AMOUNT))
def test_amounts_are_shown_to_six_decimals_or_exactly(meter, base):
    shown, exact = Fraction(units_text(base, meter)), Fraction(base, meter.per_unit)
    if meter.name == "cost" or meter.per_unit in (1, 1_000):
        assert shown == exact
    assert abs(shown - exact) <= Fraction(1, 2 * 10**6)
    assert "E" not in units_text(base, meter)


@given(meters, st.integers(0, 10**12), st.integers(1, 9))
def test_the_decimal_settings_of_the_host_change_nothing(meter, base, precision):
    number = Decimal(base).scaleb(-3)

    def answers():
        try:
            amount = amount_from_units(number, meter)
        except InvalidInputError as error:
            amount = error.problem
        return amount, units_text(base, meter)

    expected = answers()
    with localcontext(Context(prec=precision, Emax=20, Emin=-20, traps=[])):
        assert answers() == expected


def test_an_amount_too_large_in_base_units_is_refused():
    meter = METERS["audio_minutes"]
    most = MAX_AMOUNT // meter.per_unit
    assert amount_from_units(most, meter, "amount") <= MAX_AMOUNT
    with pytest.raises(InvalidInputError, match="is too large"):
        amount_from_units(most + 1, meter, "amount")


@given(quantities, st.sampled_from([None, 0, 7]))
def test_amounts_of_all_meters_equal_the_measure_of_each(given_quantities, cost_pico):
    found = amounts_of(given_quantities, cost_pico)
    for name in (*STORED_METERS, "tokens", "cost"):
        assert found.get(name, 0) == measure(METERS[name], given_quantities, cost_pico)


def test_a_quantity_that_is_zero_is_left_out_in_whatever_form_it_is_given():
    given_quantities = {
        "input_tokens": 0,
        "output_tokens": "0",
        "characters": Decimal(0),
        "images": "2",
    }
    assert check_quantities(given_quantities) == {"images": 2}
