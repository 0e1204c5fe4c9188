"""Damaged bytes: every read of a ledger ends with one of our errors, which names the entry."""

from __future__ import annotations

import errno
import os
import random
import sqlite3
from contextlib import closing, suppress

import pytest

from quotakeeper.clocks import zone_named
from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ports import EventQuery
from quotakeeper.errors import LedgerCorruptError, LedgerUnavailableError, QuotakeeperError
from quotakeeper.stores.sql.codes import quantities_from
from quotakeeper.stores.sql.damage import DamagedRowError
from quotakeeper.stores.sql.paged_reads import _entries_of
from quotakeeper.stores.sqlite import files
from quotakeeper.stores.sqlite.errors import translated
from quotakeeper.stores.sqlite.store import SqliteStore
from quotakeeper.testing.clock import FakeClock
from quotakeeper.testing.ledger_case import HOUR, LABELS, cap, tokens

NOW = FakeClock().now()
LIMIT = cap(1_000)
FILES = int(os.environ.get("DAMAGE_FILES") or 250)


def opened(path):
    return SqliteStore(path, zone_named, owner="alice", durability="process")


def fill(path, calls=6):
    """Write a ledger with every kind of row into a single file."""
    with closing(opened(path)) as store:
        store.apply([c.Watch((LIMIT.account,))], NOW)
        for number in range(calls):
            store.apply([c.Record(f"call-{number}", LABELS, tokens(900 + number))], NOW)
        store.apply([c.Reserve("open", LABELS, tokens(77), (LIMIT,), "bob", HOUR)], NOW)
        store.apply([c.Reserve("ended", LABELS, tokens(55), (), "alice", HOUR)], NOW)
        store.apply([c.Settle("ended", tokens(44))], NOW)
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA wal_checkpoint (TRUNCATE)").fetchall()


def change(path, old, new):
    """Replace bytes at the only place of the file that has them. The length stays."""
    data = path.read_bytes()
    assert data.count(old) == 1
    path.write_bytes(data.replace(old, new))


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "ledger.db"
    fill(path)
    return path


def seq_of(path, event_id):
    with closing(sqlite3.connect(path)) as raw:
        return raw.execute("SELECT seq FROM entry WHERE id = ?", (event_id,)).fetchone()[0]


def quantities_of(path, event_id):
    with closing(sqlite3.connect(path)) as raw:
        found = raw.execute("SELECT quantities FROM entry WHERE id = ?", (event_id,)).fetchone()
    return found[0].encode()


def spoil(path, event_id, letter=b"x"):
    """Change the first letter of a call's quantities. Returns the number of its entry."""
    old, seq = quantities_of(path, event_id), seq_of(path, event_id)
    data = path.read_bytes()
    places = [at for at in range(len(data)) if data.startswith(old, at)]
    assert places
    with closing(sqlite3.connect(path)) as raw:  # the slot's totals differ too
        assert not raw.execute("SELECT 1 FROM slot WHERE totals = ?", (old.decode(),)).fetchone()
    for at in places:
        data = data[:at] + letter + data[at + 1 :]
    path.write_bytes(data)
    return seq


@pytest.mark.parametrize("letter", [b"x", b"I", b"\xff", b"9"])
def test_a_read_gives_the_readable_entries_and_then_names_the_damaged_one(path, letter):
    seq = spoil(path, "call-3", letter)
    with closing(opened(path)) as store:
        for read, wanted in (
            (lambda: store.events(EventQuery()), ["call-0", "call-1", "call-2"]),
            (lambda: store.events(EventQuery(newest_first=True)), ["ended", "call-5", "call-4"]),
        ):
            found = []
            with pytest.raises(LedgerCorruptError) as caught:
                for event in read():
                    found.append(event.id)
            assert found == wanted
            assert (caught.value.seq, caught.value.entry_id) == (seq, "call-3")
        entries = []
        with pytest.raises(LedgerCorruptError, match=f"entry {seq} .'call-3'. cannot be read") as e:
            entries.extend(store.entries())
        assert "verify" in e.value.fix
        with pytest.raises(LedgerCorruptError):
            store.apply([c.Correct("call-3", tokens(1))], NOW)
        # Operations that do not read the damage still work.
        store.apply([c.Record("later", LABELS, tokens(1))], NOW)


def test_verify_lists_all_damage_in_one_run(path):
    seqs = [spoil(path, "call-1"), spoil(path, "call-4"), seq_of(path, "call-2")]
    change(
        path, quantities_of(path, "call-2"), quantities_of(path, "call-2").replace(b"902", b"903")
    )
    with closing(opened(path)) as store:
        problems = [problem.what for problem in store.verify()]
    assert any(f"entry {seqs[0]} ('call-1')" in each for each in problems)
    assert any(f"entry {seqs[1]} ('call-4')" in each for each in problems)
    assert any(each.startswith("slot ") for each in problems)  # the other parts were compared too
    assert any(each.startswith("balance ") for each in problems)


def test_a_call_with_lost_labels_is_still_counted(path):
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA foreign_keys = OFF")
        raw.execute("DELETE FROM labels")
        raw.commit()
    with closing(opened(path)) as store:
        with pytest.raises(LedgerCorruptError) as caught:
            list(store.events(EventQuery(provider="gemini")))
        assert caught.value.entry_id == "call-0"
        with pytest.raises(LedgerCorruptError):
            list(store.slots())


