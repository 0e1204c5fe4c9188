"""The only file that asks for randomness: identifiers of events and of owners."""

from __future__ import annotations

import os
from collections import deque

_AT_ONCE = 128
_drawn: deque[str] = deque()

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]


def new_id(at: int) -> str:
    """A new id: 26 characters, first by time (milliseconds), then 80 random bits.

    The form is that of a ULID, so ids made one after the other sort so and index well.
    """
    time, pairs = at // 1_000, _PAIRS
    return (
        pairs[time >> 40 & 255] + pairs[time >> 30 & 1023] + pairs[time >> 20 & 1023]
        + pairs[time >> 10 & 1023] + pairs[time & 1023] + _eighty_bits()
    )  # fmt: skip


def _eighty_bits() -> str:
    # Asking the system for each id costs more than all the rest of a reservation does before it is
    # handed over. Taking from a deque is atomic, so no two threads get the same bits.
    while True:
        try:
            return _drawn.popleft()
        except IndexError:
            block = os.urandom(10 * _AT_ONCE)
            numbers = (
                int.from_bytes(block[start : start + 10], "big")
                for start in range(0, len(block), 10)
            )
            _drawn.extend(
                "".join([_PAIRS[number >> shift & 1023] for shift in range(70, -1, -10)])
                for number in numbers
            )


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_drawn.clear)  # or parent and child would make the same ids


def new_owner() -> str:
    """A new name for this process as an owner of reservations."""
    return f"{os.getpid()}-{os.urandom(6).hex()}"
