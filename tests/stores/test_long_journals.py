"""How many entries a long journal makes the store read, and how many it keeps in memory."""

from __future__ import annotations

from contextlib import closing

from quotakeeper.clocks import zone_named
from quotakeeper.domain.ledger import commands as c
from quotakeeper.stores.sqlite.store import SqliteStore
from quotakeeper.stores.verification import LedgerState, compare_balances
from quotakeeper.testing.clock import FakeClock
from quotakeeper.testing.ledger_case import HOUR, LABELS, cap, tokens

NOW = FakeClock().now()
LIMITS = tuple(
    cap(10**9, f"{meter} {window}", meter=meter, window=window)
    for meter in ("input_tokens", "requests", "cost")
    for window in ("day", "month", "rolling 1h")
)


def filled(path, calls):
    store = SqliteStore(path, zone_named, owner="me", durability="process")
    for number in range(calls):
        for name in (f"settled {number}", f"held {number}", f"corrected {number}"):
            store.apply([c.Reserve(name, LABELS, tokens(5, 9), (), "me", HOUR)], NOW + number)
        store.apply([c.Settle(f"settled {number}", tokens(4, 7))], NOW + number)
        store.apply([c.Settle(f"corrected {number}", tokens(3, 6))], NOW + number)
        store.apply([c.Correct(f"corrected {number}", tokens(2, 5))], NOW + number)
    return store


def test_new_accounts_take_the_same_number_of_queries_for_a_journal_of_any_length(tmp_path):
    counts = []
    for calls in (3, 40):
        with closing(filled(tmp_path / f"{calls}.db", calls)) as store:
            store.before_fork()
            store.holds()
            asked: list[str] = []
            store._connection.set_trace_callback(asked.append)
            command = c.Watch(tuple(limit.account for limit in LIMITS))
            assert store.apply([command], NOW + calls) == [c.Watched()]
            store._connection.set_trace_callback(None)
            counts.append(sum("SELECT o.seq" in text for text in asked))
            # A binary search finds the first entry in a few queries. No query reads a single event.
            assert len([text for text in asked if text.startswith("SELECT")]) < 40
            found = {v.limit.name: (v.used, v.reserved) for v in store.verdicts(LIMITS, NOW + 50)}
            assert (
                found["input_tokens day"] == found["input_tokens month"] == (6 * calls, 5 * calls)
            )
            assert found["cost rolling 1h"] == (12 * calls, 9 * calls)
            assert store.verify() == []
    assert counts == [2, 2]  # what was used, and what is held: one query each for all accounts


def test_verify_keeps_only_open_calls_in_memory(tmp_path, monkeypatch):
    most = 0
    real = LedgerState.remember

    def remember(state, entry, known):
        nonlocal most
        most = max(most, len(state._known), len(state._ids))
        real(state, entry, known)

    with closing(filled(tmp_path / "ledger.db", 20)) as store:
        store.apply([c.Watch(tuple(limit.account for limit in LIMITS))], NOW + 20)
        store.apply([c.Release(f"held {number}") for number in range(18)], NOW + 20)
        # Entries about calls that ended long ago still verify.
        store.apply([c.Settle("held 3", tokens(8)), c.Correct("settled 1", tokens(1))], NOW + 21)
        monkeypatch.setattr(LedgerState, "remember", remember)
        assert store.verify() == []
    assert most <= 23  # of the sixty calls, those that were open at one time


def test_verify_finds_an_entry_about_a_missing_call(tmp_path):
    with closing(filled(tmp_path / "ledger.db", 1)) as store:
        journal = [entry for entry in store.entries() if entry.seq != 1]
    problems = compare_balances(LedgerState(zone_named), journal, zone_named, lambda *_: ())
    assert any("no entry opens" in problem.what for problem in problems)
