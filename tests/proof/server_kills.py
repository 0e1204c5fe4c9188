"""Part: the server of a PostgreSQL ledger is killed (kill -9 of all its processes) while hosts write.

Each writer notes what it was told about each batch. After the restart, the ledger is asked which batches it
has. A batch without an answer may be there or not; the part counts both.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from quotakeeper.clocks import SystemClock, zone_named
from quotakeeper.domain.ledger import commands as c
from quotakeeper.errors import LedgerUnavailableError, OutcomeUnknownError
from quotakeeper.stores.postgres.dsn import parse_dsn
from quotakeeper.stores.postgres.store import PostgresStore
from quotakeeper.testing.ledger_case import HOUR, LABELS, cap, tokens
from tests.proof.parts import Part
from tools.postgres_server import Cluster, PostgresMissingError, installed, running, version_of

NAME = "server_kills"
PROMISE = (
    "The server of a PostgreSQL ledger may be killed at any instruction. Nothing that was acknowledged "
    "is lost, and nothing that was refused is there. A batch without an answer is there once or not at "
    "all. Asked again, it counts once."
)
PROMISE_VI = (
    "Máy chủ của sổ PostgreSQL bị tắt ở lệnh nào cũng được. Không mất lượt gọi nào đã xác nhận, và không "
    "có lượt gọi nào đã bị từ chối. Nhóm lệnh chưa có trả lời thì có đúng một lần, hoặc không có. Gửi lại "
    "thì vẫn chỉ tính một lần."
)
ORDER = 29
WEIGHT = 0.5
# Kills of each server: in a long form, however few the minutes; in the short form; and, where a run has
# not met what it is about, at most.
KILLS, SHORT_KILLS, MOST_KILLS = 20, 3, 60
# So many batches must be under way at kills, and in a long form so many kills must meet one.
IN_FLIGHT = 10
WRITERS, IN_BATCH = 6, 3
LIMIT = cap(10**9)
PATIENCE_SECONDS = 60.0

_clock = SystemClock()


@dataclass
class Told:
    """What the writers were told about their batches; each batch is the ids of its calls."""

    acknowledged: list[tuple[str, ...]] = field(default_factory=list)
    refused: list[tuple[str, ...]] = field(default_factory=list)
    unknown: list[tuple[str, ...]] = field(default_factory=list)


def run(minutes: float, seed: int, report: Callable[[str], None]) -> Part:
    """Kill servers again and again, and compare the ledger with what the writers were told."""
    began, chance = time.monotonic(), Random(seed)
    try:
        servers = installed()
    except PostgresMissingError as error:
        return Part(NAME, PROMISE, 0, [], seed, 0.0, (f"skipped: {error}",))
    found: list[str] = []
    sums: Counter[str] = Counter()
    for number, programs in enumerate(servers, 1):
        until = began + minutes * 60 * number / len(servers)
        is_last = number == len(servers)

        def goes_on(kills: int, until: float = until, is_last: bool = is_last) -> bool:
            few = kills < (KILLS if minutes else SHORT_KILLS) or time.monotonic() < until
            return few or (is_last and kills < MOST_KILLS and any(_too_little(sums, minutes)))

        if not found:
            found += _killed(programs, goes_on, sums, chance, report)
    found = found or list(_too_little(sums, minutes))
    notes = (
        f"PostgreSQL {', '.join(map(version_of, servers))}; {sums['kills']} kills, {sums['in flight']} of "
        f"them with a commit under way; acknowledged batches: {sums['acknowledged']:,}, lost: {sums['lost']}",
        f"batches without an answer: {sums['there']} were in the ledger, {sums['absent']} were not; "
        f"refused: {sums['refused']}",
    )
    took = time.monotonic() - began
    return Part(NAME, PROMISE, sums["acknowledged"] + sums["unknown"], found, seed, took, notes)


def _killed(
    programs: Path, goes_on: Callable[[int], bool], sums: Counter[str], chance: Random,
    report: Callable[[str], None],
) -> list[str]:  # fmt: skip
    """Kill one server while `goes_on(kills)` is true and no promise is broken."""
    found: list[str] = []
    kills = 0
    with running(programs, "fsync = on", on_disk=True) as cluster:
        # An account that is watched before, so that batches are committed under guards.
        with closing(_store(cluster, "first")) as store:
            store.apply([c.Watch((LIMIT.account,))], _clock.now())
        while not found and goes_on(kills):
            kills += 1
            sums["kills"] += 1
            found += _one_kill(cluster, sums, chance)
            report(f"killed {sums['kills']} servers, {len(found)} promises broken")
    return found


def _too_little(sums: Counter[str], minutes: float) -> Iterator[str]:
    """What the run has to meet and did not: such a run proves nothing."""
    if (unanswered := sums["there"] + sums["absent"]) < IN_FLIGHT:
        yield f"only {unanswered} batches were under way at a kill"
    if minutes and sums["in flight"] < IN_FLIGHT:
        yield f"only {sums['in flight']} kills met a commit under way"
    if not sums["there"] or not sums["absent"]:
        yield f"batches without an answer: {sums['there']} were there, {sums['absent']} were not"


def _one_kill(cluster: Cluster, sums: Counter[str], chance: Random) -> Iterator[str]:
    life = sums["kills"]
    told = Told()
    ended = threading.Barrier(WRITERS + 1)
    begun = threading.Semaphore(0)
    writers = [
        threading.Thread(target=_write, args=(cluster, f"{life}-{number}", told, begun, ended))
        for number in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    for _ in range(WRITERS + chance.randrange(200)):  # how many batches are acknowledged before
        assert begun.acquire(timeout=PATIENCE_SECONDS)
    kill(cluster)
    ended.wait(PATIENCE_SECONDS)
    for writer in writers:
        writer.join(PATIENCE_SECONDS)
    cluster.start()
    yield from _judged(cluster, told, sums)


def _write(
    cluster: Cluster, name: str, told: Told, begun: threading.Semaphore, ended: threading.Barrier
) -> None:
    number = 0
    with closing(_store(cluster, name)) as store:
        while True:
            number += 1
            ids = tuple(f"{name}-{number}-{k}" for k in range(IN_BATCH))
            try:
                outcomes = store.apply([_asking(each, name) for each in ids], _clock.now())
            except OutcomeUnknownError:
                told.unknown.append(ids)
                break
            except LedgerUnavailableError:
                told.refused.append(ids)
                break
            assert all(isinstance(each, c.Reserved) for each in outcomes)
            told.acknowledged.append(ids)
            begun.release()
        ended.wait(PATIENCE_SECONDS)  # the store is closed after the kill, which a close notices


def _judged(cluster: Cluster, told: Told, sums: Counter[str]) -> Iterator[str]:
    with closing(_store(cluster, "judge")) as store:
        there = Counter(entry.id for entry in store.entries() if entry.id)
        sums["acknowledged"] += len(told.acknowledged)
        sums["refused"] += len(told.refused)
        sums["unknown"] += len(told.unknown)
        sums["in flight"] += bool(told.unknown)
        if twice := [each for each, times in there.items() if times > 1]:
            yield f"{len(twice)} ids are in the journal twice: {twice[:3]}"
        if lost := [ids for ids in told.acknowledged if not all(each in there for each in ids)]:
            sums["lost"] += len(lost)
            yield f"{len(lost)} acknowledged batches are lost: {lost[:3]}"
        if made := [ids for ids in told.refused if any(each in there for each in ids)]:
            yield f"{len(made)} refused batches are in the journal: {made[:3]}"
        for ids in told.unknown:
            is_there = {each in there for each in ids}
            if len(is_there) > 1:
                yield f"a part of the batch {ids} is in the journal"
            sums["there" if is_there == {True} else "absent"] += 1
            # The program asks again with the same ids.
            again = store.apply([_asking(each, "judge") for each in ids], _clock.now())
            if [type(each) for each in again] != [c.Reserved] * len(ids):
                yield f"asked again, {ids} gave {again}"
        now = Counter(entry.id for entry in store.entries() if entry.id)
        if wrong := [each for ids in told.unknown for each in ids if now[each] != 1]:
            yield f"asked again, these do not count once: {wrong[:3]}"
        if problems := store.verify():
            yield f"verify: {problems[:3]}"


def _store(cluster: Cluster, owner: str) -> PostgresStore:
    return PostgresStore(parse_dsn(cluster.url + "team"), zone_named, owner=owner)


def _asking(event_id: str, owner: str) -> c.Reserve:
    return c.Reserve(event_id, LABELS, tokens(1), (LIMIT,), owner, HOUR, sent=True)


def kill(cluster: Cluster) -> None:
    """Kill the server and all its processes, and wait until they are gone."""
    head = int((cluster.data / "postmaster.pid").read_text().splitlines()[0])
    children = Path(f"/proc/{head}/task/{head}/children").read_text().split()
    pids = [head, *map(int, children)]
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + PATIENCE_SECONDS
    while any(map(_is_listed, pids)):
        assert time.monotonic() < until, "the killed server is still there"
        time.sleep(0.01)  # the system says nothing when a process that is no child of ours ends
    (cluster.data / "postmaster.pid").unlink(missing_ok=True)


def _is_listed(pid: int) -> bool:
    """Whether the system still lists a process. `pg_ctl` takes one that is listed for a running server."""
    return Path(f"/proc/{pid}").exists()
