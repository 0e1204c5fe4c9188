"""Periods cover time in every zone without a gap or an overlap, also at daylight saving changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotakeeper.domain.windows import (
    CALENDAR_KINDS,
    SECOND,
    Period,
    Window,
    first_instant,
    instant,
    moment,
    parse_window,
    period_at,
    slice_at,
)
from quotakeeper.errors import InvalidInputError

HOUR = 3_600 * SECOND
DAY = 24 * HOUR
# Zones with midnights that do not exist or come twice, skipped dates, offsets of half an hour, very
# large or small changes, and rules that changed at short notice.
NASTY = (
    "Pacific/Apia", "Pacific/Kwajalein", "Pacific/Kiritimati", "Pacific/Enderbury",
    "Pacific/Fakaofo", "Australia/Lord_Howe", "America/Asuncion", "America/Sao_Paulo",
    "America/Havana", "America/St_Johns", "America/Scoresbysund", "Africa/Cairo",
    "Africa/Casablanca", "Africa/Monrovia", "Asia/Beirut", "Asia/Gaza", "Asia/Amman",
    "Asia/Tehran", "Asia/Kathmandu", "Asia/Pyongyang", "Antarctica/Troll", "Antarctica/Vostok",
    "Antarctica/Casey", "America/Los_Angeles", "Asia/Ho_Chi_Minh", "Europe/Dublin",
)  # fmt: skip
KINDS = [Window(kind) for kind in CALENDAR_KINDS]


def us(text: str) -> int:
    return instant(datetime.fromisoformat(text).replace(tzinfo=UTC))


@cache
def changes(name: str) -> tuple[int, ...]:
    """The instants at which a zone changed its offset from 1970 to 2037, found by bisecting each day."""
    zone, found = ZoneInfo(name), []

    def offset(seconds: int) -> timedelta | None:
        return datetime.fromtimestamp(seconds, zone).utcoffset()

    at, before = 0, offset(0)
    while at < 68 * 365 * 86_400:
        if offset(at + 43_200) != before:
            low, high = at, at + 43_200
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (low, middle) if offset(middle) != before else (middle, high)
            found.append(high * SECOND)
            before = offset(high)
            at = high
        else:
            at += 43_200
    return tuple(found)


def furthest_date(name: str, at: int) -> date:
    """The latest local date that had begun in a zone by an instant: the date of the day period."""
    zone = ZoneInfo(name)
    seen = [at, *(t - 1 for t in changes(name) if at - 3 * DAY < t <= at)]
    return max(moment(t, zone).date() for t in seen)


def assert_tiles(window: Window, zone, at: int) -> Period:
    period = period_at(window, zone, at)
    assert period.start_at < period.end_at
    assert at in period
    assert period_at(window, zone, period.start_at) == period
    assert period_at(window, zone, period.end_at - 1) == period
    assert period_at(window, zone, period.end_at).start_at == period.end_at
    assert period_at(window, zone, period.start_at - 1).end_at == period.start_at
    return period


@pytest.mark.parametrize("name", NASTY)
def test_periods_meet_exactly_around_every_clock_change(name):
    zone = ZoneInfo(name)
    for change in changes(name):
        for at in (change - DAY, change - HOUR, change - 1, change, change + 1, change + HOUR):
            for window in KINDS:
                if at > 40 * DAY:
                    assert_tiles(window, zone, at)


@pytest.mark.parametrize("name", NASTY)
def test_a_day_is_one_date_and_starts_when_that_date_begins(name):
    zone = ZoneInfo(name)
    for change in changes(name):
        for at in (change - DAY, change - 1, change, change + DAY):
            if at < 5 * DAY:
                continue
            period = period_at(Window("day"), zone, at)
            day = furthest_date(name, at)
            assert furthest_date(name, period.start_at) == day
            assert furthest_date(name, period.start_at - 1) < day
            assert furthest_date(name, period.end_at - 1) == day
            assert furthest_date(name, period.end_at) > day


@pytest.mark.parametrize("name", sorted(available_timezones())[::9])
def test_other_zones_have_no_gap_through_2027(name):
    zone = ZoneInfo(name)
    for step in range(0, 365 * 24, 31):
        at = us("2027-01-01") + step * HOUR + 12_345_678
        for window in KINDS:
            period = period_at(window, zone, at)
            assert at in period
            assert period_at(window, zone, period.end_at).start_at == period.end_at


@pytest.mark.parametrize(
    ("name", "inside", "hours"),
    [
        ("America/Los_Angeles", "2027-03-14T12:00", 23),
        ("America/Los_Angeles", "2027-11-07T12:00", 25),
        ("America/Los_Angeles", "2027-06-01T12:00", 24),
        ("Australia/Lord_Howe", "2026-10-03T20:00", 23.5),
        ("Australia/Lord_Howe", "2026-04-04T20:00", 24.5),
        ("Africa/Cairo", "2024-04-26T12:00", 23),  # there was no midnight
        ("Africa/Cairo", "2024-10-31T12:00", 25),
        ("America/Havana", "2024-11-03T12:00", 25),  # midnight came twice
        ("America/Asuncion", "2017-03-25T12:00", 25),  # 24:00 became 23:00
        ("Asia/Ho_Chi_Minh", "2026-11-23T12:00", 24),
        ("Antarctica/Vostok", "1994-01-31T22:00", 31),
        ("Pacific/Apia", "2011-12-30T09:00", 24),  # the 29th; there was no 30th
    ],
)
def test_days_at_clock_changes_have_23_24_or_25_hours(name, inside, hours):
    period = period_at(Window("day"), ZoneInfo(name), us(inside))
    assert period.end_at - period.start_at == hours * HOUR


def test_a_skipped_date_has_no_period():
    zone = ZoneInfo("Pacific/Apia")
    change = us("2011-12-30T10:00")
    assert first_instant(zone, date(2011, 12, 30)) == first_instant(zone, date(2011, 12, 31))
    last = period_at(Window("day"), zone, change - 1)
    new = period_at(Window("day"), zone, change)
    assert (last.end_at, new.start_at) == (change, change)
    assert moment(last.start_at, zone).date() == date(2011, 12, 29)
    assert moment(new.start_at, zone).date() == date(2011, 12, 31)
    # The week and the month include the skipped date and are one day shorter.
    assert period_at(Window("month"), zone, change).end_at - change == DAY
    week = period_at(Window("week"), zone, change)
    assert week.end_at - week.start_at == 6 * DAY


def test_a_day_without_midnight_starts_at_the_clock_change():
    zone = ZoneInfo("Africa/Cairo")
    start = first_instant(zone, date(2024, 4, 26))
    assert start == us("2024-04-25T22:00")
    assert moment(start, zone).hour == 1


def test_a_day_whose_midnight_comes_twice_starts_at_the_first():
    zone = ZoneInfo("America/Havana")
    assert first_instant(zone, date(2024, 11, 3)) == us("2024-11-03T04:00")
    again = us("2024-11-03T05:00")  # 00:00 for the second time
    assert moment(again, zone).isoformat() == "2024-11-03T00:00:00-05:00"
    assert period_at(Window("day"), zone, again).start_at == us("2024-11-03T04:00")


def test_a_date_that_ends_and_returns_belongs_to_the_later_date():
    # At 00:01 on 29 October 2006, clocks in Newfoundland went back to 23:01 on the 28th.
    zone = ZoneInfo("America/St_Johns")
    first = us("2006-10-29T02:30")
    assert moment(first, zone).isoformat() == "2006-10-29T00:00:00-02:30"
    back = us("2006-10-29T02:31")
    assert moment(back, zone).date() == date(2006, 10, 28)
    for at in (first, back, back + HOUR // 2, back + HOUR):
        assert period_at(Window("day"), zone, at).start_at == first
    assert period_at(Window("day"), zone, first - 1).end_at == first


def test_an_hour_is_half_as_long_where_clocks_change_by_half_an_hour():
    zone, change = ZoneInfo("Australia/Lord_Howe"), us("2026-10-03T15:30")
    assert period_at(Window("hour"), zone, change - 1) == Period(change - HOUR, change)
    assert period_at(Window("hour"), zone, change) == Period(change, change + HOUR // 2)
    back = us("2026-04-04T15:00")
    assert period_at(Window("hour"), zone, back) == Period(back, back + HOUR // 2)


def test_hours_follow_the_zone():
    at = us("2026-11-23T12:20")
    assert period_at(Window("hour"), ZoneInfo("Asia/Kathmandu"), at).start_at == us(
        "2026-11-23T12:15"
    )
    assert period_at(Window("hour"), UTC, at).start_at == us("2026-11-23T12:00")


def test_weeks_start_on_monday_and_months_on_the_first():
    zone = ZoneInfo("Asia/Ho_Chi_Minh")
    at = us("2026-03-01T16:59:59.999999")  # Sunday, a microsecond before midnight there
    week = period_at(Window("week"), zone, at)
    assert moment(week.start_at, zone).isoformat() == "2026-02-23T00:00:00+07:00"
    assert week.end_at == at + 1
    month = period_at(Window("month"), zone, at)
    assert moment(month.start_at, zone).isoformat() == "2026-03-01T00:00:00+07:00"
    february = period_at(Window("month"), zone, month.start_at - 1)
    assert february.end_at - february.start_at == 28 * DAY
    leap = period_at(Window("month"), UTC, us("2028-02-29T23:59"))
    assert leap.end_at - leap.start_at == 29 * DAY


@given(
    st.integers(us("1971-01-01"), us("2100-01-01")),
    st.sampled_from(KINDS),
    st.sampled_from(NASTY),
)
def test_every_instant_is_in_exactly_one_period(at, window, name):
    assert_tiles(window, ZoneInfo(name), at)


@given(st.integers(us("1971-01-01"), us("2100-01-01")), st.integers(-14 * 60, 14 * 60))
def test_fixed_offsets_are_computed_without_zone_data(at, minutes):
    zone = timezone(timedelta(minutes=minutes))
    shifted = at + minutes * 60 * SECOND
    for kind, length in (("day", DAY), ("hour", HOUR)):
        start = shifted // length * length - minutes * 60 * SECOND
        assert period_at(Window(kind), zone, at) == Period(start, start + length)


# -- rolling windows


@given(st.integers(0, 2**52), st.integers(1, 400 * 86_400))
def test_a_rolling_window_counts_its_length_and_at_most_a_96th_more(at, seconds):
    window, length = Window("rolling", seconds), seconds * SECOND
    part = slice_at(window, at)
    assert at in part and part.end_at - part.start_at == length // 96
    period = period_at(window, UTC, at)
    assert period.start_at <= at - length < period.start_at + length // 96
    assert at < period.end_at <= at + length // 96
    assert slice_at(window, period.start_at).start_at == period.start_at


@given(st.integers(1, 400 * 86_400))
def test_a_rolling_windows_text_reads_back_the_same(seconds):
    window = Window("rolling", seconds)
    assert parse_window(str(window)) == window
    assert parse_window(f"rolling {seconds}s") == window


@pytest.mark.parametrize("kind", CALENDAR_KINDS)
def test_a_calendar_windows_text_reads_back_the_same(kind):
    assert str(parse_window(f" {kind.upper()} ")) == kind
    with pytest.raises(InvalidInputError, match="rolling"):
        slice_at(Window(kind), 0)


def test_rolling_windows_are_accepted_in_their_spellings():
    for text in ("rolling 24h", "rolling24h", "Rolling-1d", "rolling 1440 m", "rolling 86400s"):
        assert parse_window(text) == Window("rolling", 86_400)


@pytest.mark.parametrize(
    "text",
    ["", "daily", "rolling", "rolling 0s", "rolling 401d", "rolling -1h", "rolling 1.5h",
     "rolling 1w", "rolling 99999999s", "day\n day", "२४h", None, 24, b"day", ["day"], "x" * 9_999],
)  # fmt: skip
def test_other_windows_are_refused_with_their_fields_name(text):
    with pytest.raises(InvalidInputError) as caught:
        parse_window(text, "limit[2].window")
    assert caught.value.field == "limit[2].window"
    assert len(str(caught.value)) < 200


# -- instants


@given(st.datetimes(timezones=st.timezones()))
def test_instants_are_exact(when):
    assert moment(instant(when)) == when.astimezone(UTC)


def test_an_instant_needs_a_zone():
    with pytest.raises(InvalidInputError, match="time zone"):
        instant(datetime(2026, 11, 23))  # noqa: DTZ001 - that is the point
