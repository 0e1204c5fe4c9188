"""Properties of every price and every usage, for any numbers."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotakeeper.catalogue import load_snapshot
from quotakeeper.domain.money import MAX_PICO
from quotakeeper.domain.pricing.prices import TIERS
from quotakeeper.domain.units import MODALITIES, TOKEN_METERS
from quotakeeper.errors import InvalidInputError

PRICES = load_snapshot()
KEYS = sorted(
    {"audio_milliseconds", "session_milliseconds", "characters", "requests", "searches", "images"}
    | set(TOKEN_METERS)
    | {f"{meter}@{modality}" for meter in TOKEN_METERS for modality in MODALITIES}
)
MODELS = [(p, m) for p in PRICES.providers() for m in [*PRICES.models(p), ""]]
amounts = st.integers(0, 3_000_000)
usages = st.dictionaries(st.sampled_from(KEYS), amounts, max_size=8)
models = st.sampled_from(MODELS)
instants = st.one_of(
    st.integers(0, 2**51),
    st.sampled_from([row.from_at for row in PRICES.rows()]),
    st.sampled_from([row.from_at - 1 for row in PRICES.rows() if row.from_at]),
)
options = st.fixed_dictionaries(
    {},
    optional={
        "tier": st.sampled_from(TIERS),
        "mode": st.sampled_from(["prerecorded", "streaming"]),
        "language": st.sampled_from(["mono", "multi"]),
        "plan": st.sampled_from(["payg", "growth"]),
        "kind": st.sampled_from(["charged", "list"]),
        "addons": st.sampled_from(["diarize", "redact,keyterm", ""]),
    },
)


@given(models, usages, instants, options, st.randoms(use_true_random=False))
def test_the_order_of_the_quantities_does_not_matter(model, used, at, asked, random):
    shuffled = list(used.items())
    random.shuffle(shuffled)
    one = PRICES.price(*model, used, at, asked)
    two = PRICES.price(*model, dict(shuffled), at, dict(reversed(asked.items())))
    assert one.cost_pico == two.cost_pico
    assert one.price_id == two.price_id
    assert set(one.unpriced) == set(two.unpriced)


@given(models, usages, instants, options)
def test_the_rows_of_a_price_id_give_the_cost_again(model, used, at, asked):
    """The check computes with fractions from the rows that the event's price id names."""
    priced = PRICES.price(*model, used, at, asked)
    if not priced.price_id or any(name.startswith("addon ") for name in priced.unpriced):
        return
    lines = PRICES.lines(priced.price_id)
    for line in lines:
        assert line.row.from_at <= at
        assert line.row.model in (PRICES.canonical_model(*model), "*")
    rates: dict[str, Fraction] = {}
    for line in lines:
        rates[line.key] = rates.get(line.key, Fraction(0)) + line.usd / line.row.per
    total = Fraction(0)
    for key, amount in used.items():
        meter, _, modality = key.partition("@")
        other = {"cached_input_tokens": "input_tokens", "thought_tokens": "output_tokens"}
        chain = [key, meter]
        if meter in other:
            chain += [f"{other[meter]}@{modality}", other[meter]]
        rate = next((rates[name] for name in chain if name in rates), None)
        if rate is None and meter == "requests":
            rate = Fraction(0)
        if rate is None and amount:
            assert priced.cost_pico is None
            assert key in priced.unpriced
            return
        units = Fraction(amount, 60_000) if meter.endswith("_milliseconds") else amount
        total += (rate or 0) * units
    assert priced.cost_pico == round(total * 10**12)


@given(models, usages, instants, options)
def test_a_cost_is_never_negative_and_no_use_costs_nothing(model, used, at, asked):
    cost = PRICES.price(*model, used, at, asked).cost_pico
    assert cost is None or 0 <= cost <= MAX_PICO
    nothing = PRICES.price(*model, dict.fromkeys(used, 0), at, asked).cost_pico
    assert nothing in (0, None)


@given(models, usages, usages, instants, options)
def test_two_events_cost_as_much_as_one_with_both_to_a_pico_dollar(model, one, two, at, asked):
    """Within one price level; a longer prompt may have a higher price."""
    both = {key: one.get(key, 0) + two.get(key, 0) for key in [*one, *two]}
    priced = [PRICES.price(*model, used, at, asked) for used in (one, two, both)]
    if any(p.cost_pico is None for p in priced):
        return
    apart = priced[0].cost_pico + priced[1].cost_pico
    if priced[2].price_id == priced[0].price_id == priced[1].price_id:
        assert abs(priced[2].cost_pico - apart) <= 1
    else:
        assert priced[2].cost_pico >= apart - 1


@given(models, usages, instants, st.sampled_from(KEYS), st.integers(1, 10**6))
def test_using_more_never_costs_less(model, used, at, key, more):
    before = PRICES.price(*model, used, at).cost_pico
    after = PRICES.price(*model, {**used, key: used.get(key, 0) + more}, at).cost_pico
    assert before is None or after is None or after >= before


@given(models, usages, instants)
def test_the_highest_price_is_never_below_a_models_price(model, used, at):
    cost = PRICES.price(*model, used, at).cost_pico
    if cost is not None:
        assert PRICES.highest(model[0], used, at).cost_pico >= cost


@given(models, st.sampled_from(KEYS), st.integers(max_value=-1), instants)
def test_a_negative_quantity_is_refused(model, key, amount, at):
    with pytest.raises(InvalidInputError, match="negative"):
        PRICES.price(*model, {key: amount}, at)
    with pytest.raises(InvalidInputError, match="negative"):
        PRICES.highest(model[0], {key: amount}, at)


def test_a_cost_that_cannot_be_stored_is_refused(now):
    with pytest.raises(InvalidInputError, match="9,223,372"):
        PRICES.price("gemini", "", {"input_tokens": 2**62}, now)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"tier": "bulk"}, "options.tier"),
        ({"mode": "live"}, "options.mode"),
        ({"speed": "fast"}, "options.speed"),
        ({"tier": 5}, "options.tier"),
        ({"addons": ["diarize"]}, "options.addons"),
        ({"kind": "contract"}, "options.kind"),
    ],
)
def test_a_wrong_option_is_refused_by_name(now, asked, field):
    for model in ("gemini-2.5-flash", "unknown"):
        with pytest.raises(InvalidInputError) as caught:
            PRICES.price("gemini", model, {"input_tokens": 1}, now, asked)
        assert caught.value.field == field
