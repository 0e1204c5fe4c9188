"""The store fetches all rows of a batch in advance: few queries for any length, and the same outcomes."""

from __future__ import annotations

import shutil
from contextlib import closing
from dataclasses import replace

import pytest

from quotakeeper.clocks import zone_named
from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.usage import CallLabels
from quotakeeper.errors import LedgerError
from quotakeeper.stores.memory import MemoryStore
from quotakeeper.stores.sql import interned
from quotakeeper.stores.sqlite.store import SqliteStore
from quotakeeper.testing.clock import FakeClock
from quotakeeper.testing.ledger_case import HOUR, LABELS, MINUTE, cap, tokens

NOW = FakeClock().now()
LIMITS = (
    cap(10**9),
    cap(10**9, "month", window="month"),
    cap(10**9, "rolling", window="rolling 1h"),
    cap(10**9, "operation", window="hour", labels=CallLabels("gemini", "", "translate")),
)
NEVER = 10**9
FEW, MANY = 22, 66  # more than the cache has of labels, prices and instants


class Prefetching(SqliteStore):
    """Fetches in advance for batches with at least this many commands, and records the queries."""

    prefetch_from = 1

    def _opened(self):
        state = super()._opened()
        state.prefetch_from = self.prefetch_from
        return state

    def queries_of(self, commands, now):
        """Run a batch. Returns its outcomes and the queries that it took."""
        asked = []
        self.open_count()
        self._connection.set_trace_callback(asked.append)
        outcomes = self.apply(commands, now)
        self._connection.set_trace_callback(None)
        return outcomes, [text for text in asked if text.lstrip().startswith("SELECT")]


class RowByRow(Prefetching):
    prefetch_from = NEVER


def opened(path, kind=Prefetching, owner="alice"):
    return closing(kind(path, zone_named, owner=owner, durability="process"))


def names(kind, count):
    return [f"{kind} {number}" for number in range(count)]


def labels_of(number):
    return replace(LABELS, model=f"model {number % 7}", scope=(("team", f"{number % 3}"),))


def priced(number):
    return Figures({"input_tokens": 5}, 10, price_id=f"price {number % 5}", model_served="served")


def reserve(name, number=0, owner="alice"):
    return c.Reserve(name, labels_of(number), priced(number), LIMITS, owner, HOUR)


