"""The only file that reads a clock, sleeps, or asks the machine for its time zone."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache, partial
from threading import Lock
from typing import Protocol

from quotakeeper.errors import ConfigError
from quotakeeper.zone_names import has_database, nearest_zone

LOCAL = "local"
_ZERO = timedelta(0)
_TIME_ERROR, _STA_NANO = 5, 0x2000  # timex.h
_UTC_NAMES = frozenset(("UTC", "UTC0", "UTC+0", "UTC-0", "Etc/UTC", "Etc/Universal", "Zulu"))
_NO_DATABASE = "install the time zone database: pip install tzdata"


class Clock(Protocol):
    """What is asked of a clock; tests give one that they turn by hand."""

    def now(self) -> int:
        """Wall time in microseconds since 1970 UTC."""

    def monotonic(self) -> float:
        """Seconds that never go back, for durations."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


def _boot_clock() -> Callable[[], int] | None:
    """The clock of this system that counts from its start in nanoseconds, time suspended included.

    Linux: CLOCK_BOOTTIME. macOS: CLOCK_MONOTONIC, which its manual page says goes on during sleep.
    Windows: Python's monotonic clock, whose counters go on during sleep by Microsoft's pages on
    GetTickCount64 and QueryPerformanceCounter. None: no clock is known to.
    """
    for platform, name in (("linux", "CLOCK_BOOTTIME"), ("darwin", "CLOCK_MONOTONIC")):
        number = getattr(time, name, None)
        if sys.platform == platform and number is not None:
            return partial(time.clock_gettime_ns, number)
    return time.monotonic_ns if sys.platform == "win32" else None


_BOOT_CLOCK = _boot_clock()


class SystemClock:
    """The machine's own clock."""

    def now(self) -> int:
        """Wall time in microseconds since 1970 UTC."""
        return time.time_ns() // 1_000

    def monotonic(self) -> float:
        """Seconds that never go back, for durations."""
        return time.monotonic()

    def boot(self) -> int | None:
        """Microseconds since the machine was started, time suspended included; setting the wall
        clock does not change it. None where this system has no such clock."""
        return None if _BOOT_CLOCK is None else _BOOT_CLOCK() // 1_000

    def confirmed(self) -> int | None:
        """Wall time in microseconds as the kernel has it, where a time service keeps it right.

        None: no service does (the kernel forgets it whenever the clock is set), or nobody can tell.
        """
        return kernel_time() if sys.platform == "linux" else None

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


def kernel_time() -> int | None:
    """Wall time in microseconds as Linux has it; None unless a time service keeps it right.

    adjtimex(2) gives TIME_ERROR (5) while no service has set the clock right since it was last set
    by hand. It is asked only when a clock is in doubt.
    """
    import ctypes  # noqa: PLC0415 - 10 ms that hardly anybody needs

    class Timex(ctypes.Structure):
        # struct timex, with room for what the kernel adds to it.
        _fields_ = (
            ("modes", ctypes.c_uint), ("offset", ctypes.c_long), ("freq", ctypes.c_long),
            ("maxerror", ctypes.c_long), ("esterror", ctypes.c_long), ("status", ctypes.c_int),
            ("constant", ctypes.c_long), ("precision", ctypes.c_long), ("tolerance", ctypes.c_long),
            ("seconds", ctypes.c_long), ("part", ctypes.c_long), ("rest", ctypes.c_byte * 256),
        )  # fmt: skip

    timex = Timex()
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    except (OSError, AttributeError):
        return None
    if not 0 <= state < _TIME_ERROR:
        return None
    part = timex.part // 1_000 if timex.status & _STA_NANO else timex.part
    return int(timex.seconds) * 1_000_000 + int(part)


def wait_for_lock(clock: Clock, lock: Lock, seconds: float) -> bool:
    """Wait until a lock is free and take it, for some seconds of a clock at most.

    Gives whether it was taken. On a clock that is turned by hand the lock is looked at before and
    after its sleep.
    """
    if isinstance(clock, SystemClock):
        return lock.acquire(timeout=max(0.0, seconds))
    if lock.acquire(blocking=False):
        return True
    clock.sleep(seconds)
    return lock.acquire(blocking=False)


class MachineZone(tzinfo):
    """The machine's time zone by the C library's rules, where no tz database is installed."""

    def utcoffset(self, moment: datetime | None) -> timedelta:
        """Offset from UTC; `fold` is honoured."""
        if moment is None:
            return _ZERO
        naive = moment.replace(tzinfo=None)
        aware = naive.astimezone()
        return aware.utcoffset() or _ZERO

    def dst(self, moment: datetime | None) -> timedelta | None:
        """Not known from here."""
        return None

    def tzname(self, moment: datetime | None) -> str:
        """A fixed name."""
        return LOCAL

    def fromutc(self, moment: datetime) -> datetime:
        """UTC -> local, with `fold` set in a repeated hour."""
        utc = moment.replace(tzinfo=UTC)
        local = utc.astimezone()
        return local.replace(tzinfo=self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MachineZone)

    def __hash__(self) -> int:
        return hash(LOCAL)


@lru_cache(maxsize=256)
def zone_named(name: str) -> tzinfo:
    """An IANA zone by name, or "local" for the machine's own.

    Raises ConfigError for a name that is not known, saying how to install the tz database.
    """
    if name == LOCAL:
        return MachineZone()
    if name == "UTC":
        return UTC
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415 - 2 ms that UTC saves

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        fix = nearest_zone(str(name)[:60]) if has_database() else _NO_DATABASE
        problem = f"unknown time zone {str(name)[:60]!r}"
        raise ConfigError("timezone", problem, fix) from None


def local_zone_name() -> str:
    """The machine's time zone: an IANA name where it can be told, else "local".

    Raises ConfigError where the variable TZ holds what is no zone's name: the C library takes that
    for UTC without a word.
    """
    told = os.environ.get("TZ", "").strip().removeprefix(":")
    if told:
        named = _zone_of_variable(told)
        if named:
            return named
    candidates = []
    try:
        target = os.path.realpath("/etc/localtime")
        if "zoneinfo/" in target:
            candidates.append(target.split("zoneinfo/")[-1])
        with open("/etc/timezone", encoding="ascii") as file:
            candidates.append(file.read().strip())
    except (OSError, UnicodeError):
        pass
    for name in candidates:
        if name and not name.startswith("/"):
            try:
                zone_named(name)
            except ConfigError:
                continue
            return "UTC" if name in _UTC_NAMES else name
    return LOCAL


def _zone_of_variable(told: str) -> str:
    """The zone that TZ names; "" where it names the machine's own file."""
    if told.startswith("/"):
        if "zoneinfo/" in told:
            told = told.split("zoneinfo/")[-1]
        elif os.path.exists(told):
            return LOCAL if told != "/etc/localtime" else ""
    if told in _UTC_NAMES:
        return "UTC"
    try:
        zone_named(told)
    except ConfigError as error:
        if not has_database():
            return LOCAL  # no name can be looked up, but the C library may know it
        raise ConfigError(
            "environment TZ", error.problem, f"{error.fix} (for TZ, or for QUOTAKEEPER_TIMEZONE)"
        ) from None
    return told
