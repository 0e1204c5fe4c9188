"""Copies a ledger to PostgreSQL, and freezes a ledger that is copied from PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import islice
from typing import Any

from quotakeeper.domain.ledger.state import ZoneFinder
from quotakeeper.errors import InvalidInputError, LedgerCorruptError, OutcomeUnknownError
from quotakeeper.stores.postgres.connection import PostgresConnection
from quotakeeper.stores.postgres.dialect import PostgresSession, texts
from quotakeeper.stores.postgres.driver import driver, open_connection
from quotakeeper.stores.postgres.dsn import ServerAddress
from quotakeeper.stores.postgres.errors import is_lost, translated
from quotakeeper.stores.postgres.key_store import (
    freeze_keys,
    make_key_tables,
    rights_on_keys,
    schema_of_keys,
    thaw_keys,
)
from quotakeeper.stores.postgres.migrations import prepare
from quotakeeper.stores.sql.connection import Rows, SqlSession
from quotakeeper.stores.sql.copying import (
    KEY_TABLES,
    TABLES,
    CopyDiffersError,
    CopySource,
    Table,
    bucket_rows,
    compare_copies,
    compare_tables,
    rows_in,
)
from quotakeeper.stores.sql.verify_reads import verify_rows

_AT_ONCE = 2_000
_NUMBERED = (
    "word",
    "labels",
    "account",
)  # later rows of these tables get their numbers from the server


def take_over(source: CopySource, address: ServerAddress, zones: ZoneFinder) -> int:
    """Copy a ledger into an empty ledger on a server, in one transaction. Returns the number of
    entries.

    Its virtual keys and their audit are copied too.

    Before the commit, every row is read back and compared, and the copy is verified. Raises
    InvalidInputError if the ledger on the server is not empty, OutcomeUnknownError if the commit
    may have taken place, and LedgerError.
    """
    is_sent = False
    try:
        with closing(open_connection(address.parameters, prepares=False)) as raw:
            prepare(raw, address)
            with raw.transaction():
                entries = _copied(source.session, raw, address, zones)
                if source.keys is not None:
                    _copy_keys(source.keys, raw, address)
                is_sent = True
            return entries
    except BaseException as error:
        is_of_server = isinstance(error, driver().Error) and not is_lost(error)
        if is_sent and not is_of_server:  # also Ctrl-C during the commit
            raise _unknown(address, error) from error
        if isinstance(error, (driver().Error, OSError)):
            raise translated(address, error) from error
        raise


@contextmanager
def frozen(address: ServerAddress, moved_to: str) -> Iterator[CopySource]:
    """Freeze a ledger for a move to `moved_to`, and give sessions that read it in one snapshot.

    From then on, the server refuses every write of every process, also to its virtual keys. If the
    `with` block raises, the ledger takes writes again. After OutcomeUnknownError it stays frozen,
    because the copy may be complete. Raises InvalidInputError if it has open reservations or was
    moved before, and LedgerError.
    """
    is_copied = False
    try:
        with closing(open_connection(address.parameters, prepares=False)) as raw:
            prepare(raw, address)
            freezing = _freeze(raw, address, moved_to)
            try:
                with raw.transaction():
                    raw.execute(texts()["in_one_snapshot"])
                    raw.execute(texts()["set_path"], {"schema": address.schema})
                    session = _session(raw)
                    _check_none_open(session)
                    yield CopySource(session, _keys_in(raw, address))
                    is_copied = True
            except OutcomeUnknownError:
                raise
            except BaseException as error:
                if not is_copied:
                    _thaw(raw, address, freezing)
                elif isinstance(error, driver().Error):
                    return  # only the end of the snapshot failed, and the copy is complete
                raise
    except (driver().Error, OSError) as error:
        raise translated(address, error) from error


def unfreeze(address: ServerAddress) -> str:
    """Let a frozen ledger take writes again. Returns where it was moved to; "" if it is not frozen.

    Raises LedgerError.
    """
    try:
        with closing(open_connection(address.parameters, prepares=False)) as raw:
            prepare(raw, address)
            return _thaw(raw, address)
    except (driver().Error, OSError) as error:
        raise translated(address, error) from error


def _freeze(raw: Any, address: ServerAddress, moved_to: str) -> str:
    """Freeze the ledger. Returns the number of the transaction that did it, for `_thaw`."""
    sql = texts()
    with raw.transaction():
        raw.execute(sql["set_locally"], {"schema": address.schema, "patience": "10s"})
        # This waits for writers and other moves under way. Later writers find the trigger.
        raw.execute(sql["lock_to_freeze"])
        row = raw.execute(sql["moved_to"]).fetchone()
        if row is not None:
            raise InvalidInputError(
                "--from",
                f"was moved to {row[0]}",
                "quotakeeper ledger unfreeze, if it is to take calls again",
            )
        raw.execute(sql["freeze"])
        _may_read_keys(raw, address)
        freeze_keys(raw, address.schema, moved_to)
        return str(raw.execute(sql["set_moved_to"], (moved_to,)).fetchone()[0])


def _thaw(raw: Any, address: ServerAddress, freezing: str | None = None) -> str:
    """End a freeze; with `freezing`, only the one of that transaction. Returns where the ledger was
    moved to; "" if nothing changed.
    """
    sql = texts()
    with raw.transaction():
        raw.execute(sql["set_locally"], {"schema": address.schema, "patience": "10s"})
        raw.execute(sql["lock_to_freeze"])
        row = raw.execute(sql["moved_to"]).fetchone()
        if row is None or freezing not in (None, row[1]):
            return ""
        raw.execute(sql["thaw"])
        thaw_keys(raw, address.schema)
        raw.execute(sql["drop_moved_to"])
        return str(row[0])


def _check_none_open(session: SqlSession) -> None:
    count = session.execute(session.sql["hold_count"]).fetchone()[0]
    if count:
        raise InvalidInputError(
            "--from", f"has {count} open reservations", "end all programs that use it; when "
                                                        "their reservations have expired, run "
                                                        "quotakeeper status on it; then try again",
        )  # fmt: skip


def _copied(source: SqlSession, raw: Any, address: ServerAddress, zones: ZoneFinder) -> int:
    sql = texts()
    raw.execute(sql["set_path"], {"schema": address.schema})
    raw.execute(sql["lock_for_copy"])
    if raw.execute(sql["is_used"]).fetchone()[0]:
        raise InvalidInputError(
            "--ledger",
            f"{address.name} is not empty",
            "use a separate schema for the ledger: ?schema=NAME",
        )
    for table in TABLES:
        _insert(raw, table, rows_in(source, table))
    _insert_sums(raw, bucket_rows(source))
    for name in _NUMBERED:
        text = sql["number_on"].replace("TABLE", name)
        raw.execute(text)  # gate-ok(sql): the names are constants
    entries, seq, high_water = raw.execute(sql["journal_ends"]).fetchone()
    raw.execute(sql["set_head"], (seq, high_water))
    target = _session(raw)
    try:
        compare_copies(source, target)
    except CopyDiffersError as error:
        raise _differs(address, str(error)) from error
    problems = verify_rows(target, zones, [])
    if problems:
        raise _differs(address, problems[0].what)
    return int(entries)


def _session(raw: Any) -> PostgresSession:
    connection = PostgresConnection(raw)
    connection.may_read = True
    return PostgresSession(connection)


def _copy_keys(source: SqlSession, raw: Any, address: ServerAddress) -> None:
    make_key_tables(raw, address.schema)
    raw.execute(texts()["set_path"], {"schema": schema_of_keys(address.schema)})
    target = _session(raw)
    if any(True for table in KEY_TABLES for _ in rows_in(target, table)):
        raise InvalidInputError(
            "--ledger",
            f"{address.name} already has virtual keys",
            "use a separate schema for the ledger: ?schema=NAME",
        )
    for table in KEY_TABLES:
        _insert(raw, table, rows_in(source, table))
    try:
        compare_tables(KEY_TABLES, source, target)
    except CopyDiffersError as error:
        raise _differs(address, str(error)) from error


class _InSchemaOfKeys(PostgresConnection):
    """A connection whose queries read the virtual keys. Between them, the search_path is the ledger's."""

    def __init__(self, raw: Any, address: ServerAddress) -> None:
        super().__init__(raw)
        self.may_read = True
        self._schema = address.schema

    def execute(self, sql: str, parameters: Any = (), /) -> Rows:
        path = texts()["set_path"]
        self.raw.execute(path, {"schema": schema_of_keys(self._schema)})
        rows = super().execute(sql, parameters)  # the driver has fetched them all
        self.raw.execute(path, {"schema": self._schema})
        return rows


