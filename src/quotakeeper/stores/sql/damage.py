"""Rows that cannot be what this package wrote: how that is said, and checks of single columns.

A flipped byte makes a row that Python reads in many ways: as KeyError, ValueError, TypeError. All
decoding of rows raises DamagedRowError instead; a dialect turns it into LedgerCorruptError, which
names the ledger.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from quotakeeper.domain.windows import MAX_INSTANT

# What reading a row that somebody else has changed may raise.
UNREADABLE = (LookupError, ValueError, TypeError, AttributeError, AssertionError, ArithmeticError,
              RecursionError)  # fmt: skip
_MOST_SHOWN = 80
_LARGEST = 2**63 - 1


class DamagedRowError(Exception):
    """A row is not what this package writes.

    `seq` and `entry_id` name the entry of the journal, where the row is one or is about one. `what`
    says what is wrong, and with which row where it is not about an entry.
    """

    def __init__(self, what: str, seq: int | None = None, entry_id: str = "") -> None:
        self.what = what
        self.seq = seq
        self.entry_id = entry_id
        super().__init__(described(what, seq, entry_id))


def described(what: str, seq: int | None, entry_id: str) -> str:
    """One line about damage: which entry, and what is wrong with it."""
    if seq is None and not entry_id:
        return what
    of_id = f" ({entry_id!r})" if entry_id else ""
    return f"entry{'' if seq is None else f' {seq}'}{of_id} cannot be read: {what}"


def damaged(error: BaseException, seq: object = None, entry_id: object = "") -> DamagedRowError:
    """What reading a row raised, as damage of the entry with this number and id."""
    what = error.what if isinstance(error, DamagedRowError) else _said(error)
    return DamagedRowError(
        what,
        seq if type(seq) is int else None,
        entry_id[:_MOST_SHOWN] if isinstance(entry_id, str) else "",
    )


@contextmanager
def rows_of(what: str) -> Iterator[None]:
    """Decode a row that is no entry; `what` names it in DamagedRowError."""
    try:
        yield
    except UNREADABLE as error:
        raise DamagedRowError(f"{what} cannot be read: {_said(error)}") from error
    except DamagedRowError as error:
        raise DamagedRowError(f"{what} cannot be read: {error.what}") from error


def whole(value: object, most: int = _LARGEST) -> int:
    """A whole number from 0 on. Raises ValueError for anything else."""
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError(f"{_shown(value)} is not a whole number from 0 to {most}")
    return value


def instant(value: object) -> int:
    """Microseconds since 1970 UTC. Raises ValueError for anything else."""
    return whole(value, MAX_INSTANT - 1)


def clean_text(value: object) -> str:
    """Text that is text in UTF-8. Raises ValueError for anything else."""
    if not isinstance(value, str):
        raise ValueError(f"{_shown(value)} is not text")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{_shown(value)} is not UTF-8") from None
    return value


def code(table: tuple[object, ...], value: object) -> int:
    """The place in a table of codes, which begin at 1. Raises ValueError for an unknown code."""
    if type(value) is not int or not 1 <= value <= len(table):
        raise ValueError(f"code {_shown(value)} is unknown")
    return value - 1


def _said(error: BaseException) -> str:
    if isinstance(error, ValueError):
        return str(error)[: 2 * _MOST_SHOWN]
    return f"{type(error).__name__}: {error}"[: 2 * _MOST_SHOWN]


def _shown(value: object) -> str:
    return ascii(value)[:_MOST_SHOWN]
