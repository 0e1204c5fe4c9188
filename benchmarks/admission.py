"""Benchmark of admission: how many calls a second each library admits, and how far it passes a limit.

One caller, 8 threads, and 4 processes of 8 threads each ask each library for admission under one limit.
Speed counts the admitted calls far below the limit. Then more than N attempts meet a limit of N: a
library that admits more than N overshoots. Quotakeeper reserves and settles each call, which is two
decisions and two durable commits. The other libraries count a call in one step.
"""

from __future__ import annotations

import inspect
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from benchmarks.crews import CaseFailedError, Crew, Outcome
from benchmarks.measuring import PYTHON, SOURCE, Line, alternating, line, say
from benchmarks.peers import python_of
from benchmarks.redis_server import serving
from quotakeeper import Keeper

OURS = "quotakeeper"
_SECONDS = 0.4  # seconds of one run
_MOST = 20_000  # attempts of one run
_OUT_OF_REACH = 10**9
_COUNTED_ROUNDS, _COUNTED_SECONDS = 3, 8.0  # no new round after 8 s
_SLOW = 1_500  # admitted calls per second; slower contenders get a smaller limit


class Contender(NamedTuple):
    """A library or a method to measure, and the environment that it runs in."""

    key: str
    title: str
    home: str = OURS
    needs_redis: bool = False
    decides: bool = True


class Setting(NamedTuple):
    """How many processes, threads and asyncio tasks ask."""

    key: str
    title: str
    processes: int = 1
    threads: int = 1
    tasks: int = 0

    @property
    def callers(self) -> int:
        return self.processes * (self.tasks or self.threads)


CONTENDERS = (
    Contender("fdatasync", "bare fdatasync, no decision", decides=False),
    Contender("bare", "bare SQLite transaction, one UPDATE"),
    Contender("power", "quotakeeper, power"),
    Contender("process", "quotakeeper, process"),
    Contender("lease", "quotakeeper, lease"),
    Contender("memory", "quotakeeper, memory"),
    Contender("limits-memory", "limits, memory", "limiters"),
    Contender("limits-redis", "limits, Redis", "limiters", needs_redis=True),
    Contender("pyrate-memory", "PyrateLimiter, memory", "limiters"),
    Contender("pyrate-sqlite", "PyrateLimiter, SQLite, file lock", "limiters"),
    Contender("pyrate-redis", "PyrateLimiter, Redis", "limiters", needs_redis=True),
    Contender("budget-manager", "LiteLLM BudgetManager", "litellm"),
    Contender("max-budget", "LiteLLM max_budget, mocked call", "litellm"),
)
_OF_TASKS = ("power", "process", "lease")
SETTINGS = (
    Setting("one", "1 caller"),
    Setting("eight", "8 threads", threads=8),
    Setting("four", "4 processes x 8 threads", processes=4, threads=8),
    Setting("tasks", "4 processes x 64 tasks", processes=4, tasks=64),
)


class Arena:
    """The worker processes, the Redis server, and a folder for the contenders' files."""

    def __init__(self, folder: Path, redis: str | None, source: Path = SOURCE) -> None:
        self._folder = folder
        self._redis = redis
        self._source = source
        self._crews: dict[str, Crew] = {}
        self._places = 0

    def crew(self, home: str) -> Crew | None:
        """The worker processes of an environment; None if the environment cannot be made."""
        if home not in self._crews:
            python = PYTHON if home == OURS else python_of(home)
            if python is None:
                return None
            self._crews[home] = Crew(python, self._folder / f"{home}.errors", self._source)
        return self._crews[home]

    def run(self, who: Contender, how: Setting, each: int, limit: int, **more: object) -> Outcome:
        """One run in a folder of its own. Raises CaseFailedError.

        `more` is what else the worker processes are told.
        """
        crew = self.crew(who.home)
        if crew is None:
            raise CaseFailedError(f"no environment of {who.home}")
        self._places += 1
        place = self._folder / f"{who.key}-{self._places}"
        place.mkdir()
        told = {
            "contender": who.key, "place": str(place), "redis": self._redis, "limit": limit,
            "threads": how.threads, "tasks": how.tasks, "each": each, **more,
        }  # fmt: skip
        try:
            return crew.run(told, how.processes)
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def close(self) -> None:
        """End all worker processes."""
        for crew in self._crews.values():
            crew.close()


@contextmanager
def _arena() -> Iterator[tuple[Arena, bool]]:
    with tempfile.TemporaryDirectory(prefix="quotakeeper-bench-") as folder, serving() as redis:
        arena = Arena(Path(folder), redis)
        try:
            yield arena, redis is not None
        finally:
            arena.close()


