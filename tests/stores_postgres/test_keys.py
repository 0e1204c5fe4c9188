"""Virtual keys on a server: a schema of their own, which only the role for keys can read."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from threading import Barrier, Thread

import pytest

from quotakeeper import Keeper
from quotakeeper.__main__ import main
from quotakeeper.app.virtual_keys.managing import KeyManager
from quotakeeper.clocks import zone_named
from quotakeeper.domain.keys.key_store import Decide
from quotakeeper.domain.keys.key_text import digest_of
from quotakeeper.domain.keys.virtual_key import VirtualKey
from quotakeeper.errors import LedgerUnavailableError, OutcomeUnknownError
from quotakeeper.stores.postgres.administration import ServerLedger
from quotakeeper.stores.postgres.dialect import PostgresSession
from quotakeeper.stores.postgres.driver import driver, open_connection
from quotakeeper.stores.postgres.dsn import ServerAddress, parse_dsn
from quotakeeper.stores.postgres.key_store import PostgresKeys, rows_in, schema_of_keys
from quotakeeper.stores.postgres.store import PostgresStore
from quotakeeper.stores.sqlite.key_store import SqliteKeys
from quotakeeper.stores.sqlite.store import SqliteStore
from tests.keys.fake_keys import HOUR, NOW
from tests.keys.store_rules import KeyStoreRules, Open
from tests.stores_postgres.conftest import CANARY

_numbers = count(1)
Execute = Callable[..., None]


@pytest.fixture
def open_keys(ledger: ServerAddress) -> Open:
    return lambda: PostgresKeys(ledger)


class TestPostgres(KeyStoreRules):
    pass


@pytest.fixture
def url(server: str) -> str:
    """The URL of a ledger that is not there yet."""
    return f"{server}keys_{os.getpid()}_{next(_numbers)}"


@pytest.fixture
def execute(url: str) -> Execute:
    """Carries out SQL as the server's owner, or as another user. KEYS is the schema of the keys."""

    def execute(sql: str, user: str = "postgres") -> None:
        address = parse_dsn(url.replace("postgres@", f"{user}@", 1))
        text = sql.replace("KEYS", f'"{schema_of_keys(address.schema)}"')
        with closing(open_connection(address.parameters, prepares=False)) as raw:
            raw.execute(text)

    return execute


class Users(dict[str, str]):
    """The URLs of a user of each role, by role."""


@pytest.fixture
def users(url: str, execute: Execute) -> Users:
    number = f"{os.getpid()}_{next(_numbers)}"
    roles = {name: f"{name}_{number}" for name in ("app", "reader", "keys", "auditor")}
    with closing(PostgresKeys(parse_dsn(url))) as owner:
        KeyManager(owner, lambda: NOW, "owner").create(VirtualKey("", "lan"))
    assert ServerLedger(parse_dsn(url)).make(**roles)
    found = Users()
    for name, role in roles.items():
        execute(f"CREATE ROLE u_{role} LOGIN; GRANT {role} TO u_{role}")
        found[name] = url.replace("postgres@", f"u_{role}@", 1)
    return found


def user_of(url: str) -> str:
    return url.partition("//")[2].partition("@")[0]


@pytest.mark.parametrize("role", ["app", "reader", "auditor"])
@pytest.mark.parametrize("table", ["virtual_key", "virtual_key_secret", "virtual_key_audit"])
def test_another_role_sees_nothing_of_the_keys(
    users: Users, execute: Execute, role: str, table: str
) -> None:
    with pytest.raises(driver().errors.InsufficientPrivilege):
        execute(f"TABLE KEYS.{table}", user_of(users[role]))


@pytest.mark.parametrize("role", ["app", "reader", "auditor"])
def test_a_command_of_another_role_says_which_right_is_missing(users: Users, role: str) -> None:
    with closing(PostgresKeys(parse_dsn(users[role]))) as store:
        with pytest.raises(LedgerUnavailableError, match="no right to use its virtual keys"):
            store.all_keys()
        with pytest.raises(LedgerUnavailableError, match="ledger init --keys ROLE"):
            KeyManager(store, lambda: NOW, "x").create(VirtualKey("", "an"))


