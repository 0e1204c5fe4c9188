"""The only file that reads a clock, sleeps, or asks the machine for its time zone."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from threading import Lock
from typing import Protocol

from quotakeeper.errors import ConfigError
from quotakeeper.zone_names import has_database, nearest_zone

LOCAL = "local"
_ZERO = timedelta(0)
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


class SystemClock:
    """The machine's own clock."""

    def now(self) -> int:
        """Wall time in microseconds since 1970 UTC."""
        return time.time_ns() // 1_000

    def monotonic(self) -> float:
        """Seconds that never go back, for durations."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


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
