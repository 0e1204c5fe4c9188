"""Every store passes the public contract tests."""

from __future__ import annotations

import pytest

from quotakeeper.domain.ledger.state import ZoneFinder
from quotakeeper.domain.ports import Store
from quotakeeper.stores.memory import MemoryStore
from quotakeeper.stores.sqlite.store import SqliteStore
from quotakeeper.testing.contract import StoreContract


class TestMemoryStore(StoreContract):
    lasting = False

    def make_store(self, zones: ZoneFinder, owner: str) -> Store:
        return MemoryStore(zones, owner)


class SqliteContract(StoreContract):
    durability = ""

    @pytest.fixture(autouse=True)
    def a_folder(self, tmp_path):
        self.folder = tmp_path

    def make_store(self, zones: ZoneFinder, owner: str) -> Store:
        return SqliteStore(
            self.folder / "ledger.db", zones, owner=owner, durability=self.durability
        )


class TestSqliteStoreThatSurvivesPowerCuts(SqliteContract):
    durability = "power"


class TestSqliteStoreThatSurvivesKills(SqliteContract):
    durability = "process"