def test_the_role_for_keys_manages_them_and_reads_no_call(users: Users, execute: Execute) -> None:
    with closing(PostgresKeys(parse_dsn(users["keys"]))) as store:
        manager = KeyManager(store, lambda: NOW, "keys")
        secret = manager.create(VirtualKey("", "an")).secret
        manager.rotate("lan", HOUR)
        digest = digest_of(secret)
        assert digest is not None
        found = store.find(digest)
        assert found is not None and found.name == "an"
        assert len(store.audit()) == 3
    schema = parse_dsn(users["keys"]).schema
    with pytest.raises(driver().errors.InsufficientPrivilege):
        execute(f'TABLE "{schema}".entry', user_of(users["keys"]))


@pytest.mark.parametrize("user", ["owner", "keys"])
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE KEYS.virtual_key_audit SET actor = 'x'",
        "DELETE FROM KEYS.virtual_key_audit",
        "TRUNCATE KEYS.virtual_key_audit",
        "DELETE FROM KEYS.virtual_key",
        "DELETE FROM KEYS.virtual_key_secret",
        "INSERT INTO KEYS.virtual_key_audit SELECT * FROM KEYS.virtual_key_audit",
    ],
)
def test_the_audit_is_append_only(users: Users, execute: Execute, user: str, sql: str) -> None:
    errors = driver().errors
    refused = errors.IntegrityError, errors.InsufficientPrivilege
    with pytest.raises(refused):
        execute(sql, "postgres" if user == "owner" else user_of(users[user]))


@pytest.mark.parametrize("sql", ["DROP TABLE KEYS.virtual_key", "CREATE TABLE KEYS.own (x int)",
    "ALTER TABLE KEYS.virtual_key_audit DISABLE TRIGGER ALL",
    "UPDATE KEYS.virtual_key_meta SET value = '9'"])  # fmt: skip
def test_the_role_for_keys_cannot_change_tables(users: Users, execute: Execute, sql: str) -> None:
    with pytest.raises(driver().errors.InsufficientPrivilege):
        execute(sql, user_of(users["keys"]))


def test_the_sql_for_an_administrator_makes_the_same(url: str, execute: Execute) -> None:
    number = f"{os.getpid()}_{next(_numbers)}"
    server = ServerLedger(parse_dsn(url))
    execute(server.creation_sql(f"a_{number}", f"r_{number}", f"k_{number}"))
    execute(f"CREATE ROLE uk_{number} LOGIN; GRANT k_{number} TO uk_{number}")
    mine = url.replace("postgres@", f"uk_{number}@", 1)
    with closing(PostgresKeys(parse_dsn(mine))) as store:
        KeyManager(store, lambda: NOW, "k").create(VirtualKey("", "an"))
        assert [key.name for key in store.all_keys()] == ["an"]
    assert server.make(keys=f"k_{number}") is False


def test_verify_finds_a_change_that_no_command_made(
    url: str, users: Users, execute: Execute
) -> None:
    def problems(url: str) -> list[str]:
        with closing(PostgresStore(parse_dsn(url), zone_named, owner="me")) as store:
            return [each.what for each in store.verify()]

    assert problems(url) == []
    execute("UPDATE KEYS.virtual_key SET models = '[]'")
    assert problems(url) == ["virtual key 'lan' differs from the newest row of its audit"]
    assert problems(users["auditor"]) == [], "an auditor has no right to look"


def test_a_lost_idle_connection_is_replaced(url: str, execute: Execute) -> None:
    with closing(PostgresKeys(parse_dsn(url))) as store:
        KeyManager(store, lambda: NOW, "x").create(VirtualKey("", "an"))
        assert len(store.all_keys()) == 1
        (idle,) = store._idle
        execute(f"SELECT pg_terminate_backend({idle.info.backend_pid})")
        assert len(store.all_keys()) == 1


