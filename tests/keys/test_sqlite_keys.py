"""Virtual keys in a ledger file: an append-only audit, no secret on disk, and what else the file does."""

from __future__ import annotations

import logging
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest

from quotakeeper import Keeper, LimitExceeded
from quotakeeper.app.virtual_keys.managing import KeyManager, key_named
from quotakeeper.clocks import zone_named
from quotakeeper.config import load_settings
from quotakeeper.domain.keys.virtual_key import VirtualKey
from quotakeeper.domain.ledger.forgetting import LabelValue
from quotakeeper.errors import (
    InvalidInputError,
    LedgerCorruptError,
    LedgerUnavailableError,
    LedgerVersionError,
)
from quotakeeper.key_wiring import open_keys as open_keys_of
from quotakeeper.stores.sqlite.key_store import SqliteKeys
from quotakeeper.stores.sqlite.store import SqliteStore
from quotakeeper.testing import FakeClock
from tests.keys.fake_keys import HOUR, NOW
from tests.keys.store_rules import KeyStoreRules, Open


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.db"
    with closing(ledger(path)) as store:
        store.open_count()
    return path


def ledger(path: Path) -> SqliteStore:
    return SqliteStore(path, zone_named, owner="me", durability="process")


def keys_of(path: Path) -> SqliteKeys:
    return SqliteKeys(path, zone_named, durability="process")


@pytest.fixture
def open_keys(path: Path) -> Open:
    return lambda: keys_of(path)


@pytest.fixture
def manager(path: Path) -> KeyManager:
    return KeyManager(keys_of(path), lambda: NOW, "an@host")


class TestSqlite(KeyStoreRules):
    pass


def everything_on_disk(folder: Path) -> bytes:
    return b"".join(each.read_bytes() for each in folder.rglob("*") if each.is_file())


def test_no_secret_is_in_a_file_a_log_or_an_error(
    manager: KeyManager, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    issued = manager.create(VirtualKey("", "lan"))
    secrets = [issued.secret, manager.rotate("lan", HOUR).secret]
    shown = [repr(issued), str(issued), repr(manager), repr(keys_of(path).all_keys())]
    with pytest.raises(InvalidInputError) as error:
        manager.create(VirtualKey("", "lan"))
    on_disk = everything_on_disk(path.parent)
    for secret in secrets:
        assert secret.encode() not in on_disk
        assert secret[3:35].encode() not in on_disk
        assert secret not in "".join([*shown, str(error.value), caplog.text])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE virtual_key_audit SET actor = 'x'",
        "DELETE FROM virtual_key_audit",
        "INSERT OR REPLACE INTO virtual_key_audit SELECT seq, key_id, act, 'x', at, why, before_json, "
        "after_json FROM virtual_key_audit",
        "DELETE FROM virtual_key",
        "DELETE FROM virtual_key_secret",
    ],
)
def test_the_audit_is_append_only(manager: KeyManager, path: Path, statement: str) -> None:
    manager.create(VirtualKey("", "lan"))
    before = keys_of(path).audit()
    with (
        closing(sqlite3.connect(path)) as connection,
        pytest.raises(sqlite3.IntegrityError, match=r"append-only|never deleted"),
    ):
        connection.execute(statement)
    assert keys_of(path).audit() == before


def test_a_ledger_without_keys_has_no_tables_for_them(path: Path) -> None:
    assert keys_of(path).all_keys() == []
    with pytest.raises(InvalidInputError, match="there is no key 'lan'"):
        KeyManager(keys_of(path), lambda: NOW, "an").revoke("lan")
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT name FROM sqlite_schema WHERE name LIKE 'virtual%'")
        assert found.fetchall() == []


def test_the_tables_leave_the_schema_version_of_the_ledger(manager: KeyManager, path: Path) -> None:
    """So a quotakeeper that does not know the tables goes on using the ledger."""
    with closing(sqlite3.connect(path)) as connection:
        before = connection.execute("PRAGMA user_version").fetchone()
        manager.create(VirtualKey("", "lan"))
        assert connection.execute("PRAGMA user_version").fetchone() == before
    with Keeper(path, {"default_limits": False}) as keeper:
        keeper.record("gemini", input_tokens=1)
        assert keeper.verify() == []


def test_a_program_that_counts_calls_goes_on_while_keys_change(
    manager: KeyManager, path: Path
) -> None:
    """Its connection has prepared statements when the tables of keys are made."""
    with Keeper(path, {"default_limits": False}) as keeper:
        for name in ("lan", "an", "binh"):
            call = keeper.reserve("gemini", scope={"key": name}, input_tokens=9)
            manager.create(VirtualKey("", name))
            call.settle(input_tokens=7)
            manager.revoke(name)
        assert sum(event.quantities["input_tokens"] for event in keeper.events()) == 21
        assert keeper.verify() == []
    assert len(keys_of(path).audit()) == 6


