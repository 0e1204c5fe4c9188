"""Records concurrent runs, and proves that one order of the commands explains them.

`Recording` notes every command given to a keeper or a store, in every thread, coroutine and process. It notes
when the command began, when the answer came, and the answer. `prove` repeats all commands, one by one in
the order of the journal, on the second ledger. Then these must hold:
- Every acknowledged command is in the journal, and every decision is the same again.
- A command that was acknowledged before another began comes before it.
- A refusal, which the journal does not have, was right at some moment between its question and its
  answer.

That is strict serializability, checked in one pass.
"""

from __future__ import annotations

import pickle
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger.entries import Entry, Figures, Kind
from quotakeeper.domain.limits import Limit
from tests.proof.opinions import said
from tests.proof.second_ledger import UNREAD, Outcome, SecondLedger

UNKNOWN: Outcome = ("unknown",)
_KINDS: dict[type, Kind] = {
    c.Reserve: Kind.RESERVE, c.MarkSent: Kind.SENT, c.Extend: Kind.EXTEND, c.Settle: Kind.SETTLE,
    c.Release: Kind.RELEASE, c.Assume: Kind.ASSUME, c.Record: Kind.RECORD, c.Correct: Kind.CORRECT,
    c.Grow: Kind.GROW, c.Draw: Kind.DRAW,
}  # fmt: skip
_NEVER = 2**63


@dataclass(slots=True)
class Operation:
    """One command: when it began and ended, by a clock that all processes share and by ledger time."""

    command: c.Command
    began: int
    clock_then: int
    ended: int = _NEVER
    clock_after: int = 0
    outcome: Outcome = UNKNOWN
    seq: int = 0

    @property
    def id(self) -> str:
        """The id of the command's entry, if it made one."""
        return (
            self.outcome[1]
            if self.outcome[0] == "reserved"
            else str(getattr(self.command, "id", ""))
        )


