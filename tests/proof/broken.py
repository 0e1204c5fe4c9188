"""Shows that the parts can fail: each breakage removes one safeguard of the store, and a part must find it.

Run this part with the number of a breakage as the seed. It reports the first case that finds the
breakage.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count, islice
from typing import Any

from quotakeeper.domain import windows
from quotakeeper.errors import LedgerUnavailableError
from quotakeeper.stores.sqlite import (
    connection,
    errors,
    files,
    fork_guard,
    locks,
    store,
    transactions,
)
from tests.proof import (
    civil_days,
    faults,
    forks,
    interleaved,
    interruptions,
    kills,
    lifetime,
    migrations,
    power_loss,
)
from tests.proof.parts import Part
from tests.proof.programs import imported
from tests.proof.tracer import Fault

NEEDS = "tracing"
Problems = Iterator[str]


def _everything_of(durability: str) -> Problems:
    table = power_loss.Table(durability)
    chance = random.Random(0)
    for _ in range(5):
        yield from table.one_round(chance)


def _no_sync() -> Problems:
    connection.SYNCHRONOUS["power"] = "PRAGMA synchronous = OFF"
    return _everything_of("power")


def _normal_sync() -> Problems:
    connection.SYNCHRONOUS["power"] = "PRAGMA synchronous = NORMAL"
    return _everything_of("power")


def _folder_not_synced() -> Problems:
    files._sync = lambda folder: None
    return _everything_of("power")


def _journal_in_memory() -> Problems:
    connection.SYNCHRONOUS["process"] = "PRAGMA synchronous = OFF"
    return _everything_of("process")


def _no_file_lock() -> Problems:
    class Unlocked(locks.FileLock):
        def take(self, seconds: float) -> Any:
            return self

        def let_go(self) -> None:
            pass

    transactions.FileLock = Unlocked
    transactions._CHECKPOINT_PAGES = 0
    interleaved.Other.free = lambda self: True
    write = interleaved.Other.write

    def as_far_as_it_gets(self: interleaved.Other, name: str) -> None:
        with suppress(LedgerUnavailableError):
            write(self, name)

    interleaved.Other.write = as_far_as_it_gets
    connection._BUSY_SECONDS = 0.0
    return (p for at in count(1) for p in interleaved.written_at(at) if "locked" not in p)


def _no_rollback() -> Problems:
    transactions.Transactions._drop = lambda self: None
    return _failures("power")


def _every_error_is_a_refusal() -> Problems:
    errors._NOTHING_COMMITTED = (*errors._NOTHING_COMMITTED, "SQLITE_IOERR")
    return _failures("power", company=True)


def _raw_errors() -> Problems:
    transactions.translated = lambda path, error, **more: error
    return _failures("power")


def _failures(durability: str, *, company: bool = False) -> Problems:
    life = lifetime.Life(durability, company)
    calls = [c for c in kills.whole_life(life).calls if c.name in faults.TELLING]
    for call in sorted(calls, key=lambda call: call.name != "fdatasync"):
        for sequel in faults.AFTERWARDS:
            yield from faults.failed_at(life, call, "EIO", sequel)


def _no_mark() -> Problems:
    store.dead_owners = lambda folder, owners: frozenset()
    return _kills("process")


def _not_atomic() -> Problems:
    whole = store.SqliteStore.apply

    def one_by_one(self: Any, commands: Any, now: int) -> Any:
        return [whole(self, (each,), now)[0] for each in commands]

    store.SqliteStore.apply = one_by_one
    return _kills("process")


def _kills(durability: str) -> Problems:
    life = lifetime.Life(durability)
    calls = kills.whole_life(life).calls
    for call in calls[len(calls) // 3 :]:  # the ledger exists by then
        if call.name in kills.CHANGING:
            yield from kills.killed_at(call.number, life)


def _upgrade_without_a_transaction() -> Problems:
    class Bare(connection.sqlite3.Connection):
        def execute(self, sql: str, *values: Any) -> Any:
            return super().execute("SELECT 1" if sql == "BEGIN IMMEDIATE" else sql, *values)

    real = connection.sqlite3.connect

    def opened(*given: Any, **more: Any) -> Any:
        # COMMIT without BEGIN is an error, so the breakage removes BEGIN too.
        return real(*given, **more | {"factory": Bare})

    before = migrations._open

    def upgrading(folder: Any, new: int) -> None:
        connection.sqlite3.connect = opened
        Bare.in_transaction = property(lambda self: False)
        before(folder, new)

    migrations._open = upgrading
    old = migrations.SCHEMA_VERSION
    return (p for n in range(120, 300) for p in migrations.problems_of(old, old + 1, _kill(n)))


def _kill(number: int) -> Fault:
    return Fault(number, kill=True)


def _midnights_are_all_there() -> Problems:
    windows._boundary = lambda low, high, reached: low
    return civil_days.problems_of("Africa/Cairo", civil_days.Census(), thorough=False)


def _signals_break_off_a_wait() -> Problems:
    from quotakeeper.engine.worker import thread

    thread.Worker._leave = lambda self, ticket: None
    with interruptions.scratch() as folder:
        interruptions._live(folder)
    number = interruptions.SIGNALS["Ctrl-C"]
    return (
        p for at in range(1, 100) for p in interruptions.interrupted_at(at, number, lifetime.BEGIN)
    )


def _children_are_not_kept_away() -> Problems:
    fork_guard.refuse_if_inherited = connection.refuse_if_inherited = lambda path: None
    transactions.refuse_if_inherited = lambda path: None
    transactions.PATIENCE_SECONDS = 0.2  # the file lock keeps others out but does not say why
    imported()
    return forks.forked_in_a_transaction()


BREAKAGES: dict[str, Callable[[], Problems]] = {
    "power: nothing is synced": _no_sync,
    "power: commits are not synced": _normal_sync,
    "power: a new folder is not synced": _folder_not_synced,
    "process: checkpoints are not synced": _journal_in_memory,
    "no file lock": _no_file_lock,
    "nothing is rolled back": _no_rollback,
    "an unknown outcome is called a refusal": _every_error_is_a_refusal,
    "raw errors": _raw_errors,
    "nobody is known to be dead": _no_mark,
    "a batch in many commits": _not_atomic,
    "upgraded without a transaction": _upgrade_without_a_transaction,
    "a midnight that is missing is taken for one": _midnights_are_all_there,
    "an interrupted wait leaves its reservation": _signals_break_off_a_wait,
    "children write beside a transaction of their parent": _children_are_not_kept_away,
}


def alone(minutes: float, seed: int, report: Callable[[str], None]) -> Part:
    """Break the store in one way. Returns the first finding of the part that must notice."""
    lifetime.prepare()
    began, name = time.monotonic(), list(BREAKAGES)[seed]
    found = list(islice(BREAKAGES[name](), 1))
    report(f"{name}: {found}")
    return Part(name, "It is found out.", 1, found, seed, time.monotonic() - began)
