"""Benchmark of what metering costs: this version beside the one before the work on cost, and bare calls.

Both versions are measured in the same rounds. So each figure stands beside the same figure of the version
before. Bare transactions are those of the rows that the version before wrote.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from benchmarks.admission import Arena, Contender, Setting
from benchmarks.costing import CASES
from benchmarks.crews import CaseFailedError, Outcome
from benchmarks.measuring import PYTHON, Line, alternating, say
from benchmarks.redis_server import serving
from benchmarks.versions import Found, Version, each_version, lines_of

_LEASED = (
    Setting("one", "1 caller"),
    Setting("threads", "4 processes of 8 threads", processes=4, threads=8),
    Setting("tasks", "4 processes of 64 tasks", processes=4, tasks=64),
)
_ATTEMPTS = {"one": 8_000, "threads": 600, "tasks": 60}
_OUT_OF_REACH = 10**9
_STARTS = 9
_RECORD = """
import sys
from quotakeeper import Keeper
with Keeper(sys.argv[1]) as keeper:
    keeper.record("gemini", model="gemini-2.0-flash", operation="translate", input_tokens=1, output_tokens=1)
"""


def run(rounds: int, *, peers: bool = True) -> list[Line]:
    """Run the benchmark. Returns all its lines."""
    with each_version() as measured:
        lines = [each for case in CASES for each in _FIGURES[case](_rounds(measured, case, rounds))]
        lines += _starts(measured, max(rounds, _STARTS))
        return lines + _leases(
            {name: each.source for name, each in measured.items()}, rounds, peers
        )


Rounds = dict[str, list[Found]]


def _rounds(measured: Mapping[str, Version], case: str, rounds: int) -> Rounds:
    cases = {name: partial(each.measured, case) for name, each in measured.items()}
    for each in cases.values():
        each()  # one-time work
    return alternating(cases, rounds)


def _of(found: Rounds, take: Callable[[Found], float]) -> dict[str, list[float]]:
    return {name: [take(each) for each in runs] for name, runs in found.items()}


def _engine(found: Rounds) -> list[Line]:
    title = "engine, 64 tasks, power, processor time of a call"
    return lines_of(title, "engine", "us", _of(found, lambda each: each["processor"]))


def _beside_bare(title: str, key: str) -> Callable[[Rounds], list[Line]]:
    def lines(found: Rounds) -> list[Line]:
        p50 = _of(found, lambda each: each["metered_p50"] / each["bare_p50"])
        added = _of(found, _tail)
        return [
            *lines_of(f"{title}, metered / bare, p50", key, "times", p50),
            *lines_of(f"{title}, p99 added / p50 added", f"{key}_tail", "times", added),
        ]

    return lines


def _tail(each: Found) -> float:
    return (each["metered_p99"] - each["bare_p99"]) / (each["metered_p50"] - each["bare_p50"])


def _whole(title: str, key: str) -> Callable[[Rounds], list[Line]]:
    return lambda found: lines_of(
        title, key, "times", _of(found, lambda each: each["metered"] / each["bare"])
    )


def _ledger(found: Rounds) -> list[Line]:
    """Rates beside the bare rates of the version before, where it was measured."""
    bare = found.get("before", found["now"])
    lines: list[Line] = []
    for what in ("record", "pair"):
        for durability in ("power", "process"):
            name = f"{what}_{durability}"
            times = {
                version: [
                    b[f"bare_{name}"] / each[name] for b, each in zip(bare, runs, strict=True)
                ]
                for version, runs in found.items()
            }
            title = f"{what}, one caller, {durability}, beside a bare transaction"
            lines += lines_of(title, name, "times", times)
    tasks = _of(found, lambda each: each["record_tasks"] / each["record_power"])
    lines += lines_of("64 tasks beside one, power, record", "tasks", "times", tasks)
    together = {
        version: [each["pair_processes"] / b["bare_pair_power"]
                  for b, each in zip(bare, runs, strict=True)]
        for version, runs in found.items()
    }  # fmt: skip
    title = "4 processes of 64 tasks, power, pair, beside one bare transaction at a time"
    return lines + lines_of(title, "processes", "times", together)


def _reserve(found: Rounds) -> list[Line]:
    lines: list[Line] = []
    for durability in ("process", "power"):
        tail = _of(found, partial(_p99_of, durability))
        title = f"reserve, one caller, {durability}, p99 / p50"
        lines += lines_of(title, f"reserve_{durability}", "times", tail)
    return lines


def _p99_of(durability: str, each: Found) -> float:
    return each[f"{durability}_p99"] / each[f"{durability}_p50"]


_FIGURES: dict[str, Callable[[Rounds], list[Line]]] = {
    "engine": _engine,
    "requests": _beside_bare("requests.post", "requests"),
    "httpx": _beside_bare("httpx, async", "httpx"),
    "first_byte": _beside_bare("first byte of a stream, 20 ms thought", "first_byte"),
    "many_streams": _whole("500 streams at once, whole time / bare", "streams"),
    "chunks": _whole("stream of 100 chunks, processor time / bare", "chunks"),
    "ledger": _ledger,
    "reserve": _reserve,
}


# -- starts, and leases


def _starts(measured: Mapping[str, Version], rounds: int) -> list[Line]:
    cases: dict[str, Callable[[], float]] = {}
    with tempfile.TemporaryDirectory(prefix="quotakeeper-bench-") as folder:
        for name, version in measured.items():
            place = f"{folder}/{name}.db"
            ledger = ("-m", "quotakeeper", "--ledger", place)
            version.started("-c", _RECORD, place)  # writes the ledger
            for case, words in {
                "bare": ("-c", "pass"),
                "import": ("-c", "from quotakeeper import Keeper"),
                "status": (*ledger, "status"),
                "run": (*ledger, "run", "--", PYTHON, "-c", "pass"),
            }.items():
                version.started(*words)  # writes bytecode files
                cases[f"{name} {case}"] = partial(version.started, *words)
        taken = alternating(cases, rounds)
    added, times, whole = {}, {}, {}
    for name in measured:
        bare = taken[f"{name} bare"]
        added[name] = _pairs(lambda a, b: a - b, taken[f"{name} import"], bare)
        times[name] = _pairs(lambda a, b: a / b, taken[f"{name} status"], bare)
        whole[name] = _pairs(lambda a, b: a - b, taken[f"{name} run"], bare)
    return [
        *lines_of("from quotakeeper import Keeper, over bare Python", "import", "ms", added),
        *lines_of("status, whole command / bare Python", "status", "times", times),
        *lines_of("quotakeeper run -- python -c pass, added", "run", "ms", whole),
    ]


def _pairs(
    act: Callable[[float, float], float], values: list[float], others: list[float]
) -> list[float]:
    return [act(a, b) for a, b in zip(values, others, strict=True)]


def _leases(sources: Mapping[str, Path], rounds: int, peers: bool) -> list[Line]:
    lines: list[Line] = []
    with (
        tempfile.TemporaryDirectory(prefix="quotakeeper-bench-") as folder,
        serving() as redis,
    ):
        arenas = {}
        for name, source in sources.items():
            (Path(folder) / name).mkdir()
            arenas[name] = Arena(Path(folder) / name, redis, source)
        try:
            for how in _LEASED:
                lines += _leased(arenas, how, rounds, redis is not None and peers)
        except CaseFailedError as error:
            say(f"leases: skipped, {error}")
        finally:
            for arena in arenas.values():
                arena.close()
    return lines


def _leased(arenas: Mapping[str, Arena], how: Setting, rounds: int, peer: bool) -> list[Line]:
    each = _ATTEMPTS[how.key]

    def once(arena: Arena, who: Contender) -> Outcome:
        return arena.run(who, how, each, _OUT_OF_REACH)

    lease, redis = Contender("lease", "lease"), Contender("limits-redis", "limits", "limiters")
    cases = {name: partial(once, arena, lease) for name, arena in arenas.items()}
    if peer and how.key == "threads":
        cases["redis"] = partial(once, arenas["now"], redis)
    for case in cases.values():
        case()  # one-time work
    found = alternating(cases, rounds)
    tails = {
        name: [(each.first_p99 or 0) / (each.first_p50 or 1) for each in found[name]]
        for name in arenas
    }
    lines = lines_of(f"lease, {how.title}, reserve, p99 / p50", f"lease_{how.key}", "times", tails)
    if "redis" in found:
        beside = {
            name: [a.rate / b.rate for a, b in zip(found[name], found["redis"], strict=True)]
            for name in arenas
        }
        lines += lines_of(f"lease, {how.title}, calls / limits on Redis", "redis", "times", beside)
    return lines
