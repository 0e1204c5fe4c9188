"""Quiet hours: alerts that do not block calls wait until they end, and come in one digest."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta, tzinfo

from quotakeeper.domain.alerts.alert import Alert
from quotakeeper.domain.windows import instant, moment
from quotakeeper.errors import InvalidInputError
from quotakeeper.value_classes import dataclass

_FORM = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\s*-\s*([01]?\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class QuietHours:
    """A part of each day, from `begins` to `ends`, in minutes since midnight by the local clock.

    It may pass midnight, such as 22:00-07:00.
    """

    begins: int
    ends: int

    def until(self, now: int, zone: tzinfo) -> int | None:
        """Return when the quiet hours around `now` end; None if there are none at `now`.

        Instants are in microseconds since 1970 UTC.
        """
        there = moment(now, zone)
        minute = there.hour * 60 + there.minute
        if self.begins < self.ends:
            is_quiet = self.begins <= minute < self.ends
        else:
            is_quiet = minute >= self.begins or minute < self.ends
        if not is_quiet:
            return None
        day = there.date() + timedelta(days=1 if minute >= self.ends else 0)
        hour, minute = divmod(self.ends, 60)
        end = there.replace(
            year=day.year, month=day.month, day=day.day, hour=hour, minute=minute, second=0,
            microsecond=0, fold=0,
        )  # fmt: skip
        return instant(end)


@dataclass(frozen=True, slots=True)
class NewAlert:
    """An alert to store. `digest_at` is when it is sent in a digest; 0: it is sent at once.

    Instants are in microseconds since 1970 UTC.
    """

    alert: Alert
    digest_at: int = 0


def scheduled(
    alerts: Sequence[Alert], quiet: QuietHours | None, zone: tzinfo, now: int
) -> list[NewAlert]:
    """Return when to send new alerts: one that blocks calls at once, also in quiet hours."""
    until = None if quiet is None else quiet.until(now, zone)
    return [NewAlert(each, 0 if until is None or each.blocks else until) for each in alerts]


def quiet_hours(value: object) -> QuietHours:
    """Return the quiet hours of a text like "22:00-07:00". Raises InvalidInputError."""
    found = _FORM.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is not None:
        begins, ends = (int(found[n]) * 60 + int(found[n + 1]) for n in (1, 3))
        if begins != ends:
            return QuietHours(begins, ends)
    raise InvalidInputError(
        "", f"{str(value)[:40]!r} is not a part of a day", 'write it like "22:00-07:00"'
    )
