"""Identifiers and random values: ids of events, names of processes, user names, and random numbers.

No other module makes random values.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from itertools import count

_AT_ONCE = 128
_drawn: deque[str] = deque()

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHARACTERS = bytes(ord(_ALPHABET[byte & 31]) for byte in range(256))
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]


def new_id(at: int) -> str:
    """A new id of 26 characters: the time `at` in milliseconds, then 80 random bits.

    The form is that of a ULID, so ids sort by time and index well. `at` is in microseconds.
    """
    time, pairs = at // 1_000, _PAIRS
    try:
        # Taking from a deque is atomic, so no two threads get the same bits.
        bits = _drawn.popleft()
    except IndexError:
        bits = _eighty_bits()
    return (
        pairs[time >> 40 & 255] + pairs[time >> 30 & 1023] + pairs[time >> 20 & 1023]
        + pairs[time >> 10 & 1023] + pairs[time & 1023] + bits
    )  # fmt: skip


def id_series(at: int) -> Callable[[], str]:
    """Return a function that makes ids in the form of `new_id`. All begin with the same 20
    characters.

    The function is much faster than `new_id`: it makes 50 random bits once and then counts up to
    2**30.
    """
    beginning, pairs, number = new_id(at)[:20], _PAIRS, count()

    def following() -> str:
        n = next(number)  # atomic
        return f"{beginning}{pairs[n >> 20 & 1023]}{pairs[n >> 10 & 1023]}{pairs[n & 1023]}"

    return following


def boot_id() -> str:
    """Eight characters that identify the boot of this machine; "" if the boot is not known."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read(8)
    except (OSError, UnicodeError):
        return ""


def boot_frame() -> str:
    """Return a text that identifies the zero point of this process's boot clock.

    The text has `boot_id` and the time namespace of this process, because a time namespace may have
    its own zero point. Returns "" if the boot is not known.
    """
    boot = boot_id()
    try:
        space = os.readlink("/proc/self/ns/time")
    except OSError:
        space = ""
    return f"{boot}:{space.strip('time:[]')}" if boot else ""


def _eighty_bits() -> str:
    # Random bits are drawn in blocks, because one system call per id would cost more than the rest
    # of a reservation.
    while True:
        try:
            return _drawn.popleft()
        except IndexError:
            # Each byte gives one character, that is five bits.
            text = os.urandom(16 * _AT_ONCE).translate(_CHARACTERS).decode("ascii")
            _drawn.extend([text[start : start + 16] for start in range(0, len(text), 16)])


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        after_in_child=_drawn.clear
    )  # else parent and child would make the same ids


def random_fraction() -> float:
    """A random number from 0.0 up to but not including 1.0."""
    return (int.from_bytes(os.urandom(7), "big") >> 3) / (1 << 53)


def random_bytes(count: int) -> bytes:
    """`count` random bytes."""
    return os.urandom(count)


def new_owner() -> str:
    """A new owner name, by which ledger files identify this process: the process id and random
    characters."""
    return f"{os.getpid()}-{os.urandom(6).hex()}"


def host_name() -> str:
    """The name of this machine, for messages and as the name of a folder."""
    import socket  # noqa: PLC0415 - rarely needed

    name = "".join(c if c.isalnum() or c in "-_." else "_" for c in socket.gethostname())
    return name.lstrip(".")[:64] or "host"


def digest(text: str) -> str:
    """Sixteen characters that are the same for the same text, and differ for other texts."""
    from hashlib import sha256  # noqa: PLC0415 - as above

    return sha256(text.encode()).hexdigest()[:16]


def user_at_host() -> str:
    """The account and the machine of this process, as "lan@desk". Orders in the journal use it as
    `by`.

    A part that is not known is left out.
    """
    import getpass  # noqa: PLC0415 - rarely needed
    import socket  # noqa: PLC0415 - as above

    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # the account has no name, as in a container
        user = ""
    name = f"{user}@{socket.gethostname()}"
    return "".join(each for each in name if each.isprintable())[:256]
