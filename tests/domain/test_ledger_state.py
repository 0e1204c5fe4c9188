"""The ledger state in memory: its cache of labels is bounded, and a label that left it is found again."""

from __future__ import annotations

from datetime import UTC

import pytest

from quotakeeper.domain.ledger import admission
from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger import state as state_module
from quotakeeper.domain.ledger.apply import apply
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.ledger.reservations import process_of
from quotakeeper.domain.ledger.state import LedgerState
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.units import MAX_QUANTITY
from quotakeeper.domain.usage import CallLabels
from quotakeeper.domain.windows import SECOND, parse_window
from quotakeeper.errors import InvalidInputError

NOW = 1_800_000_000 * SECOND
DAY = 86_400 * SECOND
LABELS = CallLabels("gemini", "m")
DAILY = Limit("daily", "input_tokens", parse_window("day"), 1_000, provider="gemini")


@pytest.fixture
def state() -> LedgerState:
    made = LedgerState(lambda _: UTC)
    apply(
        made, [c.Watch((DAILY.account,)), c.Record("a", LABELS, Figures({"input_tokens": 7}))], NOW
    )
    return made


def test_the_cache_of_labels_is_bounded(
    state: LedgerState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_module, "_MOST_PLACES", 3)
    limits = (DAILY,)
    before = state.places(LABELS, NOW), state.caps(LABELS, limits, NOW)
    most = 0
    for number in range(10):
        labels = CallLabels("gemini", f"m{number}")
        assert [each[0] for each in state.places(labels, NOW)] == [DAILY.account]
        assert [each[0] for each in state.caps(labels, limits, NOW)] == [DAILY]
        most = max(most, len(state._matching), len(state.kept_places), len(state.kept_caps))
    assert most == 4
    assert (state.places(LABELS, NOW), state.caps(LABELS, limits, NOW)) == before
    assert state.places(LABELS, NOW)[0][3].settled == 7


def test_changed_limits_are_matched_again(state: LedgerState) -> None:
    limits = [DAILY]
    assert len(state.caps(LABELS, limits, NOW)) == 1
    limits.clear()
    assert state.caps(LABELS, limits, NOW) == ()


def test_a_correction_that_no_ledger_can_store_is_refused_and_changes_nothing(
    state: LedgerState,
) -> None:
    figures = Figures({"input_tokens": MAX_QUANTITY + 1})
    (outcome,), entries = apply(state, [c.Correct("a", figures)], NOW)
    assert isinstance(outcome, c.Failed) and isinstance(outcome.error, InvalidInputError)
    assert entries == []
    assert state.totals(DAILY.account, NOW).settled == 7


def test_a_limit_that_is_new_in_the_next_period_is_summed_from_there() -> None:
    """A missing balance in the period before says nothing about the next period."""
    state = LedgerState(lambda _: UTC)
    limits = (DAILY,)  # the same tuple, because the cache of limits uses its identity
    begin = state.period(DAILY.account, NOW).end_at
    state.add_account(DAILY.account, begin)
    assert [found.balance for found in state.caps(LABELS, limits, NOW)] == [None]
    (found,) = state.caps(LABELS, limits, begin)
    assert found.balance is state.balance(DAILY.account, begin)


def test_an_account_that_an_earlier_period_has_is_matched_once(
    state: LedgerState,
) -> None:
    begin = state.period(DAILY.account, NOW).start_at
    state.add_account(DAILY.account, begin - DAY)
    assert [each[0] for each in state.places(LABELS, NOW)] == [DAILY.account]
    assert state.accounts[DAILY.account.key] == (DAILY.account, begin - DAY)


def test_a_process_keeps_its_first_name():
    assert process_of("12-ab") == process_of("12-ab~2") == process_of("12-ab~13") == "12-ab"


def test_the_memory_of_fit_labels_is_bounded(
    state: LedgerState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "_MOST_LABELS", 3)
    every = [CallLabels("gemini", f"m{number}") for number in range(10)]
    for number, labels in enumerate(every):
        assert admission.unfit(state, f"call {number}", labels) is None
        assert len(state.fit_labels) <= 4
    assert admission.unfit(state, "again", every[0]) is None  # it left the memory, and still fits
    assert admission.unfit(state, "bad", CallLabels("gemini", "a\nb")) is not None
