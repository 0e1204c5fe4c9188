"""The ledger of a simulated run: in memory or in a file, with owners that die and disks that fail."""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from quotakeeper.clocks import zone_named
from quotakeeper.domain.ledger import commands as c
from quotakeeper.errors import LedgerUnavailableError, OutcomeUnknownError
from quotakeeper.stores.memory import MemoryStore
from quotakeeper.stores.sqlite.store import SqliteStore
from tests.stores.faulty import Faults, faulty_connect

# A folder in memory if there is one, because this part is about results and not about the disk.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
CODES = ("SQLITE_FULL", "SQLITE_IOERR_FSYNC", "SQLITE_IOERR_WRITE", "SQLITE_BUSY",
         "SQLITE_READONLY", "SQLITE_NOMEM", "SQLITE_CANTOPEN")  # fmt: skip
# SQLite raises these errors before it has begun to write a commit, never after.
BEFORE_IT_WRITES = ("SQLITE_FULL", "SQLITE_BUSY", "SQLITE_READONLY")
_BALANCES = """
SELECT a.key, b.settled, b.reserved, b.overage FROM balance AS b JOIN account AS a USING (account_id)
WHERE b.settled OR b.reserved OR b.overage
"""
Balances = dict[tuple[str, int, int, int], int]


class NothingWrittenError(Exception):
    """The ledger reported that nothing was written."""


class PerhapsWrittenError(Exception):
    """The ledger reported that the result is unknown."""


class _SlipError(RuntimeError):
    """A simulated bug of our own in the middle of a batch."""


class _Broken(c.Release):
    """A command that cannot be carried out."""

    @property
    def id(self) -> str:  # type: ignore[override]
        raise _SlipError


class LedgerUnderTest:
    """A ledger in memory that several owners share. Faults happen before and after it."""

    deaths = 0.004

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.owners = [f"owner {number}" for number in range(chance.choice((1, 2, 5)))]
        self.unburied: set[str] = set()
        self.faults = chance.choice((0.0, 0.005, 0.05))
        self.store: Any = MemoryStore(zone_named)
        # After a replay, a balance that was added late has more of its overage than before.
        self.knows_overage = True

    def apply(self, commands: Sequence[c.Command], now: int) -> list[c.Outcomes]:
        """Apply a batch with faults. Raises NothingWrittenError or PerhapsWrittenError."""
        struck = self.chance.random() < self.faults and self.chance.choice(
            ("before", "after", "in")
        )
        if struck == "before":
            raise NothingWrittenError
        if struck == "in" and self.chance.random() < 0.05:  # it costs a replay of the whole journal
            at = self.chance.randint(0, len(commands))
            broken = object.__new__(_Broken)
            try:
                self.store.apply([*commands[:at], broken, *commands[at:]], now)
            except _SlipError:
                self.knows_overage = False
                raise NothingWrittenError from None
        outcomes: list[c.Outcomes] = self.store.apply(commands, now)
        if struck == "after":
            raise PerhapsWrittenError
        return outcomes

    def entries(self) -> int:
        """How many entries the journal has, read without a cache."""
        return len(self.store._journal)

    def balances(self) -> Balances:
        """How often each account has which sums, over all periods."""
        return dict(Counter(
            (key, part.settled, part.reserved, part.overage)
            for key, slices in self.store._state._balances.items()
            for part in slices.values()
            if part.settled or part.reserved or part.overage
        ))  # fmt: skip

    def die(self) -> frozenset[str]:
        """End one owner and start another in its place."""
        at = self.chance.randrange(len(self.owners))
        died, self.owners[at] = self.owners[at], f"{self.owners[at]}'"
        return frozenset({died})

    def dead_owners(self) -> frozenset[str] | None:
        """The owners that the store considers dead; None if it cannot know."""
        return None

    def bury(self, owners: frozenset[str]) -> None:
        """Remove the marks of the dead owners."""

    def calm(self) -> None:
        """Stop all faults."""
        self.faults = 0.0

    def close(self) -> None:
        """Close the ledger."""


class FileLedger(LedgerUnderTest):
    """Several stores on one file, over a database whose statements sometimes fail."""

    deaths = 0.02

    def __init__(self, chance: Random, folder: Path, disk: Faults) -> None:
        super().__init__(chance)
        self.path, self.disk, self._born = folder / "ledger.db", disk, 0
        self.faults = chance.choice((0.0, 0.05, 0.3))
        self._left: list[Any] = []
        self.stores = [self._new_store() for _ in self.owners]
        self.owners[:] = [store.owner for store in self.stores]
        self.store = self.stores[0]

    def _new_store(self) -> SqliteStore:
        self._born += 1
        owner = f"owner {self._born}"
        return SqliteStore(self.path, zone_named, owner=owner, durability="process")

    def apply(self, commands: Sequence[c.Command], now: int) -> list[c.Outcomes]:
        chance = self.chance
        at = chance.randrange(len(self.stores))
        self.store = store = self.stores[at]
        if chance.random() < 0.03:  # closed and opened again, so all caches are empty
            store.before_fork()
        self.disk.left = -1
        if chance.random() < self.faults:
            wanted = chance.choice(("", "", "COMMIT"))
            code = chance.choice(CODES)
            after = code not in BEFORE_IT_WRITES and chance.random() < 0.5
            self.disk.at(
                chance.randint(0, 9) if not wanted else 0, code, after=after, wanted=wanted
            )
        try:
            return store.apply(commands, now)
        except LedgerUnavailableError:
            raise NothingWrittenError from None
        except OutcomeUnknownError:
            raise PerhapsWrittenError from None
        finally:
            self.disk.left = -1

    def entries(self) -> int:
        if not self.path.exists():
            return 0
        with closing(sqlite3.connect(self.path)) as connection:
            if not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
                return 0
            count: int = connection.execute("SELECT count(*) FROM entry").fetchone()[0]
            return count

    def balances(self) -> Balances:
        with closing(sqlite3.connect(self.path)) as connection:
            return dict(Counter(connection.execute(_BALANCES)))

    def die(self) -> frozenset[str]:
        """End a store as a killed process does: its locks are released, and nothing else happens."""
        at = self.chance.randrange(len(self.stores))
        store = self.stores[at]
        if store._mark is None:  # it never began
            store.apply([], 0)
        assert store._mark is not None and store._mark._fd is not None
        os.close(store._mark._fd)
        store._mark._fd = None
        self._left.append(store._connection)
        store._connection = store._state = None
        self.unburied.add(store.owner)
        self.stores[at] = self.store = self._new_store()
        self.owners[at] = self.store.owner
        return frozenset({store.owner})

    def dead_owners(self) -> frozenset[str] | None:
        found: frozenset[str] = self.store.dead_owners()
        self.unburied &= found  # an owner without reservations was removed earlier
        return found

    def bury(self, owners: frozenset[str]) -> None:
        self.store.bury(owners)
        self.unburied -= owners

    def close(self) -> None:
        self.disk.left = -1
        for store in self.stores:
            store.close()
        for connection in self._left:
            if connection is not None:
                connection.close()


@contextmanager
def opened(kind: str, chance: Random) -> Iterator[LedgerUnderTest]:
    """A ledger of this kind ("memory" or "file"), deleted after the block."""
    if kind == "memory":
        yield LedgerUnderTest(chance)
        return
    disk = Faults()
    with (
        TemporaryDirectory(dir=MEMORY) as folder,
        patch.object(sqlite3, "connect", faulty_connect(disk)),
    ):
        ledger_under_test = FileLedger(chance, Path(folder), disk)
        try:
            yield ledger_under_test
        finally:
            ledger_under_test.close()
