"""The steps of a ledger's life that parts kill, fail and cut off, and the checks of what must be left.

A child runs the steps and reports each to its tracer when the ledger has acknowledged it.
`journal_after` is the model's journal after that many steps.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

from quotakeeper.clocks import zone_named
from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger.entries import Entry, Kind
from quotakeeper.domain.ports import EventQuery
from quotakeeper.engine.journals.replay import LeaseReplay
from quotakeeper.engine.journals.spool import Spool
from quotakeeper.engine.worker.sweeper import end_holds
from quotakeeper.errors import LedgerCorruptError, LedgerUnavailableError, OutcomeUnknownError
from quotakeeper.stores.memory import MemoryStore
from quotakeeper.stores.sql.paged_reads import read_entries
from quotakeeper.stores.sql.statements import statements
from quotakeeper.stores.sqlite import transactions as handle_module
from quotakeeper.stores.sqlite.connection import reading
from quotakeeper.stores.sqlite.migrations import SCHEMA_VERSION, schema
from quotakeeper.stores.sqlite.store import SqliteStore
from quotakeeper.testing.clock import FakeClock
from quotakeeper.testing.ledger_case import HOUR, LABELS, cap, tokens
from tests.proof.tracer import say

NOW = FakeClock().now()
LATER = NOW + 72 * HOUR  # long after all the calls before
CAP, ROLLING = cap(1_000), cap(1_000, "rolling", window="rolling 1h")
LIMITS, SMALL = (CAP, ROLLING), cap(100, "small")
BEGIN, IN_MEMORY = "begin", "kept in memory"
_SPOOLED = c.Record("spooled", LABELS, tokens(5))
_LEAVING = c.Sweep(frozenset({"me"}))


def _reserve(name: str, amount: int = 40) -> c.Reserve:
    return c.Reserve(name, LABELS, tokens(amount), LIMITS, "me", HOUR)


# The ledger copies its write-ahead log into the file after the first and the fifth batch, so some
# later batches go to a log that starts again. `held` and `sent` are open when the process ends.
BATCHES: tuple[tuple[c.Command, ...], ...] = (
    (c.Watch((CAP.account,)),),
    (_reserve("a"), c.Record("b", LABELS, tokens(1))),
    (c.MarkSent("a"), c.Watch((ROLLING.account,))),
    (_reserve("held"), _reserve("sent")),
    (c.MarkSent("sent"),),
    (c.Settle("a", tokens(30)), _reserve("given back")),
    (_reserve("too much", 2_000), c.Release("given back")),
    (c.Correct("b", tokens(2)), c.Record("d", LABELS, tokens(3))),
    (_reserve("lease", 100), c.Draw("drawn", "lease", tokens(30), "me", HOUR)),
    (c.Settle("drawn", tokens(20)), c.Draw("drawn and open", "lease", tokens(30), "me", HOUR)),
    # Crosses three thresholds, falls below all of them, and crosses one again.
    (c.Record("crosses", LABELS, tokens(45), (SMALL,)), c.Correct("crosses", tokens(5))),
    (c.Record("crosses again", LABELS, tokens(25), (SMALL,)),),
)
_FIRST = len(BATCHES)
SPOOL, REPLAY, LEAVE, COMPACT, SHRINK, CLOSE, AGAIN, OVER = range(_FIRST, _FIRST + 8)
AFTERWARDS = (c.Record("after opening again", LABELS, tokens(4)),)


def prepare() -> None:
    """Read the files that are read once per process, so that a forked child does not read them."""
    statements()
    for version in range(1, SCHEMA_VERSION + 1):
        schema(version)
    Spool(None, "me").add(_SPOOLED)
    handle_module._CHECKPOINT_PAGES, handle_module._CHECKPOINT_BYTES = 24, 0
    journals()


def opened(folder: Path, owner: str = "me", durability: str = "power") -> SqliteStore:
    """A store on the ledger of a run, in a folder that it makes."""
    return SqliteStore(folder / "new" / "ledger.db", zone_named, owner=owner, durability=durability)


@cache
def journals() -> tuple[tuple[Entry, ...], ...]:
    """The journal after each number of steps: from the model, and after compaction from a life without
    faults, because the model does not compact.
    """
    model, found = MemoryStore(zone_named), [()]
    for batch in (*BATCHES, (), (_SPOOLED,), (_LEAVING,)):
        model.apply(batch, NOW)
        found.append(tuple(model.entries()))
    with TemporaryDirectory() as name:
        for number, act in steps(Path(name), Life("process")):
            act()
            path = Path(name) / "new" / "ledger.db"
            entries = tuple(read_entries(partial(reading, path), 0))
            assert number > LEAVE or entries == found[number + 1], "not what the model says"
            if number > LEAVE:
                found.append(entries)
    assert len(found[COMPACT + 1]) < len(found[COMPACT]), "nothing was compacted"
    return tuple(found)


@dataclass(frozen=True)
class Life:
    """The conditions of a life: its durability, and whether another connection is open too.

    With another connection open, the write-ahead log stays when a connection closes, with its contents.
    """

    durability: str
    company: bool = False

    def __str__(self) -> str:
        return self.durability + ", in company" * self.company


def steps(folder: Path, life: Life) -> Iterator[tuple[int, Callable[[], object]]]:
    """Run the whole life of a ledger in this folder, step by step."""
    store = opened(folder, durability=life.durability)
    for number, batch in enumerate(BATCHES):
        yield number, lambda batch=batch: store.apply(batch, NOW)
    spool = Spool(folder / "new" / "ledger.db", "me")
    yield SPOOL, lambda: _spool(spool)
    yield REPLAY, lambda: _replay(spool, store)
    yield LEAVE, lambda: end_holds(store, frozenset({"me"}), NOW, LeaseReplay(None))
    yield COMPACT, lambda: _compact(store, folder / "new")
    yield SHRINK, store.shrink
    yield CLOSE, store.close
    again = opened(folder, "me again", life.durability)
    yield AGAIN, lambda: again.apply(AFTERWARDS, LATER)
    yield OVER, again.close


def _compact(store: SqliteStore, folder: Path) -> None:
    # Days have passed, so changes of the folder, such as the removal of the spool, are on the disk.
    with suppress(OSError):
        fd = os.open(folder, os.O_RDONLY)
        os.fsync(fd)
        os.close(fd)
    store.compact(NOW + 24 * HOUR, LATER)


def _spool(spool: Spool) -> None:
    spool.add(_SPOOLED)
    if spool.in_memory:  # the disk refused it: then memory keeps it until exit
        say(IN_MEMORY)


def _replay(spool: Spool, store: SqliteStore) -> None:
    # A file that cannot be renamed or read waits for the next try, as in the keeper's worker.
    for _ in range(2):
        spool.replay(lambda commands: store.apply(commands, NOW))
        spool.look()


def live(folder: Path, life: Life) -> None:
    """In the child: run all steps, and report each when the ledger has acknowledged it."""
    company = _company(folder, life)
    say(BEGIN)
    for number, act in steps(folder, life):
        act()
        say(f"done {number}")
    company.close()


def _company(folder: Path, life: Life) -> SqliteStore:
    store = opened(folder, "company", life.durability)
    if life.company:
        store.holds()
    return store


def live_with_faults(folder: Path, life: Life, *, dies: bool) -> None:
    """In the child: run all steps. A step that fails is repeated, or the process is killed at once."""
    company = _company(folder, life)
    say(BEGIN)
    for number, act in steps(folder, life):
        try:
            act()
        except (LedgerUnavailableError, LedgerCorruptError, OutcomeUnknownError) as error:
            if not (error.fix and str(folder) in str(error)):
                say(f"wrong {number}: {error} names no fix or no ledger")
            say(f"{_ANSWERS[type(error)]} {number}")
            if dies:
                os.kill(os.getpid(), signal.SIGKILL)
            _try_again(number, act, isinstance(error, OutcomeUnknownError))
        say(f"done {number}")
    company.close()


_ANSWERS = {
    LedgerUnavailableError: "refused", LedgerCorruptError: "damaged", OutcomeUnknownError: "unknown",
}  # fmt: skip


def _try_again(number: int, act: Callable[[], object], unknown: bool) -> None:
    outcomes = act()
    if unknown or not isinstance(outcomes, list):
        return
    for outcome in outcomes:
        if isinstance(outcome, c.Booked | c.Reserved) and outcome.replay:
            say(f"wrong {number}: refused, but {outcome} had been written")


# -- what must be left


def acknowledged(said: Sequence[str]) -> int:
    """How many steps were acknowledged."""
    return sum(line.startswith("done ") for line in said)


def problems_of_journal(found: Sequence[Entry], least: int, most: int) -> list[str]:
    """The faults of a journal that must hold at least `least` steps and at most `most`."""
    fitting = [n for n, entries in enumerate(journals()) if entries == tuple(found)]
    if not fitting:
        return [f"the journal is none that the steps make: {[e.seq for e in found]}"]
    if max(fitting) < least:
        return [f"{least} steps were acknowledged, {max(fitting)} are there"]
    if min(fitting) > most:
        return [f"{most} steps were begun, {min(fitting)} are there"]
    return []


def steps_in(found: Sequence[Entry]) -> int | None:
    """The most steps that give this journal; None if no number of steps gives it."""
    fitting = [n for n, entries in enumerate(journals()) if entries == tuple(found)]
    return max(fitting, default=None)


def problems_when_resumed(
    store: SqliteStore, folder: Path, there: int, acknowledged: int
) -> Iterator[str]:
    """Run the missing steps, as a caller does who repeats commands with the same ids. Returns the faults."""
    for number, batch in enumerate(BATCHES):
        # A watched account makes no entry, so the check cannot tell whether it was lost.
        again = [x for x in batch if number >= there or isinstance(x, c.Watch)]
        store.apply(again, NOW)
    spool = Spool(folder / "new" / "ledger.db", "next")
    spool.look()
    spool.replay(lambda commands: store.apply(commands, NOW))
    if acknowledged <= SPOOL and there <= REPLAY:
        store.apply([_SPOOLED], NOW)
    store.apply([_LEAVING], NOW)
    if there <= COMPACT:
        store.compact(NOW + 24 * HOUR, LATER)
    store.shrink()
    store.apply(AFTERWARDS, LATER)
    if tuple(store.entries()) != journals()[-1]:
        yield f"gone on with, the journal is another: {[(e.kind, e.id) for e in store.entries()]}"
    yield from (problem.what for problem in store.verify())


def problems_after_death(folder: Path, said: Sequence[str], most: int | None = None) -> list[str]:
    """Reopen the ledger as another process. Returns what is lost, damaged, or ended more than once."""
    done = acknowledged(said)
    with closing(opened(folder, "next")) as store:
        store.holds()
        entries = list(store.entries())
        compacted = (steps_in(entries) or 0) > COMPACT  # then single calls are deleted
        problems = problems_of_journal(
            entries, done, min(done + 1, OVER + 1) if most is None else most
        )
        problems += [problem.what for problem in store.verify()]
        before = {hold.id: hold.sent for hold in store.holds()}
        if before and "me" not in store.dead_owners():
            problems.append("its reservations have an owner that is not known to be dead")
        _sweep_and_replay(store, folder)
        problems += _problems_of_ends(store, before)
        events = [event.id for event in store.events(EventQuery())]
        spooled = done > SPOOL and IN_MEMORY not in said and not compacted
        if spooled and events.count("spooled") != 1:
            problems.append(f"the spooled call was booked {events.count('spooled')} times")
        if left := [p.name for p in folder.rglob("*.spool-*")]:
            problems.append(f"a spool is left: {left}")
        problems += [problem.what for problem in store.verify()]
    return problems


def _sweep_and_replay(store: SqliteStore, folder: Path) -> None:
    dead = store.dead_owners()
    store.apply([c.Sweep(dead)], NOW)
    store.bury(dead)
    spool = Spool(folder / "new" / "ledger.db", "next")
    spool.look()
    spool.replay(lambda commands: store.apply(commands, NOW))


def _problems_of_ends(store: SqliteStore, before: dict[str, bool]) -> Iterator[str]:
    if store.holds():
        yield f"still open: {[hold.id for hold in store.holds()]}"
    openings = (Kind.RESERVE, Kind.DRAW)
    names = {entry.seq: entry.id for entry in store.entries() if entry.kind in openings}
    ends: dict[str, list[Kind]] = {name: [] for name in names.values()}
    for entry in store.entries():
        if entry.kind in (Kind.SETTLE, Kind.RELEASE, Kind.EXPIRE, Kind.ASSUME):
            ends[names[entry.ref or 0]].append(entry.kind)
    for name, kinds in ends.items():
        if len(kinds) != 1:
            yield f"reservation {name!r} has {len(kinds)} ends"
    for name, sent in before.items():
        if ends[name] != [Kind.ASSUME if sent else Kind.EXPIRE]:
            yield f"reservation {name!r} ({'sent' if sent else 'not sent'}) ended as {ends[name]}"
