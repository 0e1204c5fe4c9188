"""Contract: a new entry can correct a counted event. The journal keeps the old figures."""

from __future__ import annotations

from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger.entries import Kind
from quotakeeper.domain.ports import EventQuery
from quotakeeper.domain.usage import Provenance
from quotakeeper.errors import InvalidInputError, ReservationClosedError
from quotakeeper.testing.ledger_case import LABELS, LedgerCase, cap, tokens


class CorrectionRules(LedgerCase):
    """Tests of corrections of counted calls."""

    def test_a_correction_replaces_the_figures_and_keeps_the_journal(self) -> None:
        limit = cap(100)
        self.watch(limit)
        self.record("recorded", tokens(10, 100), limit)
        self.reserve("settled", tokens(20), limit)
        self.settle("settled", tokens(20))
        before = self.journal()
        for event_id, amount in (("recorded", 4), ("settled", 31)):
            event = self.do(
                c.Correct(event_id, tokens(amount, note="counted again")), c.Booked
            ).event
            assert (event.id, event.quantities, event.note) == (
                event_id, {"input_tokens": amount}, "counted again",
            )  # fmt: skip
        assert self.sums(limit) == (35, 0)
        after = self.journal()
        assert after[: len(before)] == before
        assert [entry.kind for entry in after[len(before) :]] == [Kind.CORRECT] * 2
        again = self.do(c.Correct("recorded", tokens(4, note="counted again")), c.Booked)
        assert again.replay and self.journal() == after

    def test_overage_never_outgrows_what_a_ledger_can_hold(self) -> None:
        limit = cap(1, meter="cost")
        self.watch(limit)
        half = 2**62
        for event_id, cost in (("a", half), ("b", half - 1)):
            self.record(event_id, tokens(1, cost), limit)
            self.do(c.Correct(event_id, tokens(1, 0)), c.Booked)
        assert self.sums(limit) == (0, 0)
        self.fails(c.Record("c", LABELS, tokens(1, 1), (limit,)), InvalidInputError)
        self.record("d", tokens(1, 0), limit)

    def test_only_what_was_counted_is_corrected(self) -> None:
        self.reserve("open", tokens(1))
        self.reserve("released", tokens(1))
        self.apply(c.Release("released"))
        for event_id in ("open", "released"):
            self.fails(c.Correct(event_id, tokens(2)), InvalidInputError)

    def test_an_assumed_call_takes_a_correction_and_still_its_own_end(self) -> None:
        limit = cap(100)
        self.watch(limit)
        self.reserve("a", tokens(40, 9), limit)
        self.apply(c.MarkSent("a"), c.Assume("a"))
        known = tokens(25, 5, "from the account")
        event = self.do(c.Correct("a", known), c.Booked).event
        assert (event.quantities, event.cost_pico) == ({"input_tokens": 25}, 5)
        assert (event.provenance, event.note) == (Provenance.REPORTED, "from the account")
        assert self.sums(limit) == (25, 0)
        self.reopen()
        assert self.do(c.Correct("a", known), c.Booked).replay
        # The program was only slow: the figures that it read are recorded once.
        self.settle("a", tokens(26))
        assert self.sums(limit) == (26, 0)
        self.do(c.Correct("a", known), c.Booked)
        assert self.sums(limit) == (25, 0)
        self.fails(c.Release("a"), ReservationClosedError)
        assert [entry.kind for entry in self.journal()][-4:] == [
            Kind.ASSUME, Kind.CORRECT, Kind.SETTLE, Kind.CORRECT,
        ]  # fmt: skip

    def test_a_correction_belongs_to_the_period_of_its_call(self) -> None:
        limit = cap(100)
        self.watch(limit)
        self.record("a", tokens(90), limit)
        self.clock.advance(hours=24)
        self.record("b", tokens(10), limit)
        event = self.do(c.Correct("a", tokens(30)), c.Booked).event
        assert event.at < self.events()[1].at
        assert self.sums(limit) == (10, 0)
        self.clock.advance(hours=24)
        assert self.sums(limit) == (0, 0)

    def test_a_correction_is_never_refused_for_its_amount_and_warns(self) -> None:
        limit = cap(100)
        self.watch(limit)
        self.record("a", tokens(10), limit)
        outcome = self.do(c.Correct("a", tokens(500), (limit,)), c.Booked)
        assert {each.verdict.limit for each in outcome.crossed} == {limit}
        assert self.sums(limit) == (500, 0)
        self.refused("b", tokens(1), limit)
        self.apply(c.Correct("a", tokens(99), (limit,)))
        self.reserve("b", tokens(1), limit)

    def test_a_corrected_call_is_found_by_its_id(self) -> None:
        self.record("a", tokens(1))
        self.record("b", tokens(2))
        self.reserve("open", tokens(3))
        self.apply(c.Correct("b", tokens(5)))
        self.reopen()
        (found,) = self.events(EventQuery(id="b"))
        assert (found.id, found.quantities) == ("b", {"input_tokens": 5})
        for event_id in ("open", "nobody"):
            assert self.events(EventQuery(id=event_id)) == []
        assert self.events(EventQuery(id="b", provider="deepgram")) == []
        assert self.events(EventQuery(id="b", limit=0)) == []
