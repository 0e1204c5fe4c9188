"""Virtual keys on a server: a schema of their own, which only the role for keys can read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from quotakeeper import Keeper
from quotakeeper.__main__ import main
from quotakeeper.app.virtual_keys.managing import KeyManager
from quotakeeper.clocks import zone_named
from quotakeeper.domain.keys.key_text import digest_of
from quotakeeper.domain.keys.virtual_key import VirtualKey
from quotakeeper.errors import LedgerUnavailableError
from quotakeeper.stores.postgres.administration import ServerLedger
from quotakeeper.stores.postgres.driver import driver, open_connection
from quotakeeper.stores.postgres.dsn import ServerAddress, parse_dsn
from quotakeeper.stores.postgres.key_store import PostgresKeys, schema_of_keys
from quotakeeper.stores.postgres.store import PostgresStore
from quotakeeper.stores.sqlite.key_store import SqliteKeys
from tests.keys.fake_keys import HOUR, NOW
from tests.keys.store_rules import KeyStoreRules, Open

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
    roles = {name: f"{name}_{number}" for name in ("app", "reader", "keys")}
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


@pytest.mark.parametrize("role", ["app", "reader"])
@pytest.mark.parametrize("table", ["virtual_key", "virtual_key_secret", "virtual_key_audit"])
def test_another_role_sees_nothing_of_the_keys(
    users: Users, execute: Execute, role: str, table: str
) -> None:
    with pytest.raises(driver().errors.InsufficientPrivilege):
        execute(f"TABLE KEYS.{table}", user_of(users[role]))


@pytest.mark.parametrize("role", ["app", "reader"])
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
    assert problems(users["reader"]) == [], "a reader has no right to look"


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
