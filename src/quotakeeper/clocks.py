"""The only module that reads a clock, sleeps, or reads the machine's time zone."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache, partial
from threading import Lock
from typing import ClassVar, Protocol

from quotakeeper.errors import ConfigError
from quotakeeper.zone_names import has_database, nearest_zone

LOCAL = "local"
_ZERO = timedelta(0)
_TIME_ERROR, _STA_NANO = 5, 0x2000  # timex.h
_UTC_NAMES = frozenset(("UTC", "UTC0", "UTC+0", "UTC-0", "Etc/UTC", "Etc/Universal", "Zulu"))
_NO_DATABASE = "install the time zone database: pip install tzdata"


class Clock(Protocol):
    """The methods that the package needs of a clock. Tests pass a fake clock."""

    def now(self) -> int:
        """The wall time, in microseconds since 1970 UTC."""

    def monotonic(self) -> float:
        """Seconds that never decrease, to measure durations."""

    def sleep(self, seconds: float) -> None:
        """Sleep for this many seconds."""


def _boot_clock() -> Callable[[], int] | None:
    """Return a function that reads the nanoseconds since the system started, including suspended
    time.

    Return None if this system has no known clock of this kind. Linux: CLOCK_BOOTTIME. macOS:
    CLOCK_MONOTONIC, which by its manual page runs during sleep. Windows: Python's monotonic clock,
    which runs during sleep. Source: Microsoft's pages on GetTickCount64 and
    QueryPerformanceCounter.
    """
    for platform, name in (("linux", "CLOCK_BOOTTIME"), ("darwin", "CLOCK_MONOTONIC")):
        number = getattr(time, name, None)
        if sys.platform == platform and number is not None:
            return partial(time.clock_gettime_ns, number)
    return time.monotonic_ns if sys.platform == "win32" else None


_BOOT_CLOCK = _boot_clock()


class SystemClock:
    """The machine's clock.

    `monotonic` returns seconds that never decrease. `wall_ns` returns nanoseconds since 1970 UTC,
    and `boot_ns` nanoseconds since the machine started. All three are functions of the standard
    library, because every call reads them. `boot_ns` is None without such a clock.
    """

    monotonic = staticmethod(time.monotonic)
    wall_ns = staticmethod(time.time_ns)
    boot_ns: ClassVar[Callable[[], int] | None] = _BOOT_CLOCK

    def now(self) -> int:
        """The wall time, in microseconds since 1970 UTC."""
        return time.time_ns() // 1_000

    def boot(self) -> int | None:
        """Microseconds since the machine started, including suspended time; None without such a
        clock.

        Setting the wall clock does not change this value.
        """
        return None if _BOOT_CLOCK is None else _BOOT_CLOCK() // 1_000

    def confirmed(self) -> int | None:
        """The kernel's wall time in microseconds, or None if no time service synchronizes the
        clock.

        On a system other than Linux, the result is always None. After a person sets the clock, the
        result is None until a time service sets the clock again.
        """
        return kernel_time() if sys.platform == "linux" else None

    def sleep(self, seconds: float) -> None:
        """Sleep for this many seconds."""
        time.sleep(seconds)


def kernel_time() -> int | None:
    """Linux's wall time in microseconds, or None if no time service synchronizes the clock.

    After a person sets the clock, adjtimex(2) returns TIME_ERROR (5) until a time service sets the
    clock again. Called only when a clock is in doubt.
    """
    import ctypes  # noqa: PLC0415 - a 10 ms import, rarely needed

    class Timex(ctypes.Structure):
        # struct timex, with room for fields that a newer kernel adds
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
    """Try to take a lock for at most `seconds`, measured by `clock`. Returns whether this
    succeeded.

    With a fake clock, the function tries to take the lock before and after `clock.sleep`.
    """
    if isinstance(clock, SystemClock):
        return lock.acquire(timeout=max(0.0, seconds))
    if lock.acquire(blocking=False):
        return True
    clock.sleep(seconds)
    return lock.acquire(blocking=False)


class MachineZone(tzinfo):
    """The machine's time zone by the rules of the C library. Used if the IANA name of the zone is
    unknown."""

    def utcoffset(self, moment: datetime | None) -> timedelta:
        """The offset from UTC. In an hour that occurs twice, `fold` says which one is meant."""
        if moment is None:
            return _ZERO
        naive = moment.replace(tzinfo=None)
        aware = naive.astimezone()
        return aware.utcoffset() or _ZERO

    def dst(self, moment: datetime | None) -> timedelta | None:
        """Return None, because the daylight saving time is not known."""
        return None

    def tzname(self, moment: datetime | None) -> str:
        """Return "local"."""
        return LOCAL

    def fromutc(self, moment: datetime) -> datetime:
        """Convert UTC to local time. In an hour that occurs twice, `fold` is 1 for the second one."""
        utc = moment.replace(tzinfo=UTC)
        local = utc.astimezone()
        return local.replace(tzinfo=self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MachineZone)

    def __hash__(self) -> int:
        return hash(LOCAL)


@lru_cache(maxsize=256)
def zone_named(name: str) -> tzinfo:
    """The time zone with this IANA name, or the machine's zone for "local".

    Raises ConfigError for an unknown name. If no time zone database is installed, the message says
    how to install one.
    """
    if name == LOCAL:
        return MachineZone()
    if name == "UTC":
        return UTC
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415 - 2 ms, not needed for UTC

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        fix = nearest_zone(str(name)[:60]) if has_database() else _NO_DATABASE
        problem = f"unknown time zone {str(name)[:60]!r}"
        raise ConfigError("timezone", problem, fix) from None


def local_zone_name() -> str:
    """The IANA name of the machine's time zone, or "local" if the name is not known.

    Raises ConfigError if the variable TZ is not the name of a zone, because the C library would use
    UTC without a message.
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
    """The IANA zone name in `told`, the value of the variable TZ; "" for the path /etc/localtime.

    Returns "local" for the path of another file, or if no time zone database can check the name.
    Raises ConfigError if the value is not the name of a zone.
    """
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
            return LOCAL  # without a database no name can be checked, but the C library may know it
        raise ConfigError(
            "environment TZ", error.problem, f"{error.fix} (for TZ, or for QUOTAKEEPER_TIMEZONE)"
        ) from None
    return told