def test_a_lost_page_of_the_journal_is_named_by_its_entries(tmp_path):
    path = tmp_path / "ledger.db"
    fill(path, calls=300)
    with closing(sqlite3.connect(path)) as raw:
        size = raw.execute("PRAGMA page_size").fetchone()[0]
    at = path.read_bytes().index(b"call-150")
    data = bytearray(path.read_bytes())
    page = at // size * size
    data[page : page + 8] = b"\xff" * 8
    path.write_bytes(bytes(data))
    with closing(opened(path)) as store:
        problems = [problem.what for problem in store.verify()]
        found = []
        with pytest.raises(LedgerCorruptError):
            for entry in store.entries():
                found.append(entry.id)
    assert "call-10" in found and "call-290" not in found
    assert any("entries from" in each and "cannot be read" in each for each in problems)


def test_entries_out_of_order_end_the_read(path):
    """Otherwise the next page would begin where the last one did, without end."""
    with closing(opened(path)) as store, store._reading() as session:
        rows = session.execute(session.sql["entries_after"], (0, 9)).fetchall()
        swapped = [rows[1], rows[0], rows[2]]
        entries, all_read = _entries_of(session, swapped, 0)
        assert ([entry.seq for entry in entries], all_read) == ([rows[1][0]], False)
        with pytest.raises(DamagedRowError, match="out of order in the file"):
            _entries_of(session, rows, rows[0][0])
        with pytest.raises(DamagedRowError, match="out of order in the file"):
            _entries_of(session, rows[1:], rows[0][0], down=True)


@pytest.mark.parametrize(
    "text", ["x9", "i9I9", "I9", "i", "9", "i9i9", "i9 ", "{", "{}x", "[]", '{"y":1}', None, 5]
)
def test_only_whole_quantities_are_read(text):
    with pytest.raises(DamagedRowError):
        quantities_from(text)
    assert quantities_from("i3ox4") == {"input_tokens": 3, "output_tokens@text": 4}
    assert quantities_from("") == {}


def test_a_disk_that_does_not_answer_is_not_reported_as_damage(path):
    class Checks:
        sql, dialect = {}, None

        def execute(self, _text):
            return iter([("Tree 5 page 9: unable to get the page. error code=266",)])

    with pytest.raises(OSError) as caught:
        files.damage_in(Checks())
    assert caught.value.errno == errno.EIO
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorname = "SQLITE_IOERR_READ"
    for given in (error, OSError(errno.EIO, os.strerror(errno.EIO))):
        told = translated(path, given)
        assert isinstance(told, LedgerUnavailableError)
        assert not isinstance(told, LedgerCorruptError)


def test_the_first_error_of_a_read_is_raised(path):
    """SQLite may have ended the transaction itself. A later "no transaction" error is not the cause."""
    with closing(opened(path)) as store:

        def ask(state):
            state.session.execute("ROLLBACK")
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorname = "SQLITE_IOERR_READ"
            raise error

        with pytest.raises(LedgerUnavailableError, match="disk"):
            store._read(ask)


def look(path):
    """Read and write the ledger in every way. Returns what each raised, except our own errors."""
    ways = {
        "verify": lambda store: store.verify(),
        "events": lambda store: list(store.events(EventQuery())),
        "newest": lambda store: list(store.events(EventQuery(newest_first=True, provider="x"))),
        "event": lambda store: list(store.events(EventQuery(id="call-2"))),
        "entries": lambda store: list(store.entries()),
        "slots": lambda store: list(store.slots()),
        "verdicts": lambda store: store.verdicts((LIMIT,), NOW),
        "holds": lambda store: store.holds(),
        "usage": lambda store: store.account_usage((LIMIT.account,), 0),
        "dead": lambda store: store.dead_owners(),
        "sweep": lambda store: store.apply([c.Sweep(dead_owners=frozenset({"bob"}))], NOW),
        "write": lambda store: store.apply(
            [c.Record("new", LABELS, tokens(1)), c.Settle("open", tokens(3))], NOW
        ),
        "compact": lambda store: store.compact(NOW + HOUR, NOW),
    }
    raw = []
    store = opened(path)
    for name, way in ways.items():
        try:
            way(store)
        except QuotakeeperError:
            continue
        except Exception as error:  # noqa: BLE001 - the test is about what else there is
            raw.append((name, repr(error)))
    with suppress(QuotakeeperError):
        store.close()
    return raw


def test_bytes_damaged_at_random_raise_only_our_own_errors(tmp_path):
    seed = int(os.environ.get("DAMAGE_SEED") or random.randrange(2**32))
    print(f"DAMAGE_SEED={seed}")
    dice = random.Random(seed)
    path = tmp_path / "ledger.db"
    fill(path)
    sound = path.read_bytes()
    with closing(sqlite3.connect(path)) as raw:
        size = raw.execute("PRAGMA page_size").fetchone()[0]
    pages = [sound[at : at + size] for at in range(0, len(sound), size)]
    # Most bytes of a small ledger are empty, and most of the others are its schema.
    rows = [at for at, byte in enumerate(sound) if byte and b"CREATE " not in pages[at // size]]
    for number in range(FILES):
        data = bytearray(sound)
        for _ in range(dice.choice((1, 1, 2, 8))):
            at = dice.choice(rows) if dice.random() < 0.9 else dice.randrange(len(data))
            data[at] = dice.choice((dice.randrange(256), data[at] ^ 1 << dice.randrange(8)))
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "ledger.db").write_bytes(bytes(data))
        raw = look(folder / "ledger.db")
        assert not raw, f"DAMAGE_SEED={seed}, file {number}: {raw}"
