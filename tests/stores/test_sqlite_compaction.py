"""Compaction deletes single calls, and no total that was computed from them changes."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing

import pytest

from quotakeeper.clocks import zone_named
from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ports import EventQuery
from quotakeeper.domain.windows import SECOND
from quotakeeper.errors import InvalidInputError
from quotakeeper.stores.sql import compaction
from quotakeeper.stores.sqlite.store import SqliteStore
from quotakeeper.testing.clock import FakeClock
from quotakeeper.testing.ledger_case import HOUR, LABELS, OWNER, cap, tokens
from quotakeeper.testing.strategies import LIMITS, STEPS, CommandMaker

DAY = 24 * HOUR
LIMIT = cap(1_000, "day")


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def store(tmp_path):
    path = tmp_path / "ledger.db"
    with closing(SqliteStore(path, zone_named, owner=OWNER, durability="process")) as store:
        yield store


def compacted(store, before, now, at_most=40):
    """Run all steps of a compaction, in small batches. Returns how many calls and entries it deleted."""
    after, calls, entries = 0, 0, 0
    while after is not None:
        step = store.compact(before, now, after, at_most)
        calls, entries, after = calls + step.calls, entries + step.entries, step.next_after
        assert store.verify() == []
    return calls, entries


@pytest.mark.parametrize("seed", range(6))
def test_balances_and_sums_stay_the_same_after_any_history(store, clock, seed):
    chance = random.Random(seed)
    store.apply([c.Watch(tuple(limit.account for limit in LIMITS))], clock.now())
    gone = 0
    for turn in range(6):
        for step in range(60):
            maker = CommandMaker(chance, turn * 60 + step, clock.now())
            store.apply(maker.batch(), clock.now())
            clock.advance(seconds=max(0, chance.choice(STEPS) // SECOND))
        now = clock.now()
        before = (store.verdicts(LIMITS, now), list(store.slots()), store.holds())
        known = {event.id: event for event in store.events(EventQuery())}
        calls, _ = compacted(store, now - chance.choice((0, 2 * DAY, 9 * DAY)), now)
        gone += calls
        assert (store.verdicts(LIMITS, now), list(store.slots()), store.holds()) == before
        left = list(store.events(EventQuery()))
        assert all(known[event.id] == event for event in left), f"seed {seed}"
        assert len(left) < len(known) or not calls or not known
    assert gone > 100, f"seed {seed}: hardly anything was compacted"


def test_open_calls_and_calls_of_current_periods_stay(store, clock):
    store.apply([c.Watch((LIMIT.account,))], clock.now())
    store.apply(
        [
            c.Reserve("open", LABELS, tokens(5), (LIMIT,), OWNER, 100 * DAY),
            c.Record("old", LABELS, tokens(3, 2)),
            c.Reserve("late", LABELS, tokens(5), (LIMIT,), OWNER, 100 * DAY),
        ],
        clock.now(),
    )
    clock.advance(hours=48)
    store.apply([c.Settle("late", tokens(4)), c.Record("today", LABELS, tokens(1))], clock.now())
    clock.advance(hours=2)
    store.apply([c.Record("now", LABELS, tokens(1))], clock.now())
    assert compacted(store, clock.now(), clock.now()) == (1, 1)
    assert [event.id for event in store.events(EventQuery())] == ["late", "today", "now"]
    assert [hold.id for hold in store.holds()] == ["open"]
    store.apply([c.Settle("open", tokens(2))], clock.now())
    assert store.verify() == []


def test_a_lease_is_deleted_together_with_its_calls_or_not_at_all(store, clock):
    store.apply([c.Watch((LIMIT.account,))], clock.now())
    for name in ("whole", "half"):
        store.apply(
            [
                c.Reserve(name, LABELS, tokens(100, 9), (LIMIT,), OWNER, HOUR),
                *(c.Draw(f"{name} {n}", name, tokens(10, 1), OWNER, 10 * DAY) for n in range(3)),
                *(c.Settle(f"{name} {n}", tokens(12, 1)) for n in range(2)),
                c.Release(name),
            ],
            clock.now(),
        )
    store.apply([c.Settle("whole 2", tokens(1))], clock.now())
    clock.advance(hours=48)
    store.apply([c.Settle("half 2", tokens(7)), c.Record("today", LABELS, tokens(1))], clock.now())
    assert compacted(store, clock.now(), clock.now()) == (4, 8)
    assert {event.id for event in store.events(EventQuery())} == {
        "half 0", "half 1", "half 2", "today",
    }  # fmt: skip


def test_a_new_limit_counts_deleted_calls(store, clock):
    for number in range(5):
        store.apply([c.Record(f"{number}", LABELS, tokens(10))], clock.now())
        clock.advance(hours=24)
    store.apply([c.Record("now", LABELS, tokens(1))], clock.now())
    assert compacted(store, clock.now(), clock.now())[0] == 5
    month, rolling = (
        cap(1_000, "month", window="month"),
        cap(1_000, "two days", window="rolling 2d"),
    )
    for watched in (False, True):
        if watched:
            store.apply([c.Watch((month.account, rolling.account))], clock.now())
        used = [verdict.used for verdict in store.verdicts((month, rolling), clock.now())]
        assert used == [51, 21]
        assert store.verify() == []


def test_a_deleted_call_cannot_be_found(store, clock):
    store.apply([c.Record("a", LABELS, tokens(10))], clock.now())
    clock.advance(hours=48)
    store.apply([c.Record("b", LABELS, tokens(1))], clock.now())
    assert compacted(store, clock.now(), clock.now()) == (1, 1)
    failed, anew = store.apply(
        [c.Correct("a", tokens(1)), c.Record("a", LABELS, tokens(2))], clock.now()
    )
    assert isinstance(failed, c.Failed) and isinstance(failed.error, InvalidInputError)
    assert isinstance(anew, c.Booked) and not anew.replay
    assert store.verify() == []


def test_sequence_numbers_and_ledger_time_continue_when_all_entries_are_old(store, clock):
    store.apply([c.Record(f"{n}", LABELS, tokens(1)) for n in range(9)], clock.now())
    newest = list(store.entries())[-1]
    clock.advance(hours=1_000)
    assert compacted(store, clock.now(), clock.now()) == (8, 8)
    assert list(store.entries()) == [newest]
    clock.advance(hours=-2_000)
    (booked,) = store.apply([c.Record("x", LABELS, tokens(1))], clock.now())
    assert booked.event.at == newest.at and list(store.entries())[-1].seq == 10


def test_an_interrupted_step_changes_nothing(store, clock, monkeypatch):
    store.apply([c.Record(f"{n}", LABELS, tokens(1)) for n in range(9)], clock.now())
    clock.advance(hours=48)
    entries = list(store.entries())

    def broken(*_):
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(compaction, "_carry", broken)
    with pytest.raises(Exception, match="disk I/O"):
        store.compact(clock.now(), clock.now())
    monkeypatch.undo()
    assert list(store.entries()) == entries and store.verify() == []
    with (
        closing(sqlite3.connect(store.name)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        connection.execute("DELETE FROM entry")


def test_free_space_is_reused_and_returned_on_request(store, clock, tmp_path):
    size = lambda: (tmp_path / "ledger.db").stat().st_size  # noqa: E731
    sizes = []
    for turn in range(4):
        for start in range(0, 4_000, 1_000):
            batch = [c.Record(f"{turn} {start + n}", LABELS, tokens(n)) for n in range(1_000)]
            store.apply(batch, clock.now())
        clock.advance(hours=48)
        compacted(store, clock.now() - SECOND, clock.now(), at_most=2_000)
        store.shrink() if turn == 3 else None
        store.close()
        sizes.append(size())
    assert sizes[2] <= sizes[0] * 1.5, "it grew though everything old was let go of"
    assert sizes[3] < sizes[2] / 2
    assert store.verify() == []
