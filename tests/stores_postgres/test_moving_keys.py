"""Virtual keys of a server that was moved away do not change there: their copy would not follow."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from quotakeeper.app.virtual_keys.managing import KeyManager
from quotakeeper.cli import exit_codes
from quotakeeper.domain.keys.virtual_key import VirtualKey
from quotakeeper.errors import InvalidInputError, LedgerUnavailableError
from quotakeeper.stores.postgres.administration import ServerLedger
from quotakeeper.stores.postgres.driver import open_connection
from quotakeeper.stores.postgres.dsn import parse_dsn
from quotakeeper.stores.postgres.key_store import PostgresKeys
from quotakeeper.stores.postgres.moving import frozen, unfreeze
from tests.keys.fake_keys import NOW
from tests.stores_postgres.test_moving_back import cli, new_url

_numbers = count(1)
ACTS = ("create an", "rotate lan", "disable lan", "revoke lan")


def manager_of(keys: PostgresKeys) -> KeyManager:
    return KeyManager(keys, lambda: NOW, "x")


@pytest.fixture
def url(server: str) -> str:
    """The URL of a ledger on the server that has one key."""
    url = new_url(server)
    ServerLedger(parse_dsn(url)).make()
    with closing(PostgresKeys(parse_dsn(url))) as keys:
        manager_of(keys).create(VirtualKey("", "lan"))
    return url


@pytest.fixture
def user(server: str, url: str) -> Iterator[str]:
    """The URL for a user who has only the role for keys, and so cannot read the ledger."""
    role = f"moved_keys_{os.getpid()}_{next(_numbers)}"
    ServerLedger(parse_dsn(url)).make(keys=role)
    with closing(open_connection(parse_dsn(url).parameters, prepares=False)) as raw:
        raw.execute(f"CREATE ROLE u_{role} LOGIN; GRANT {role} TO u_{role}")
    yield url.replace("postgres@", f"u_{role}@", 1)


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_no_key_changes_on_a_server_that_was_moved_away(
    url: str, user: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], lang: str
) -> None:
    new = tmp_path / "it's a \\ TABLE of ledger_schema, 'PLACE' sổ.db"
    assert cli(capsys, "--ledger", new, "ledger", "move", "--from", url)[0] == 0
    for each in (url, user):
        for act in ACTS:
            code, out, err = cli(capsys, "--lang", lang, "--ledger", each, "keys", *act.split())
            assert (code, out) == (exit_codes.UNAVAILABLE, ""), (act, err)
            said = "was moved to" if lang == "en" else "đã được chuyển sang"
            no_calls = "takes no calls" if lang == "en" else "sổ này không ghi lượt gọi nào nữa"
            assert f"{said} {new}; " in err and no_calls in err, (act, err)
            assert "quotakeeper ledger unfreeze" in err
        with closing(PostgresKeys(parse_dsn(each))) as keys:
            assert [key.state.value for key in keys.all_keys()] == ["active"]
            assert len(keys.audit()) == 1
    assert unfreeze(parse_dsn(url)) == str(new)
    with closing(PostgresKeys(parse_dsn(user))) as keys:
        manager_of(keys).revoke("lan")
        assert [key.state.value for key in keys.all_keys()] == ["revoked"]


def test_a_failed_move_leaves_keys_as_they_were(url: str) -> None:
    with pytest.raises(ZeroDivisionError), frozen(parse_dsn(url), "new.db"):
        raise ZeroDivisionError
    with closing(PostgresKeys(parse_dsn(url))) as keys:
        manager_of(keys).revoke("lan")
    for _ in range(2):  # a ledger can be frozen again
        with frozen(parse_dsn(url), "new.db"):
            pass
        assert unfreeze(parse_dsn(url)) == "new.db"


def test_keys_are_not_made_on_a_server_that_was_moved_away(server: str) -> None:
    address = parse_dsn(new_url(server))
    ServerLedger(address).make()
    with frozen(address, "new.db"):
        pass
    with closing(PostgresKeys(address)) as keys:
        with pytest.raises(LedgerUnavailableError, match=r"was moved to new\.db"):
            manager_of(keys).create(VirtualKey("", "lan"))
        assert not ServerLedger(address).make(keys=f"late_{os.getpid()}_{next(_numbers)}")
        with pytest.raises(LedgerUnavailableError, match=r"was moved to new\.db"):
            manager_of(keys).create(VirtualKey("", "lan"))
        assert unfreeze(address) == "new.db"
        manager_of(keys).create(VirtualKey("", "lan"))
        assert len(keys.audit()) == 1


def test_who_may_not_read_the_keys_freezes_nothing(server: str, url: str) -> None:
    address, role = parse_dsn(url), f"owner_{os.getpid()}_{next(_numbers)}"
    with closing(open_connection(address.parameters, prepares=False)) as raw:
        raw.execute(f"CREATE ROLE {role} LOGIN")
        raw.execute(f'GRANT ALL ON SCHEMA "{address.schema}" TO {role}')
        tables = raw.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = %s", (address.schema,)
        ).fetchall()
        for (table,) in tables:
            raw.execute(f'ALTER TABLE "{address.schema}".{table} OWNER TO {role}')
    owner = parse_dsn(url.replace("postgres@", f"{role}@", 1))
    expected = pytest.raises(InvalidInputError, match="no right to read its virtual keys")
    with expected, frozen(owner, "new.db"):
        pytest.fail("this user may not copy the keys")
    assert unfreeze(address) == ""
