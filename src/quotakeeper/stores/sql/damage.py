"""The error for a damaged row, and checks of single columns.

A changed byte can raise KeyError, ValueError, TypeError and other errors while a row is decoded.
All decoders raise DamagedRowError instead. Each store turns this error into LedgerCorruptError,
which names the ledger.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from quotakeeper.domain.windows import MAX_INSTANT

# The errors that decoding a changed row may raise.
UNREADABLE = (LookupError, ValueError, TypeError, AttributeError, AssertionError, ArithmeticError,
              RecursionError)  # fmt: skip
_MOST_SHOWN = 80
_LARGEST = 2**63 - 1


class DamagedRowError(Exception):
    """A row does not have the form in which this package writes rows.

    `seq` and `entry_id` identify the journal entry, if the row is an entry or is about an entry.
    `what` describes the fault, and names the row if it is not about an entry.
    """

    def __init__(self, what: str, seq: int | None = None, entry_id: str = "") -> None:
        self.what = what
        self.seq = seq
        self.entry_id = entry_id
        super().__init__(described(what, seq, entry_id))


def described(what: str, seq: int | None, entry_id: str) -> str:
    """Return one line about damage: the entry and the fault."""
    if seq is None and not entry_id:
        return what
    of_id = f" ({entry_id!r})" if entry_id else ""
    return f"entry{'' if seq is None else f' {seq}'}{of_id} cannot be read: {what}"


def damaged(error: BaseException, seq: object = None, entry_id: object = "") -> DamagedRowError:
    """Convert an error from decoding a row to a DamagedRowError with the entry's number and id."""
    what = error.what if isinstance(error, DamagedRowError) else _said(error)
    return DamagedRowError(
        what,
        seq if type(seq) is int else None,
        entry_id[:_MOST_SHOWN] if isinstance(entry_id, str) else "",
    )


@contextmanager
def rows_of(what: str) -> Iterator[None]:
    """Return a context manager for code that decodes a row that is not an entry.

    Decoding errors become a DamagedRowError that names the row by `what`.
    """
    try:
        yield
    except UNREADABLE as error:
        raise DamagedRowError(f"{what} cannot be read: {_said(error)}") from error
    except DamagedRowError as error:
        raise DamagedRowError(f"{what} cannot be read: {error.what}") from error


def whole(value: object, most: int = _LARGEST) -> int:
    """Return `value` if it is a whole number from 0 to `most`. Raises ValueError otherwise."""
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError(f"{_shown(value)} is not a whole number from 0 to {most}")
    return value


def instant(value: object) -> int:
    """Return `value` if it is an instant in microseconds since 1970 UTC. Raises ValueError
    otherwise.
    """
    return whole(value, MAX_INSTANT - 1)


def checked_head(head: Sequence[object]) -> tuple[int, int]:
    """Return the number and the instant of the newest entry. Raises DamagedRowError."""
    try:
        return whole(head[0]), instant(head[1])
    except UNREADABLE as error:
        raise damaged(error, head[0]) from error


def clean_text(value: object) -> str:
    """Return `value` if it is text that UTF-8 can encode. Raises ValueError otherwise."""
    if not isinstance(value, str):
        raise ValueError(f"{_shown(value)} is not text")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{_shown(value)} is not UTF-8") from None
    return value


def code(table: tuple[object, ...], value: object) -> int:
    """Return the index in `table` for a code; codes count from 1. Raises ValueError for an unknown
    code.
    """
    if type(value) is not int or not 1 <= value <= len(table):
        raise ValueError(f"code {_shown(value)} is unknown")
    return value - 1


def _said(error: BaseException) -> str:
    if isinstance(error, ValueError):
        return str(error)[: 2 * _MOST_SHOWN]
    return f"{type(error).__name__}: {error}"[: 2 * _MOST_SHOWN]


def _shown(value: object) -> str:
    return ascii(value)[:_MOST_SHOWN]
