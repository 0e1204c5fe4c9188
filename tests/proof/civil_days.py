"""Part: compares every day, week and month of every time zone from 1970 to 2037 with an oracle."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from quotakeeper.domain.windows import SECOND, Period, Window, first_instant, period_at
from tests.proof import tzif
from tests.proof.apart import apart
from tests.proof.parts import Part

NAME = "civil_days"  # this module's name, by which the page finds the part
PROMISE = (
    "Every instant from 1970 to 2037 is in exactly one day, week, month and hour of its zone, "
    "whatever its clocks did. These periods are those that the raw zone files give."
)
PROMISE_VI = (
    "Mỗi thời điểm từ 1970 đến 2037 nằm trong đúng một ngày, tuần, tháng và giờ của múi giờ nó, "
    "dù đồng hồ ở đó đổi thế nào. Các kỳ ấy đúng như tệp múi giờ gốc ghi."
)
ORDER = 30
WEIGHT = 2
FIRST, LAST = date(1970, 1, 1), date(2037, 12, 31)
_EPOCH_DAY = tzif.days_before(1970, 1, 1)
THOROUGH_MINUTES = 5  # with more time, all boundaries are checked, not only those near a change
_MARGIN = 40  # days around the range that a period may reach into
_DATES = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
_AROUND = [FIRST + timedelta(days=n) for n in range(-_MARGIN, len(_DATES) + _MARGIN)]
# Zones with skipped dates, days of 22.5 to 31 hours, midnights that are missing or come twice,
# offsets of seconds and half hours, and rules that changed at short notice.
NASTIEST = (
    "Africa/Cairo", "Africa/Casablanca", "Africa/Monrovia", "America/Asuncion", "America/Havana",
    "America/Sao_Paulo", "America/Scoresbysund", "America/St_Johns", "Antarctica/Casey",
    "Antarctica/Troll", "Antarctica/Vostok", "Asia/Amman", "Asia/Gaza", "Asia/Manila",
    "Asia/Pyongyang", "Asia/Tehran", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kiritimati",
    "Pacific/Kwajalein",
)  # fmt: skip


class Census:
    """Counts of the days that were checked."""

    def __init__(self) -> None:
        self.days = self.instants = 0
        self.shortest: tuple[int, str] = (10**9, "")
        self.longest: tuple[int, str] = (0, "")
        self.skipped: list[str] = []

    def take(self, name: str, firsts: list[int]) -> None:
        """Add the lengths of a zone's days."""
        lengths = [after - at for at, after in pairwise(firsts)]
        for number, day in enumerate(_DATES):
            length, label = lengths[number + _MARGIN], f"{name} {day}"
            if length == 0:
                self.skipped.append(label)
            elif length < self.shortest[0]:
                self.shortest = length, label
            if length > self.longest[0]:
                self.longest = length, label

    def notes(self) -> tuple[str, ...]:
        """Lines for the page."""
        return (
            f"{self.days:,} zone-days and {self.instants:,} instants around their boundaries",
            f"shortest day {self.shortest[0] / 3_600:g} h ({self.shortest[1]}), "
            f"longest {self.longest[0] / 3_600:g} h ({self.longest[1]})",
            f"{len(self.skipped)} dates that never were: {', '.join(self.skipped)}",
        )


def run(minutes: float, seed: int, report: Callable[[str], None]) -> Part:
    """Check all zones, which takes 2 to 7 minutes. The short form checks the twenty most difficult."""
    return apart(__name__, minutes, seed, report)


def alone(minutes: float, seed: int, report: Callable[[str], None]) -> Part:
    """Run in a process whose caches belong to this part alone."""
    began, census, found = time.monotonic(), Census(), []
    known = available_timezones()
    names = sorted(known) if minutes else [name for name in NASTIEST if name in known]
    for number, name in enumerate(names, 1):
        found += problems_of(name, census, thorough=minutes >= THOROUGH_MINUTES)
        if number % 50 == 0:
            report(f"{number} of {len(names)} zones, {census.days:,} days, {len(found)} found")
    seconds = time.monotonic() - began
    notes = (f"{len(names)} of {len(known)} zones", *census.notes())
    return Part(NAME, PROMISE, census.days, found, seed, seconds, notes)


def problems_of(name: str, census: Census, *, thorough: bool) -> Iterator[str]:
    """Compare one zone with the oracle, day by day and around every boundary. Returns the differences."""
    zone, rules = ZoneInfo(name), tzif.stretches(tzif.raw(name))
    firsts = tzif.first_seconds(rules, _EPOCH_DAY - _MARGIN, _EPOCH_DAY + len(_DATES) + _MARGIN)
    census.take(name, firsts)
    first = first_instant.__wrapped__  # without its cache, which would only grow
    for day, expected in zip(_DATES, firsts[_MARGIN:], strict=False):
        if first(zone, day) != expected * SECOND:
            yield f"{name}: {day} begins at {first(zone, day)}, the file says {expected * SECOND}"
    census.days += len(_DATES)
    changes = [s.start for s in rules if firsts[_MARGIN] < s.start < firsts[_MARGIN + len(_DATES)]]
    near = None if thorough else changes
    for kind, begins in (
        ("day", lambda day: True),
        ("week", lambda day: day.weekday() == 0),
        ("month", lambda day: day.day == 1),
    ):
        starts = [at for day, at in zip(_AROUND, firsts, strict=False) if begins(day)]
        yield from _periods(name, zone, Window(kind), sorted(set(starts)), near, census)
    yield from _hours(name, zone, rules, changes, census)


def _periods(
    name: str, zone: ZoneInfo, window: Window, starts: list[int], near: list[int] | None,
    census: Census,
) -> Iterator[str]:  # fmt: skip
    """Check a microsecond before, at and after each start: the period must be the oracle's."""
    wanted = _close_to(starts, near) if near is not None else range(1, len(starts) - 1)
    for number in wanted:
        at = starts[number] * SECOND
        before = Period(starts[number - 1] * SECOND, at)
        after = Period(at, starts[number + 1] * SECOND)
        for instant, expected in ((at - 1, before), (at, after), (at + 1, after)):
            census.instants += 1
            period = period_at(window, zone, instant)
            if period != expected:
                yield f"{name}: {window} of {instant} is {period}, the file says {expected}"


def _close_to(starts: list[int], changes: list[int]) -> list[int]:
    """The starts within four days of a clock change, and the first start of each year."""
    found, of_changes, last_year = [], iter(changes), None
    change = next(of_changes, None)
    for number in range(1, len(starts) - 1):
        while change is not None and change < starts[number] - 4 * tzif.DAY:
            change = next(of_changes, None)
        year = starts[number] // (365 * tzif.DAY)
        if year != last_year or (change is not None and change <= starts[number] + 4 * tzif.DAY):
            found.append(number)
        last_year = year
    return found


def _hours(
    name: str, zone: ZoneInfo, rules: list[tzif.Stretch], changes: list[int], census: Census
) -> Iterator[str]:
    window = Window("hour")
    for change in changes:
        for step in range(-4, 5):
            for micro in (-1, 0, 1):
                instant = (change + step * 1_800) * SECOND + micro
                start, end = tzif.hour_at(rules, instant // SECOND)
                expected = Period(start * SECOND, end * SECOND)
                census.instants += 1
                period = period_at(window, zone, instant)
                if period != expected:
                    yield f"{name}: hour of {instant} is {period}, the file says {expected}"