class Recording:
    """The questions and answers. Threads may share it, and a forked child continues it."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []

    def watch(self, keeper: Any) -> Any:
        """Record everything that is asked of a keeper from now on."""
        worker, clock = keeper._engine.worker, keeper._engine.parts.clock
        blocking, awaited = worker.carry_out, worker.acarry_out

        def carry_out(command: c.Command) -> Any:
            noted = self._begun(command, clock.now())
            outcome = blocking(command)
            self._ended(noted, outcome, clock.now())
            return outcome

        async def acarry_out(command: c.Command) -> Any:
            noted = self._begun(command, clock.now())
            outcome = await awaited(command)
            self._ended(noted, outcome, clock.now())
            return outcome

        worker.carry_out, worker.acarry_out = carry_out, acarry_out
        return keeper

    def applied(self, store: Any, commands: Sequence[c.Command], now: int) -> list[c.Outcomes]:
        """Let a store apply a batch, and record it."""
        noted = [self._begun(command, now) for command in commands]
        outcomes: list[c.Outcomes] = store.apply(commands, now)
        for each, outcome in zip(noted, outcomes, strict=True):
            self._ended(each, outcome, now)
        return outcomes

    def _begun(self, command: c.Command, clock: int) -> Operation:
        noted = Operation(command, time.monotonic_ns(), clock)
        self.operations.append(noted)
        return noted

    def _ended(self, noted: Operation, outcome: c.Outcomes, clock: int) -> None:
        noted.ended, noted.clock_after = time.monotonic_ns(), clock
        noted.outcome = said(outcome)

    def save(self, path: Path) -> None:
        """Write the recording to a file for another process."""
        path.write_bytes(pickle.dumps(self.operations))

    def load(self, path: Path) -> None:
        """Add the recording that another process saved."""
        self.operations += pickle.loads(path.read_bytes())


def prove(
    entries: Iterable[Entry], operations: Sequence[Operation], limits: Iterable[Limit] = ()
) -> tuple[list[str], SecondLedger]:
    """Return all contradictions, and the final state of the second ledger.

    `limits` apply to commands of the journal that the recording does not have.
    """
    return _Proof(list(entries), operations, limits).run()


class _Proof:
    def __init__(
        self, entries: list[Entry], operations: Sequence[Operation], limits: Iterable[Limit]
    ) -> None:
        self.entries = entries
        self.operations = [each for each in operations if type(each.command) in _KINDS]
        self.second = SecondLedger()
        self.problems: list[str] = []
        self.ids = {entry.seq: entry.id for entry in entries if entry.id}
        asked = (limit for each in operations for limit in getattr(each.command, "limits", ()))
        self.limits = tuple(dict.fromkeys((*limits, *asked)))
        # A keeper adds the balances of its limits before it does anything else.
        self.second.apply(c.Watch(tuple(limit.account for limit in self.limits)), 0)
        self.crossing: set[Outcome] = set()  # what the newest booking must cross
        self.corrected = ""  # the lease that the latest draw corrects

    def run(self) -> tuple[list[str], SecondLedger]:
        self._match()
        waiting = sorted((x for x in self.operations if not x.seq and x.outcome != UNKNOWN),
                         key=lambda each: each.began)  # fmt: skip
        self._real_time(waiting)
        pending = self._without_effect(waiting)
        for position, entry in enumerate((*self.entries, None)):
            self._ask(pending.get(position, ()), entry)
            pending.pop(position, None)
            if entry is not None and entry.crossing is not None:
                self._cross(entry)
                continue
            if self.crossing:
                self.problems.append(f"was crossed, but is not in the journal: {self.crossing}")
            if entry is not None:
                self._again(entry)
        for each in waiting:
            if each.seq == 0:
                self.problems.append(f"was never right: {each.command} -> {each.outcome}")
        self.problems += self.second.recount()
        return self.problems, self.second

    def _id(self, entry: Entry) -> str:
        return entry.id or self.ids.get(entry.ref or entry.seq, "")

    def _match(self) -> None:
        """Find the command of each entry. The earliest answer comes first."""
        candidates: dict[tuple[Kind, str], list[Operation]] = defaultdict(list)
        for each in sorted(self.operations, key=lambda each: each.ended):
            if _may_have_written(each):
                candidates[_KINDS[type(each.command)], each.id].append(each)
        self.made_by: dict[int, Operation] = {}
        for entry in self.entries:
            found = candidates.get((entry.kind, self._id(entry)), [])
            for each in found:
                figures = getattr(each.command, "figures", None)
                if figures is None or entry.figures == figures or entry.kind is Kind.ASSUME:
                    found.remove(each)
                    each.seq = entry.seq
                    self.made_by[entry.seq] = each
                    break
        for each in self.operations:
            if not each.seq and _must_have_written(each):
                self.problems.append(f"acknowledged, but not in the journal: {each.command}")

    def _real_time(self, waiting: list[Operation]) -> None:
        """Check that a command that ended before another began has the lower number."""
        made = list(self.made_by.values())
        by_end = sorted(made, key=lambda each: each.ended)
        at = highest = 0
        for each in sorted(made, key=lambda each: each.began):
            while at < len(by_end) and by_end[at].ended < each.began:
                highest = max(highest, by_end[at].seq)
                at += 1
            if each.seq < highest:
                self.problems.append(
                    f"entry {each.seq} began after entry {highest} had been acknowledged"
                )

    def _without_effect(self, waiting: list[Operation]) -> dict[int, list[Operation]]:
        """For each place in the journal, the commands that may have been decided there."""
        made = list(self.made_by.values())
        places = {entry.seq: place for place, entry in enumerate(self.entries)}
        by_end, by_begin = sorted(made, key=_end), sorted(made, key=_begin, reverse=True)
        pending: dict[int, list[Operation]] = defaultdict(list)
        first, at = 0, 0
        earliest: dict[int, int] = {}
        for each in waiting:
            while at < len(by_end) and by_end[at].ended < each.began:
                first = max(first, places[by_end[at].seq] + 1)
                at += 1
            earliest[id(each)] = first
        last, at = len(self.entries), 0
        for each in sorted(waiting, key=_end, reverse=True):
            while at < len(by_begin) and by_begin[at].began > each.ended:
                last = min(last, places[by_begin[at].seq])
                at += 1
            for place in range(earliest[id(each)], last + 1):
                pending[place].append(each)
        return pending

    def _ask(self, waiting: Iterable[Operation], following: Entry | None) -> None:
        for each in waiting:
            if each.seq:
                continue
            clocks = {each.clock_then, each.clock_after, self.second.written_at}
            if following is not None:  # one of the same batch
                clocks.add(following.at)
            if any(self._answers(each, clock) for clock in clocks) or any(
                self._answers(each, clock) for clock in _moments(each)
            ):
                each.seq = -1

    def _answers(self, each: Operation, clock: int) -> bool:
        return self.second.asked(each.command, clock) == each.outcome

    def _cross(self, entry: Entry) -> None:
        """Check that a crossing is one of those that the booking before it makes."""
        found = entry.crossing
        assert found is not None
        name = found.limit, found.level, found.turn, found.used
        if name not in self.crossing or entry.at != self.second.written_at:
            self.problems.append(f"entry {entry.seq} was not crossed: {found}")
        self.crossing.discard(name)

    def _again(self, entry: Entry) -> None:
        """Repeat the command of an entry: it must make one entry again, and give the same answer."""
        second, before = self.second, self.second.entries
        if self.corrected:  # the draw before this entry has made both
            self._corrects(entry)
            return
        operation = self.made_by.get(entry.seq)
        answer: Outcome = ("expired",)
        try:
            if operation is not None:
                command = operation.command
                if entry.booked_at is not None and isinstance(command, c.Record):
                    command = replace(command, at=entry.counts_at)  # it was spooled meanwhile
                answer = second.apply(command, entry.at)
                if operation.outcome not in (UNKNOWN, answer):
                    self.problems.append(
                        f"entry {entry.seq}: {operation.command} was answered {operation.outcome}, "
                        f"one after the other it is {answer}"
                    )
            elif entry.kind is Kind.EXPIRE:
                second.expire(self._id(entry), entry.at)
            elif entry.figures is not None and (entry.kind, entry.figures.note) == (
                Kind.ASSUME,
                UNREAD,
            ):
                answer = second.unread(self._id(entry), self.limits, entry.at)
            else:
                answer = self._apply_unseen(entry)
        except (KeyError, ValueError) as error:
            self.problems.append(f"entry {entry.seq}: {error!r}")
        self.crossing = set(answer[3]) if answer[0] == "booked" else set()
        if entry.kind is Kind.DRAW and second.entries == before + 2:
            self.corrected, before = self.ids.get(entry.ref or 0, ""), before + 1
        if second.entries != before + 1 + len(self.crossing) or second.written_at != entry.at:
            self.problems.append(f"entry {entry.seq} cannot be made again: {entry}")

    def _corrects(self, entry: Entry) -> None:
        corrected, self.corrected = self.corrected, ""
        lease = self.second.calls[corrected]
        found = self._id(entry), entry.kind, entry.figures, entry.at
        if found != (corrected, Kind.CORRECT, lease.used, self.second.written_at):
            self.problems.append(f"entry {entry.seq} does not correct {corrected}: {entry}")

    def _apply_unseen(self, entry: Entry) -> Outcome:
        if entry.kind is Kind.CLOCK:
            return self.second.clock(entry.at)
        return self.second.apply(self._unseen(entry), entry.at)

    def _unseen(self, entry: Entry) -> c.Command:
        """The command of an entry that the recording does not have: a sweep, or another process."""
        id_, figures = self._id(entry), entry.figures or Figures()
        if entry.kind is Kind.DRAW:
            lease, ttl = self.ids.get(entry.ref or 0, ""), entry.expires_at - entry.at
            return c.Draw(id_, lease, figures, entry.owner, ttl, entry.counts_at)
        if entry.kind in (Kind.RESERVE, Kind.RECORD):
            assert entry.labels is not None
            if entry.kind is Kind.RECORD:
                return c.Record(id_, entry.labels, figures, self.limits, entry.counts_at)
            # An attempt after the first already has its final id.
            return c.Reserve(
                id_, entry.labels, figures, (), entry.owner, entry.expires_at - entry.at
            )
        make: dict[Kind, Callable[[], c.Command]] = {
            Kind.SENT: lambda: c.MarkSent(id_),
            Kind.EXTEND: lambda: c.Extend(id_, entry.expires_at - entry.at),
            Kind.SETTLE: lambda: c.Settle(id_, figures, self.limits),
            Kind.CORRECT: lambda: c.Correct(id_, figures, self.limits),
            Kind.GROW: lambda: c.Grow(id_, figures, ()),
            Kind.RELEASE: lambda: c.Release(id_),
            Kind.ASSUME: lambda: c.Assume(id_, self.limits),
        }
        return make[entry.kind]()


def _moments(each: Operation) -> Iterator[int]:
    """The moments during the command at which a rolling window moved on."""
    for limit in getattr(each.command, "limits", ()):
        if limit.window.kind == "rolling":
            length = limit.window.seconds * 1_000_000 // 96
            first, last = each.clock_then // length + 1, each.clock_after // length
            yield from (number * length for number in range(first, min(last, first + 2_000) + 1))


def _end(each: Operation) -> int:
    return each.ended


def _begin(each: Operation) -> int:
    return each.began


def _may_have_written(each: Operation) -> bool:
    return each.outcome == UNKNOWN or _must_have_written(each) or each.outcome[0] == "done"


def _must_have_written(each: Operation) -> bool:
    return each.outcome[0] in ("reserved", "booked") and not each.outcome[2]
