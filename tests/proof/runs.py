"""One run of the simulation: play a world's commands, compare every answer, check every limit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from random import Random
from typing import Any

from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.ports import EventQuery
from tests.proof.ledgers_under_test import LedgerUnderTest, NothingWrittenError, PerhapsWrittenError
from tests.proof.opinions import event_said, said
from tests.proof.second_ledger import LEASE, Outcome, SecondLedger
from tests.proof.workload import HOUR, Workload, World

LOOK_EVERY, ADD_UP_EVERY = 16, 400


class BrokenError(AssertionError):
    """A promise was broken. The message says which, and what was expected."""


class Run:
    """A world, the ledger under test, and the second ledger."""

    def __init__(self, ledger_under_test: LedgerUnderTest, chance: Random) -> None:
        self.ledger_under_test, self.chance = ledger_under_test, chance
        self.world = World(chance)
        self.second = SecondLedger()
        self.work = Workload(self.world, self.second, ledger_under_test.owners)
        self.now = self.world.start
        self.steps = self.commands = 0
        self.counts: Counter[str] = Counter()
        # Most runs have all accounts from the start; some runs add them later.
        self.kept = self.world.limits if chance.random() < 0.8 else self.world.limits[:1]

    def play(self, steps: int) -> None:
        """Play this many batches, then end every owner."""
        self._carry_out([c.Watch(tuple(limit.account for limit in self.kept))])
        for self.steps in range(steps):
            self.now = self.world.later(self.now)
            if self.chance.random() < self.ledger_under_test.deaths:
                self._bury()
            before = self.second.entries
            self._carry_out(self.work.batch())
            if self.second.entries != before:
                self._limits_hold()
            if self.steps % LOOK_EVERY == 0:
                self._look()
            if self.steps % ADD_UP_EVERY == 0:
                self._add_up()
        self._end()

    def _carry_out(self, commands: Sequence[c.Command]) -> list[Outcome]:
        """Repeat a batch with the same ids until its result is known, as a caller must."""
        self.commands += len(commands)
        while True:
            before = self.second.entries
            try:
                outcomes = self.ledger_under_test.apply(commands, self.now)
            except NothingWrittenError:
                self.counts["faults with nothing written"] += 1
                self._journal_has(before)
                self.now = self.world.later(self.now)
                continue
            except PerhapsWrittenError:
                self.counts["faults at the commit"] += 1
                there = self.ledger_under_test.entries()
                if there != before:  # the batch is in the journal completely, or not at all
                    for command in commands:
                        self.second.apply(command, self.now)
                    self._journal_has(self.second.entries, there)
                continue
            return self._agree(commands, outcomes)

    def _journal_has(self, wanted: int, there: int | None = None) -> None:
        found = self.ledger_under_test.entries() if there is None else there
        if found != wanted:
            raise BrokenError(f"I4: the journal has {found} entries instead of {wanted}")

    def _agree(self, commands: Sequence[c.Command], outcomes: list[c.Outcomes]) -> list[Outcome]:
        answers = []
        for command, outcome in zip(commands, outcomes, strict=True):
            answer, wanted = said(outcome), self.second.apply(command, self.now)
            if answer != wanted:
                raise BrokenError(f"I1, I5-I9: {command} was answered {answer} instead of {wanted}")
            answers.append(answer)
            self.counts[answer[0]] += 1
        return answers

    def _limits_hold(self) -> None:
        for limit in self.world.lasting:
            used, held, over = self._total(limit)
            if limit in self.kept and used - over + held > limit.amount:
                raise BrokenError(
                    f"I1: {limit.name} of {limit.amount}: {used} used, {held} held, {over} over"
                )

    def _total(self, limit: Limit) -> tuple[int, int, int]:
        now = max(self.now, self.second.written_at)
        return self.second.total(self.second.sums_of(limit.account), now)

    def _look(self) -> None:
        for verdict in self.ledger_under_test.store.verdicts(self.world.limits, self.now):
            used, held, _ = self._total(verdict.limit)
            left = max(0, verdict.limit.amount - used - held)
            if (verdict.used, verdict.reserved, verdict.remaining) != (used, held, left):
                raise BrokenError(f"I12: {verdict} instead of {used} used, {held} held")
        if [hold.id for hold in self.ledger_under_test.store.holds()] != list(self.second.open):
            raise BrokenError(
                "I6: the open reservations are not those that were opened and not ended"
            )

    def _add_up(self) -> None:
        self._journal_has(self.second.entries)
        for limit in self.world.lasting:  # in the past periods too
            if limit in self.kept and limit.window.kind != "rolling":
                for used, held, over in self.second.sums_of(limit.account).stretches.values():
                    if used - over + held > limit.amount:
                        raise BrokenError(
                            f"I1: {limit.name}: {used} used, {held} held, {over} over"
                        )
        self._same(self.second.recount(), [], "I6: held is not the sum of what is open")
        if self.ledger_under_test.knows_overage:
            found, wanted = (
                self.ledger_under_test.balances().items(),
                self.second.balances().items(),
            )
            self._same(sorted(found - wanted), sorted(wanted - found), "I2: balances")

    def _same(self, found: Any, wanted: Any, what: str) -> None:
        if found != wanted:
            raise BrokenError(f"{what}: {found} instead of {wanted}")

    def _bury(self) -> None:
        """An owner dies. Its reservations end once: sent ones are assumed, the others released."""
        died = self.ledger_under_test.die()
        self.counts["deaths"] += 1
        held = {call.owner for call in self.second.open.values()}
        expected = frozenset(self.ledger_under_test.unburied) & held
        found = self.ledger_under_test.dead_owners()
        if found is not None:
            self._same(found, expected, "I7: dead owners")
            died = found
        self._carry_out([self._last_sweep(died, 1_000)])
        if any(call.owner in died for call in self.second.open.values()):
            raise BrokenError(f"I7: reservations of {died} are still open")
        self.ledger_under_test.bury(frozenset(died))

    def _last_sweep(self, owners: Iterable[str], at_most: int) -> c.Sweep:
        """A last sweep, which leaves no lease open. Half of their journals were read."""
        leases = [id_ for id_ in self.second.open if id_.startswith(LEASE)]
        read = frozenset(id_ for id_ in leases if self.chance.random() < 0.5)
        return c.Sweep(frozenset(owners), at_most, (), read, frozenset(leases) - read)

    def _end(self) -> None:
        """End every owner: nothing stays held, and the balances follow from the journal."""
        self.ledger_under_test.calm()
        self._carry_out([self._last_sweep(self.ledger_under_test.owners, 100_000)])
        self.now = max(self.now, self.second.written_at) + HOUR
        owners = [call.owner for call in self.second.open.values()]
        self._carry_out([self._last_sweep(owners, 100_000)])
        self._look()
        self._add_up()
        store = self.ledger_under_test.store
        self._same(store.open_count(), 0, "I7: open reservations")
        self._same([problem.what for problem in store.verify()], [], "I12: verify")
        wanted = [
            (x.id, x.at, x.labels, x.used) for x in self.second.in_order if x.used is not None
        ]
        found = [event_said(event) for event in store.events(EventQuery())]
        self._same(found, wanted, "I5, I10, I11: events")