def prepare(path, count):
    """Write what another process left: open, ended and recorded calls and a lease, over some hours."""
    with opened(path, owner="bob") as store:
        store.apply([c.Watch(tuple(limit.account for limit in LIMITS))], NOW - 5 * HOUR)
        for kind in ("open", "released", "settled", "sent", "grown", "extended"):
            reserved = [reserve(name, n, "bob") for n, name in enumerate(names(kind, count))]
            for start in range(0, count, 8):  # at different instants
                store.apply(reserved[start : start + 8], NOW - 5 * HOUR + start * MINUTE)
        store.apply([c.Release(name) for name in names("released", count)], NOW - MINUTE)
        store.apply([c.Settle(name, tokens(4)) for name in names("settled", count)], NOW - MINUTE)
        store.apply([c.Record(name, LABELS, tokens(2)) for name in names("recorded", count)], NOW)
        lease = c.Reserve("lease", LABELS, tokens(10 * count), LIMITS, "bob", HOUR)
        store.apply([lease], NOW - HOUR // 2)


def batches(count):
    """Batches of this many commands, each of one kind."""
    late = [NOW - (number % 4) * HOUR for number in range(count)]
    yield "reserve", [reserve(name, n) for n, name in enumerate(names("new", count))]
    yield "reserve again", [reserve(name, n) for n, name in enumerate(names("open", count))]
    yield (
        "record",
        [
            c.Record(name, labels_of(n), priced(n), LIMITS, late[n])
            for n, name in enumerate(names("late", count))
        ],
    )
    yield "settle", [c.Settle(name, priced(1), LIMITS) for name in names("open", count)]
    yield (
        "settle what was released",
        [c.Settle(name, tokens(3), LIMITS) for name in names("released", count)],
    )
    yield "correct", [c.Correct(name, tokens(1), LIMITS) for name in names("settled", count)]
    yield "correct a record", [c.Correct(name, tokens(1)) for name in names("recorded", count)]
    yield "mark", [c.MarkSent(name) for name in names("sent", count)]
    yield "assume", [c.Assume(name) for name in names("sent", count)]
    yield "extend", [c.Extend(name, HOUR) for name in names("extended", count)]
    yield "grow", [c.Grow(name, tokens(1), LIMITS) for name in names("grown", count)]
    yield (
        "draw",
        [
            c.Draw(name, "lease", tokens(2), "alice", HOUR, NOW - MINUTE)
            for name in names("drawn", count)
        ],
    )
    yield "unknown", [c.Settle(name, tokens(1)) for name in names("nobody", count)]


KINDS = [kind for kind, _ in batches(0)]


@pytest.fixture(scope="module")
def ledgers(tmp_path_factory):
    """Prepared ledgers by the number of calls of each kind in them. Tests copy them."""
    paths = {count: tmp_path_factory.mktemp("prepared") / f"{count}.db" for count in (FEW, MANY)}
    for count, path in paths.items():
        prepare(path, count)
    return paths


def queries(ledgers, path, kind, count, store_kind=Prefetching):
    """The queries that a new process runs for one batch."""
    shutil.copy(ledgers[count], path)
    with opened(path, store_kind) as store:
        outcomes, asked = store.queries_of(dict(batches(count))[kind], NOW)
        assert not store.verify()
    assert len(outcomes) == count
    return outcomes, asked


@pytest.mark.parametrize("kind", KINDS)
def test_a_longer_batch_takes_no_more_queries(ledgers, tmp_path, kind):
    _, few = queries(ledgers, tmp_path / "few.db", kind, FEW)
    _, many = queries(ledgers, tmp_path / "many.db", kind, MANY)
    assert len(many) == len(few) <= 14, "\n".join(many)


@pytest.mark.parametrize("kind", KINDS)
def test_outcomes_equal_those_of_row_by_row_look_ups(ledgers, tmp_path, kind):
    at_once, few = queries(ledgers, tmp_path / "at once.db", kind, FEW)
    one_by_one, many = queries(ledgers, tmp_path / "row by row.db", kind, FEW, RowByRow)
    assert list(map(said, at_once)) == list(map(said, one_by_one))
    assert len(many) > len(few), "single look-ups ask for each id"


def said(outcome):
    return str(outcome.error) if isinstance(outcome, c.Failed) else outcome


def test_a_sweep_and_a_list_read_many_reservations_in_one_query(ledgers, tmp_path):
    asked = []
    for count in (FEW, MANY):
        shutil.copy(ledgers[count], tmp_path / f"{count}.db")
        with opened(tmp_path / f"{count}.db") as store:
            assert len(store.holds()) == 4 * count + 1
        with opened(tmp_path / f"{count}.db") as store:
            (swept,), queries = store.queries_of([c.Sweep()], NOW + 3 * HOUR)
            assert swept == c.Swept(4 * count + 1, 0)
            asked.append(len([text for text in queries if "FROM entry" in text or "hold" in text]))
    assert asked[0] == asked[1] <= 8


def test_a_short_batch_is_looked_up_row_by_row(tmp_path):
    with opened(tmp_path / "a.db", RowByRow) as store:
        _, asked = store.queries_of([reserve("a"), reserve("b")], NOW)
    assert not [text for text in asked if "VALUES" in text and "FROM entry" in text]


def test_a_command_that_cannot_be_stored_fails_alone(tmp_path):
    commands = [
        reserve("good"),
        replace(reserve("bad labels"), labels=CallLabels("gemini", "\ud800")),
        replace(reserve("bad owner"), owner="\ud800"),
        c.Settle("\ud800", tokens(1)),
        c.Record("bad price", LABELS, Figures({"input_tokens": 1}, 1, price_id="\ud800")),
        c.Draw("call", "\ud800", tokens(1), "alice", HOUR),
    ]
    model = MemoryStore(zone_named)
    with opened(tmp_path / "a.db") as store:
        outcomes, _ = store.queries_of(commands, NOW)
        assert list(map(said, outcomes)) == list(map(said, model.apply(commands, NOW)))
        assert list(store.entries()) == list(model.entries())


def test_a_missing_row_is_looked_for_again_in_the_next_batch(tmp_path):
    path = tmp_path / "a.db"
    with opened(path) as store, opened(path, owner="bob") as other:
        (failed,) = store.apply([c.Settle("later", tokens(1))], NOW)
        assert isinstance(failed, c.Failed)
        other.apply([reserve("later", 3, "bob")], NOW)
        booked, reserved = store.apply([c.Settle("later", tokens(1)), reserve("mine", 3)], NOW)
        assert isinstance(booked, c.Booked) and isinstance(reserved, c.Reserved)
        assert store.verify() == []


def test_missing_labels_are_looked_for_again(tmp_path):
    path, none = tmp_path / "a.db", (cap(0),)
    with opened(path) as store, opened(path, owner="bob") as other:
        refused = [replace(reserve(name, 3), limits=none) for name in ("a", "b")]
        assert {type(outcome) for outcome in store.apply(refused, NOW)} == {c.Denied}
        other.apply([reserve("c", 3, "bob")], NOW)
        store.prefetch_from = NEVER
        (reserved,) = store.apply([reserve("a", 3)], NOW)
        assert isinstance(reserved, c.Reserved)


def test_labels_that_left_the_cache_are_not_added_twice(tmp_path, monkeypatch):
    monkeypatch.setattr(interned, "_MOST_CACHED", 0)
    with opened(tmp_path / "a.db") as store:
        outcomes = store.apply([reserve(f"{n}", n % 3) for n in range(9)], NOW)
        assert {type(outcome) for outcome in outcomes} == {c.Reserved}
        assert store.verify() == []


@pytest.mark.parametrize("kind", [Prefetching, RowByRow])
def test_an_id_that_was_just_made_is_not_looked_up(tmp_path, kind):
    with opened(tmp_path / "ledger.db", kind) as store:
        store.apply([reserve("first")], NOW)
        made = [replace(reserve(name), is_new=True) for name in names("made", 3)]
        outcomes, queries = store.queries_of(made, NOW)
        assert [type(each) for each in outcomes] == [c.Reserved] * 3
        assert not any("made 0" in query for query in queries), queries
        # An id that is there all the same is not booked twice.
        with pytest.raises(LedgerError):
            store.apply([replace(reserve("made 0"), is_new=True)], NOW)
        assert len(store.holds()) == 4
