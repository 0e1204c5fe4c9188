"""The connections of a fake server, and what becomes of the messages on them.

A store uses these connections in place of the driver's. The script of a run says for each message whether it
arrives: see `Losses`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from random import Random
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from quotakeeper.clocks import zone_named
from quotakeeper.stores.postgres import transactions
from quotakeeper.stores.postgres.connection import FetchedRows, PostgresConnection, Statement
from quotakeeper.stores.postgres.dialect import texts
from quotakeeper.stores.postgres.driver import driver, in_schema
from quotakeeper.stores.postgres.dsn import parse_dsn
from quotakeeper.stores.postgres.migrations import Prepared
from quotakeeper.stores.postgres.store import PostgresStore
from tests.proof.fake_server.posting import Request, post
from tests.proof.fake_server.statements import READS, WRITES, Row
from tests.proof.fake_server.tables import Tables

ADDRESS = parse_dsn("postgresql://fake@/fake?schema=fake")
LOST, REPLY, TWICE, LATE, STALE, BACK = (
    "request lost", "reply lost", "done twice", "done late", "stale read", "gone back",
)  # fmt: skip
_OVERTAKEN = "overtaken"


class Losses:
    """Which messages are lost, repeated, delayed or answered from an old state, drawn from a seed."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self.rate = chance.choice((0.0, 0.02, 0.1, 0.3))
        self.counts: Counter[str] = Counter()

    def of_a_commit(self, *also: str) -> str:
        """What becomes of a message that commits; "" if nothing does."""
        if self._chance.random() >= self.rate:
            return ""
        return self._chance.choice((LOST, REPLY, *also))

    def of_a_read(self) -> str:
        """What becomes of a message that begins a transaction or reads."""
        if self._chance.random() >= self.rate:
            return ""
        return self._chance.choice((LOST, STALE, STALE, BACK) if self._chance.random() < 0.2
                                   else (LOST, STALE, STALE))  # fmt: skip

    def is_overtaken(self) -> bool:
        """Whether another store commits before this post arrives."""
        return self._chance.random() < 0.2


class FakeServer:
    """A server, and all that the script and the judge of a run want to know of it.

    `committed` is called at every commit of a batch, with its name and time. `others` makes another store
    commit. `seen_version` says what the process of a connection has seen.
    """

    def __init__(self, losses: Losses) -> None:
        self.tables = Tables()
        self.losses = losses
        self.clock = 0
        self.dropped = ""  # a guard that is left out, to see that the run finds this
        self.late: list[Request] = []
        self.committed: Callable[[str, int], None] = lambda batch, now: None
        self.asked: Callable[[str], None] = lambda batch: None
        self.others: Callable[[], None] = lambda: None
        self.seen_version: Callable[[], int] = lambda: 0
        self.stale_reads = self.found_batches = 0
        self.is_back = False  # the last read was older than its reader has seen

    def posted(self, asked: Request) -> list[Row]:
        """Carry out a post."""
        rows = post(self.tables, asked, self.clock, self.dropped)
        if rows[0][0] == "done":
            self.committed(asked.batch, rows[0][1])
        return rows

    def deliver_late(self) -> None:
        """Carry out the requests whose senders have given up."""
        waiting, self.late = self.late, []
        for request in waiting:
            self.losses.counts[LATE] += 1
            self.posted(request)

    def read_from(self, kind: str) -> None:
        """Let the next statements see an older state, if there is one."""
        tables, seen = self.tables, self.seen_version()
        to = seen - 1 if kind == BACK else max(seen, tables.head.version - 5)
        if tables.go_back(max(to, tables.oldest)):
            self.is_back = tables.head.version < seen
            self.losses.counts[BACK if self.is_back else STALE] += 1
            self.stale_reads += 1


