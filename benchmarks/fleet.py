"""Benchmark of a ledger that several hosts share in PostgreSQL, beside SQLite and other limiters.

Each figure with an aim is a ratio of two cases of the same round. The server is on this machine and
makes each commit durable. A network is simulated: each round trip takes 1 or 5 ms longer. A process
with a folder of its own plays a host.
"""

from __future__ import annotations

import itertools
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.admission import OURS, Arena, Contender, Setting
from benchmarks.crews import CaseFailedError, Outcome
from benchmarks.measuring import Line, alternating, line, say
from benchmarks.redis_server import serving
from quotakeeper import Keeper, LimitExceeded
from quotakeeper.config import load_settings
from tools.postgres_server import PostgresMissingError, running, url_of, wheel

_OUT_OF_REACH = 10**9
_SECONDS = 0.8  # of one run
_BATCH, _PROCESSES = 16, 16
_HOSTS_CALLS = 12_800  # calls of all hosts together, in one run
_LEASED_CALLS = 2_000
_LIMIT = 1_000
_COUNTED_ROUNDS = 3


class Case(NamedTuple):
    """What to run: a contender, how many ask, and what else its processes are told.

    `each` is the number of attempts of each caller; 0: as many as fit in a run.
    """

    who: Contender
    how: Setting
    told: dict[str, Any]
    each: int = 0


def _case(
    key: str, how: Setting, ms: int = 0, each: int = 0, home: str = OURS, **told: Any
) -> Case:
    return Case(Contender(key, key, home), how, {"ms": ms, **told}, each)


ONE, TASKS = Setting("one", "1 caller"), Setting("tasks", "64 tasks", tasks=64)
MANY = Setting("many", "16 processes", processes=_PROCESSES)
FOUR = Setting("four", "4 processes of 8 threads", processes=4, threads=8)
DELAYS = (0, 1, 5)
# At a limit, and far from it: who, whether Redis is needed.
PEERS: tuple[tuple[str, Case], ...] = (
    ("quotakeeper, PostgreSQL, lease", _case("host", FOUR, lease="auto")),
    ("quotakeeper, PostgreSQL", _case("host", FOUR, lease="off")),
    ("limits, Redis", _case("limits-redis", FOUR, home="limiters")),
    ("PyrateLimiter, PostgreSQL", _case("pyrate-postgres", FOUR, home="limiters")),
    ("PyrateLimiter, Redis", _case("pyrate-redis", FOUR, home="limiters")),
)
PEER_KEYS = ("postgres-lease", "postgres", "limits-redis", "pyrate-postgres", "pyrate-redis")


class Fleet:
    """The server, and the worker processes."""

    def __init__(self, arena: Arena, server: Path, redis: bool) -> None:
        self._arena = arena
        self.server = server
        self.has_redis = redis
        self._numbers = itertools.count(1)

    def run(self, case: Case, each: int, limit: int = _OUT_OF_REACH) -> Outcome:
        """One run. Raises CaseFailedError."""
        postgres = {"postgres": url_of(self.server), "socket": str(self.server)}
        outcome = self._arena.run(case.who, case.how, each, limit, **postgres, **case.told)
        if not outcome.admitted and not outcome.before:
            raise CaseFailedError(f"admitted nothing {outcome.why}")
        return outcome

    def rounds(self, cases: Mapping[str, Case], rounds: int) -> dict[str, list[Outcome]]:
        """Run all cases in turn, round after round. Without result if one of them fails."""
        try:
            sizes = {key: case.each or self._size(case) for key, case in cases.items()}
            runs = {
                key: (lambda key=key, case=case: self.run(case, sizes[key]))
                for key, case in cases.items()
            }
            return alternating(runs, rounds)
        except CaseFailedError as error:
            say(f"{', '.join(cases)}: skipped, {error}")
            return {}

    def _size(self, case: Case) -> int:
        each = 4
        for _ in range(2):  # the first run includes one-time work
            rate = self.run(case, each).rate
            each = max(4, int(rate * _SECONDS) // case.how.callers)
        return each

    def url(self) -> str:
        """The URL of a new ledger."""
        return f"{url_of(self.server)}fleet_{next(self._numbers)}"


@contextmanager
def _fleet() -> Iterator[Fleet | None]:
    with ExitStack() as stack:
        try:
            # The last of two lines about a setting is in force.
            server = stack.enter_context(running(wheel(), "fsync = on", on_disk=True)).folder
        except PostgresMissingError as error:
            say(f"fleet: skipped, {error}")
            yield None
            return
        redis = stack.enter_context(serving())
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="quotakeeper-bench-"))
        arena = Arena(Path(folder), redis)
        stack.callback(arena.close)
        yield Fleet(arena, server, redis is not None)


