"""A finished plan: its files, its schedule, and the schedule by day."""

from __future__ import annotations

from datetime import date, tzinfo

from quotakeeper.app.media.folders import SkippedFile
from quotakeeper.app.planning.estimates import FilePlan
from quotakeeper.domain.forecasting.audio_rates import Rate
from quotakeeper.domain.forecasting.scheduling import Planned, Schedule
from quotakeeper.domain.quotas import ProviderQuota
from quotakeeper.domain.windows import moment
from quotakeeper.value_classes import dataclass


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that cannot be read, and the reason.

    `most_milliseconds` is the longest time that a file of this size can play.
    """

    name: str
    why: str
    most_milliseconds: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A finished plan. `today_ends_at` is the end of today in `zone`, in microseconds since 1970 UTC.

    `done` are the files for which `translate` has already finished every planned operation.
    `today_if_high` is how many files fit today at the high estimates. `quotas` are the providers'
    own quotas, for display only: the schedule does not use them.
    """

    now: int
    zone: tzinfo
    today_ends_at: int
    limit_days: int
    rates: tuple[Rate, ...]
    files: tuple[FilePlan, ...]
    unreadable: tuple[Unreadable, ...]
    schedule: Schedule
    today_if_high: int
    quotas: tuple[ProviderQuota, ...] = ()
    skipped: tuple[SkippedFile, ...] = ()
    done: tuple[str, ...] = ()

    @property
    def today(self) -> int:
        """The number of files that the plan finishes today."""
        return sum(each.ends_at < self.today_ends_at for each in self.schedule.planned)


@dataclass(frozen=True, slots=True)
class DayPlan:
    """The files that the plan finishes on one day, in the order of the plan."""

    day: date
    planned: tuple[Planned, ...]
    files: tuple[FilePlan, ...]

    @property
    def waited_for(self) -> str:
        """The name of the limit that delays the first file of this day, or "" if no limit delays
        the file."""
        return self.planned[0].waited_for


def days_of(made: Plan) -> list[DayPlan]:
    """Return the schedule by day, in the plan's time zone."""
    by_name = {file.size.name: file for file in made.files}
    found: dict[date, list[Planned]] = {}
    for each in made.schedule.planned:
        found.setdefault(moment(each.ends_at, made.zone).date(), []).append(each)
    return [
        DayPlan(day, tuple(each), tuple(by_name[one.name] for one in each))
        for day, each in found.items()
    ]


def state_of(made: Plan) -> dict[str, str]:
    """Return the state of each file by name.

    - "today", "later": when the plan finishes the file.
    - "never": the file is larger than a hard limit allows.
    - "beyond": the file would start after the last planned day.
    """
    schedule = made.schedule
    states = {
        each.name: "today" if each.ends_at < made.today_ends_at else "later"
        for each in schedule.planned
    }
    states.update((each.name, "never") for each in schedule.impossible)
    states.update((name, "beyond") for name in schedule.beyond)
    return states