class _Raw:
    """A connection as the driver would give it."""

    def __init__(self, server: FakeServer) -> None:
        self.server = server
        self.is_open = True
        self.is_writing = self.is_reading = False
        self.notices: list[Any] = []

    @property
    def info(self) -> Any:
        return SimpleNamespace(transaction_status=_Status(self.is_writing or self.is_reading))

    def add_notice_handler(self, handler: Any) -> None:
        self.notices.append(handler)

    def close(self) -> None:
        self.is_open = False
        self._end()

    @contextmanager
    def pipeline(self) -> Iterator[None]:
        yield

    @contextmanager
    def cursor(self) -> Iterator[_Raw]:
        yield self

    def executemany(self, sql: str, rows: Iterable[Any]) -> None:
        for row in rows:
            self.execute(sql, row)

    def execute(self, sql: str, values: Any = None) -> FetchedRows:
        if not self.is_open:
            raise driver().OperationalError("the connection is closed")
        return FetchedRows(list(self._answer(_names()[sql], values)))

    def break_off(self) -> None:
        """End the connection, as its client notices."""
        self.close()
        raise driver().OperationalError("the connection was lost")

    def _answer(self, name: str, values: Any) -> Iterable[Row]:
        server = self.server
        if name == "post":
            return self._post(Request(values))
        if name in ("begin_read", "begin_write"):
            self._begin(is_write=name == "begin_write")
        elif name == "commit":
            self._commit()
        elif name == "rollback":
            self._end()
        elif name == "server_state":
            return [("on", "", False, 1, False, server.clock)]
        elif name == "system_identifier":
            return [("fake",)]
        elif name in ("look_head", "lock_head"):
            return [(*server.tables.head, server.clock)]
        elif name == "leave":
            return [(True,)]
        elif name in WRITES:
            assert self.is_writing, name
            return WRITES[name](server.tables, values)
        else:
            found = list(READS[name](server.tables, values))
            server.found_batches += name == "batch" and bool(found)
            return found
        return ()

    def _begin(self, *, is_write: bool) -> None:
        server = self.server
        server.deliver_late()
        struck = server.losses.of_a_read()
        if struck == LOST:
            server.losses.counts["read lost"] += 1
            self.break_off()
        self.is_writing, self.is_reading = is_write, not is_write
        if struck and not is_write:  # under the lock, there is no older state
            server.read_from(struck)

    def _end(self) -> None:
        if self.is_reading:
            self.server.tables.come_forward()
        elif self.is_writing:
            self.server.tables.roll_back()
        self.is_writing = self.is_reading = False

    def _commit(self) -> None:
        server, tables = self.server, self.server.tables
        struck = server.losses.of_a_commit()
        if struck:
            server.losses.counts[struck] += 1
        if struck == LOST:
            self.break_off()
        new = [(change.key, change.new[2]) for change in tables._open if change.table == "batch"]
        tables.commit()
        self.is_writing = False
        for batch, now in new:
            server.asked(batch)
            server.committed(batch, now)
        if struck:
            self.break_off()

    def _post(self, request: Request) -> list[Row]:
        server = self.server
        server.asked(request.batch)
        if server.losses.is_overtaken():
            server.losses.counts[_OVERTAKEN] += 1
            server.others()
        struck = server.losses.of_a_commit(TWICE, LATE)
        if struck and struck != LATE:
            server.losses.counts[struck] += 1
        if struck == LOST:
            self.break_off()
        if struck == LATE:
            server.late.append(request)
            self.break_off()
        rows = server.posted(request)
        if struck == TWICE:
            rows = server.posted(request)  # the second answer is the one that arrives
        if struck == REPLY:
            self.break_off()
        return rows


class _Status(int):
    """Whether a transaction is open, as the driver says it."""

    INTRANS, INERROR = 1, 2


class FakeConnection(PostgresConnection):
    """The store's own connection, over a connection of the fake server."""

    def _together(self, statements: Sequence[Statement]) -> list[list[Any]]:
        return [self.raw.execute(text, values).fetchall() for text, values in statements]


def _names() -> dict[str, str]:
    if not _cached:
        _cached.update({text: name for name, text in texts().items()})
        for name in ("post", "has_batch", "leave"):
            _cached[in_schema(texts()[name], ADDRESS.schema)] = name
    return _cached


_cached: dict[str, str] = {}


@contextmanager
def serving(server: FakeServer) -> Iterator[None]:
    """Let every store that opens a connection in this block get one of the fake server."""
    with (
        patch.object(transactions, "open_connection", lambda *_, **__: _Raw(server)),
        patch.object(transactions, "prepare", lambda *_: Prepared(False, True)),
        patch.object(transactions, "PostgresConnection", FakeConnection),
    ):
        yield


def new_store(owner: str) -> PostgresStore:
    """A store whose connections are made by `serving`."""
    return PostgresStore(ADDRESS, zone_named, owner=owner)
