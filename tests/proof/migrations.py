"""Part: a process opens a ledger of an older schema, and is killed or gets an error at every system call.

Every released schema is migrated to the newest one. A ledger of the newest schema is migrated to an
invented next one, so that this way is tested before it is needed.
"""

from __future__ import annotations

import errno
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

from quotakeeper.domain.ledger.entries import Entry
from quotakeeper.errors import LedgerError, LedgerVersionError
from quotakeeper.stores.sql.codec import entry_from
from quotakeeper.stores.sql.interned import Interned
from quotakeeper.stores.sqlite import connection as connection_module
from quotakeeper.stores.sqlite import migrations as migrations_module
from quotakeeper.stores.sqlite.dialect import sqlite_session
from quotakeeper.stores.sqlite.migrations import APPLICATION_ID, SCHEMA_VERSION
from tests.proof import lifetime
from tests.proof.apart import apart, scratch
from tests.proof.kills import CHANGING
from tests.proof.parts import Part
from tests.proof.tracer import Call, Fault, say, trace

NAME = "migrations"  # this module's name, by which the page finds the part
PROMISE = (
    "An upgrade of the ledger's schema may be cut short anywhere: the ledger is the old one or "
    "the new one, complete. The next open finishes the upgrade, and the copy made before it is "
    "complete."
)
PROMISE_VI = (
    "Việc nâng cấp lược đồ của sổ bị cắt ở đâu, sổ cũng là bản cũ hoặc bản mới, nguyên vẹn. Lần "
    "mở sau làm nốt, và bản sao lưu làm trước đó là đầy đủ."
)
ORDER = 24
WEIGHT = 0.3
NEEDS = "tracing"
_DUMP = Path(__file__).with_name("ledger_of_schema_{}.sql")
_RELEASED = (1, 2, 3)  # schemas with a dump of a ledger
_DUMPED_BATCHES = 8  # the batches in the first dump
_JOURNAL = """
SELECT seq, kind, at, ref, id, labels_id, quantities, cost_pico, price_id, provenance, outcome,
       served_id, duration_ms, note, owner_id, expires_at, booked_at
FROM entry ORDER BY seq
"""
_NEXT = SCHEMA_VERSION + 1
_NEXT_STATEMENTS = (
    "ALTER TABLE word ADD COLUMN added TEXT",
    "CREATE TABLE added (seq INTEGER PRIMARY KEY REFERENCES entry (seq), text TEXT) STRICT",
    "INSERT INTO added SELECT seq, 'added' FROM entry",
)
_ERRORS = ("EIO", "ENOSPC", "EACCES", "ENOMEM")
_OPENED = "opened"
_EVERY_WAY_MINUTES = 1.0  # needs about half an hour in all


def run(minutes: float, seed: int, report: Callable[[str], None]) -> Part:
    """Kill at every call that changes something, and at one in eight of the others; fail every call in
    one way.

    The other calls leave what the change before them has left. A long run fails each call in every way.
    The short form takes half of the calls that change something, and fails one in four.
    """
    return apart(__name__, minutes, seed, report)


def alone(minutes: float, seed: int, report: Callable[[str], None]) -> Part:
    """Run the part, in a process with one thread."""
    lifetime.prepare()
    began, cases, found = time.monotonic(), 0, []
    ways = [(old, SCHEMA_VERSION) for old in _RELEASED if old < SCHEMA_VERSION]
    for old, new in (*ways, (SCHEMA_VERSION, _NEXT)):
        calls = _calls(old, new)
        chosen = calls if minutes else [call for call in calls if _is_chosen(call, seed)]
        killed = failed = 0
        for number, call in enumerate(chosen):
            faults = list(_faults(call, number + seed, minutes))
            killed += any(fault.kill for fault in faults)
            failed += not all(fault.kill for fault in faults)
            cases += len(faults)
            for fault in faults:
                found += problems_of(old, new, fault)
        report(
            f"schema {old} to {new}: killed at {killed}, failed at {failed} of {len(calls)} system calls"
        )
    return Part(NAME, PROMISE, cases, found, seed, time.monotonic() - began)


def _faults(call: Call, turn: int, minutes: float) -> Iterator[Fault]:
    if call.name in CHANGING or turn % 8 == 0:
        yield Fault(call.number, kill=True)
    every = minutes >= _EVERY_WAY_MINUTES
    if minutes or turn % 4 == 0:
        one = turn % len(_ERRORS) if minutes else turn // 4 % len(_ERRORS)
        for error in _ERRORS if every else (_ERRORS[one],):
            yield Fault(call.number, getattr(errno, error))


def _is_chosen(call: Call, seed: int) -> bool:
    return call.name in CHANGING and (call.name != "pwrite64" or (call.number + seed) % 3 == 0)


def _calls(old: int, new: int) -> list[Call]:
    with scratch() as folder:
        before = _make(folder, old)
        whole = trace(lambda: _open(folder, new), record=True, begins=lifetime.BEGIN)
        assert whole.said[-1] == _OPENED, whole.said
        assert list(_problems(folder, old, new, before)) == []
    return whole.calls