def test_a_copy_of_the_ledger_has_the_keys(manager: KeyManager, path: Path, tmp_path: Path) -> None:
    manager.create(VirtualKey("", "lan"))
    with closing(ledger(path)) as store:
        store.back_up(str(tmp_path / "copy.db"))
    assert keys_of(tmp_path / "copy.db").all_keys() == keys_of(path).all_keys()


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE virtual_key SET state = 'active'", "differs from the newest row of its audit"),
        ("UPDATE virtual_key SET models = '[\"*\",\"x\"]'", "differs from the newest row"),
        ("UPDATE virtual_key_secret SET ends_at = NULL", "differs from the newest row"),
        ("UPDATE virtual_key_secret SET digest = 'not a digest' || substr(digest, 13)",
         "a secret of a virtual key cannot be read"),
        ("UPDATE virtual_key SET labels = 'x'", "virtual key '.*' cannot be read"),
        ("DROP TABLE virtual_key_secret", "virtual keys: "),
    ],
)  # fmt: skip
def test_verify_finds_a_change_that_no_command_made(
    manager: KeyManager, path: Path, statement: str, problem: str
) -> None:
    manager.create(VirtualKey("", "lan"))
    manager.rotate("lan", HOUR)
    manager.disable("lan")
    with closing(ledger(path)) as store:
        assert store.verify() == []
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("PRAGMA ignore_check_constraints = ON")
            connection.execute(statement)
        (found,) = store.verify()
    assert pytest.RaisesExc(ValueError, match=problem).matches(ValueError(found.what))


def test_verify_finds_a_row_that_is_missing(manager: KeyManager, path: Path) -> None:
    for name in ("lan", "an"):
        manager.create(VirtualKey("", name))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TRIGGER virtual_key_audit_is_never_deleted")
        connection.execute("DELETE FROM virtual_key_audit WHERE seq = 1")
    with closing(ledger(path)) as store:
        assert [each.what for each in store.verify()] == ["the audit of virtual keys has no row 1"]


def test_a_damaged_key_is_refused_not_guessed(manager: KeyManager, path: Path) -> None:
    manager.create(VirtualKey("", "lan"))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE virtual_key SET models = '\"*\"'")
    with pytest.raises(LedgerCorruptError, match=r"virtual key .* cannot be read"):
        keys_of(path).all_keys()


@pytest.mark.parametrize(
    ("version", "fix"), [("3", "upgrade quotakeeper"), ("1", "create the keys again")]
)
def test_tables_of_another_version_are_left_alone(
    manager: KeyManager, path: Path, version: str, fix: str
) -> None:
    manager.create(VirtualKey("", "lan"))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE virtual_key_meta SET value = ? WHERE key = 'schema'", (version,))
    with pytest.raises(LedgerVersionError, match=fix):
        keys_of(path).all_keys()
    with pytest.raises(LedgerVersionError, match=f"schema version {version}"):
        manager.create(VirtualKey("", "an"))
    with closing(ledger(path)) as store:
        assert store.verify() == []


def test_a_label_is_forgotten_in_keys_and_in_the_audit(manager: KeyManager, path: Path) -> None:
    manager.create(
        VirtualKey("", "nguyen-an", project="nguyen-an", labels=(("key2", "nguyen-an"),))
    )
    manager.create(VirtualKey("", "binh", labels=(("key2", "nguyen-an"),)))
    manager.revoke("nguyen-an")
    label = LabelValue("key", "nguyen-an")
    with closing(ledger(path)) as store:
        found = store.forget_label(label, "", only_look=True)
        assert (found.keys, found.usable_keys) == (1, ())
        assert store.forget_label(
            LabelValue("key2", "nguyen-an"), "", only_look=True
        ).usable_keys == ("binh",)
        for name in ("key", "key2", "project"):
            store.forget_label(LabelValue(name, "nguyen-an"), f"forgotten-{name}")
        store.shrink()
        assert store.verify() == []
    assert key_named(keys_of(path), "forgotten-key").project == "forgotten-project"
    assert key_named(keys_of(path), "binh").labels == (("key2", "forgotten-key2"),)
    assert b"nguyen-an" not in everything_on_disk(path.parent)
    with (
        closing(sqlite3.connect(path)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        connection.execute("DELETE FROM virtual_key_audit")


def test_compaction_and_shrinking_leave_the_keys(manager: KeyManager, path: Path) -> None:
    manager.create(VirtualKey("", "lan"))
    before = (keys_of(path).all_keys(), keys_of(path).audit())
    with Keeper(path, {"default_limits": False}) as keeper:
        keeper.record("gemini", input_tokens=1)
        keeper.compact(40, shrink=True)
    assert (keys_of(path).all_keys(), keys_of(path).audit()) == before


def test_without_a_ledger_a_read_makes_none(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnavailableError, match="there is no ledger yet"):
        keys_of(tmp_path / "none.db").find(bytes(32))
    assert list(tmp_path.iterdir()) == []


def test_the_first_key_makes_a_ledger(tmp_path: Path) -> None:
    path = tmp_path / "new" / "ledger.db"
    KeyManager(keys_of(path), lambda: NOW, "an").create(VirtualKey("", "lan"))
    assert path.stat().st_mode & 0o777 == 0o600
    with closing(ledger(path)) as store:
        assert store.verify() == []
        assert store.dead_owners() == frozenset()


PROGRAM = """
import sys
from pathlib import Path
from quotakeeper.app.virtual_keys.presenting import KeyPresenter, PresentedKey
from quotakeeper.clocks import SystemClock, zone_named
from quotakeeper.stores.sqlite.key_store import SqliteKeys

clock = SystemClock()
store = SqliteKeys(Path(sys.argv[1]), zone_named, durability="process")
found = KeyPresenter(store, clock.now, clock.monotonic).present(sys.stdin.read())
print(found.key.name if isinstance(found, PresentedKey) else found.code)
"""


@pytest.mark.parametrize(("revoked", "said"), [(False, "lan"), (True, "key_revoked")])
def test_another_process_sees_the_key(
    manager: KeyManager, path: Path, revoked: bool, said: str
) -> None:
    secret = manager.create(VirtualKey("", "lan")).secret
    if revoked:
        manager.revoke("lan")
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)], input=secret, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert ran.stdout.strip() == said


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_reads_keys(manager: KeyManager, path: Path) -> None:
    manager.create(VirtualKey("", "lan"))
    store = keys_of(path)
    assert len(store.all_keys()) == 1
    child = os.fork()
    if child == 0:
        os._exit(len(store.all_keys()))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1


