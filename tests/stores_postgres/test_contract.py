"""The store in PostgreSQL keeps the public contract."""

from __future__ import annotations

import pytest

from quotakeeper.domain.ledger.state import ZoneFinder
from quotakeeper.domain.ports import Store
from quotakeeper.stores.postgres.dsn import ServerAddress
from quotakeeper.stores.postgres.store import PostgresStore
from quotakeeper.testing.contract import StoreContract
from tests.stores_postgres.users import user_with


class TestPostgresStoreUnderTheLock(StoreContract):
    @pytest.fixture(autouse=True)
    def a_ledger(self, ledger: ServerAddress) -> None:
        self.address = user_with(ledger, "app")  # a program has this role alone

    def make_store(self, zones: ZoneFinder, owner: str) -> Store:
        store = PostgresStore(self.address, zones, owner=owner)
        store.is_conditional = False
        return store


class TestPostgresStoreUnderGuards(StoreContract):
    @pytest.fixture(autouse=True)
    def a_ledger(self, ledger: ServerAddress) -> None:
        self.address = user_with(ledger, "app")  # a program has this role alone

    def make_store(self, zones: ZoneFinder, owner: str) -> Store:
        return PostgresStore(self.address, zones, owner=owner)
