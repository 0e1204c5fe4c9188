"""Reads and writes a ledger in PostgreSQL in whole transactions, on a connection that can be
replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Generic, TypeVar

from quotakeeper.domain.clock_readings import ClockDoubt
from quotakeeper.domain.ledger.state import ZoneFinder
from quotakeeper.errors import LedgerError
from quotakeeper.identifiers import new_id
from quotakeeper.native_threads import Lock
from quotakeeper.stores.postgres.connection import PostgresConnection, Statement
from quotakeeper.stores.postgres.dialect import PostgresSession, misses_function, texts
from quotakeeper.stores.postgres.driver import driver, in_schema, open_connection
from quotakeeper.stores.postgres.dsn import ServerAddress
from quotakeeper.stores.postgres.errors import is_lost, translated
from quotakeeper.stores.postgres.migrations import prepare
from quotakeeper.stores.postgres.owners import HostIdentity, Presence
from quotakeeper.stores.postgres.server_watch import KEPT_BATCHES, NO_DEMANDS, Demands, ServerWatch
from quotakeeper.stores.postgres.state import PostgresState
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sql.damage import DamagedRowError

PATIENCE = "10s"  # for the lock of the head row
_CLEAN_EVERY = 4_096  # commits


T = TypeVar("T")
# Writes within one transaction, at an instant of ledger time. Returns the result, and whether there
# is anything to commit.
Write = Callable[[PostgresState, int], tuple[T, bool]]


class Batch(Generic[T]):
    """One write: its name, and its result once it is committed.

    `is_unknown` is True if the connection was lost after the commit was sent.
    """

    def __init__(self, batch_id: str) -> None:
        self.id = batch_id
        self.results: list[T] = []
        self.is_unknown = False

    def failed(self, is_lost: bool) -> None:
        """Record that an attempt failed. `is_lost` is whether the connection ended."""
        self.is_unknown = self.is_unknown or (is_lost and bool(self.results))


class PostgresTransactions:
    """Opens a ledger when it is needed. Reads and writes it in whole transactions."""

    def __init__(
        self, address: ServerAddress, zones: ZoneFinder, *, owner: str,
        identity: HostIdentity | None = None, demands: Demands = NO_DEMANDS,
    ) -> None:  # fmt: skip
        self._address = address
        self._demands = demands
        self._watch = ServerWatch(address, demands)
        self._zones = zones
        self._owner = owner
        self._identity = identity or HostIdentity()
        self._presence = Presence(owner, self._identity)
        self._also: list[Statement] = []  # about owners, for the commit under way
        self._connection: PostgresConnection | None = None
        self._state: PostgresState | None = None
        self._readers: list[Any] = []  # idle connections of long reads, at most one
        self._readers_lock = Lock()
        self._doubt: ClockDoubt | None = None
        self._commits = 0
        self._may_write = True  # assumed until the ledger is opened

    def close(self) -> None:
        """Close all connections. Open reservations stay open.

        Before, the ledger is told that this process ends.
        """
        connection, presence = self._connection, self._presence
        if connection is not None and presence.is_known:
            with suppress(*self._errors()):  # else other processes notice it after a while
                rows = connection.post(self._named("leave"), (presence.name,))
                presence.left(is_holding=rows.fetchone()[0])
        self._disconnect()

    def _disconnect(self) -> None:
        self._drop()
        with self._readers_lock:
            readers, self._readers = self._readers, []
        for raw in readers:
            _close(raw)

    def before_fork(self) -> None:
        """Close the connections, because a child process must not inherit them."""
        self._disconnect()

    def leave_to_parent(self) -> None:
        """Drop the connections of the parent process without closing them. Called in a forked
        child.
        """
        if self._connection is not None:
            _leaked.append(self._connection.raw)
        _leaked.extend(self._readers)
        self._connection = self._state = None
        self._readers = []

    # -- transactions

    def _written(self, write: Write[T], asked_at: int = 0, batch: Batch[T] | None = None) -> T:
        """Carry out a write under the lock of the head row, once or not at all.

        If the connection breaks at the commit, a new connection looks for the name of the batch. If
        the name is there, a change of the head row is committed. So the result is as durable as any
        other.
        """
        named = batch or Batch(new_id(asked_at))
        return self._with_second_try(lambda: self._attempt(write, asked_at, named), named)

    def _read(self, ask: Callable[[PostgresState, int], T], asked_at: int = 0) -> T:
        """Return the result of `ask` for the state in one read transaction."""
        return self._with_second_try(lambda: self._asked(ask, asked_at), Batch(""))

    def _with_second_try(self, act: Callable[[], T], batch: Batch[T]) -> T:
        """Call `act`. If the connection was lost, such as after a long idle time, call it once
        more.

        Also if the server has this program's functions no more. The second call then raises
        LedgerVersionError when it opens the ledger.
        """
        for is_last in (False, True):
            try:
                return act()
            except self._errors() as error:
                self._drop()
                batch.failed(is_lost(error))
                if is_last or not (is_lost(error) or misses_function(error)):
                    raise translated(self._address, error, at_commit=batch.is_unknown) from error
            except LedgerError as error:
                if self._connection is not None and self._connection.is_in_transaction:
                    self._drop()  # else the head row stays locked
                if batch.is_unknown:
                    raise translated(self._address, error, at_commit=True) from error
                raise
            except BaseException:
                self._drop()
                raise
        raise AssertionError("the last attempt returns or raises")

    def _attempt(self, write: Write[T], asked_at: int, batch: Batch[T]) -> T:
        state = self._opened()
        self._watch.check_durability()
        connection = self._begun(state, "begin_write", "lock_head", asked_at)
        state, now = self._refreshed(state, asked_at)
        sql, version = texts(), connection.head.version + 1
        self._presence.check(connection)
        self._also = []
        if batch.is_unknown:
            # The earlier attempt has ended, because this transaction has the lock.
            found = connection.execute(sql["batch"], (batch.id,)).fetchone()
            if found is not None:
                connection.commit([(sql["set_head"], (state.seq, state.high_water))], sql["commit"])
                self._watch.committed(version, batch.id, now)
                return batch.results[0]
            batch.is_unknown = False
            batch.results.clear()
        before = state.seq
        result, is_writing = write(state, now)
        if not is_writing:
            connection.end(sql["rollback"])
            return result
        last: list[tuple[str, Any]] = [
            (sql["add_batch"], (batch.id, before + 1, state.seq, now)),
            (sql["set_head"], (state.seq, state.high_water)),
            self._presence.seen(now),
            *self._also,
        ]
        self._commits += 1
        if self._commits % _CLEAN_EVERY == 0:
            last.append((sql["drop_batches"], (now - KEPT_BATCHES,)))
        batch.results[:] = [result]
        connection.commit(last, sql["commit"])
        self._watch.committed(version, batch.id, now)
        self._presence.written()
        return result

    def _asked(self, ask: Callable[[PostgresState, int], T], asked_at: int) -> T:
        state = self._opened()
        connection = self._begun(state, "begin_read", "look_head", asked_at)
        state, now = self._refreshed(state, asked_at)
        try:
            return ask(state, now)
        finally:
            connection.end(texts()["rollback"])

    def _begun(
        self, state: PostgresState, begin: str, look: str, asked_at: int
    ) -> PostgresConnection:
        assert self._connection is not None
        sql = texts()
        values = {"schema": self._address.schema, "patience": PATIENCE}
        before = [
            (sql[begin], None), (sql["set_locally"], values), (sql[look], {"asked_at": asked_at}),
        ]  # fmt: skip
        may_write = begin == "begin_write"
        ahead = [*state.asks_first(), self._presence.ahead()] if may_write else state.asks_first()
        self._connection.begin(before, ahead, may_write=may_write)
        self._presence.hears(self._connection.head.recalls)
        return self._connection

    def _named(self, name: str) -> str:
        """Return a statement that is a transaction by itself, and so names its schema."""
        return in_schema(texts()[name], self._address.schema)

    def _refreshed(self, state: PostgresState, asked_at: int) -> tuple[PostgresState, int]:
        """Return the state as it is in this transaction, and ledger time."""
        connection, watch = self._connection, self._watch
        assert connection is not None
        head = connection.head
        if watch.is_behind(head):
            state.is_void, connection.own_commits = True, 0
        if not state.is_void:
            state.refresh()
        if state.is_void:
            state = self._state = PostgresState(PostgresSession(connection), self._zones)
            state.refresh()
        now = watch.clock.ledger_time(head, asked_at, connection.waited_us)
        watch.look(head, state.notices.accepted_at, now)
        state.doubt = self._doubt or watch.doubt
        return state, now

    @contextmanager
    def _reading(self) -> Iterator[SqlSession]:
        """Open a separate connection for one long read, in one snapshot."""
        sql = texts()
        with self._readers_lock:
            raw = self._readers.pop() if self._readers else None
        try:
            raw = raw or open_connection(self._address.parameters, prepares=self._address.prepares)
            raw.execute(sql["begin_read"])
            raw.execute(sql["set_path"], {"schema": self._address.schema})
            connection = PostgresConnection(raw)
            connection.may_read = True
            yield PostgresSession(connection)
            raw.execute(sql["rollback"])
        except BaseException as error:
            _close(raw)
            if isinstance(error, self._errors()):
                raise translated(self._address, error) from error
            raise
        with self._readers_lock:
            if not self._readers:
                self._readers.append(raw)
                return
        _close(raw)

    # -- the connection

    def _there(self) -> None:
        # Readers open separate connections in any thread. This only makes sure that the tables exist.
        if self._state is None:
            try:
                self._opened()
            except self._errors() as error:
                raise translated(self._address, error) from error

    def _opened(self) -> PostgresState:
        if self._state is None:
            self._drop()
            address = self._address
            raw = open_connection(address.parameters, prepares=address.prepares)
            self._connection = PostgresConnection(raw)
            self._may_write = prepare(raw, address).may_write
            self._watch.connected(raw)
            self._state = PostgresState(PostgresSession(self._connection), self._zones)
        return self._state

    def _drop(self) -> None:
        """Close the connection after an error, and drop the cached state, which may be wrong.

        The next call opens a new connection.
        """
        connection, self._connection, self._state = self._connection, None, None
        if connection is not None:
            _close(connection.raw)

    def _errors(self) -> tuple[type[BaseException], ...]:
        return driver().Error, DamagedRowError, OSError


def _close(raw: Any) -> None:
    with suppress(Exception):
        if raw is not None:
            raw.close()


# Connections of a parent process. Closing them here would end connections that the parent uses.
_leaked: list[Any] = []
