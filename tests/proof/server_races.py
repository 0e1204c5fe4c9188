"""Part: hosts race on one PostgreSQL ledger, and the results must be those of some order.

Each host is a process with files of its own. Its threads make calls of their own and calls that all hosts
make. Each round trip takes some milliseconds longer, as on a network. What every call was told is noted, and
`recording.prove` repeats all commands in the order of the journal.
"""

from __future__ import annotations

import json
import os
import sys
import time
from bisect import bisect
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from benchmarks.round_trips import delay
from quotakeeper import Keeper
from quotakeeper.domain.ledger.reservations import is_lease_id
from tests.engine.support import config, python, said
from tests.proof.parts import Part, Report
from tests.proof.proving import problems
from tests.proof.races import MANY, _calls, _storm, set_off, together
from tests.proof.recording import UNKNOWN, Operation, Recording
from tools.postgres_server import PostgresMissingError, installed, running, version_of

NAME = "server_races"
PROMISE = (
    "What hosts do at once on one PostgreSQL ledger gives the same as if they had done it one after the "
    "other. Replayed in the order of the journal, every decision and balance is the same. What was "
    "acknowledged before another call began comes before it."
)
PROMISE_VI = (
    "Nhiều máy cùng dùng một sổ PostgreSQL cho kết quả như khi chạy lần lượt. Chạy lại theo thứ tự nhật ký "
    "thì mọi quyết định và số dư đúng như cũ. Lượt gọi được xác nhận trước khi một lượt gọi khác bắt đầu thì "
    "đứng trước lượt gọi đó."
)
ORDER = 28.5
WEIGHT = 0.5
HOSTS = 4
# Without the rolling second: its slices of 10 ms end while a commit is on its way, and nothing else is tried.
LIMITS = tuple(each for each in MANY if each["name"] not in ("second", "closed"))
CALLS = (12, 25)  # of a thread's own: in the short form, and in the long one


class Race(NamedTuple):
    """How the hosts of a run commit, and by how much their round trips are longer.

    `room` is by how much the limits are wider than those that soon refuse. `locked` are the hosts that commit
    under the lock. `is_short` is whether the race is in the short form too.
    """

    name: str
    ms: int
    room: int = 1
    locked: tuple[int, ...] = ()
    lease: str = "off"
    is_short: bool = True


RACES = (
    Race("under guards, 5 ms", 5, room=6),
    Race("by turns, 1 ms", 1, room=3, locked=(1, 3)),
    Race("leases, 1 ms", 1, room=50, lease="default"),
    Race("under guards, 0 ms", 0, is_short=False),
    Race("few refusals, 1 ms", 1, room=50, is_short=False),
    Race("under the lock, 1 ms", 1, locked=tuple(range(HOSTS)), is_short=False),
)
_CHILD = "import sys; from tests.proof.server_races import child; child(*sys.argv[1:])"


def run(minutes: float, seed: int, report: Report) -> Part:
    """Race in every way, again and again while there is time. The servers take turns."""
    began = time.monotonic()
    try:
        servers = installed()
    except PostgresMissingError as error:
        return Part(NAME, PROMISE, 0, [], seed, 0.0, (f"skipped: {error}",))
    servers = servers if minutes else servers[-1:]
    races = [race for race in RACES if minutes or race.is_short]
    found: list[str] = []
    sums: Counter[str] = Counter()
    for number, programs in enumerate(servers, 1):
        until = began + minutes * 60 * number / len(servers)
        with running(programs) as cluster:
            is_first = True
            while not found and (is_first or time.monotonic() < until):
                is_first = False
                for race in races:
                    sums["rounds"] += 1
                    url = f"{cluster.url}race_{sums['rounds']}"
                    broken = raced(race, url, seed + sums["rounds"], CALLS[minutes > 0], sums)
                    found += [f"{race.name}: {each} (seed {seed})" for each in broken][:5]
                report(f"{sums['rounds']} races, {len(found)} promises broken")
    notes = (
        f"PostgreSQL {', '.join(map(version_of, servers))}; {sums['rounds']} races of {HOSTS} hosts: "
        f"{'; '.join(race.name for race in races)}",
        f"answers: {sums['reserved']:,} reserved, {sums['denied']:,} denied, {sums['booked']:,} booked; "
        f"commits: {sums['conditional']:,} under guards, {sums['locked']:,} under the lock; "
        f"{sums['guard']:,} failed guards; {sums['leases']:,} leases",
        f"{sums['at once']:,} commands were under way when another host began one",
    )
    took = round(time.monotonic() - began, 1)
    return Part(NAME, PROMISE, sums["commands"], found, seed, took, notes)