def run(rounds: int, *, peers: bool = True) -> list[Line]:
    """Run the benchmark. Returns all its lines."""
    with _fleet() as fleet:
        if fleet is None:
            return []
        return [
            *_commits(fleet, rounds),
            *_ways(fleet, rounds),
            *_callers(fleet, rounds),
            *_leased(fleet, rounds),
            *_hosts(fleet, rounds),
            *_recalls(fleet, rounds),
            *_peers(fleet, rounds, peers),
        ]


def _commits(fleet: Fleet, rounds: int) -> list[Line]:
    """One conditional commit, beside 1.3 round trips and the same commit without a delay."""
    cases = {"local": _case("local-commit", ONE)}
    for ms in DELAYS:
        cases[f"trip.{ms}"] = _case("round-trip", ONE, ms)
        cases[f"commit.{ms}"] = _case("conditional", ONE, ms, batch=1)
    found = fleet.rounds(cases, rounds)
    if not found:
        return []
    commits = {ms: [each.first_p50 or 0.0 for each in found[f"commit.{ms}"]] for ms in DELAYS}
    lines = [
        line("bare commit of one row, p50", _p50(found["local"]), "us", key="fleet.local"),
        line("conditional commit, 0 ms, p50", commits[0], "us", _p50(found["local"]),
             "bare commit", "fleet.commit.0"),
    ]  # fmt: skip
    for ms in DELAYS[1:]:
        trips = _p50(found[f"trip.{ms}"])
        base = [1.3 * trip + near for trip, near in zip(trips, commits[0], strict=True)]
        lines.append(line(f"conditional commit, {ms} ms, p50", commits[ms], "us", base,
                          "1.3 trips and the commit at 0 ms", f"fleet.commit.{ms}"))  # fmt: skip
    return lines


def _ways(fleet: Fleet, rounds: int) -> list[Line]:
    """Conditional commits beside commits under the lock: 16 processes, batches of 16 calls."""
    lines: list[Line] = []
    for ms in (1, 5):
        cases = {key: _case(key, MANY, ms, batch=_BATCH) for key in ("conditional", "locked")}
        if found := fleet.rounds(cases, rounds):
            locked, conditional = (
                [_BATCH * each.rate for each in found[key]] for key in ("locked", "conditional")
            )
            where = f"{_PROCESSES} processes of batches of {_BATCH}, {ms} ms"
            lines += [
                line(f"locked commits, {where}", locked, "per s", key=f"fleet.locked.{ms}"),
                line(f"conditional commits, {where}", conditional, "per s", locked, "locked",
                     f"fleet.conditional.{ms}"),
            ]  # fmt: skip
    return lines


def _callers(fleet: Fleet, rounds: int) -> list[Line]:
    """64 callers of one process, without leases: PostgreSQL at 1 ms beside SQLite."""
    cases = {"sqlite": _case("power", TASKS), "postgres": _case("host", TASKS, 1, lease="off")}
    found = fleet.rounds(cases, rounds)
    if not found:
        return []
    ours, beside = ([each.rate for each in found[key]] for key in ("postgres", "sqlite"))
    return [
        line("SQLite, 64 tasks", beside, "per s", key="fleet.tasks.sqlite"),
        line("PostgreSQL, 64 tasks, 1 ms", ours, "per s", beside, "SQLite", "fleet.tasks.postgres"),
    ]