def problems_of(old: int, new: int, fault: Fault) -> Iterator[str]:
    """Interrupt a migration. Returns what is wrong with what is left and with a second try."""
    with scratch() as folder:
        before = _make(folder, old)
        traced = trace(lambda: _open(folder, new), fault, begins=lifetime.BEGIN)
        what = "killed" if fault.kill else errno.errorcode[fault.errno]
        where = f"schema {old} to {new}, {what} at call {fault.number} ({traced.struck})"
        if traced.status != (-9 if fault.kill else 0):
            yield f"{where}: it ended with {traced.status} after {traced.said[-1]!r}"
        for problem in _problems(folder, old, new, before):
            yield f"{where}: {problem}"


def _path(folder: Path) -> Path:
    return folder / "new" / "ledger.db"


def _make(folder: Path, version: int) -> list[Entry]:
    """Make a ledger of a schema. Returns its journal."""
    path = _path(folder)
    path.parent.mkdir()
    text = Path(str(_DUMP).format(version)) if version in _RELEASED else None
    if text is not None and version < SCHEMA_VERSION:
        with closing(sqlite3.connect(path)) as raw:
            raw.executescript(text.read_text(encoding="utf-8"))
            # A pragma takes no bound value; both are integers of ours.
            raw.execute(f"PRAGMA user_version = {int(version)}")
            raw.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            if version > 1:
                names = Interned(sqlite_session(raw))
                return [entry_from(row, names) for row in raw.execute(_JOURNAL).fetchall()]
        return list(lifetime.journals()[_DUMPED_BATCHES])
    with closing(lifetime.opened(folder)) as store:
        for batch in lifetime.BATCHES:
            store.apply(batch, lifetime.NOW)
        return list(store.entries())


def _knowing(new: int) -> None:
    """In the child: add a schema that does not exist yet."""
    if new == SCHEMA_VERSION:
        return
    known = migrations_module.schema
    connection_module.SCHEMA_VERSION = migrations_module.SCHEMA_VERSION = new
    migrations_module._SET_VERSION[new] = f"PRAGMA user_version = {new}"
    migrations_module.schema = lambda version: (
        list(_NEXT_STATEMENTS) if version == _NEXT else known(version)
    )


def _open(folder: Path, new: int) -> None:
    """In the child: open the ledger; if that fails, try once more."""
    _knowing(new)
    store = lifetime.opened(folder, "upgrading")
    say(lifetime.BEGIN)
    try:
        store.holds()
    except LedgerError:
        say("refused")
        store.holds()
    say(_OPENED)
    store.close()


def _problems(folder: Path, old: int, new: int, before: list[Entry]) -> Iterator[str]:
    yield from _as_the_old_one(folder, old, before)
    # Run in a child, because the process would know the invented schema from then on.
    traced = trace(lambda: _as_the_new_one(folder, new, before))
    yield from (line for line in traced.said if line.startswith(("wrong", "raised")))
    if traced.status:
        yield f"the next open ended with {traced.status} after {traced.said[-1:]}"
    for version in range(old, new):
        if version == old:
            yield from _problems_of_copy(Path(f"{_path(folder)}.schema-{version}.bak"), old, before)


def _as_the_old_one(folder: Path, old: int, before: list[Entry]) -> Iterator[str]:
    """Check an older quotakeeper: it continues, or it reports that it is too old."""
    if old != SCHEMA_VERSION:
        return  # there is no older one here
    with closing(lifetime.opened(folder, "old")) as store, suppress(LedgerVersionError):
        store.holds()
        if list(store.entries()) != before:
            yield "the old ledger is not what it was"
        yield from (problem.what for problem in store.verify())


def _as_the_new_one(folder: Path, new: int, before: list[Entry]) -> None:
    _knowing(new)
    with closing(lifetime.opened(folder, "next")) as store:
        store.holds()
        if list(store.entries()) != before:
            say("wrong: the journal is another")
        for problem in store.verify():
            say(f"wrong: {problem.what}")
    with closing(sqlite3.connect(_path(folder))) as raw:
        if raw.execute("PRAGMA user_version").fetchone() != (new,):
            say("wrong: it was not upgraded")
        if new == _NEXT:
            (added,) = raw.execute("SELECT count(*) FROM added").fetchone()
            if added != len(before):
                say(f"wrong: {added} of {len(before)} rows were added")


def _problems_of_copy(copy: Path, old: int, before: list[Entry]) -> Iterator[str]:
    if not copy.exists():
        yield "there is no copy of the old ledger"
        return
    with closing(sqlite3.connect(copy)) as raw:
        if raw.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            yield "the copy of the old ledger is damaged"
        if raw.execute("PRAGMA user_version").fetchone() != (old,):
            yield "the copy of the old ledger is of another schema"
        if raw.execute("SELECT count(*) FROM entry").fetchone() != (len(before),):
            yield "the copy of the old ledger is not complete"
