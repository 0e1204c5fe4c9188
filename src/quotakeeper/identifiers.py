"""The only file that asks for randomness: identifiers of events and of owners."""

from __future__ import annotations

import os

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_id(at: int) -> str:
    """A new id: 26 characters, first by time (milliseconds), then 80 random bits.

    The form is that of a ULID, so ids made one after the other sort so and index well.
    """
    number = (at // 1_000 & (1 << 48) - 1) << 80 | int.from_bytes(os.urandom(10), "big")
    digits = []
    for _ in range(26):
        digits.append(_ALPHABET[number & 31])
        number >>= 5
    return "".join(reversed(digits))


def new_owner() -> str:
    """A new name for this process as an owner of reservations."""
    return f"{os.getpid()}-{os.urandom(6).hex()}"
