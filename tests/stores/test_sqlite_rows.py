"""Rows that the tables refuse, and wrong rows that verify finds if a program bypasses the tables' rules."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from quotakeeper.clocks import zone_named
from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger import order_commands as o
from quotakeeper.domain.ledger.entries import Kind
from quotakeeper.domain.usage import Outcome, Provenance
from quotakeeper.stores.memory import MemoryStore
from quotakeeper.stores.sql.codes import KINDS, OUTCOMES, PROVENANCES
from quotakeeper.stores.sql.statements import statements
from quotakeeper.stores.sqlite.store import SqliteStore
from quotakeeper.testing.clock import FakeClock
from quotakeeper.testing.ledger_case import HOUR, LABELS, cap, tokens

NOW = FakeClock().now()
LIMITS = (cap(100), cap(50, window="rolling 1h"))


@pytest.fixture
def path(tmp_path):
    """A closed ledger: 1 recorded, 2 and 3 reserved, 4 settles 2."""
    path = tmp_path / "ledger.db"
    with closing(SqliteStore(path, zone_named, owner="alice", durability="process")) as store:
        store.apply([c.Watch(tuple(limit.account for limit in LIMITS))], NOW)
        store.apply(
            [
                c.Record("recorded", LABELS, tokens(10, 5)),
                c.Reserve("settled", LABELS, tokens(8), LIMITS, "alice", HOUR),
                c.Reserve("open", LABELS, tokens(3), LIMITS, "alice", HOUR),
                c.Settle("settled", tokens(20)),
            ],
            NOW,
        )
    return path


def tampered(path, *statements):
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def problems(path):
    with closing(SqliteStore(path, zone_named, owner="bob", durability="process")) as store:
        return [problem.what for problem in store.verify()]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry SET cost_pico = 0",
        "UPDATE entry SET at = at + 1 WHERE seq = 4",
        "UPDATE OR REPLACE entry SET seq = 9 WHERE seq = 1",
        "DELETE FROM entry",
        "DELETE FROM entry WHERE seq = 4",
        "REPLACE INTO entry SELECT * FROM entry WHERE seq = 4",
        "REPLACE INTO entry SELECT 9, kind, at, ref, id, labels_id, '{}', cost_pico, price_id,"
        " provenance, outcome, served_id, duration_ms, note, owner_id, expires_at, booked_at"
        " FROM entry WHERE seq = 1",
    ],
)
def test_the_journal_is_append_only(path, statement):
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        tampered(path, statement)
    assert problems(path) == []


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO entry (seq, kind, at) VALUES (9, 2, 1)",  # without a call
        "INSERT INTO entry (seq, kind, at, ref) VALUES (9, 2, 1, 9)",  # refers to itself
        "INSERT INTO entry (seq, kind, at, ref) VALUES (9, 12, 1, 1)",
        "INSERT INTO entry (seq, kind, at, ref, booked_at) VALUES (9, 2, 1, 1, 1)",  # of no reservation
        "INSERT INTO entry (seq, kind, at, ref) VALUES (9, 0, 1, 1)",
        "INSERT INTO entry (seq, kind, at, ref) VALUES (9, 4, 1, 1)",  # a settle without figures
        "INSERT INTO entry (seq, kind, at, ref) VALUES (9, 2, -1, 1)",
        "INSERT INTO entry (seq, kind, at, ref) VALUES (9, 2, 'noon', 1)",
        "INSERT INTO entry (seq, kind, at, ref, cost_pico) VALUES (9, 2, 1, 1, -1)",
        "INSERT INTO entry (seq, kind, at, ref, cost_pico) VALUES (9, 2, 1, 1, 0.5)",
        "INSERT INTO entry (seq, kind, at, id) VALUES (9, 8, 1, 'x')",  # without labels
        "INSERT INTO entry (seq, kind, at, id, labels_id, quantities) VALUES (9, 8, 1, '', 1, '')",
        "INSERT INTO entry (seq, kind, at, id, labels_id, quantities)"
        " VALUES (9, 8, 1, 'open', 1, '{}')",  # an id counts once
        "INSERT INTO entry (seq, kind, at, id, labels_id, quantities, outcome)"
        " VALUES (9, 8, 1, 'x', 1, '{}', 1)",
        "INSERT INTO entry (seq, kind, at, ref, quantities, provenance)"
        " VALUES (9, 4, 1, 1, '{}', 1)",
        "INSERT INTO balance VALUES (1, 5, -1, 0, 0)",
        "INSERT INTO balance VALUES (1, 5, 0, -1, 0)",
        "INSERT INTO balance VALUES (1, 5, 0, 0, -1)",
        "INSERT INTO balance VALUES (1, 5, 'many', 0, 0)",
        "INSERT INTO balance VALUES (1, 5, 1.5, 0, 0)",
        "UPDATE balance SET settled = NULL",
        "INSERT INTO labels (provider, model, operation, scope) VALUES ('', 'm', 'o', '')",
        "INSERT INTO hold VALUES (9, NULL, 1, 0, '', 0)",
        "INSERT INTO hold VALUES (9, 'x', 1, 2, '', 0)",
        "INSERT INTO slot VALUES (0, 1, 1, 1, 0, 0, 'z0')",
        "INSERT INTO slot VALUES (0, 1, 1, 1, 1, 2, 'z0')",
        "INSERT INTO word (text) VALUES (NULL)",
    ],
)
def test_the_tables_refuse_impossible_rows(path, statement):
    with pytest.raises(sqlite3.IntegrityError):
        tampered(path, statement)
    assert problems(path) == []


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE balance SET settled = settled + 1 WHERE account_id = 1", "settled is 31"),
        ("UPDATE balance SET settled = 0 WHERE account_id = 2", "settled is 0"),
        ("UPDATE balance SET reserved = 2", "reserved is 2"),
        ("DELETE FROM balance WHERE account_id = 1", "but 30 in the journal"),
        ("INSERT INTO balance VALUES (1, 9999999999999999, 7, 0, 0)", "settled is 7"),
        ("DELETE FROM hold", "open reservations"),
        ("INSERT INTO hold VALUES (1, 'x', 1, 0, '', 0)", "reservation 1"),
        ("UPDATE hold SET expires_at = 0", "reservation 'open'"),
        ("UPDATE hold SET owner = 'mallory'", "reservation 'open'"),
        ("UPDATE hold SET sent = 1", "reservation 'open'"),
        ("UPDATE hold SET quantities = 'i4'", "reservation 'open'"),
        ("UPDATE hold SET cost_pico = 4", "reservation 'open'"),
        ("UPDATE slot SET calls = 3", "3 calls"),
        ("UPDATE slot SET unpriced = 0", "0 unpriced"),
        ("UPDATE slot SET totals = 'i29z5'", "i29z5"),
        ("DELETE FROM slot", "has nothing"),
        ("DELETE FROM pace", "use of"),
        ("UPDATE pace SET used = used + 1", "use of"),
        ("INSERT INTO slot VALUES (0, 1, 1, 1, 1, 0, 'i1z0')", "the journal has nothing"),
        ("INSERT INTO slot VALUES (9000000000000000, 1, 1, 1, 1, 0, 'i1z0')", "nothing"),
        ("DROP TRIGGER entry_is_never_deleted; DELETE FROM entry WHERE seq = 4", "settled is 30"),
        ("DROP TRIGGER entry_is_never_deleted; DELETE FROM entry WHERE seq = 2", "no entry opens"),
        (
            "DROP TRIGGER entry_is_never_changed;"
            " UPDATE entry SET quantities = '{\"input_tokens\":1}' WHERE seq = 1",
            "settled is 30 in the table, but 21 in the journal",
        ),
        (
            "DROP TRIGGER entry_is_never_changed; UPDATE entry SET at = 1 WHERE seq = 3",
            "earlier time",
        ),
        ("PRAGMA foreign_keys = OFF; DELETE FROM labels", "refers to a missing row"),
        ("DELETE FROM word", "refers to a missing row"),
    ],
)
def test_verify_finds_rows_that_bypass_the_tables_rules(path, statement, said):
    assert problems(path) == []
    tampered(path, *statement.split(";"))
    found = problems(path)
    assert found and said in "\n".join(found)


def test_a_long_running_process_forgets_only_old_periods(tmp_path):
    limits = (cap(5, window="minute"), cap(9, window="rolling 90s"), cap(10**9, window="month"))
    clock, model = FakeClock(), MemoryStore(zone_named)
    path = tmp_path / "long.db"
    with closing(SqliteStore(path, zone_named, owner="me", durability="process")) as store:
        for ledger in (store, model):
            ledger.apply([c.Watch(tuple(limit.account for limit in limits))], clock.now())
        for number in range(1_300):
            batch = [
                c.Reserve(f"{number}", LABELS, tokens(number % 7), limits, "me", HOUR),
                c.Settle(f"{number - 1_100}", tokens(1)),  # of a period that was forgotten
                c.Settle(f"{number}", tokens(number % 11)) if number % 3 else c.Sweep(),
            ]
            outcomes = [ledger.apply(batch, clock.now()) for ledger in (store, model)]
            kinds = [[type(outcome) for outcome in found] for found in outcomes]
            assert kinds[0] == kinds[1]
            if number % 50 == 0:
                now = clock.now()
                assert store.verdicts(limits, now) == model.verdicts(limits, now)
            clock.advance(seconds=61)
        assert store.verify() == model.verify() == []
        kept = max(len(slices) for slices in store._state._balances.values())
        assert kept <= 1_001
        assert len(store._state._known) == len(store._state._ids) == len(store.holds())


def test_every_table_is_strict(path):
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(
            "SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
        )
        strict = {name: bool(flag) for name, flag in rows if not name.startswith("sqlite_")}
    assert set(strict) == {
        "word", "labels", "entry", "account", "balance", "hold", "slot",
        "carried_slot", "carried_balance", "compacting", "pace", "crossing", "mark",
        "notice", "quota_seen", "clock_reading", "verified", "verified_balance", "verified_mark",
    }  # fmt: skip
    assert all(strict.values())


def test_stored_codes_never_change():
    assert [kind.value for kind in KINDS] == [
        "reserve", "sent", "extend", "settle", "release", "expire", "assume", "record", "correct",
        "grow", "draw", "reserve", "cross", "pause", "resume", "raise", "topup", "lapse",
        "clock",
    ]  # fmt: skip
    assert [value.value for value in PROVENANCES] == [
        "reported", "tokenizer", "estimated", "assumed",
    ]  # fmt: skip
    assert [value.value for value in OUTCOMES] == ["ok", "error", "unknown"]
    assert (set(KINDS), set(PROVENANCES), set(OUTCOMES)) == (
        set(Kind), set(Provenance), set(Outcome),
    )  # fmt: skip


# A repair of a ledger that a wrong clock moved ahead: allowed once, at a person's request.
SETTING_BACK = (
    "later_crossings", "drop_later_crossings", "drop_later_lapses", "drop_later_entries",
    "set_back_notices", "set_back_entries", "set_back_holds", "drop_slots_from",
    "drop_carried_slots_from", "add_pace_up", "drop_paces_after", "drop_paces_of", "set_since",
    "carry_up", "drop_carried_after", "drop_carried_of", "drop_balances", "drop_mark",
)  # fmt: skip


# Forgetting a label, at a person's request: notes have no index.
FORGETTING = ("clear_notes", "notes_of_labels")


@pytest.mark.parametrize("name", sorted(statements()))
def test_no_query_reads_the_whole_journal(path, name):
    text = statements()[name]
    if name in ("accounts", "holds", "hold_owners"):
        return  # small tables, which are read whole
    if name == "events_by_time" or name in SETTING_BACK or name in FORGETTING:
        return  # verify, migration, repair and forgetting read everything
    with closing(sqlite3.connect(path)) as connection:
        names = ("after", "before", "since", "until", "provider", "model", "operation", "page",
                 "seq")  # fmt: skip
        places = dict.fromkeys(names, 1)
        values = places if ":" in text else (1,) * text.count("?")
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", values)]
    scans = [step for step in plan if step.startswith("SCAN")]
    if name == "head":
        assert scans == ["SCAN entry"]  # from its end, for one row
    else:
        assert not any("entry" in step or " o" in step for step in scans), plan


@pytest.mark.parametrize(
    "text", ["UPDATE notice SET why = 'y'", "DELETE FROM notice", "INSERT OR REPLACE INTO notice "
             "SELECT seq, subject, 'y', by, until_at, account, amount, used, about FROM notice"]
)  # fmt: skip
def test_an_order_is_never_changed(tmp_path, text):
    path = tmp_path / "ordered.db"
    with closing(SqliteStore(path, zone_named, owner="me", durability="process")) as store:
        store.apply([o.PauseCalls("", "x")], NOW)
        with (
            closing(sqlite3.connect(path)) as connection,
            pytest.raises(sqlite3.IntegrityError, match="append-only"),
        ):
            connection.execute(text)
        assert store.verify() == []
