"""Names and chance: ids of events and of owners, who gives an order, and the jitter of retries.

The only file that asks for randomness.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from itertools import count

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


def id_series(at: int) -> Callable[[], str]:
    """A maker of ids that are like those of `new_id` and share their first 20 characters.

    Many times as fast: 50 random bits are drawn once, then there are 2**30 ids to be counted out.
    """
    beginning, pairs, number = new_id(at)[:20], _PAIRS, count()

    def following() -> str:
        n = next(number)  # atomic
        return f"{beginning}{pairs[n >> 20 & 1023]}{pairs[n >> 10 & 1023]}{pairs[n & 1023]}"

    return following


def boot_id() -> str:
    """Eight characters that are others after the machine was started again; "" if not known."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read(8)
    except (OSError, UnicodeError):
        return ""


def boot_frame() -> str:
    """What the clock of the boot is counted in: `boot_id`, and the time namespace of this process,
    which may have a start of its own; "" if not known."""
    boot = boot_id()
    try:
        space = os.readlink("/proc/self/ns/time")
    except OSError:
        space = ""
    return f"{boot}:{space.strip('time:[]')}" if boot else ""


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


def random_fraction() -> float:
    """A random number from 0.0 up to, not including, 1.0."""
    return (int.from_bytes(os.urandom(7), "big") >> 3) / (1 << 53)


def random_bytes(count: int) -> bytes:
    """So many random bytes."""
    return os.urandom(count)


def new_owner() -> str:
    """A new name for this process as an owner of reservations."""
    return f"{os.getpid()}-{os.urandom(6).hex()}"


def user_at_host() -> str:
    """Who runs this process, as "lan@desk": for the journal, beside what a person orders.

    The names of the account and of the machine, and what is not known is left out.
    """
    import getpass  # noqa: PLC0415 - hardly ever asked for
    import socket  # noqa: PLC0415 - as above

    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # an account without a name, as in a container
        user = ""
    name = f"{user}@{socket.gethostname()}"
    return "".join(each for each in name if each.isprintable())[:256]