def run(rounds: int, *, peers: bool = True) -> list[Line]:
    """Run the benchmark. Returns all its lines."""
    lines: list[Line] = []
    with _arena() as (arena, has_redis):
        able = [who for who in CONTENDERS if _is_able(who, arena, peers, has_redis)]
        for how in SETTINGS:
            lines += _measured(arena, how, able, rounds)
    return lines


def _is_able(who: Contender, arena: Arena, peers: bool, has_redis: bool) -> bool:
    if who.key == "lease" and "lease" not in inspect.signature(Keeper.__init__).parameters:
        say(f"{who.title}: skipped, Keeper does not know `lease`")
        return False
    if who.home != OURS and not peers:
        return False
    return (has_redis or not who.needs_redis) and arena.crew(who.home) is not None


def _measured(arena: Arena, how: Setting, able: list[Contender], rounds: int) -> list[Line]:
    who = [each for each in able if not how.tasks or each.key in _OF_TASKS]
    sized: dict[Contender, tuple[int, float]] = {}
    for each in who:
        if size := _sized(arena, each, how):
            sized[each] = size
    cases: dict[str, Callable[[], Outcome | None]] = {
        each.key: partial(_tried, arena, each, how, times, _OUT_OF_REACH)
        for each, (times, _) in sized.items()
    }
    found = alternating(cases, rounds)
    lines: list[Line] = []
    for each, (_, rate) in sized.items():
        outcomes = [outcome for outcome in found[each.key] if outcome is not None]
        if len(outcomes) == rounds:
            lines += _speed(each, how, outcomes)
            if each.decides and how.callers > 1 and not how.tasks:
                lines += _overshoot(arena, each, how, rate)
    return lines


def _sized(arena: Arena, who: Contender, how: Setting) -> tuple[int, float] | None:
    """How many attempts each caller makes in a run, and the rate (per second) that this number comes
    from.
    """
    each = max(2, 40 // how.callers)
    rate = 0.0
    for _ in range(2):  # the first run includes one-time work
        outcome = _tried(arena, who, how, each, _OUT_OF_REACH)
        if outcome is None:
            return None
        rate = outcome.rate
        each = max(2, int(min(rate * _SECONDS, _MOST)) // how.callers)
    return each, rate


def _tried(arena: Arena, who: Contender, how: Setting, each: int, limit: int) -> Outcome | None:
    try:
        outcome = arena.run(who, how, each, limit)
    except CaseFailedError as error:
        say(f"{who.title}, {how.title}: skipped, {error}")
        return None
    if not outcome.admitted:
        say(f"{who.title}, {how.title}: skipped, admitted nothing {outcome.why}")
        return None
    return outcome


def _speed(who: Contender, how: Setting, outcomes: list[Outcome]) -> list[Line]:
    name, key = f"{who.title}, {how.title}", f"admission.{who.key}.{how.key}"
    lines = [line(name, [each.rate for each in outcomes], "per s", key=f"{key}.rate")]
    times = {
        "p50": ("  p50 of all of it", [each.p50 for each in outcomes]),
        "p99": ("  p99 of all of it", [each.p99 for each in outcomes]),
        "reserve_p50": ("  p50 of reserve alone", [each.first_p50 for each in outcomes]),
        "reserve_p99": ("  p99 of reserve alone", [each.first_p99 for each in outcomes]),
    }
    for what, (title, values) in times.items():
        known = [value for value in values if value is not None]
        if known:
            lines.append(line(title, known, "us", key=f"{key}.{what}"))
    if failed := sum(each.failed for each in outcomes):
        say(f"{name}: {failed} attempts failed: {next(e.why for e in outcomes if e.why)}")
    return lines


def _overshoot(arena: Arena, who: Contender, how: Setting, rate: float) -> list[Line]:
    """Send two to four times N attempts at a limit of N, a few times. Returns the worst result."""
    limit = 1_000 if rate >= _SLOW else 200
    each = limit // 8 if how.processes > 1 else 2 * limit // how.threads
    counted: list[int] = []
    until = time.monotonic() + _COUNTED_SECONDS
    for _ in range(_COUNTED_ROUNDS):
        if counted and time.monotonic() > until:
            break
        if outcome := _tried(arena, who, how, each, limit):
            counted.append(outcome.admitted + outcome.before)
    if not counted:
        return []
    worst = max(counted, key=lambda admitted: abs(admitted - limit))
    key = f"admission.{who.key}.{how.key}.admitted"
    return [
        Line(f"  admitted at the limit, worst of {len(counted)}", worst, f"of {limit:,}", min(counted),
             max(counted), worst / limit, "the limit", key)
    ]  # fmt: skip
