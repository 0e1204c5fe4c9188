"""Price rows, factors and the exact sum, without price files."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotakeeper.domain.pricing.prices import (
    Adjustment,
    PriceOptions,
    PriceRow,
    cost_of,
    instant_text,
)
from quotakeeper.domain.pricing.selection import PriceSheet, known_addons, lines_for, stand_ins
from quotakeeper.errors import InvalidInputError

STANDARD = PriceOptions()


def row(usd="1", meter="input_tokens", from_at=0, **more):
    return PriceRow("p", "m", meter, Decimal(usd), 1_000_000, from_at, "test", "high", **more)


def rule(factor, **more):
    values = {"model": "*", "from_at": 0, "tier": "batch", **more}
    return Adjustment("p", factor=Fraction(factor), source="test", confidence="high", **values)


def usd(sheet, key="input_tokens", options=STANDARD, prompt=0, at=0):
    lines = lines_for(sheet, key, options, prompt, at)
    return sum((line.usd for line in lines), Fraction(0)) if lines else None


def test_a_row_prices_the_stored_quantity_of_its_meter():
    minute = PriceRow("d", "n", "audio_minutes", Decimal("0.0043"), 1, 0, "test", "high")
    assert minute.key == "audio_milliseconds"
    assert minute.rate == Fraction(4_300_000_000, 60_000)
    hour = PriceRow("e", "s", "audio_minutes", Decimal("0.22"), 60, 0, "test", "high")
    assert hour.rate * 3_600_000 == 220_000_000_000
    assert row(meter="input_tokens@audio").key == "input_tokens@audio"
    assert row("0.075").rate == 75_000


def test_a_date_means_midnight_utc_and_a_time_means_that_instant():
    assert instant_text(0) == "1970-01-01"
    assert instant_text(86_400_000_000) == "1970-01-02"
    assert instant_text(1) == "1970-01-01T00:00:00.000001Z"


@given(
    st.dictionaries(
        st.text(max_size=3),
        st.tuples(st.integers(0, 10**9), st.fractions(0, 10**6, max_denominator=10**6)),
        max_size=6,
    )
)
def test_a_sum_of_lines_is_exact_and_rounded_once_half_to_even(lines):
    amounts = {key: amount for key, (amount, _) in lines.items()}
    rates = {key: (rate.numerator, rate.denominator) for key, (_, rate) in lines.items()}
    expected = round(sum((amount * rate for amount, rate in lines.values()), Fraction(0)))
    assert cost_of(amounts, rates) == expected


def test_half_a_pico_dollar_goes_to_the_even_neighbour():
    assert cost_of({"a": 1}, {"a": (1, 2)}) == 0
    assert cost_of({"a": 3}, {"a": (1, 2)}) == 2
    assert cost_of({"a": 1, "b": 1}, {"a": (1, 2), "b": (1, 2)}) == 1  # not 0 + 0
    assert cost_of({}, {}) == 0


def test_a_cost_beyond_64_bits_is_refused():
    assert cost_of({"a": 2**63 - 1}, {"a": (1, 1)}) == 2**63 - 1
    with pytest.raises(InvalidInputError, match="more than the ledger can store"):
        cost_of({"a": 2**63}, {"a": (1, 1)})


def test_fallbacks_are_listed_closest_first():
    assert list(stand_ins("input_tokens")) == ["input_tokens"]
    assert list(stand_ins("cached_input_tokens@audio")) == [
        "cached_input_tokens@audio",
        "cached_input_tokens",
        "input_tokens@audio",
        "input_tokens",
    ]
    assert list(stand_ins("thought_tokens")) == ["thought_tokens", "output_tokens"]


def test_the_latest_row_applies_from_its_instant():
    sheet = PriceSheet("m", (row("1"), row("2", from_at=100), row("3", from_at=200)))
    assert [usd(sheet, at=at) for at in (0, 99, 100, 199, 200)] == [1, 1, 2, 2, 3]
    assert sheet.boundaries() == [0, 100, 200]


def test_after_a_rows_end_the_row_before_applies():
    sheet = PriceSheet("m", (row("1"), row("2", from_at=100, until_at=200)))
    assert [usd(sheet, at=at) for at in (99, 100, 199, 200)] == [1, 2, 2, 1]
    assert sheet.boundaries() == [0, 100, 200]


def test_a_promotion_beats_the_list_price_of_its_day_but_not_a_later_one():
    sheet = PriceSheet("m", (row("2"), row("1", kind="promo"), row("3", from_at=100)))
    assert [usd(sheet, at=at) for at in (0, 100)] == [1, 3]
    assert usd(sheet, options=PriceOptions(kind="list")) == 2


def test_the_list_view_shows_a_promotion_if_there_is_no_list_price():
    assert usd(PriceSheet("m", (row("1", kind="promo"),)), options=PriceOptions(kind="list")) == 1
    only_contract = PriceSheet("m", (row("1", kind="contract"),))
    assert usd(only_contract, options=PriceOptions(kind="list")) is None


def test_a_contract_price_beats_every_later_price():
    sheet = PriceSheet("m", (row("1", kind="contract"), row("9", from_at=100), row("2")))
    assert usd(sheet, at=100) == 1


def test_a_tier_uses_its_own_row_then_its_rule_then_the_standard_price():
    own = PriceSheet("m", (row("1"), row("0.3", tier="batch")), (rule("0.5"),))
    assert usd(own, options=PriceOptions(tier="batch")) == Fraction("0.3")
    assert usd(own) == 1
    ruled = PriceSheet("m", (row("1"),), (rule("0.5"),))
    assert usd(ruled, options=PriceOptions(tier="batch")) == Fraction("0.5")
    assert usd(ruled, options=PriceOptions(tier="flex")) == 1


def test_of_two_rules_the_more_specific_one_applies():
    rules = (rule("0.5"), rule("0.4", model="m*"), rule("0.3", model="m"))
    for held, expected in [(rules, "0.3"), (rules[:2], "0.4"), (rules[:1], "0.5")]:
        sheet = PriceSheet("m", (row("1"),), held)
        assert usd(sheet, options=PriceOptions(tier="batch")) == Fraction(expected)
    later = PriceSheet("m", (row("1"),), (rule("0.5"), rule("0.6", from_at=10)))
    asked = PriceOptions(tier="batch")
    assert [usd(later, options=asked, at=at) for at in (9, 10)] == [
        Fraction("0.5"),
        Fraction("0.6"),
    ]


def test_a_long_request_uses_the_standard_long_row_before_the_tiers_short_row():
    sheet = PriceSheet(
        "m", (row("1"), row("2", above=100), row("0.4", tier="flex")), (rule("0.5", tier="flex"),)
    )
    flex = PriceOptions(tier="flex")
    assert [usd(sheet, options=flex, prompt=p) for p in (100, 101)] == [Fraction("0.4"), 1]
    assert [usd(sheet, prompt=p) for p in (0, 100, 101)] == [1, 1, 2]
    assert sheet.thresholds(0) == (100,)


def test_a_modality_row_of_the_standard_tier_beats_the_tiers_text_row():
    sheet = PriceSheet(
        "m",
        (row("1"), row("4", meter="input_tokens@audio"), row("0.4", tier="batch")),
        (rule("0.5"),),
    )
    batch = PriceOptions(tier="batch")
    assert usd(sheet, "input_tokens@audio", batch) == 2
    assert usd(sheet, "input_tokens@video", batch) == Fraction("0.4")


def test_cached_input_priced_as_input_follows_the_rule_for_input():
    sheet = PriceSheet("m", (row("1"),), (rule("0.5", meters=("input_tokens",)),))
    assert usd(sheet, "cached_input_tokens", PriceOptions(tier="batch")) == Fraction("0.5")
    cached = PriceSheet("m", (row("1"), row("0.1", meter="cached_input_tokens")), sheet.tier_rules)
    assert usd(cached, "cached_input_tokens", PriceOptions(tier="batch")) == Fraction("0.1")


def test_a_row_of_another_mode_or_language_gives_no_price():
    sheet = PriceSheet("m", (row("1", mode="streaming", language="mono"),))
    assert usd(sheet) == 1
    assert usd(sheet, options=PriceOptions(mode="streaming", language="mono")) == 1
    assert usd(sheet, options=PriceOptions(mode="prerecorded")) is None
    assert usd(sheet, options=PriceOptions(language="multi")) is None


def test_an_add_on_is_priced_only_for_its_own_meter():
    sheet = PriceSheet("m", (row("1"), row("7", meter="audio_minutes", addon="extra")))
    assert usd(sheet, options=PriceOptions(addons=("extra",))) == 1


def test_a_tier_without_a_long_row_uses_its_short_row():
    sheet = PriceSheet("m", (row("1"), row("2", above=100, tier="flex")))
    assert usd(sheet, prompt=101) == 1
    assert usd(sheet, options=PriceOptions(tier="flex"), prompt=101) == 2


def test_a_row_from_a_users_file_has_that_in_its_id():
    mine = row("1", own=True, origin="mine.toml", tier="batch", above=5)
    assert mine.id == "p/m/input_tokens@1970-01-01#batch,list,above-5,file-mine.toml"


def test_add_ons_are_separate_lines():
    sheet = PriceSheet("m", (row("1"), row("0.25", addon="extra"), row("9", addon="other")))
    assert usd(sheet) == 1
    assert usd(sheet, options=PriceOptions(addons=("extra",))) == Fraction("1.25")
    assert known_addons(sheet, 0) == {"extra", "other"}
    lonely = PriceSheet("m", (row("0.25", addon="extra"),))
    assert usd(lonely, options=PriceOptions(addons=("extra",))) is None


def test_a_narrowed_sheet_gives_the_same_prices_with_fewer_dates():
    sheet = PriceSheet(
        "m",
        (row("1"), row("2", from_at=50, tier="batch"), row("3", from_at=60, mode="streaming")),
        (rule("0.5", from_at=70),),
        (rule("0.9", tier="", from_at=80),),
    )
    asked = PriceOptions(mode="prerecorded")
    narrow = sheet.narrowed(asked)
    assert narrow.boundaries() == [0, 80]
    for at in (0, 50, 60, 70, 80):
        assert usd(narrow, options=asked, at=at) == usd(sheet, options=asked, at=at)
    assert sheet.narrowed(PriceOptions(kind="list")).boundaries() == [0, 60]


def test_a_row_shows_its_first_day():
    assert row(from_at=0).effective_from == date(1970, 1, 1)
    assert row(from_at=86_400_000_000 * 2 - 1).effective_from == date(1970, 1, 2)


def test_an_option_that_is_not_text_is_named():
    with pytest.raises(InvalidInputError, match=r"options\.tier.*is not text"):
        PriceOptions.read({"tier": 1})
