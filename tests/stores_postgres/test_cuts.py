"""A connection that is cut at each byte of a commit's request and reply: the commit counts once.

Some 60 places are tried for each way; QUOTAKEEPER_CUT_EVERY=1 tries every byte.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger.state import ZoneFinder
from quotakeeper.domain.ports import Store
from quotakeeper.errors import LedgerUnavailableError, OutcomeUnknownError
from quotakeeper.stores.postgres.connection import PostgresConnection
from quotakeeper.stores.postgres.dialect import texts
from quotakeeper.stores.postgres.dsn import ServerAddress
from quotakeeper.stores.postgres.store import PostgresStore
from quotakeeper.testing.ledger_case import LedgerCase, cap, tokens
from quotakeeper.value_classes import replace
from tests.stores_postgres.proxy import REPLY, REQUEST, Proxy

EVERY = int(os.environ.get("QUOTAKEEPER_CUT_EVERY", "0"))
PLACES = 60
LIMIT = cap(10**9)


class TestCutConnections(LedgerCase):
    must_verify = False  # each test does it while the proxy is there

    @pytest.fixture(autouse=True)
    def a_proxy(
        self, server: str, ledger: ServerAddress, monkeypatch: pytest.MonkeyPatch
    ) -> Iterator[None]:
        folder = parse_qs(urlsplit(server).query).get("host", [""])[0]
        if not folder.startswith("/"):
            pytest.skip("the server of QUOTAKEEPER_TEST_POSTGRES has no socket here")
        self.ledger, self.patch = ledger, monkeypatch
        self.found: list[bool] = []  # whether a batch with an unknown outcome was there
        self.conditional = True
        with closing(Proxy(Path(folder) / ".s.PGSQL.5432")) as self.proxy:
            parameters = {**ledger.parameters, "host": str(self.proxy.folder)}
            self.address = replace(ledger, parameters=parameters)
            yield
            for store in (self._stores or {}).values():
                store.close()

    def make_store(self, zones: ZoneFinder, owner: str) -> Store:
        store = PostgresStore(self.address, zones, owner=owner)
        store.is_conditional = self.conditional
        return store

    def spy(self) -> None:
        real, wanted = PostgresConnection.execute, texts()["batch"]

        def execute(connection: PostgresConnection, sql: str, *values: object) -> object:
            rows = real(connection, sql, *values)
            if sql != wanted:
                return rows
            row = rows.fetchone()
            self.found.append(row is not None)
            return iter_of(row)

        self.patch.setattr(PostgresConnection, "execute", execute)

    def places(self, most: int) -> range:
        return range(0, most + 1, EVERY or max(1, most // PLACES))

    @pytest.mark.parametrize("direction", [REQUEST, REPLY])
    @pytest.mark.parametrize("way", ["guards", "lock"])
    def test_a_batch_is_in_or_out_and_never_twice(self, way: str, direction: str) -> None:
        self.conditional = way == "guards"
        self.spy()
        self.watch(LIMIT)
        for number in range(8):  # statements are prepared by now
            self.reserve(f"warm{number}", tokens(1), LIMIT)
        before = self.proxy.counted[direction]
        self.reserve("measured", tokens(1), LIMIT)
        size = self.proxy.counted[direction] - before
        made = 0
        for place in self.places(size):
            # The store may have to be prepared again after the cut before.
            for number in range(2):
                self.reserve(f"again{place}.{number}", tokens(1), LIMIT)
            self.proxy.cut(direction, place)
            self.reserve(f"cut{place}", tokens(1), LIMIT)
            self.proxy.cut(direction, 2**40)
            made += 3
        ids = [entry.id for entry in self.journal()]
        assert len(ids) == len(set(ids)) == made + 9
        assert self.sums(LIMIT) == (0, made + 9)
        assert self.store.verify() == []
        there, cuts = sum(self.found), self.proxy.cuts
        print(f"{way}, {direction}: {size} bytes, {cuts} cuts, in {there}, out {cuts - there}")
        assert cuts >= min(PLACES, size) // 2
        assert there > 0 or direction == REQUEST

    def test_a_command_that_is_repeated_after_many_cuts_counts_once(self) -> None:
        self.watch(LIMIT)
        for number in range(8):
            self.reserve(f"warm{number}", tokens(1), LIMIT)
        told: Counter[str] = Counter()
        for place in range(0, 300, 15):
            asked = self.asking(f"c{place}", tokens(1), [LIMIT])
            self.proxy.cut(REPLY, place, 8 * place, 8 * place)  # the commit, and both tries to ask
            try:
                self.do(asked, c.Reserved)
            except (OutcomeUnknownError, LedgerUnavailableError) as error:
                told[type(error).__name__] += 1
            self.proxy.cut(REPLY, 2**40)
            self.do(asked, c.Reserved)
        ids = [entry.id for entry in self.journal() if entry.id]
        assert len(ids) == len(set(ids)) == 28
        assert self.sums(LIMIT) == (0, 28)
        assert self.store.verify() == []
        print(dict(told))
        assert told["OutcomeUnknownError"] > 0


def iter_of(row: object) -> object:
    class Rows:
        def fetchone(self) -> object:
            return row

    return Rows()
