"""Adds up usage by day. Days that have ended are kept, so that a reading reads only what is new."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import tzinfo

from quotakeeper.domain.forecasting.time_buckets import BucketSum
from quotakeeper.domain.keys.virtual_key import KEY_LABEL, PROJECT_LABEL
from quotakeeper.domain.money import divide_half_even, parse_decimal
from quotakeeper.domain.numbers import whole_times
from quotakeeper.domain.usage import JOB_LABEL, MEDIA_LABEL, Provenance
from quotakeeper.domain.windows import Period, Window, period_at
from quotakeeper.errors import InvalidInputError
from quotakeeper.value_classes import dataclass, field

_DAY = Window("day")
_MOST_SECONDS = 10**9


@dataclass(slots=True)
class Spent:
    """The calls and the cost of one group. `cost_pico` is in pico-USD, without unpriced calls."""

    calls: int = 0
    unpriced_calls: int = 0
    cost_pico: int = 0

    def add(self, part: BucketSum) -> None:
        """Add a slot."""
        self.calls += part.calls
        self.unpriced_calls += part.unpriced_calls
        self.cost_pico += part.cost_pico


@dataclass(slots=True)
class DaySum:
    """The use of one day.

    - `providers`: by provider.
    - `spenders`: by key and project.
    - `jobs`: by job, only calls of jobs.
    - `media`: the lengths that the calls of a job name, in milliseconds.
    - `known`: by provenance.
    - `steps`: the cost of each slot, by the slot's start.
    """

    period: Period
    total: Spent = field(default_factory=Spent)
    providers: dict[str, Spent] = field(default_factory=dict)
    spenders: dict[tuple[str, str], Spent] = field(default_factory=dict)
    jobs: dict[str, Spent] = field(default_factory=dict)
    media: dict[str, frozenset[int]] = field(default_factory=dict)
    known: dict[Provenance, Spent] = field(default_factory=dict)
    steps: dict[int, int] = field(default_factory=dict)

    def add(self, part: BucketSum) -> None:
        """Add a slot of this day."""
        scope = dict(part.labels.scope)
        job, who = (
            scope.get(JOB_LABEL, ""),
            (scope.get(KEY_LABEL, ""), scope.get(PROJECT_LABEL, "")),
        )
        self.total.add(part)
        self.providers.setdefault(part.labels.provider, Spent()).add(part)
        self.spenders.setdefault(who, Spent()).add(part)
        self.known.setdefault(part.provenance, Spent()).add(part)
        self.steps[part.bucket_at] = self.steps.get(part.bucket_at, 0) + part.cost_pico
        if job:
            self.jobs.setdefault(job, Spent()).add(part)
            length = media_milliseconds(scope.get(MEDIA_LABEL, ""))
            if length:
                self.media[job] = self.media.get(job, frozenset()) | {length}


class DaySums:
    """The sums of recent days. Ended days are read once, until `forget` is called."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._ended: dict[int, DaySum] = {}

    def first_unread(self, periods: list[Period]) -> int:
        """Return the instant from which slots must be read for these days, oldest first."""
        for period in periods[:-1]:
            if period.start_at not in self._ended:
                return period.start_at
        return periods[-1].start_at

    def add_up(self, parts: Iterable[BucketSum], periods: list[Period]) -> list[DaySum]:
        """Return the sums of these days. `parts` are the slots since `first_unread`."""
        begins = self.first_unread(periods)
        fresh = {each.start_at: DaySum(each) for each in periods if each.start_at >= begins}
        for part in parts:
            day = fresh.get(period_at(_DAY, self._zone, part.bucket_at).start_at)
            if day is not None:
                day.add(part)
        today = periods[-1].start_at
        self._ended = {each.start_at: self._ended[each.start_at] for each in periods
                       if each.start_at < begins}  # fmt: skip
        self._ended |= {start: day for start, day in fresh.items() if start < today}
        return [*self._ended.values(), fresh[today]]

    def forget(self) -> None:
        """Read all days again at the next reading, because an ended day has changed."""
        self._ended.clear()


def days_until(zone: tzinfo, now: int, since: int) -> list[Period]:
    """Return the days from the one that contains `since` to the one that contains `now`."""
    return sorted(_backwards(zone, now, since), key=lambda each: each.start_at)


def _backwards(zone: tzinfo, now: int, since: int) -> Iterator[Period]:
    period = period_at(_DAY, zone, now)
    yield period
    while period.start_at > since:
        period = period_at(_DAY, zone, period.start_at - 1)
        yield period


def minute_cost(days: Iterable[DaySum]) -> tuple[int | None, int]:
    """Return the cost per minute of media in pico-USD, and the length of the media in milliseconds.

    Jobs without a known length are left out. The cost is None if no length is known, or if a call
    has no price.
    """
    jobs: dict[str, list[Spent]] = {}
    media: dict[str, frozenset[int]] = {}
    for day in days:
        for job, lengths in day.media.items():
            media[job] = media.get(job, frozenset()) | lengths
        for job, spent in day.jobs.items():
            jobs.setdefault(job, []).append(spent)
    parts = [each for job in media for each in jobs[job]]
    length = sum(sum(lengths) for lengths in media.values())
    if not length or any(each.unpriced_calls for each in parts):
        return None, length
    return divide_half_even(sum(each.cost_pico for each in parts) * 60_000, length), length


def media_milliseconds(told: str) -> int:
    """Return the length that a label names, in milliseconds; 0 if it names none."""
    if not told:
        return 0
    try:  # any program can set this label to any text
        seconds = parse_decimal(told, MEDIA_LABEL)
    except InvalidInputError:
        return 0
    return whole_times(seconds, 1000) if 0 < seconds < _MOST_SECONDS else 0
