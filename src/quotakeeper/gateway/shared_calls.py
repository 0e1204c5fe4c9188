"""Counts the calls of a key over all workers of a gateway, for keys with a limit of calls at once."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

_KEY_BYTES = 5
_PLACE_BITS = 20  # more than the most calls at once of any key


class SharedCalls:
    """The calls of all keys: bytes of one file, which a worker locks while its call runs.

    The system releases the locks of a worker that ends, even by a crash. So no place is lost. Make it
    in the worker, because a lock belongs to one process.
    """

    def __init__(self, file: Path) -> None:
        self._file = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        self._held: dict[str, set[int]] = {}

    def take(self, key_id: str, most: int) -> int | None:
        """Return the number of a place that was free; None if `most` calls run already."""
        import fcntl  # noqa: PLC0415 - absent on Windows, where there is one process

        held = self._held.setdefault(key_id, set())
        for number in range(most):
            if number in held:
                continue
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _place(key_id) + number)
            except OSError:  # another worker has it
                continue
            held.add(number)
            return number
        return None

    def give_back(self, key_id: str, number: int) -> None:
        """Release a place."""
        import fcntl  # noqa: PLC0415 - as above

        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _place(key_id) + number)
        held = self._held[key_id]
        held.discard(number)
        if not held:
            del self._held[key_id]

    def close(self) -> None:
        """Release every place."""
        os.close(self._file)


def _place(key_id: str) -> int:
    digest = hashlib.sha256(key_id.encode()).digest()[:_KEY_BYTES]
    return int.from_bytes(digest, "big") << _PLACE_BITS
