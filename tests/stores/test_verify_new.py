"""Verify goes on from the last verified entry, and says what it covered."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing

import pytest

from quotakeeper.clocks import zone_named
from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger.forgetting import LabelValue
from quotakeeper.domain.usage import CallLabels
from quotakeeper.stores.sql import verify_new
from quotakeeper.stores.sql.verify_new import COMPACTED, DIFFERENT, NEW_LIMIT, SET_BACK
from quotakeeper.stores.sqlite.read_only import ReadOnlyStore
from quotakeeper.stores.sqlite.store import SqliteStore
from quotakeeper.testing.clock import FakeClock
from quotakeeper.testing.ledger_case import HOUR, LABELS, cap, tokens
from tests.stores.verify_scripts import run_script

SEED = int(os.environ.get("QUOTAKEEPER_VERIFY_SEED", "1"))
STEPS = int(os.environ.get("QUOTAKEEPER_VERIFY_STEPS", "400"))
NOW = FakeClock().now()
DAY = 24 * HOUR
LIMIT = cap(10**9)
WHOLE_YEAR = cap(10**9, "year", window="none")
TRIGGERS = "SELECT name FROM sqlite_schema WHERE type = 'trigger'"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


@pytest.fixture
def store(path):
    with closing(SqliteStore(path, zone_named, owner="alice", durability="process")) as store:
        yield store


@pytest.fixture
def verified(store):
    """A ledger with calls of two days, one of them open, that is verified up to here."""
    store.apply([c.Watch((LIMIT.account,))], NOW)
    for number in range(10):
        store.apply([c.Record(f"old-{number}", LABELS, tokens(900 + number))], NOW + number)
    store.apply([c.Reserve("open", LABELS, tokens(77), (LIMIT,), "bob", 9 * DAY)], NOW + 11)
    store.apply([c.Record("today", LABELS, tokens(5))], NOW + DAY)
    assert store.verify_new() == verify_new.Verification((), 0, 12)
    return store


def add_calls(store, at=NOW + DAY + HOUR, count=3):
    for number in range(count):
        store.apply([c.Record(f"new-{at}-{number}", LABELS, tokens(7))], at)


def change(path, *statements):
    """Change rows as nothing in this package does. START and DAY stand for numbers."""
    with closing(sqlite3.connect(path)) as raw:
        for (name,) in raw.execute(TRIGGERS).fetchall():
            raw.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            text = statement.replace("START", str(NOW)).replace("DAY", str(DAY))
            assert raw.execute(text).rowcount > 0
        raw.commit()


@pytest.mark.parametrize("seed", range(SEED, SEED + 4))
def test_what_is_new_is_verified_as_a_whole_run_would(store, seed):
    ways = run_script(store, seed, STEPS)
    assert ways["first"] == 1
    assert ways["new"] > 0.9 * (sum(ways.values()) - ways["compacted"])


def test_a_run_reads_only_what_is_new(verified, monkeypatch):
    monkeypatch.setattr(verify_new, "_PAGE", 2)
    read = []
    real = verify_new.entry_from
    monkeypatch.setattr(
        verify_new, "entry_from", lambda row, interned: read.append(row[0]) or real(row, interned)
    )
    add_calls(verified)
    found = verified.verify_new()
    assert (found.problems, found.after, found.newest, found.why_whole) == ((), 12, 15, "")
    assert read == [13, 14, 15]
    assert verified.verify_new() == verify_new.Verification((), 15, 15)


def test_damage_before_the_mark_is_found_by_a_whole_run(verified, path):
    change(path, "UPDATE entry SET quantities = 'i1' WHERE seq = 3")
    add_calls(verified)
    found = verified.verify_new()
    assert (found.problems, found.after) == ((), 12)
    whole = verified.verify_new(whole=True)
    assert any("balance" in each.what for each in whole.problems)
    assert list(whole.problems) == verified.verify()
    assert whole.newest == 0


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("UPDATE entry SET quantities = 'i8' WHERE seq = 14", "balance"),
        ("UPDATE entry SET quantities = 'nonsense' WHERE seq = 14", "entry 14"),
        ("UPDATE entry SET at = START WHERE seq = 15", "earlier time"),
        ("DELETE FROM entry WHERE seq = 14", "balance"),
        ("UPDATE balance SET settled = settled + 1", "balance"),
        ("UPDATE balance SET settled = settled + 1 WHERE start_at < START", "balance"),
        ("UPDATE balance SET reserved = 0 WHERE reserved > 0", "reserved"),
        ("DELETE FROM hold", "open reservations differ"),
        ("UPDATE hold SET expires_at = expires_at + 1", "open reservation 'open'"),
        ("UPDATE slot SET calls = calls + 1 WHERE slot_at > START + DAY", "slot"),
        ("UPDATE pace SET used = used + 1 WHERE slot_at > START + DAY", "use of"),
    ],
)
def test_damage_to_what_is_new_is_found(verified, path, damage, told):
    add_calls(verified)
    change(path, damage)
    with closing(SqliteStore(path, zone_named, owner="judge")) as judge:
        found = judge.verify_new()
        assert any(told in each.what for each in found.problems), found
        assert found.after == 0
        assert list(found.problems) == judge.verify()
        # Nothing is kept of a ledger with a problem: the next run finds it again.
        assert judge.verify_new() == found


def test_a_wrong_mark_costs_one_whole_run(verified, path):
    change(path, "UPDATE verified_balance SET settled = settled + 1")
    add_calls(verified)
    assert verified.verify_new() == verify_new.Verification((), 0, 15, DIFFERENT)
    assert verified.verify_new() == verify_new.Verification((), 15, 15)


def test_a_limit_that_counts_earlier_calls_needs_a_whole_run(verified):
    other = cap(10**9, labels=CallLabels("nobody", ""))
    verified.apply([c.Watch((other.account,))], NOW + DAY)  # no earlier call counts in it
    assert verified.verify_new().why_whole == ""
    verified.apply([c.Watch((WHOLE_YEAR.account,))], NOW + DAY)
    assert verified.verify_new() == verify_new.Verification((), 0, 12, NEW_LIMIT)
    assert verified.verify_new().after == 12


def test_a_compacted_journal_needs_a_whole_run_if_new_entries_are_gone(verified):
    add_calls(verified)
    add_calls(verified, NOW + 40 * DAY)
    assert verified.compact(NOW + 39 * DAY, NOW + 40 * DAY).calls > 3
    assert verified.verify_new() == verify_new.Verification((), 0, 18, COMPACTED)
    add_calls(verified, NOW + 80 * DAY)
    assert verified.verify_new().why_whole == ""
    assert verified.compact(NOW + 60 * DAY, NOW + 80 * DAY).calls > 0
    assert verified.verify_new().why_whole == ""  # all of it was verified before


def test_a_ledger_that_was_set_back_needs_a_whole_run(verified):
    add_calls(verified, NOW + 300 * DAY)
    verified.verify_new()
    verified.set_back(NOW + 2 * DAY, "an@host", "the clock")
    found = verified.verify_new()
    assert (found.problems, found.after, found.why_whole) == ((), 0, SET_BACK)
    assert verified.verify_new().why_whole == ""


def test_a_label_that_was_taken_out_leaves_the_ledger_intact(store):
    scoped = CallLabels(LABELS.provider, LABELS.model, LABELS.operation, (("user", "an"),))
    limit = cap(100, labels=CallLabels("", scope=(("user", "an"),)))
    store.apply([c.Watch((limit.account,))], NOW)
    store.apply([c.Record("a", scoped, tokens(99), (limit,))], NOW)
    store.verify_new()
    store.forget_label(LabelValue("user", "an"), "user-1")
    assert store.verify_new().problems == ()


def test_who_may_only_read_keeps_no_mark(verified, path):
    add_calls(verified)
    with closing(ReadOnlyStore(path, zone_named)) as reader:
        assert reader.verify_new().after == 12
        assert reader.verify_new().after == 12


def test_a_ledger_of_an_older_version_is_read_whole_at_first(verified, path):
    for name in ("verified", "verified_balance", "verified_mark"):
        with closing(sqlite3.connect(path)) as raw:
            raw.execute(f"DROP TABLE {name}")
    with closing(ReadOnlyStore(path, zone_named)) as reader:
        assert reader.verify_new() == verify_new.Verification((), 0, 0)
