"""Pauses, raised limits and payments: how they are shown, and how verify finds a wrong journal."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from quotakeeper.clocks import zone_named
from quotakeeper.domain.clock_readings import ClockDoubt
from quotakeeper.domain.decisions import Decision
from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger import order_commands as o
from quotakeeper.domain.ledger.account_index import AccountIndex
from quotakeeper.domain.ledger.apply import apply
from quotakeeper.domain.ledger.entries import Entry, Kind, Notice
from quotakeeper.domain.ledger.paying_in import problem_of
from quotakeeper.domain.ledger.state import LedgerState
from quotakeeper.domain.pauses import CallPause
from quotakeeper.domain.usage import CallLabels
from quotakeeper.stores.memory import MemoryStore
from quotakeeper.testing.clock import FakeClock
from quotakeeper.testing.ledger_case import HOUR, LABELS, cap, tokens

NOON = FakeClock("2026-11-23T12:00:00Z").now()
PREPAID = cap(0, "credit", window="none")


def test_a_pause_shows_scope_person_time_reason_and_how_to_end_it() -> None:
    every = CallPause("", NOON, None, "a runaway loop", "")
    assert every.explain() == (
        "all calls paused since 2026-11-23T12:00:00+00:00 until somebody resumes: a runaway loop; "
        "undo it with: quotakeeper resume"
    )
    one = CallPause("gemini", NOON, NOON + HOUR, "an outage", "lan@desk")
    text = Decision(False, pause=one).explain()
    assert text.startswith(
        "calls to gemini paused by lan@desk since 2026-11-23T12:00:00+00:00 until "
    )
    assert text.endswith("an outage; undo it with: quotakeeper resume --provider gemini")
    assert "T19:00:00+07:00 until 2026-11-23T20:00:00+07:00" in one.explain(
        ZoneInfo("Asia/Ho_Chi_Minh")
    )


def test_a_refusal_under_a_suspect_clock_explains_the_suspicion() -> None:
    doubt = ClockDoubt(6 * 60_000_000, 5 * 60_000_000, NOON + 6 * 60_000_000, NOON)
    refused = Decision(False, doubt=doubt)
    assert refused.explain() == doubt.explain()
    assert not refused.is_held
    assert "jumped ahead by 6 min (more than 5 min)" in refused.explain()
    assert refused.explain().endswith("quotakeeper doctor --accept-clock")


@pytest.mark.parametrize(("field", "text"), [("why", "a\nb"), ("by", "x" * 257)])
def test_accepting_a_clock_needs_a_reason_that_can_be_stored(field: str, text: str) -> None:
    state = LedgerState(zone_named)
    command = replace(o.AcceptClock(1), **{field: text})
    (outcome,), entries = apply(state, [command], NOON)
    assert isinstance(outcome, c.Failed) and str(outcome.error).startswith(f"{field}: ")
    assert (list(entries), state.seq) == ([], 0)


def test_a_prepaid_limit_names_the_command_to_pay_in() -> None:
    store = MemoryStore(zone_named)
    (denied,) = store.apply([c.Reserve("a", LABELS, tokens(1), (PREPAID,), "me", HOUR)], NOON)
    assert isinstance(denied, c.Denied)
    text = denied.decision.explain()
    assert "prepaid has too little left: asked 1" in text and text.endswith(
        "quotakeeper limits topup 'credit'"
    )


def paid() -> LedgerState:
    """A prepaid limit with ten paid in for an hour, of which four are used."""
    state = LedgerState(zone_named)
    until = NOON + HOUR
    apply(state, [o.TopUp("credit", PREPAID.account, 10, until)], NOON)
    apply(state, [c.Record("a", LABELS, tokens(4), (PREPAID,))], NOON)
    return state


def entry(kind: Kind, at: int, **said: object) -> Entry:
    notice = Notice(account=PREPAID.account.key, used=4, **said)  # type: ignore[arg-type]
    return Entry(9, kind, at, notice=notice)


def test_a_wrong_lapse_entry_is_named_by_verify() -> None:
    state, after = paid(), NOON + HOUR
    right = entry(Kind.LAPSE, after, amount=6, about=1)
    assert problem_of(state, right) == ""
    for wrong in ({"amount": 5, "about": 1}, {"amount": 6, "about": 2}):
        assert "but that credit has not expired" in problem_of(
            state, entry(Kind.LAPSE, after, **wrong)
        )
    assert "but that credit has not expired" in problem_of(state, replace(right, at=NOON))
    assert right.notice is not None
    used = replace(right, notice=replace(right.notice, used=3))
    assert problem_of(state, used) == "says that 3 is used, but the journal adds up to 4"
    nobody = replace(right, notice=replace(right.notice, account="nobody"))
    assert problem_of(state, nobody) == "adds credit to an unknown account"
    never = LedgerState(zone_named)
    never.add_account(PREPAID.account, 0)
    empty = replace(right, notice=replace(right.notice, used=0))
    assert "but that credit has not expired" in problem_of(never, empty)
    assert problem_of(state, Entry(9, Kind.PAUSE, NOON, notice=Notice("gemini", "x"))) == ""
    assert problem_of(state, Entry(9, Kind.PAUSE, NOON)) == ""


@pytest.mark.parametrize("change", [{"why": "y"}, {"until": NOON + 1}])
def test_verify_finds_a_pause_that_differs_from_the_journal(change: dict[str, object]) -> None:
    store = MemoryStore(zone_named)
    store.apply([o.PauseCalls("", "x")], NOON)
    assert store.verify() == []
    pauses = store._state.notices.pauses
    pauses[""] = replace(pauses[""], **change)  # type: ignore[arg-type]
    assert [problem.what for problem in store.verify()] == [
        "pauses, raised limits or credit differ from the journal"
    ]


def test_expired_pauses_are_not_in_force() -> None:
    store = MemoryStore(zone_named)
    store.apply([o.PauseCalls("gemini", "x", "", HOUR), o.PauseCalls("", "y")], NOON)
    assert [pause.provider for pause in store.pauses(NOON)] == ["", "gemini"]
    assert [pause.provider for pause in store.pauses(NOON + HOUR)] == [""]


def test_accounts_are_found_by_the_labels_of_a_call() -> None:
    index: AccountIndex[str] = AccountIndex()
    of_lan = CallLabels("gemini", "m", "translate", (("user", "lan"),))
    for name, labels in (
        ("every", CallLabels("")), ("theirs", CallLabels("deepgram")), ("lan", replace(of_lan, provider="")),
        ("lan elsewhere", replace(of_lan, provider="deepgram")),
        ("minh", CallLabels("", scope=(("user", "minh"),))),
    ):  # fmt: skip
        index.add(cap(1, labels=labels).account, name)
    assert list(index.matching(of_lan)) == ["every", "lan"]
    assert list(index.matching(CallLabels("deepgram"))) == ["every", "theirs"]
