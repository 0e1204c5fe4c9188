"""Suggests a time zone for a name that does not exist."""

from __future__ import annotations

import re

# Common names of places for which the database has no zone of that name.
_PLACES = {
    "vietnam": "Asia/Ho_Chi_Minh",
    "viet nam": "Asia/Ho_Chi_Minh",
    "hanoi": "Asia/Ho_Chi_Minh",
    "ha noi": "Asia/Ho_Chi_Minh",
    "ict": "Asia/Ho_Chi_Minh",
    "china": "Asia/Shanghai",
    "beijing": "Asia/Shanghai",
    "california": "America/Los_Angeles",
    "pst": "America/Los_Angeles",
    "pdt": "America/Los_Angeles",
    "india": "Asia/Kolkata",
    "ist": "Asia/Kolkata",
    "jst": "Asia/Tokyo",
}
# A zone for each whole offset, in hours ahead of UTC: the best known one without daylight saving.
_AHEAD = {
    -12: "Etc/GMT+12", -11: "Pacific/Pago_Pago", -10: "Pacific/Honolulu", -9: "Etc/GMT+9",
    -8: "Etc/GMT+8",
    -7: "America/Phoenix", -6: "America/Costa_Rica", -5: "America/Bogota", -4: "America/Caracas",
    -3: "America/Sao_Paulo", -2: "Atlantic/South_Georgia", -1: "Atlantic/Cape_Verde", 0: "UTC",
    1: "Africa/Lagos", 2: "Africa/Johannesburg", 3: "Europe/Istanbul", 4: "Asia/Dubai",
    5: "Asia/Karachi", 6: "Asia/Dhaka", 7: "Asia/Ho_Chi_Minh", 8: "Asia/Singapore",
    9: "Asia/Tokyo", 10: "Australia/Brisbane", 11: "Pacific/Guadalcanal", 12: "Pacific/Fiji",
    13: "Pacific/Tongatapu", 14: "Pacific/Kiritimati",
}  # fmt: skip
_OFFSET = re.compile(r"(?:<[^>]{3,8}>|[A-Za-z]{3,5})?\s*[+-]?(\d{1,2})(?::?00)?")


def nearest_zone(name: str) -> str:
    """Advice for an unknown zone name: the most similar zone, or how to write a zone name.

    An offset such as "UTC+7" has two meanings: POSIX counts westwards, ISO 8601 eastwards. For an
    offset, the advice names a zone for each meaning.
    """
    found = _OFFSET.fullmatch(name.strip())
    if found and int(found[1]) in range(1, 15):
        hours = int(found[1])
        readings = [f"{hours} hours ahead of UTC is {_AHEAD[hours]!r}"]
        if -hours in _AHEAD:
            readings.append(f"{hours} hours behind it is {_AHEAD[-hours]!r}")
        return (
            f"an offset is not a time zone, and it can be read in two ways: {', '.join(readings)}"
        )
    near = _similar(name.strip())
    if near:
        return f"did you mean {near!r}?"
    return (
        'give an IANA name like "Asia/Ho_Chi_Minh"; if that name is right, install a newer time '
        "zone database: pip install tzdata"
    )


def has_database() -> bool:
    """Whether a time zone database is installed at all."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415 - only for errors

    try:
        ZoneInfo("Europe/London")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _similar(name: str) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - as above
    from zoneinfo import available_timezones  # noqa: PLC0415 - as above

    word = re.sub(r"[\s_]+", " ", name).lower()
    place = word.rpartition("/")[2]
    said = get_close_matches(place, _PLACES, n=1, cutoff=0.8)
    if said:
        return _PLACES[said[0]]
    whole: dict[str, str] = {}
    cities: dict[str, str] = {}
    for zone in sorted(available_timezones(), key=_rank, reverse=True):  # the best known last
        plain = zone.replace("_", " ").lower()
        whole[plain] = zone
        cities[plain.rpartition("/")[2]] = zone
    known = whole if "/" in word else {**cities, **whole}
    near = get_close_matches(word, known, n=1, cutoff=0.6)
    if not near and "/" in word:
        known, near = cities, get_close_matches(place, cities, n=1, cutoff=0.7)
    return known[near[0]] if near else ""


def _rank(zone: str) -> tuple[bool, str]:
    """A sort key that puts zones such as "Asia/Tokyo" before legacy names such as "Japan"."""
    continents = (
        "Africa",
        "America",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    )
    return zone.partition("/")[0] not in continents, zone