WINDOWS = ("minute", "hour", "day", "week", "month", "rolling 24h", "none")


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("per", [False, True], ids=["scope", "per"])
def test_raising_a_limit_for_a_day_works_for_every_window(
    path: Path, window: str, per: bool
) -> None:
    """litellm#35247: a raise that some windows did not see."""
    selects = {"per": "key"} if per else {"scope": {"key": "lan"}}
    limit = {"name": "lan's", "meter": "requests", "window": window, "amount": 2, **selects}
    config = {"default_limits": False, "timezone": "UTC", "limit": [limit]}
    scope = {"key": "lan", "project": "phim"}
    clock = FakeClock("2026-11-23T12:00:00+00:00")

    def calls(keeper: Keeper) -> int:
        done = 0
        while done < 10:
            try:
                keeper.reserve("gemini", scope=scope, requests=1).settle(requests=1)
            except LimitExceeded:
                break
            done += 1
        return done

    with Keeper(path, config, clock=clock, on_warning=lambda verdict: None) as keeper:
        assert calls(keeper) == 2
        name = "lan's [key=lan]" if per else "lan's"
        keeper.raise_limit(name, to=5, for_seconds=86_400, why="a demo", by="an")
        assert calls(keeper) == 3
        keeper.reserve("gemini", scope={"key": "an"}, requests=1).settle(requests=1)
        clock.advance(days=1, hours=1)
        left = 0 if window in ("week", "month", "none") else 2
        assert calls(keeper) == left


def test_threads_may_share_one_store(path: Path) -> None:
    store = keys_of(path)
    manager = KeyManager(store, lambda: NOW, "an")
    threads = [
        Thread(target=lambda name=name: manager.create(VirtualKey("", name)))
        for name in ("a", "b", "c", "d", "e", "f")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [key.name for key in store.all_keys()] == ["a", "b", "c", "d", "e", "f"]


def test_a_change_of_a_key_survives_a_power_cut_whatever_the_setting(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "l.db", {"durability": "process"})
    store = open_keys_of(settings)
    assert isinstance(store, SqliteKeys)
    assert store._durability == "power"


def test_who_may_only_read_the_ledger_reads_keys_and_changes_none(
    manager: KeyManager, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager.create(VirtualKey("", "lan"))
    monkeypatch.setattr("quotakeeper.stores.sqlite.side_tables.opens_read_only", lambda path: True)
    assert [key.name for key in keys_of(path).all_keys()] == ["lan"]
    with pytest.raises(LedgerUnavailableError, match="is read-only"):
        manager.revoke("lan")


@pytest.mark.skipif(os.name == "nt", reason="this system has no groups of Unix")
def test_the_first_key_of_a_shared_ledger_shares_it(tmp_path: Path) -> None:
    import grp

    group = grp.getgrgid(os.getgid())
    path = tmp_path / "shared" / "ledger.db"
    store = open_keys_of(load_settings(path, {"ledger_group": group.gr_name}))
    assert store.name == str(path)
    KeyManager(store, lambda: NOW, "an").create(VirtualKey("", "lan"))
    assert path.stat().st_mode & 0o777 == 0o660


def test_a_key_that_is_forgotten_in_calls_alone_leaves_the_keys(
    manager: KeyManager, path: Path
) -> None:
    manager.create(VirtualKey("", "lan"))
    with Keeper(path, {"default_limits": False}) as keeper:
        keeper.record("gemini", scope={"user": "an"}, input_tokens=1)
    before = (keys_of(path).all_keys(), keys_of(path).audit())
    with closing(ledger(path)) as store:
        assert store.forget_label(LabelValue("user", "an"), "x").calls == 1
    assert (keys_of(path).all_keys(), keys_of(path).audit()) == before
