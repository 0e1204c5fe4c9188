"""Planning: when each task can run so that no hard limit is exceeded.

Tasks run in the given order. Each call is planned at the first instant at which every hard limit
has enough left for it. A task is left out, and listed as such, if one of its calls is larger than a
limit. The plan counts use as the ledger does: calendar periods in their own time zones, rolling
windows in slices. It includes what is already used and reserved. Calls are planned as if they took
no time. The plan guarantees:

- No hard limit is exceeded in any period, if the calls use what was planned for them.
- No call could run earlier without changing the order.
- A larger limit delays a task only if an earlier task fits now that did not fit before.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo

from quotakeeper.domain.forecasting.time_buckets import BUCKET
from quotakeeper.domain.limits import Limit, Mode
from quotakeeper.domain.units import Quantities, measure
from quotakeeper.domain.usage import CallLabels
from quotakeeper.domain.windows import SECOND, Period, period_at, slice_at
from quotakeeper.value_classes import dataclass


@dataclass(frozen=True, slots=True)
class Ask:
    """One planned call, and the amounts to reserve for it. `cost_pico` is None if no price is
    known.
    """

    labels: CallLabels
    quantities: Quantities
    cost_pico: int | None


@dataclass(frozen=True, slots=True)
class Task:
    """One job, such as the work on one file: its calls in order."""

    name: str
    asks: tuple[Ask, ...]


@dataclass(frozen=True, slots=True)
class LimitRoom:
    """A limit, its time zone, and the use that already counts, as pairs (instant, base units)."""

    limit: Limit
    zone: tzinfo
    uses: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Planned:
    """The planned instants of a task's calls, in microseconds since 1970 UTC.

    `waited_for` is the name of the limit that delays the task longest; "" if no limit delays it.
    """

    name: str
    starts_at: int
    ends_at: int
    times: tuple[int, ...]
    waited_for: str = ""


@dataclass(frozen=True, slots=True)
class Impossible:
    """A task with a call that is larger than a hard limit.

    `asked` is the use of that call, in base units of `limit`.
    """

    name: str
    limit: Limit
    asked: int


@dataclass(frozen=True, slots=True)
class Passed:
    """The first time that the plan exceeds a soft limit: the limit, the task's name, and the
    instant.
    """

    limit: Limit
    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """A whole plan.

    - `planned`: the tasks that can run, with their instants.
    - `impossible`: the tasks that cannot run, each with the limit that is too small.
    - `beyond`: the names of tasks left out because the plan ends before they can finish.
    - `passed`: each soft limit that the plan exceeds.
    """

    planned: tuple[Planned, ...]
    impossible: tuple[Impossible, ...]
    beyond: tuple[str, ...]
    passed: tuple[Passed, ...]


def standing(
    limit: Limit, zone: tzinfo, counted: int, now: int, profile: Mapping[int, int] | None = None
) -> LimitRoom:
    """Return the input that `plan` needs for a limit.

    `counted` is what is used and reserved in the present period, in base units. For a rolling
    window, `profile` (start of slot -> base units) gives the times of this use. Each slot counts at
    its end. Use that is in no slot counts at `now`. So in the plan, use leaves the window a little
    later than in the ledger, never earlier.
    """
    if not limit.window.is_rolling:
        return LimitRoom(limit, zone, ((now, counted),))
    uses = sorted((min(at + BUCKET - 1, now), amount) for at, amount in (profile or {}).items())
    known = [(at, amount) for at, amount in uses if _leaves_at(limit, at) > now]
    rest = counted - sum(amount for _, amount in known)
    return LimitRoom(limit, zone, (*known, (now, max(0, rest))))


def plan(tasks: Iterable[Task], standings: Sequence[LimitRoom], now: int, until: int) -> Schedule:
    """Plan tasks one after the other, from `now` on.

    If a task has a call that cannot run before `until`, this task and all later ones are in
    `beyond`.
    """
    rooms = [_room(each, now) for each in standings if each.limit.mode is not Mode.SHADOW]
    planned: list[Planned] = []
    impossible: list[Impossible] = []
    beyond: list[str] = []
    passed: dict[str, Passed] = {}
    at = now
    for task in tasks:
        if beyond:
            beyond.append(task.name)
            continue
        obstacle = _obstacle(task, rooms)
        if obstacle is not None:
            impossible.append(obstacle)
            continue
        found = _placed(task, rooms, at, until, passed)
        if found is None:
            beyond.append(task.name)
            continue
        planned.append(found)
        at = found.ends_at
    return Schedule(tuple(planned), tuple(impossible), tuple(beyond), tuple(passed.values()))


def _placed(
    task: Task, rooms: Sequence[_Room], at: int, until: int, passed: dict[str, Passed]
) -> Planned | None:
    times: list[int] = []
    longest, waited_for = 0, ""
    for ask in task.asks:
        asked = [(room, room.asked(ask)) for room in rooms if room.concerns(ask)]
        blocking = [(room, amount) for room, amount in asked if room.is_hard]
        moved, reason = _earliest(blocking, at)
        if moved >= until:
            return None
        if moved - at > longest:
            longest, waited_for = moved - at, reason
        at = moved
        for room, amount in asked:
            if room.book(amount, at) and room.limit.name not in passed:
                passed[room.limit.name] = Passed(room.limit, task.name, at)
        times.append(at)
    return Planned(task.name, times[0] if times else at, at, tuple(times), waited_for)


def _earliest(asked: Sequence[tuple[_Room, int]], at: int) -> tuple[int, str]:
    """Return the first instant from `at` on at which the call fits every limit.

    Also returns the name of the limit that delays the call longest; "" if no limit delays it.
    """
    reason = ""
    moved = True
    while moved:
        moved = False
        for room, amount in asked:
            first = room.earliest(amount, at)
            if first > at:
                at, reason, moved = first, room.limit.name, True
    return at, reason


def _obstacle(task: Task, rooms: Sequence[_Room]) -> Impossible | None:
    for ask in task.asks:
        for room in rooms:
            if room.is_hard and room.concerns(ask):
                asked = room.asked(ask)
                if asked > room.limit.amount or room.limit.amount == 0:
                    return Impossible(task.name, room.limit, asked)
    return None


class _Room:
    """The use of one limit during planning. Calls must be added in order of time."""

    def __init__(self, limit: Limit, zone: tzinfo) -> None:
        self.limit = limit
        self.zone = zone
        self.is_hard = limit.mode is Mode.HARD

    def asked(self, ask: Ask) -> int:
        """Return how much of this limit a call uses, in base units."""
        return measure(self.limit.account_meter, ask.quantities, ask.cost_pico)

    def concerns(self, ask: Ask) -> bool:
        """Return whether a call counts in this limit.

        A call of unknown cost counts in every matching limit on cost.
        """
        unpriced = ask.cost_pico is None and self.limit.meter == "cost"
        return (unpriced or self.asked(ask) > 0) and self.limit.matches(ask.labels)

    def earliest(self, amount: int, at: int) -> int:
        """Return the first instant from `at` on at which `amount` base units fit."""
        raise AssertionError("a subclass for each kind of window defines this method")

    def book(self, amount: int, at: int) -> bool:
        """Count `amount` base units at instant `at`. Returns whether the limit is then exceeded."""
        raise AssertionError("a subclass for each kind of window defines this method")

    def _fits(self, used: int, amount: int) -> bool:
        # An amount of 0 is a call of unknown cost: the ledger refuses it if nothing is left.
        return used + amount <= self.limit.amount if amount else used < self.limit.amount


class _CalendarRoom(_Room):
    """The use of a limit with calendar periods. Each new period starts with a use of 0."""

    def __init__(self, limit: Limit, zone: tzinfo, period: Period, used: int) -> None:
        super().__init__(limit, zone)
        self._period = period
        self._used = used

    def earliest(self, amount: int, at: int) -> int:
        if at >= self._period.end_at:
            return at
        return at if self._fits(self._used, amount) else self._period.end_at

    def book(self, amount: int, at: int) -> bool:
        if at >= self._period.end_at:
            self._period, self._used = period_at(self.limit.window, self.zone, at), 0
        self._used += amount
        return self._used > self.limit.amount


class _RollingRoom(_Room):
    """The use of a limit with a rolling window. A slice no longer counts once it has left the
    window.
    """

    def __init__(self, limit: Limit, zone: tzinfo) -> None:
        super().__init__(limit, zone)
        self._used = 0
        self._slices: deque[tuple[int, int]] = deque()  # (when it leaves, base units)

    def earliest(self, amount: int, at: int) -> int:
        used = self._used
        for leaves_at, part in self._slices:
            if leaves_at > at:
                if self._fits(used, amount):
                    return at
                at = leaves_at
            used -= part
        return at

    def book(self, amount: int, at: int) -> bool:
        while self._slices and self._slices[0][0] <= at:
            self._used -= self._slices.popleft()[1]
        self._slices.append((_leaves_at(self.limit, at), amount))
        self._used += amount
        return self._used > self.limit.amount


def _room(each: LimitRoom, now: int) -> _Room:
    limit, zone = each.limit, each.zone
    if limit.window.is_rolling:
        room = _RollingRoom(limit, zone)
        for at, amount in sorted(each.uses):
            if amount:
                room.book(amount, at)
        return room
    period = period_at(limit.window, zone, now)
    used = sum(amount for at, amount in each.uses if at in period)
    return _CalendarRoom(limit, zone, period, used)


def _leaves_at(limit: Limit, at: int) -> int:
    """Return the instant from which use at instant `at` no longer counts in a rolling window."""
    return slice_at(limit.window, at).end_at + limit.window.seconds * SECOND