def raced(
    race: Race, url: str, seed: int, calls: int, sums: Counter[str],
    prepare: Callable[[str], None] = lambda url: None,
) -> list[str]:  # fmt: skip
    """Run one race on a new ledger, which `prepare` may change. Returns what contradicts."""
    recording = Recording()
    with TemporaryDirectory() as folder, _opened(url, Path(folder) / "judge", race) as judge:
        judge.status()  # makes the ledger, so that the hosts begin at the same time
        prepare(url)
        places = [Path(folder) / f"host-{number}" for number in range(HOSTS)]
        hosts = [
            python(_CHILD, url, place, seed, number, calls, json.dumps(race))
            for number, place in enumerate(places)
        ]
        set_off(hosts)
        for host in hosts:
            sums.update(_counted(json.loads(said(host))))
        for place in places:
            others = list(recording.operations)
            recording.load(place / "noted")
            sums["at once"] += _at_once(others, recording.operations[len(others) :])
        sums["commands"] += len(recording.operations)
        sums.update(each.outcome[0] for each in recording.operations)
        sums["leases"] += sum(is_lease_id(entry.id) for entry in judge.entries() if entry.id)
        # No server fails here, so every command has an answer.
        open_ones = [each for each in recording.operations if each.outcome == UNKNOWN]
        unanswered = [f"was not answered: {each.command}" for each in open_ones]
        return [*unanswered, *problems(judge, recording.operations)]


def _at_once(some: Sequence[Operation], others: Sequence[Operation]) -> int:
    """How many commands of one list were under way when one of the other list began."""
    began = sorted(each.began for each in others)
    return sum(bisect(began, each.ended) > bisect(began, each.began) for each in some)


def _counted(ways: dict[str, int]) -> Iterator[str]:
    for way, count in ways.items():
        name = "guard" if way.startswith("guard") else way
        yield from [name] * count


def _opened(url: str, folder: Path, race: Race) -> Keeper:
    """A keeper of a host whose files are in `folder`."""
    os.environ["XDG_DATA_HOME"] = str(folder)
    limits = [{**each, "amount": int(str(each["amount"])) * race.room} for each in LIMITS]
    lease = {} if race.lease == "default" else {"lease": race.lease}
    return Keeper(url, config(*limits, on_busy="refuse", **lease), on_warning=lambda _: None)


def child(url: str, folder: str, seed: str, number: str, calls: str, how: str) -> None:
    """One of the hosts: reports that it is ready, and starts when it is told to."""
    race = Race(*json.loads(how))
    recording = Recording()
    with _opened(url, Path(folder), race) as keeper:
        store: Any = keeper._engine.worker.store
        store.is_conditional = int(number) not in race.locked
        recording.watch(keeper)
        keeper.status()
        delay(race.ms / 1_000)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.read()
        chances = [Random(f"{seed} {number} {n}") for n in range(5)]
        together(
            *[lambda each=each: _calls(keeper, each, int(calls)) for each in chances],
            lambda: _storm(keeper, int(seed), int(number)),
        )
        delay(0)
    Path(folder).mkdir(exist_ok=True)
    recording.save(Path(folder) / "noted")
    sys.stdout.write(json.dumps(dict(store.ways)))
