"""One PostgreSQL server for all tests of a run, and a ledger of its own for each test."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from quotakeeper import Keeper
from quotakeeper.clocks import zone_named
from quotakeeper.stores.postgres.dsn import ServerAddress, parse_dsn
from quotakeeper.stores.postgres.store import PostgresStore
from quotakeeper.testing import FakeClock
from tests.stores_postgres.lease_limits import MakeHost, config
from tests.stores_postgres.same import Pair
from tests.stores_postgres.server import running_server

CANARY = "canary-8f3a"
# In place of the server's clock: ledger time is what the test's clock shows.
HOSTS_CLOCK = """
CREATE OR REPLACE FUNCTION ledger_clock(asked_at bigint) RETURNS bigint
LANGUAGE sql VOLATILE AS $$ SELECT asked_at $$
"""
_numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def a_data_folder(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files of this host go to a folder of the test, not to the user's."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server, which ends where the name of a ledger begins."""
    with running_server(tmp_path_factory) as url:
        yield url


def with_hosts_clock(url: str) -> ServerAddress:
    """The address of a new ledger, whose time is what is asked for."""
    address = parse_dsn(url)
    with contextlib.closing(PostgresStore(address, zone_named, owner="maker")) as store:
        store.open_count()
        assert store._connection is not None
        raw = store._connection.raw
        with raw.transaction():
            raw.execute("SELECT set_config('search_path', %s, true)", (address.schema,))
            raw.execute(HOSTS_CLOCK)
    return address


@pytest.fixture
def ledger(server: str) -> ServerAddress:
    """The address of a new ledger, whose time is what is asked for."""
    return with_hosts_clock(f"{server}t_{os.getpid()}_{next(_numbers)}")


@pytest.fixture
def ledger_url(server: str, ledger: ServerAddress) -> str:
    """The URL of that ledger, with a password that no message may have. This server asks for none."""
    return f"{server}{ledger.schema}".replace("postgres@", f"postgres:{CANARY}@", 1)


@pytest.fixture
def pair(tmp_path: Path, ledger: ServerAddress) -> Iterator[Pair]:
    """A ledger in SQLite and one in PostgreSQL that are told the same."""
    pair = Pair(tmp_path, ledger)
    yield pair
    pair.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock("2026-11-23T12:00:00Z")


@pytest.fixture
def host(
    ledger_url: str, tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MakeHost]:
    """Make a keeper on a host: `host("one", lease="18")`. Tests do its upkeep themselves."""
    made: list[Keeper] = []

    def make(name: str, lease: str = "off", amount: int = 100, **more: object) -> Keeper:
        settings = config(amount, str(tmp_path / name), lease, on_busy="refuse", **more)
        keeper = Keeper(ledger_url, settings, clock=clock, on_warning=lambda _: None)
        monkeypatch.setattr(keeper._engine.worker.maintenance, "keep", lambda _: None)
        made.append(keeper)
        return keeper

    yield make
    for keeper in made:
        keeper.close()
