"""The contract on the oldest server and through pgbouncer; the newest server has test_contract.py.

Both ways to commit are forced. CI installs Debian's packages of requirements/system.txt.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator

import pytest

from quotakeeper.clocks import zone_named
from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger.state import ZoneFinder
from quotakeeper.domain.ports import Store
from quotakeeper.stores.postgres.dsn import ServerAddress, parse_dsn
from quotakeeper.stores.postgres.store import PostgresStore
from quotakeeper.testing.contract import StoreContract
from quotakeeper.testing.ledger_case import HOUR, LABELS, cap, tokens
from tests.stores_postgres.cluster import debians, pgbouncer, wheels
from tests.stores_postgres.conftest import with_hosts_clock
from tests.stores_postgres.users import user_with
from tools.postgres_server import running

if os.environ.get("CI") != "true":  # they take minutes, and find nothing new at most changes
    pytest.skip("PostgreSQL 15 and pgbouncer are tested with CI=true", allow_module_level=True)

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def oldest() -> Iterator[str]:
    """The URL of a server of Debian's package."""
    with running(debians()) as cluster:
        yield cluster.url


@pytest.fixture(scope="module")
def pooled() -> Iterator[str]:
    """The URL of pgbouncer, which gives a connection to others after each transaction."""
    with running(wheels()) as cluster, pgbouncer(cluster) as url:
        yield url


class OnServer(StoreContract):
    is_conditional = True

    def make_store(self, zones: ZoneFinder, owner: str) -> Store:
        store = PostgresStore(self.address, zones, owner=owner)
        store.is_conditional = self.is_conditional
        return store

    address: ServerAddress


class TestOldestServerUnderGuards(OnServer):
    @pytest.fixture(autouse=True)
    def a_ledger(self, oldest: str) -> None:
        self.address = user_with(with_hosts_clock(f"{oldest}t{next(_numbers)}"), "app")


class TestOldestServerUnderTheLock(TestOldestServerUnderGuards):
    is_conditional = False


class TestPgbouncerUnderGuards(OnServer):
    @pytest.fixture(autouse=True)
    def a_ledger(self, pooled: str) -> None:
        self.address = with_hosts_clock(f"{pooled}t{next(_numbers)}")


class TestPgbouncerUnderTheLock(TestPgbouncerUnderGuards):
    is_conditional = False


def test_ledgers_that_share_connections_of_a_pooler_keep_apart(pooled: str) -> None:
    """Each transaction may be on a connection that had the search_path of another ledger."""
    addresses = [parse_dsn(f"{pooled}apart{n}") for n in range(3)]
    limit = cap(100)
    with contextlib.ExitStack() as stack:
        stores = [
            stack.enter_context(contextlib.closing(PostgresStore(each, zone_named, owner="one")))
            for each in addresses
        ]
        now = 0
        for n, store in enumerate(stores):
            store.apply([c.Watch((limit.account,))], now)
            for k in range(10 * (n + 1)):
                asked = c.Reserve(f"c{k}", LABELS, tokens(1), (limit,), "one", HOUR)
                (outcome,) = stores[n].apply([asked], now)
                assert isinstance(outcome, c.Reserved)
                stores[(n + 1) % 3].open_count()
        assert [store.open_count() for store in stores] == [10, 20, 30]
        assert [store.verify() for store in stores] == [[], [], []]
