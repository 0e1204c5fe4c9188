"""Threads, coroutines and processes use one ledger at once. The results must be those of some order.

A seed decides who asks for what in each scenario; the machine decides when they meet. So a seed repeats
the questions and not the race. The check is that the same commands, one after the other, give the same
results (`recording.prove`).
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from quotakeeper import Keeper
from quotakeeper.domain.ledger import commands as c
from quotakeeper.errors import QuotakeeperError
from tests.engine.support import config, limit, python, said
from tests.proof.ledgers_under_test import MEMORY
from tests.proof.parts import Part, Report
from tests.proof.proving import problems
from tests.proof.recording import Recording

ORDER = 15
WEIGHT = 2
PROMISE = (
    "What threads, coroutines and processes do at once gives the same as if they had done it one "
    "after the other. Replayed in the order of the journal, every decision and balance is the "
    "same, and nothing acknowledged is missing (strict serializability; I1, I5, I6)."
)
PROMISE_VI = (
    "Các luồng, coroutine và tiến trình cùng chạy cho kết quả như khi chạy lần lượt. Chạy lại "
    "theo thứ tự nhật ký thì mọi quyết định và số dư đúng như cũ, không mất gì đã xác nhận (tuần "
    "tự hóa nghiêm ngặt; I1, I5, I6)."
)
THREADS = 8
MANY = (
    limit(40, name="requests"),
    limit(300, name="tokens", meter="tokens"),
    limit(90, name="rolling", meter="input_tokens", window="rolling 1h"),
    limit(120, name="second", meter="input_tokens", window="rolling 1s", model="gemini-2.0*"),
    limit(25, name="warned", mode="soft", operation="translate"),
    limit(0, name="closed", operation="never"),
)
MODELS, OPERATIONS = ("gemini-2.0-flash", "gemini-2.5-pro"), ("translate", "rewrite", "never")


def run(minutes: float, seed: int, report: Report) -> Part:
    """Play all scenarios with seed after seed until the time is over. Returns what the part found."""
    return race(seed, lambda rounds, spent: spent >= minutes * 60, report)


def race(seed: int, enough: Callable[[int, float], bool], report: Report) -> Part:
    """Play round after round of every scenario until `enough(rounds, seconds)` is true."""
    began, found, cases, rounds = time.perf_counter(), [], 0, 0
    while rounds == 0 or not (found or enough(rounds, time.perf_counter() - began)):
        for scenario in SCENARIOS:
            with TemporaryDirectory(dir=MEMORY) as folder:
                noted, broken = scenario(Path(folder) / "ledger.db", seed + rounds)
            cases += noted
            found += [f"{scenario.__name__}: {each} (seed {seed + rounds})" for each in broken[:5]]
        rounds += 1
        if rounds % 10 == 0:
            report(f"{rounds} rounds, {cases:,} commands")
    spent = round(time.perf_counter() - began, 1)
    names = ", ".join(scenario.__name__.replace("_", " ") for scenario in SCENARIOS)
    return Part("races", PROMISE, cases, found, seed, spent, (f"{rounds} rounds of: {names}",))


def opened(ledger: Path | str, *limits: dict[str, object]) -> Keeper:
    """A keeper with these limits and without warnings."""
    settings = config(*limits, on_busy="refuse")  # a race ends at once, with no waiting call
    return Keeper(ledger, settings, "process", on_warning=lambda _: None)


Verdict = tuple[int, list[str]]


def together(*acts: Callable[[], object]) -> None:
    """Start all of these at the same moment, each in a thread of its own."""
    barrier = threading.Barrier(len(acts))
    errors: list[BaseException] = []

    def start(act: Callable[[], object]) -> None:
        barrier.wait()
        try:
            with suppress(QuotakeeperError):  # a recorded answer like any other
                act()
        except BaseException as error:  # noqa: BLE001 - raised again where somebody looks
            errors.append(error)

    threads = [threading.Thread(target=start, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def set_off(children: Sequence[subprocess.Popen[str]]) -> None:
    """Wait until all children are ready. Then let each of them begin, before any of them has ended."""
    for child in children:
        assert child.stdout and child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin
        child.stdin.close()
        child.stdin = None  # else whoever waits for the child closes it again


def judged(keeper: Keeper, recording: Recording, wrong: Sequence[str] = ()) -> Verdict:
    """How much was recorded, and what of it contradicts."""
    return len(recording.operations), [*wrong, *problems(keeper, recording.operations)]


def thirty_two_for_the_last_unit(path: Path, seed: int) -> Verdict:
    """Thirty-two threads ask for the last unit, and exactly one gets it."""
    ledger = path if seed % 2 else "memory:"
    recording, got = Recording(), []
    with opened(ledger, limit(1)) as keeper:
        recording.watch(keeper)
        together(*[lambda: got.append(keeper.reserve("gemini"))] * 32)
        wrong = [] if len(got) == 1 else [f"{len(got)} of 32 got the last unit"]
        return judged(keeper, recording, wrong)


def mixed_limits_and_rolling_windows(path: Path, seed: int) -> Verdict:
    """Eight threads and eight coroutines under six limits, some of them rolling."""
    recording = Recording()
    with opened(path if seed % 2 else "memory:", *MANY) as keeper:
        recording.watch(keeper)
        acts = [lambda n=n: _calls(keeper, Random(f"{seed} {n}"), 12) for n in range(THREADS)]
        together(*acts, lambda: asyncio.run(_coroutines(keeper, seed)))
        return judged(keeper, recording)


def duplicates_in_a_storm(path: Path, seed: int) -> Verdict:
    """Each call is delivered up to twenty times, in any order, and counted once."""
    recording = Recording()
    with opened(path if seed % 2 else "memory:", *MANY) as keeper:
        recording.watch(keeper)
        together(*[lambda n=n: _storm(keeper, seed, n) for n in range(THREADS)])
        ids = [event.id for event in keeper.events()]
        wrong = [] if len(ids) == len(set(ids)) else ["an id was counted twice"]
        return judged(keeper, recording, wrong)


def settled_or_expired_or_released(path: Path, seed: int) -> Verdict:
    """A settle, a release and an expiry race for each reservation, and one of them wins."""
    recording = Recording()
    with opened(path if seed % 2 else "memory:", *MANY) as keeper:
        recording.watch(keeper)
        wrong = []
        for number in range(20):
            chance = Random(f"{seed} {number}")
            hold = keeper.reserve("gemini", operation="rewrite", input_tokens=1)
            if chance.random() < 0.5:
                hold.mark_sent()
            settle = c.Settle(
                hold.id, keeper._engine.parts.commands.figures(hold._call, {"input_tokens": 2}, 0)
            )
            ends = [
                settle,
                c.Release(hold.id),
                c.Sweep(frozenset({keeper._engine.worker.store.owner})),
            ]
            chance.shuffle(ends)
            together(*[lambda end=end: keeper._engine.worker.carry_out(end) for end in ends])
            hold._ended = True
        kinds: dict[int, list[str]] = {}
        for entry in keeper.entries():
            if entry.ref is not None and entry.kind != "sent":
                kinds.setdefault(entry.ref, []).append(str(entry.kind))
        # A late settle may follow a release or an expiry: this is one end, which is corrected.
        for ended in kinds.values():
            if len(ended) > 2 or (len(ended) == 2 and ended[1] != "settle"):
                wrong.append(f"a reservation ended as {ended}")
        return judged(keeper, recording, wrong)


def several_processes_on_one_file(path: Path, seed: int) -> Verdict:
    """Three processes with four threads each, with their own calls and with calls that all of them make."""
    noted = [path.with_name(f"noted-{number}") for number in range(3)]
    children = [python(_CHILD, path, seed, n, each) for n, each in enumerate(noted)]
    set_off(children)
    for child in children:
        said(child)
    recording = Recording()
    for each in noted:
        recording.load(each)
    with opened(path, *MANY) as keeper:
        keeper.status()
        return judged(keeper, recording)


SCENARIOS = (
    thirty_two_for_the_last_unit,
    mixed_limits_and_rolling_windows,
    duplicates_in_a_storm,
    settled_or_expired_or_released,
    several_processes_on_one_file,
)
_CHILD = "import sys; from tests.proof.races import child; child(*sys.argv[1:])"


def child(path: str, seed: str, number: str, noted: str) -> None:
    """One of the processes: reports that it is ready, and starts when it is told to."""
    recording = Recording()
    with opened(path, *MANY) as keeper:
        recording.watch(keeper)
        keeper.status()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.read()
        together(
            *[lambda n=n: _calls(keeper, Random(f"{seed} {number} {n}"), 10) for n in range(2)],
            *[lambda n=n: _storm(keeper, int(seed), n) for n in range(2)],
        )
    recording.save(Path(noted))


def _given(chance: Random) -> dict[str, Any]:
    return {
        "model": chance.choice(MODELS), "operation": chance.choice(OPERATIONS),
        "input_tokens": chance.choice((0, 1, 3, 8, 20, 90, 91)),
    }  # fmt: skip


def _calls(keeper: Keeper, chance: Random, count: int) -> None:
    for _ in range(count):
        _call(keeper, chance, _given(chance), None)


def _call(keeper: Keeper, chance: Random, given: dict[str, Any], event_id: str | None) -> None:
    with suppress(QuotakeeperError):  # a recorded answer like any other
        call = keeper.reserve("gemini", event_id=event_id, **given)
        end = chance.randint(0, 6)
        if end == 0:
            call.release()
            return
        if end == 1:
            call.mark_sent()
            call.extend(chance.choice((1, 60)))
        call.settle(input_tokens=given["input_tokens"] * chance.choice((0, 1, 1, 2)))


async def _coroutines(keeper: Keeper, seed: int) -> None:
    async def one(number: int) -> None:
        chance = Random(f"{seed} coroutine {number}")
        given = _given(chance)
        with suppress(QuotakeeperError):  # recorded
            async with keeper.areserve("gemini", **given) as call:
                await call.asettle(input_tokens=given["input_tokens"])

    await asyncio.gather(*(one(number) for number in range(24)))


def _storm(keeper: Keeper, seed: int, number: int) -> None:
    """The same calls in every thread, each several times and in another order."""
    chance, calls = Random(f"{seed} storm {number}"), []
    for call in range(8):
        given = _given(Random(f"{seed} call {call}"))
        calls += [(f"storm {seed} {call}", given)] * Random(f"{seed} {call}").randint(1, 20)
    chance.shuffle(calls)
    for event_id, given in calls[:60]:
        if chance.random() < 0.2:
            with suppress(QuotakeeperError):  # recorded
                keeper.record("gemini", event_id=f"{event_id} recorded", **given)
        else:
            _call(keeper, chance, given, event_id)