def test_a_long_schema_has_a_schema_for_keys_of_its_own() -> None:
    names = {schema_of_keys("s" * 62 + end) for end in "ab"}
    assert len(names) == 2
    assert all(len(name) == 63 and name.endswith("_keys") for name in names)
    assert schema_of_keys("quotakeeper") == "quotakeeper_keys"


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "ledger.db"
    with Keeper(path, {"default_limits": False}) as keeper:
        keeper.record("gemini", input_tokens=1)
    yield path


def test_a_moved_ledger_has_its_keys(
    url: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = SqliteKeys(file, zone_named, durability="process")
    manager = KeyManager(keys, lambda: NOW, "an")
    secret = manager.create(VirtualKey("", "lan", labels=(("team", "dịch"),))).secret
    manager.rotate("lan", HOUR)
    assert main(["--ledger", url, "ledger", "move", "--from", str(file)]) == 0, capsys.readouterr()
    with closing(PostgresKeys(parse_dsn(url))) as moved:
        assert moved.all_keys() == keys.all_keys()
        assert moved.audit() == keys.audit()
        digest = digest_of(secret)
        assert digest is not None and moved.find(digest) is not None
        KeyManager(moved, lambda: NOW, "an").disable("lan")
    with closing(PostgresStore(parse_dsn(url), zone_named, owner="me")) as store:
        assert store.verify() == []
    # And back to a file: what was changed on the server comes along, the audit too.
    back = file.with_name("back.db")
    assert main(["--ledger", str(back), "ledger", "move", "--from", url]) == 0, capsys.readouterr()
    returned = SqliteKeys(back, zone_named, durability="process")
    with closing(PostgresKeys(parse_dsn(url))) as moved:
        assert returned.all_keys() == moved.all_keys() != keys.all_keys()
        assert returned.audit() == moved.audit()
    KeyManager(returned, lambda: NOW, "an").enable("lan")
    with closing(SqliteStore(back, zone_named, owner="me")) as copy:
        assert copy.verify() == []
        assert copy.verify_new().problems == ()
    with closing(sqlite3.connect(back)) as raw:
        raw.execute("DROP TRIGGER virtual_key_audit_is_never_deleted")
        assert raw.execute("DELETE FROM virtual_key_audit WHERE act = 'enable'").rowcount == 1
        raw.commit()
    with closing(SqliteStore(back, zone_named, owner="me")) as copy:
        found = copy.verify_new()
        assert (found.problems, found.newest) == (tuple(copy.verify()), 0)
        assert found.problems


def test_a_ledger_without_keys_makes_no_schema_for_them(
    url: str, file: Path, execute: Execute
) -> None:
    assert main(["--ledger", url, "ledger", "move", "--from", str(file)]) == 0
    with closing(PostgresKeys(parse_dsn(url))) as moved:
        assert moved.all_keys() == []
    with pytest.raises(driver().errors.InvalidSchemaName):
        execute("CREATE TABLE KEYS.own (x int)")


def test_a_file_is_not_moved_over_other_keys(
    url: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for store in (SqliteKeys(file, zone_named, durability="process"), PostgresKeys(parse_dsn(url))):
        with closing(store):
            KeyManager(store, lambda: NOW, "an").create(VirtualKey("", "lan"))
    assert main(["--ledger", url, "ledger", "move", "--from", str(file)]) == 2
    assert "already has virtual keys" in capsys.readouterr().err
    with closing(PostgresStore(parse_dsn(url), zone_named, owner="me")) as target:
        assert list(target.entries()) == [], "nothing of the move is kept"


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_the_commands_work_on_a_server_and_show_no_password(
    url: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, lang: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    secret_url = url.replace("postgres@", f"postgres:{CANARY}@", 1)

    def run(line: str) -> tuple[int, str, str]:
        code = main(["--ledger", secret_url, "--lang", lang, *line.split()])
        said = capsys.readouterr()
        assert CANARY not in said.out + said.err
        return code, said.out, said.err

    code, out, _ = run("keys create lan --label team=sub")
    assert code == 0
    digest = digest_of(out.strip())
    assert digest is not None
    with closing(PostgresKeys(parse_dsn(url))) as store:
        assert store.name == parse_dsn(url).name
        found = store.find(digest)
        assert found is not None and found.labels == (("team", "sub"),)
    assert "lan" in run("keys list")[1]
    assert run("keys rotate lan --grace 1h")[0] == 0
    assert run("keys revoke lan")[0] == 0
    code, out, err = run("keys enable lan")
    assert (code, out) == (2, "")
    assert ("revoked for ever" if lang == "en" else "thu hồi vĩnh viễn") in err


def test_without_a_server_a_key_cannot_be_checked(url: str) -> None:
    gone = parse_dsn(f"postgresql://postgres:{CANARY}@127.0.0.1:1/postgres?schema=x")
    with closing(PostgresKeys(gone)) as store:
        with pytest.raises(LedgerUnavailableError, match="cannot be reached") as error:
            store.find(bytes(32))
        assert CANARY not in str(error.value)
        with pytest.raises(LedgerUnavailableError, match="cannot be reached"):
            KeyManager(store, lambda: NOW, "x").create(VirtualKey("", "an"))


def test_a_commit_whose_end_is_not_known_says_so(
    url: str, execute: Execute, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Dying:
        """The tables of keys, whose connection ends after the last statement before the commit."""

        def __init__(self, session: PostgresSession, address: ServerAddress) -> None:
            self.session, self.rows = session, rows_in(session, address)

        def change(self, name: str, decide: Decide) -> VirtualKey:
            done = self.rows.change(name, decide)
            pid = self.session.connection.raw.info.backend_pid
            execute(f"SELECT pg_terminate_backend({pid}, 10000)")
            return done

    with closing(PostgresKeys(parse_dsn(url))) as store:
        manager = KeyManager(store, lambda: NOW, "x")
        manager.create(VirtualKey("", "an"))
        with monkeypatch.context() as patched:
            patched.setattr("quotakeeper.stores.postgres.key_store.rows_in", Dying)
            with pytest.raises(OutcomeUnknownError):
                manager.create(VirtualKey("", "lan"))
        assert [key.name for key in store.all_keys()] == ["an"]
        manager.create(VirtualKey("", "lan"))
        assert [row.seq for row in store.audit()] == [1, 2]


def test_many_threads_may_read_and_one_connection_stays(url: str) -> None:
    with closing(PostgresKeys(parse_dsn(url))) as store:
        secret = KeyManager(store, lambda: NOW, "x").create(VirtualKey("", "an")).secret
        digest = digest_of(secret)
        assert digest is not None
        start, found = Barrier(4), list[str]()

        def read() -> None:
            start.wait()
            for _ in range(10):
                key = store.find(digest)
                assert key is not None
                found.append(key.name)

        threads = [Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == ["an"] * 40
        assert len(store._idle) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_leaves_the_connection_of_its_parent(url: str) -> None:
    with closing(PostgresKeys(parse_dsn(url))) as store:
        KeyManager(store, lambda: NOW, "x").create(VirtualKey("", "an"))
        assert len(store.all_keys()) == 1
        (idle,) = store._idle
        child = os.fork()
        if child == 0:
            os._exit(0 if len(store.all_keys()) == 1 and store._idle[0] is not idle else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert len(store.all_keys()) == 1
        assert store._idle == [idle]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGSTOP")
def test_a_server_process_that_stands_still_does_not_hold_a_look_up(
    ledger: ServerAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The idle connection's process is stopped. It is given up, and a new connection answers."""
    monkeypatch.setattr("quotakeeper.stores.postgres.key_store.ANSWER_MS", 200)
    with closing(PostgresKeys(ledger)) as keys:
        KeyManager(keys, lambda: NOW, "an@host").create(VirtualKey("", "an"))
        assert len(keys.all_keys()) == 1
        pid = keys._idle[0].info.backend_pid
        os.kill(pid, signal.SIGSTOP)
        try:
            assert len(keys.all_keys()) == 1
            assert keys._idle[0].info.backend_pid != pid
        finally:
            os.kill(pid, signal.SIGCONT)