def _keys_in(raw: Any, address: ServerAddress) -> PostgresSession | None:
    """Return a session that reads the virtual keys; None if there are none."""
    if not _may_read_keys(raw, address):
        return None
    return PostgresSession(_InSchemaOfKeys(raw, address))


def _may_read_keys(raw: Any, address: ServerAddress) -> bool:
    """Return whether there are virtual keys. Raises InvalidInputError without a right to them."""
    may_read = rights_on_keys(raw, address.schema)
    if may_read is False:
        raise InvalidInputError(
            "--from", "this user has no right to read its virtual keys",
            "use the owner of the tables",
        )  # fmt: skip
    return may_read is not None


def _insert(raw: Any, table: Table, rows: Iterator[tuple[Any, ...]]) -> None:
    places = ", ".join("%s::boolean" if each == "stands" else "%s" for each in table.columns)
    columns = ", ".join(table.columns)
    text = f"INSERT INTO {table.name} ({columns}) OVERRIDING SYSTEM VALUE VALUES ({places})"  # noqa: S608 - constants
    if table.name == "mark":
        rows = ((*row[:-1], bool(row[-1])) for row in rows)
    with raw.cursor() as cursor:
        while some := list(islice(rows, _AT_ONCE)):
            cursor.executemany(text, some)  # gate-ok(sql): names are constants, values are bound


def _insert_sums(raw: Any, rows: Iterator[tuple[Any, ...]]) -> None:
    with raw.cursor() as cursor:
        while some := list(islice(rows, _AT_ONCE)):
            cursor.executemany(texts()["put_slot"], some)


def _differs(address: ServerAddress, what: str) -> LedgerCorruptError:
    return LedgerCorruptError(
        address.name, f"the copy differs from the source and was deleted: {what}",
        "run quotakeeper verify on the source, and report this",
    )  # fmt: skip


def _unknown(address: ServerAddress, error: BaseException) -> OutcomeUnknownError:
    return OutcomeUnknownError(
        address.name, translated(address, error, at_commit=True).problem,
        "if the new ledger has the calls, use it; if it is empty, let an old ledger on a server "
        "take calls again (quotakeeper ledger unfreeze), and move again",
    )  # fmt: skip