def _leased(fleet: Fleet, rounds: int) -> list[Line]:
    """Admission on a lease, one caller: `reserve` alone."""
    cases = {
        "sqlite": _case("lease", ONE, each=_LEASED_CALLS),
        "postgres": _case("host", ONE, 1, _LEASED_CALLS, lease="auto"),
    }
    found = fleet.rounds(cases, rounds)
    if not found:
        return []
    ours, beside = (
        [each.first_p50 or 0.0 for each in found[key]] for key in ("postgres", "sqlite")
    )
    return [
        line("SQLite, lease, reserve, p50", beside, "us", key="fleet.lease.sqlite"),
        line("PostgreSQL, lease, 1 ms, reserve, p50", ours, "us", beside, "SQLite",
             "fleet.lease.postgres"),
    ]  # fmt: skip


def _hosts(fleet: Fleet, rounds: int) -> list[Line]:
    """Hosts with leases and one caller each, at 5 ms: all calls in sum."""
    cases = {
        str(hosts): _case("host", Setting(str(hosts), f"{hosts} hosts", hosts), 5,
                          _HOSTS_CALLS // hosts, lease="auto")
        for hosts in (4, 32)
    }  # fmt: skip
    found = fleet.rounds(cases, rounds)
    if not found:
        return []
    few, many = ([each.rate for each in found[key]] for key in ("4", "32"))
    return [
        line("4 hosts with leases, 5 ms", few, "per s", key="fleet.hosts.4"),
        line("32 hosts with leases, 5 ms", many, "per s", few, "4 hosts", "fleet.hosts.32"),
    ]


def _recalls(fleet: Fleet, rounds: int) -> list[Line]:
    """How long a call waits for what a running host gives back."""
    took = []
    with tempfile.TemporaryDirectory(prefix="quotakeeper-bench-") as folder:
        for number in range(rounds):
            took.append(1_000 * _recalled(fleet.url(), Path(folder) / str(number)))
    return [line("a call that needs another host's lease", took, "ms", key="fleet.recall")]


def _recalled(url: str, folder: Path) -> float:
    table = {"default_limits": False, "on_busy": "refuse", "limit": [
        {"name": "cap", "meter": "requests", "window": "month", "amount": 100}]}  # fmt: skip
    made = []
    for name, lease in (("one", "25"), ("two", "off")):
        settings = load_settings(
            url, {**table, "lease": lease}, {"XDG_DATA_HOME": str(folder / name)}
        )
        made.append(Keeper(url, settings, on_warning=lambda verdict: None))
    one, two = made
    call: dict[str, Any] = {"model": "gemini-2.0-flash", "requests": 1}
    try:
        two.status()
        one.reserve("gemini", **call).settle()
        two.record("gemini", model="gemini-2.0-flash", requests=75)
        start = time.perf_counter()
        try:
            two.reserve("gemini", **call).settle()
        except LimitExceeded as error:
            say(f"a call was refused, although a running host has a lease: {error}")
        return time.perf_counter() - start
    finally:
        one.close()
        two.close()


def _peers(fleet: Fleet, rounds: int, others: bool) -> list[Line]:
    """How many calls a second each limiter admits, and how many under a limit of 1,000."""
    lines: list[Line] = []
    for key, (title, case) in zip(PEER_KEYS, PEERS, strict=True):
        needs_redis = case.who.key.endswith("redis")
        if (case.who.home != OURS and not others) or (needs_redis and not fleet.has_redis):
            continue
        case = case._replace(each=_LEASED_CALLS // 8 if case.told.get("lease") == "auto" else 0)
        found = fleet.rounds({title: case}, rounds)
        if not found:
            continue
        rates = [each.rate for each in found[title]]
        lines.append(line(f"{title}, {FOUR.title}", rates, "per s", key=f"fleet.{key}.rate"))
        counted = []
        for _ in range(_COUNTED_ROUNDS):
            outcome = fleet.run(case, _LIMIT // 8, _LIMIT)
            counted.append(outcome.admitted + outcome.before)
        worst = max(counted, key=lambda admitted: abs(admitted - _LIMIT))
        lines.append(Line(f"  admitted at the limit, worst of {len(counted)}", worst,
                          f"of {_LIMIT:,}", min(counted), max(counted), worst / _LIMIT,
                          "the limit", f"fleet.{key}.admitted"))  # fmt: skip
    return lines


def _p50(outcomes: list[Outcome]) -> list[float]:
    return [each.p50 or 0.0 for each in outcomes]
