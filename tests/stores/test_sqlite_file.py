"""The ledger file: who may read it, who owns it, and damaged or foreign files."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing, suppress

import pytest

from quotakeeper.clocks import zone_named
from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ports import EventQuery
from quotakeeper.errors import LedgerCorruptError, LedgerUnavailableError, LedgerVersionError
from quotakeeper.stores.sqlite.migrations import APPLICATION_ID, SCHEMA_VERSION
from quotakeeper.stores.sqlite.read_only import ReadOnlyStore, opens_read_only
from quotakeeper.stores.sqlite.store import SqliteStore
from quotakeeper.testing.clock import FakeClock
from quotakeeper.testing.ledger_case import HOUR, LABELS, cap, tokens

NOW = FakeClock().now()
LIMIT = cap(100)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


def opened(path, owner="alice", durability="process"):
    return SqliteStore(path, zone_named, owner=owner, durability=durability)


def filled(path, calls=3):
    """A closed ledger with some calls in it."""
    with closing(opened(path)) as store:
        store.apply([c.Watch((LIMIT.account,))], NOW)
        for number in range(calls):
            store.apply([c.Record(f"{number}", LABELS, tokens(10))], NOW)
        store.apply([c.Reserve("open", LABELS, tokens(5), (LIMIT,), "alice", HOUR)], NOW)


def raw(path):
    return closing(sqlite3.connect(path, isolation_level=None))


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


# -- permissions


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
def test_only_the_owner_may_read_under_any_umask(tmp_path):
    before = os.umask(0o000)
    try:
        path = tmp_path / "new" / "folder" / "ledger.db"
        with closing(opened(path)) as store:
            store.apply([c.Record("a", LABELS, tokens(1))], NOW)
            store.apply([c.Reserve("b", LABELS, tokens(1), (), "alice", HOUR)], NOW)
            made = sorted(tmp_path.rglob("*"))
            assert {p.name for p in made} >= {
                "new", "folder", "ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db.lock",
                "ledger.db-owners", "alice",
            }  # fmt: skip
            modes = {p.name: mode(p) for p in made}
            expected = {p.name: 0o700 if p.is_dir() else 0o600 for p in made}
            assert modes == expected
    finally:
        os.umask(before)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
def test_an_existing_folder_and_file_keep_their_modes(tmp_path):
    folder = tmp_path / "shared"
    folder.mkdir(mode=0o755)
    path = folder / "ledger.db"
    path.touch(mode=0o644)
    folder.chmod(0o755)
    path.chmod(0o644)
    filled(path)
    assert (mode(folder), mode(path)) == (0o755, 0o644)


# -- the kind of file


@pytest.mark.parametrize(("durability", "synchronous"), [("power", 2), ("process", 1)])
def test_a_new_ledger_has_our_application_id_and_a_write_ahead_log(path, durability, synchronous):
    with closing(opened(path, durability=durability)) as store:
        store.apply([c.Record("a", LABELS, tokens(1))], NOW)
        connection = store._connection
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (synchronous,)
        assert connection.execute("PRAGMA wal_autocheckpoint").fetchone() == (0,)
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_an_empty_file_becomes_a_ledger(path):
    path.touch()
    filled(path)
    with closing(opened(path)) as store:
        assert store.verify() == []


def test_a_read_of_an_empty_ledger_finds_nothing(path):
    with closing(opened(path)) as store:
        assert list(store.events(EventQuery())) == list(store.entries()) == store.verify() == []
        assert store.holds() == [] and store.dead_owners() == frozenset()
        (verdict,) = store.verdicts((LIMIT,), NOW)
        assert (verdict.used, verdict.reserved) == (0, 0)


def calls_of(store):
    """Every question to a store, one by one."""
    return {
        "apply": lambda: store.apply([c.Record("a", LABELS, tokens(1))], NOW),
        "check": lambda: store.check(LABELS, tokens(1), (LIMIT,), NOW),
        "verdicts": lambda: store.verdicts((LIMIT,), NOW),
        "holds": store.holds,
        "dead_owners": store.dead_owners,
        "events": lambda: list(store.events(EventQuery())),
        "entries": lambda: list(store.entries()),
        "verify": store.verify,
    }


VERBS = ("apply", "check", "verdicts", "holds", "dead_owners", "events", "entries", "verify")


def foreign(path):
    with raw(path) as connection:
        connection.execute("CREATE TABLE notes (text)")


def marked_by_another(path):
    with raw(path) as connection:
        connection.execute("PRAGMA application_id = 7")
        connection.execute("CREATE TABLE notes (text)")


def short_text(path):
    path.write_text("shopping list: rice, fish sauce\n", encoding="utf-8")


def long_text(path):
    path.write_text("nothing to see here\n" * 10_000, encoding="utf-8")


def cut_off(path):
    filled(path, 60)
    os.truncate(path, path.stat().st_size // 2 // 4096 * 4096)


def cut_off_within_a_page(path):
    filled(path, 60)
    os.truncate(path, 4096 * 2 + 17)


def other_header(path):
    filled(path)
    with open(path, "r+b") as file:
        file.write(b"\xff" * 64)


def no_ledger(path):
    """A database with our application id and without tables."""
    with raw(path) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


DAMAGES = (foreign, marked_by_another, short_text, long_text, cut_off, cut_off_within_a_page,
           other_header)  # fmt: skip


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_that_is_not_a_sound_ledger_is_not_changed(path, damage, verb):
    damage(path)
    before = path.read_bytes()
    store = opened(path)
    for _ in range(2):  # a second try has the same result
        with pytest.raises(LedgerCorruptError) as caught:
            calls_of(store)[verb]()
        assert caught.value.ledger == str(path)
        assert caught.value.fix
    store.close()
    assert path.read_bytes() == before


@pytest.mark.parametrize("verb", VERBS)
def test_verify_finds_a_page_that_was_overwritten_in_the_middle(path, verb):
    filled(path, 400)
    size = path.stat().st_size
    with open(path, "r+b") as file:
        for page in range(3, size // 4096, 2):
            file.seek(page * 4096)
            file.write(b"\x5a" * 4096)
    with closing(opened(path)) as store:
        try:
            calls_of(store)[verb]()
        except LedgerCorruptError:
            pass
        else:
            with suppress(LedgerCorruptError):
                assert store.verify() != []


@pytest.mark.parametrize("verb", VERBS)
def test_a_newer_ledger_is_refused_by_its_schema_version(path, verb):
    filled(path)
    with raw(path) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    before = path.read_bytes()
    with closing(opened(path)) as store:
        with pytest.raises(LedgerVersionError) as caught:
            calls_of(store)[verb]()
        assert f"schema version {SCHEMA_VERSION + 1}" in str(caught.value)
        assert f"up to {SCHEMA_VERSION}" in str(caught.value)
        assert "upgrade" in caught.value.fix
    assert path.read_bytes() == before


# -- places


@pytest.mark.parametrize("verb", VERBS)
def test_a_folder_at_the_ledgers_path_is_refused(tmp_path, verb):
    store = opened(tmp_path)
    with pytest.raises(LedgerUnavailableError):
        calls_of(store)[verb]()
    store.close()


@pytest.mark.parametrize("verb", VERBS)
def test_a_file_at_the_folders_path_is_refused(tmp_path, verb):
    (tmp_path / "file").touch()
    store = opened(tmp_path / "file" / "ledger.db")
    with pytest.raises(LedgerUnavailableError):
        calls_of(store)[verb]()
    store.close()


def test_without_write_access_no_ledger_is_made(tmp_path, mounts):
    def act():
        for path in (tmp_path / "ledger.db", tmp_path / "new" / "ledger.db"):
            store = opened(path)
            for verb, call in calls_of(store).items():
                with pytest.raises(LedgerUnavailableError) as caught:
                    call()
                assert str(path) in str(caught.value), verb
                assert "QUOTAKEEPER_LEDGER" in caught.value.fix
            store.close()

    mounts.frozen(tmp_path, act)
    assert list(tmp_path.iterdir()) == []


def test_a_ledger_without_write_access_can_be_read(path, tmp_path, mounts):
    filled(path)
    with closing(opened(path)) as store:
        expected = (list(store.events(EventQuery())), list(store.entries()), store.holds())
    before = path.read_bytes()

    def act():
        assert opens_read_only(path)
        with closing(opened(path)) as writing, pytest.raises(LedgerUnavailableError) as caught:
            writing.apply([c.Record("more", LABELS, tokens(1))], NOW)
        assert caught.value.fix
        store = ReadOnlyStore(path, zone_named)
        for _ in range(2):
            found = (list(store.events(EventQuery())), list(store.entries()), store.holds())
            assert found == expected
            assert store.verify() == []
            (verdict,) = store.verdicts((LIMIT,), NOW)
            assert (verdict.used, verdict.reserved) == (30, 5)
            assert not store.check(LABELS, tokens(66), (LIMIT,), NOW).allowed
            with pytest.raises(LedgerUnavailableError) as caught:
                store.apply([c.Record("more", LABELS, tokens(1))], NOW)
            assert caught.value.fix
        store.close()

    mounts.frozen(tmp_path, act)
    assert path.read_bytes() == before
    assert not opens_read_only(path)


# -- owners


def test_an_owner_that_ended_is_found_dead_and_removed_once_resolved(path):
    with closing(opened(path, "alice")) as alice, closing(opened(path, "bob")) as bob:
        for store, name in ((alice, "alice"), (bob, "bob")):
            store.apply([c.Reserve(name, LABELS, tokens(1), (), name, HOUR)], NOW)
        assert alice.dead_owners() == bob.dead_owners() == frozenset()
        marks = path.with_name("ledger.db-owners")
        assert {mark.name for mark in marks.iterdir()} == {"alice", "bob"}
        # A killed process leaves its mark without a lock on it.
        (marks / "ghost").touch()
        alice.apply([c.Reserve("ghost", LABELS, tokens(1), (), "ghost", HOUR)], NOW)
        dead = bob.dead_owners()
        assert dead == {"ghost"}
        assert bob.apply([c.Sweep(dead)], NOW) == [c.Swept(expired=1)]
        bob.bury(dead)
        assert not (marks / "ghost").exists()
        assert {hold.id for hold in bob.holds()} == {"alice", "bob"}
    # Neither process ended what it had reserved, so their marks stay for the next process.
    with closing(opened(path, "carol")) as carol:
        dead = carol.dead_owners()
        assert dead == {"alice", "bob"}
        assert carol.apply([c.Sweep(dead)], NOW) == [c.Swept(expired=2)]
        carol.bury(dead)
        assert {mark.name for mark in marks.iterdir()} == {"carol"}
    assert list(marks.iterdir()) == []


@pytest.mark.parametrize("known", [True, False])
def test_an_owner_that_cannot_check_its_reservations_leaves_its_mark(path, known):
    with closing(opened(path, "alice")) as alice:
        alice.apply([c.Record("a", LABELS, tokens(1))], NOW)
        if not known:
            alice.before_fork()  # no connection to check with
    marks = path.with_name("ledger.db-owners")
    assert [mark.name for mark in marks.iterdir()] == ([] if known else ["alice"])
    with closing(opened(path, "bob")) as bob:
        assert bob.dead_owners() == frozenset()  # it has no reservations, so the mark is removed
    assert list(marks.iterdir()) == []
