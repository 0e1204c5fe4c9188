"""The tables of a fake server. Every change can be undone: for a rollback, and for a stale read."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import Any, NamedTuple

GONE = object()
KEPT_COMMITS = 24  # as far back as a stale read may be


class Change(NamedTuple):
    """One row that was written: `old` and `new` are GONE where there is no row."""

    table: str
    key: Any
    old: Any
    new: Any


class Head(NamedTuple):
    """The head row."""

    seq: int = 0
    high_water: int = 0
    version: int = 0
    account_version: int = 0
    recalls: int = 0


class Tables:
    """Rows by table and key, and the changes of the newest commits."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[Any, Any]] = defaultdict(dict)
        self.rows["head"][0] = Head()
        self._open: list[Change] = []  # of the transaction under way
        self._commits: deque[tuple[int, list[Change]]] = deque(maxlen=KEPT_COMMITS)
        self._undone: list[Change] = []
        self._numbers: dict[str, int] = defaultdict(int)

    @property
    def head(self) -> Head:
        """The head row."""
        found: Head = self.rows["head"][0]
        return found

    def __getitem__(self, table: str) -> dict[Any, Any]:
        return self.rows[table]

    def put(self, table: str, key: Any, new: Any) -> None:
        """Write a row; GONE deletes it."""
        assert not self._undone, "a write in a stale read"
        rows = self.rows[table]
        self._open.append(Change(table, key, rows.get(key, GONE), new))
        _set(rows, key, new)

    def add(self, table: str, key: Any, more: int) -> None:
        """Add to a number."""
        self.put(table, key, self.rows[table].get(key, 0) + more)

    def number(self, table: str) -> int:
        """Return the next row number. As on a server, a rollback does not give it back."""
        self._numbers[table] += 1
        return self._numbers[table]

    def commit(self) -> None:
        """Keep the changes."""
        self._commits.append((self.head.version, self._open))
        self._open = []

    def roll_back(self) -> None:
        """Undo the changes of the transaction under way."""
        for change in reversed(self._open):
            _set(self.rows[change.table], change.key, change.old)
        self._open = []

    # -- stale reads

    def go_back(self, to_version: int) -> bool:
        """Show the tables as they were at a version. Returns whether anything is different."""
        for version, changes in reversed(self._commits):
            if version <= to_version:
                break
            for change in reversed(changes):
                _set(self.rows[change.table], change.key, change.old)
                self._undone.append(change)
        return bool(self._undone)

    @property
    def oldest(self) -> int:
        """The oldest version to which the tables can go back."""
        return self._commits[0][0] if self._commits else self.head.version

    def come_forward(self) -> None:
        """End what `go_back` began."""
        while self._undone:
            change = self._undone.pop()
            _set(self.rows[change.table], change.key, change.new)


def _set(rows: dict[Any, Any], key: Any, value: Any) -> None:
    if value is GONE:
        rows.pop(key, None)
    else:
        rows[key] = value
