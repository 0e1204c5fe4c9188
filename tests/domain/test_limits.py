"""Limits and decisions: which calls a limit matches, what identifies a balance, and the texts."""

from __future__ import annotations

import math
from decimal import Context, Decimal, Inexact, Rounded, localcontext
from itertools import combinations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from quotakeeper.domain.decisions import Decision, Verdict
from quotakeeper.domain.forecasting.status import limit_status
from quotakeeper.domain.limits import Account, Limit, Mode, applicable
from quotakeeper.domain.usage import CallLabels
from quotakeeper.domain.windows import Period, Window
from quotakeeper.errors import InvalidInputError, LimitExceeded

DAY = Window("day")
names = st.text(st.sampled_from("ab|\\=&*"), max_size=3)
accounts = st.builds(
    Account,
    meter=st.sampled_from(["tokens", "cost"]),
    window=st.sampled_from([DAY, Window("rolling", 60)]),
    timezone=st.sampled_from(["UTC", "Asia/Tokyo"]),
    provider=names,
    model=names,
    operation=names,
    scope=st.lists(st.tuples(names, names), max_size=2).map(tuple),
)


@given(accounts, accounts)
@example(
    Account("tokens", DAY, provider="a|b", model="c"),
    Account("tokens", DAY, provider="a", model="b|c"),
)
@example(
    Account("tokens", DAY, scope=(("a", "b&c=d"),)),
    Account("tokens", DAY, scope=(("a", "b"), ("c", "d"))),
)
def test_two_accounts_share_a_key_only_when_they_are_the_same(first, second):
    assert (first.key == second.key) == (first == second)


def test_the_keys_of_common_accounts_never_change():
    limit = Limit("x", "audio_minutes", Window("rolling", 5_400), 1, "deepgram", "nova-2", "listen",
                  (("project", "phim-01"), ("team", "dịch")))  # fmt: skip
    expected = "audio_milliseconds|rolling 90m|UTC|deepgram|nova-2|listen|project=phim-01&team=dịch"
    assert limit.account.key == expected


def test_an_account_does_not_depend_on_amount_name_or_mode():
    first = Limit("a", "audio_minutes", DAY, 10, "deepgram")
    second = Limit("b", "audio_seconds", DAY, 99, "deepgram", mode=Mode.SOFT, thresholds=())
    assert first.account == second.account and first.account.key == second.account.key


def test_an_empty_field_matches_everything_and_a_star_matches_a_prefix():
    calls = [
        CallLabels("gemini", "gemini-2.0-flash", "translate", (("a", "1"), ("b", "2"))),
        CallLabels("gemini", "", "call"),
        CallLabels("Gemini", "gemini-2.0-flash-lite", "translate"),
    ]

    def matched(**fields):
        limit = Limit("x", "tokens", DAY, 1, **fields)
        return [limit.matches(labels) for labels in calls]

    assert matched() == [True, True, True]
    assert matched(provider="gemini") == [True, True, False]
    assert matched(model="gemini-2.0-flash") == [True, False, False]
    assert matched(model="gemini-2.0-flash*") == [True, False, True]
    assert matched(model="*") == [True, True, True]
    assert matched(operation="translate") == [True, False, True]
    assert matched(scope=(("b", "2"),)) == [True, False, False]
    assert matched(scope=(("a", "1"), ("b", "2"))) == [True, False, False]
    assert matched(scope=(("a", "1"), ("b", "3"))) == [False, False, False]


def test_matching_limits_have_a_fixed_order():
    limits = [Limit(name, "tokens", DAY, 1) for name in ("c", "a", "b")]
    limits.append(Limit("d", "tokens", DAY, 1, provider="deepgram"))
    for pair in combinations(limits, 3):
        found = [limit.name for limit in applicable(pair, CallLabels("gemini"))]
        assert found == sorted(limit.name for limit in pair if limit.name != "d")


def test_a_limit_on_an_unknown_meter_is_named_in_the_error():
    with pytest.raises(InvalidInputError, match="limit 'mine': meter"):
        Limit("mine", "toknes", DAY, 1)


def verdict(limit: Limit, asked: int, used: int = 0, reserved: int = 0, resets_at: int = 10**12):
    left = max(0, limit.amount - used - reserved)
    return Verdict(limit, asked, used, reserved, left, Period(0, resets_at), resets_at)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.integers(0, 100))
def test_a_call_fits_if_used_plus_reserved_plus_asked_is_within_the_limit(
    asked, used, reserved, amount
):
    limit = Limit("x", "tokens", DAY, amount)
    says = verdict(limit, asked, used, reserved)
    assert says.fits == (asked == 0 or used + reserved + asked <= amount)


@given(st.integers(0, 200), st.integers(1, 100), st.sampled_from(["0.5", "0.8", "1", "0.333"]))
def test_a_threshold_is_crossed_when_use_equals_it(used, amount, share):
    limit = Limit("x", "tokens", DAY, amount, thresholds=(Decimal(1), Decimal(share)))
    reached = used > 0 and Decimal(used) >= Decimal(share) * amount
    assert (used >= limit.warns_from) == reached
    assert (limit_status(verdict(limit, 0, used)).state != "ok") == (reached or used >= amount)
    assert used < Limit("x", "tokens", DAY, amount, thresholds=()).warns_from


@given(st.integers(0, 200), st.lists(st.sampled_from(["0.5", "0.501", "0.8", "1"]), max_size=4))
def test_threshold_levels_are_whole_amounts_with_their_percentage(amount, shares):
    limit = Limit("x", "tokens", DAY, amount, thresholds=tuple(map(Decimal, shares)))
    assert list(limit.levels) == sorted(
        {max(1, math.ceil(Decimal(share) * amount)) for share in shares}
    )
    for level in limit.levels:
        share = limit.share_of(level)
        assert share in limit.thresholds and share * amount <= level
        assert all(other <= share or other * amount > level for other in limit.thresholds)


def test_the_refusal_with_the_latest_reset_decides_the_wait():
    short, long = (verdict(Limit(name, "tokens", DAY, 1), 2, resets_at=at) for name, at in
                   (("hour", 10**12), ("month", 10**15)))  # fmt: skip
    decision = Decision(False, (short, long))
    assert decision.blocking is long
    error = LimitExceeded(decision)
    assert (error.limit.name, error.asked, error.remaining, error.resets_at) == (
        "month", 2, 1, 10**15,
    )  # fmt: skip
    assert "month" in str(error)
    assert Decision(True).explain() == "allowed"


def test_a_refusal_names_amounts_in_display_units():
    limit = Limit("deepgram daily minutes", "audio_minutes", DAY, 60_000_000, "deepgram")
    text = verdict(limit, 90_500, 59_940_000, 30_000, resets_at=1_795_539_600_000_000).explain(
        ZoneInfo("Asia/Ho_Chi_Minh")
    )
    assert "'deepgram daily minutes'" in text
    for figure in ("1000", "1.508333", "0.5", "999", "2026-11-25T00:00:00+07:00"):
        assert figure in text


def test_a_call_with_room_is_not_blamed_on_the_limit():
    text = verdict(Limit("daily", "tokens", DAY, 100), 10, 20, 30).explain()
    assert text.startswith("limit 'daily' of 100 tokens per day: asked 10, remaining 50 ")


def test_the_warning_level_does_not_use_the_hosts_decimal_context() -> None:
    with localcontext(Context(prec=3, traps=[Inexact, Rounded])):
        limit = Limit("x", "tokens", Window("day"), 15_000_001)
    assert limit.warns_from == 12_000_001
