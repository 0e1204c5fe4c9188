"""Crossings in the file: the table refuses wrong rows, verify finds them; compaction and processes."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from quotakeeper.clocks import zone_named
from quotakeeper.domain.ledger import commands as c
from quotakeeper.stores.sqlite.store import SqliteStore
from quotakeeper.testing.clock import FakeClock
from quotakeeper.testing.ledger_case import LABELS, cap, tokens

NOW = FakeClock().now()
DAY, ROLLING = cap(100), cap(50, "rolling", window="rolling 24h")


def opened(path, owner="alice"):
    return closing(SqliteStore(path, zone_named, owner=owner, durability="process"))


@pytest.fixture
def path(tmp_path):
    """A closed ledger. Entry 1 records 45, 2 crosses 40 of 50; 3 records 40, 4 to 6 cross the others."""
    path = tmp_path / "ledger.db"
    with opened(path) as store:
        store.apply([c.Watch((DAY.account, ROLLING.account))], NOW)
        store.apply([c.Record("a", LABELS, tokens(45), (DAY, ROLLING))], NOW)
        store.apply([c.Record("b", LABELS, tokens(40), (DAY, ROLLING))], NOW)
    return path


def crossings(store):
    return [(x.crossing.limit, x.crossing.level, x.crossing.turn)
            for x in store.entries() if x.crossing is not None]  # fmt: skip


def tampered(path, *statements):
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def problems(path):
    with opened(path, "bob") as store:
        return [problem.what for problem in store.verify()]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE crossing SET used = 46",
        "DELETE FROM crossing",
        "DELETE FROM entry WHERE kind = 13",
        "INSERT OR REPLACE INTO crossing VALUES (2, 1, 'x', 100, 80, 1, 1, 80)",
        "INSERT OR REPLACE INTO crossing SELECT 99, account_id, name, amount, level, start_at, turn,"
        " used FROM crossing",
        "INSERT INTO crossing VALUES (99, 1, 'x', 100, 80, 1, 0, 80)",
        "INSERT INTO crossing VALUES (99, 1, 'x', 100, 0, 1, 1, 80)",
        "INSERT INTO crossing VALUES (99, 1, 'x', 100, 80, 1, 1, 79)",
        "INSERT INTO entry (seq, kind, at, ref) VALUES (99, 13, 0, 1)",
        "INSERT INTO entry (seq, kind, at, id) VALUES (99, 13, 0, 'x')",
        "UPDATE mark SET stands = 2",
        "UPDATE mark SET turn = 0",
    ],
)
def test_the_table_refuses_impossible_crossings(path, statement):
    with pytest.raises(sqlite3.IntegrityError):
        tampered(path, statement)
    assert problems(path) == []


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE mark SET stands = 0", "stands=False"),
        ("UPDATE mark SET turn = 2 WHERE name = 'rolling'", "turn=2"),
        ("UPDATE mark SET start_at = 5 WHERE name = 'cap'", "start_at=5"),
        ("DELETE FROM mark WHERE name = 'cap'", "the table has None, the journal has"),
        ("INSERT INTO mark VALUES (1, 'x', 9, 9, 5, 1, 1)", "the journal has None"),
        ("DROP TRIGGER crossing_is_never_changed; UPDATE crossing SET used = 86 WHERE seq = 4",
         "with 86 used, but the journal adds up to 85"),
        ("DROP TRIGGER crossing_is_never_changed; UPDATE crossing SET turn = 2 WHERE seq = 4",
         "is crossing number 2 of its threshold, but the journal expects number 1"),
        ("DROP TRIGGER crossing_is_never_deleted; DELETE FROM crossing WHERE seq = 4",
         "of an unknown account"),
        ("INSERT INTO entry (seq, kind, at) SELECT 9, 13, at FROM entry WHERE seq = 1;"
         " INSERT INTO crossing SELECT 9, account_id, name, amount, level, start_at, 2, used"
         " FROM crossing WHERE seq = 4", "which is already crossed"),
        ("INSERT INTO entry (seq, kind, at) SELECT 9, 13, at FROM entry WHERE seq = 1;"
         " INSERT INTO crossing VALUES (9, 1, 'cap', 100, 95, 0, 1, 95)",
         "with 95 used, but the journal adds up to 85"),
        ("DROP TRIGGER entry_is_never_deleted; DELETE FROM entry WHERE seq = 4",
         "refers to a missing row"),
    ],
)  # fmt: skip
def test_verify_finds_crossings_that_bypass_the_tables_rules(path, statement, said):
    assert problems(path) == []
    tampered(path, *statement.split(";"))
    assert said in "\n".join(problems(path))


def compacted(store, now):
    after = 0
    while after is not None:
        after = store.compact(now, now, after).next_after
        assert store.verify() == []


def test_compaction_keeps_the_crossings_that_prevent_a_second_warning(path):
    clock = FakeClock()
    with opened(path) as store:
        limits = (DAY, ROLLING)
        for number in range(5):  # never below 40 in any 24 hours
            clock.advance(hours=12)
            store.apply([c.Record(f"{number}", LABELS, tokens(42), limits)], clock.now())
        before = crossings(store)
        assert before.count(("rolling", 40, 1)) == 1
        compacted(store, clock.now())
        left = crossings(store)
        assert len(left) < len(before) and ("rolling", 40, 1) not in left
        store.apply([c.Record("more", LABELS, tokens(1), limits)], clock.now())
        assert crossings(store) == left
    with opened(path, "bob") as store:
        store.apply([c.Record("still more", LABELS, tokens(1), limits)], clock.now())
        assert crossings(store) == left
        clock.advance(hours=48)
        store.apply([c.Record("later", LABELS, tokens(42), limits)], clock.now())
        assert crossings(store)[len(left) :] == [("rolling", 40, 2)]
        compacted(store, clock.now())


@pytest.mark.parametrize("seed", range(4))
def test_compaction_does_not_change_later_crossings(tmp_path, seed):
    """Two ledgers get the same commands; one of them is compacted after each."""
    chance, clock = random.Random(seed), FakeClock()
    limits = (DAY, ROLLING, cap(30, "minute", window="minute"), cap(90, "week", window="week"))
    with opened(tmp_path / "whole.db") as whole, opened(tmp_path / "compacted.db") as small:
        both = (whole, small)
        for store in both:
            store.apply([c.Watch(tuple(limit.account for limit in limits))], clock.now())
        found = 0
        for number in range(150):
            amount, other = chance.choice((5, 20, 45, 90)), chance.choice((0, 1, 30, 70))
            about = f"{max(0, number - chance.choice((0, 1, 2)))}"
            batch = [
                c.Record(f"{number}", LABELS, tokens(amount), limits),
                c.Correct(about, tokens(other), chance.choice(((), limits))),
            ]
            crossed = [
                [x.crossed for x in store.apply(batch, clock.now()) if isinstance(x, c.Booked)]
                for store in both
            ]
            assert crossed[0] == crossed[1]
            found += sum(map(len, crossed[0]))
            clock.advance(seconds=chance.choice((0, 1, 59, 3_600, 40_000)))
            if number % 10 == 9:
                compacted(small, clock.now() - chance.choice((0, 86_400_000_000)))
        assert whole.verify() == [] and found > 100
        assert len(crossings(small)) < len(crossings(whole))


BOOKING = """
import sys
from quotakeeper import Keeper
warned = []
config = {"limit": [{"name": "team", "meter": "requests", "window": "rolling 30d", "amount": 100,
                     "mode": "soft"}]}
with Keeper(sys.argv[1], config, "process", on_warning=lambda x: warned.append(x.used)) as keeper:
    for _ in range(30):
        keeper.record("gemini")
    keeper.reserve("gemini").settle(requests=1)
print(len(warned))
"""


def test_processes_that_book_at_the_same_time_warn_once(tmp_path):
    children = [
        subprocess.Popen(
            [sys.executable, "-c", BOOKING, str(tmp_path / "l.db")],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    said = [child.communicate(timeout=120)[0] for child in children]
    assert [child.returncode for child in children] == [0] * 4
    with opened(tmp_path / "l.db", "looks") as store:
        assert crossings(store) == [("team", 80, 1), ("team", 95, 1), ("team", 100, 1)]
        assert store.verify() == []
    assert sum(map(int, said)) == 3
