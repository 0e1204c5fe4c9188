"""An oracle of local time, read from raw TZif files (RFC 8536) without zoneinfo and datetime.

A zone becomes a list of stretches of time with one offset each. After the file's last transition, the
POSIX TZ string in its footer gives the stretches. All times are whole seconds since 1970.
"""

from __future__ import annotations

import re
import struct
import zoneinfo
from dataclasses import dataclass
from importlib import resources
from itertools import pairwise
from pathlib import Path

DAY = 86_400
LAST_YEAR = 2038
_EARLIEST = -(2**40)
_HEADER = struct.Struct(">4sc15x6L")
_NAME = r"(?:<[^>]+>|[A-Za-z]+)"
_OFFSET = r"[+-]?\d+(?::\d+){0,2}"
_FOOTER = re.compile(
    rf"{_NAME}(?P<std>{_OFFSET})(?:{_NAME}(?P<dst>{_OFFSET})?,(?P<begin>[^,]+),(?P<end>[^,]+))?"
)


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `start` until the next stretch, local time is `offset` seconds ahead of UTC."""

    start: int
    offset: int


def raw(name: str) -> bytes:
    """The bytes of the file from which zoneinfo reads a zone."""
    for folder in zoneinfo.TZPATH:
        path = Path(folder, name)
        if path.is_file():
            return path.read_bytes()
    package, _, file = f"tzdata.zoneinfo.{name.replace('/', '.')}".rpartition(".")
    return resources.files(package).joinpath(file).read_bytes()


def stretches(data: bytes) -> list[Stretch]:
    """The stretches of a zone, from its beginning to the end of the last year."""
    offset = 0
    version, counts = _header(data, 0)
    width = 4
    if version >= 2:  # the second block has the same in 64 bits
        offset, width = _HEADER.size + _block_size(counts, 4), 8
        _, counts = _header(data, offset)
    at = offset + _HEADER.size
    times, types = counts[3], counts[4]
    begins = struct.unpack_from(f">{times}{'l' if width == 4 else 'q'}", data, at)
    kinds = data[at + times * width :][:times]
    table = at + times * (width + 1)
    offsets = [struct.unpack_from(">l", data, table + 6 * n)[0] for n in range(types)]
    found = [Stretch(_EARLIEST, offsets[0])]
    found += [Stretch(begin, offsets[kind]) for begin, kind in zip(begins, kinds, strict=True)]
    if version >= 2:
        footer = data[offset + _HEADER.size + _block_size(counts, 8) :].strip(b"\n").decode()
        found += _after(found[-1].start, footer) if footer else []
    return _merged(found)


def _header(data: bytes, at: int) -> tuple[int, tuple[int, ...]]:
    magic, version, *counts = _HEADER.unpack_from(data, at)
    assert magic == b"TZif", "not a TZif file"
    return int(version.strip(b"\0") or b"1"), tuple(counts)


def _block_size(counts: tuple[int, ...], width: int) -> int:
    utc, standard, leaps, times, types, letters = counts
    return times * (width + 1) + types * 6 + letters + leaps * (width + 4) + standard + utc


def _merged(found: list[Stretch]) -> list[Stretch]:
    """The stretches without those that do not change the offset."""
    merged = [found[0]]
    for stretch in found[1:]:
        if stretch.start <= merged[-1].start:
            merged.pop()
        if not merged or stretch.offset != merged[-1].offset:
            merged.append(stretch)
    return merged


def _after(last: int, footer: str) -> list[Stretch]:
    """The stretches that the footer gives after the file's last transition."""
    rule = _FOOTER.fullmatch(footer)
    assert rule is not None, footer
    standard = -_seconds(rule["std"])
    if rule["begin"] is None:
        return []  # the offset of the last transition stays
    summer = -_seconds(rule["dst"]) if rule["dst"] else standard + 3_600
    found = []
    for year in range(1970, LAST_YEAR + 1):
        found.append(Stretch(_moment(rule["begin"], year) - standard, summer))
        found.append(Stretch(_moment(rule["end"], year) - summer, standard))
    return sorted((s for s in found if s.start > last), key=lambda s: s.start)


def _seconds(text: str) -> int:
    """Parse `[+-]h[:m[:s]]`. Returns seconds."""
    parts = [int(part) for part in text.lstrip("+-").split(":")]
    size = sum(part * unit for part, unit in zip(parts, (3_600, 60, 1), strict=False))
    return -size if text.startswith("-") else size


def _moment(rule: str, year: int) -> int:
    """The local time of a rule in a year: `Mm.w.d`, `Jn` or `n`, with `/time` (02:00 by default)."""
    day, _, time = rule.partition("/")
    seconds = _seconds(time) if time else 2 * 3_600
    if day.startswith("M"):
        month, week, weekday = map(int, day[1:].split("."))
        first = days_before(year, month, 1)
        following = days_before(year + month // 12, month % 12 + 1, 1)
        found = first + (weekday - (first + 4)) % 7 + 7 * (week - 1)  # 1970 began on a Thursday
        return (found - 7 * (found >= following)) * DAY + seconds
    start = days_before(year, 1, 1)
    if day.startswith("J"):  # 1 to 365: 29 February is never counted
        number = int(day[1:])
        return (start + number - 1 + (number >= 60 and _is_leap(year))) * DAY + seconds
    return (start + int(day)) * DAY + seconds


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def days_before(year: int, month: int, day: int) -> int:
    """Days from 1 January 1970 to a date of the Gregorian calendar (Fliegel and Van Flandern)."""
    shift = (14 - month) // 12
    y, m = year + 4_800 - shift, month + 12 * shift - 3
    return day + (153 * m + 2) // 5 + 365 * y + y // 4 - y // 100 + y // 400 - 32_045 - 2_440_588


def first_seconds(zone: list[Stretch], from_day: int, to_day: int) -> list[int]:
    """For each local date, the first second at which it is that date or a later one."""
    found: list[int] = []
    for stretch, following in pairwise([*zone, Stretch(2**40, 0)]):
        last_day = (following.start - 1 + stretch.offset) // DAY
        day = from_day + len(found)
        while day <= min(last_day, to_day):
            found.append(max(stretch.start, day * DAY - stretch.offset))
            day += 1
    return found


def hour_at(zone: list[Stretch], at: int) -> tuple[int, int]:
    """The local hour of an instant, cut at clock changes: [start, end)."""
    ends = [*(s.start for s in zone[1:]), 2**40]
    stretch, end = next((s, e) for s, e in zip(zone, ends, strict=True) if at < e)
    full = (at + stretch.offset) // 3_600 * 3_600 - stretch.offset
    return max(full, stretch.start), min(full + 3_600, end)
