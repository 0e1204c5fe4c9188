"""Contract: a call can be repeated until an attempt was paid. Figures that arrive late still count."""

from __future__ import annotations

from quotakeeper.domain.ledger import commands as c
from quotakeeper.errors import KeyConflictError, ReservationClosedError
from quotakeeper.testing.ledger_case import LedgerCase, cap, tokens
from quotakeeper.value_classes import replace


class AttemptRules(LedgerCase):
    """Tests of a call whose first attempt ended without usage figures."""

    def test_a_call_that_left_nothing_is_tried_again_under_the_next_free_id(self) -> None:
        limit = cap(15)
        self.watch(limit)
        assert self.reserve("a", tokens(10), limit).hold.id == "a"
        self.apply(c.Release("a"))
        second = self.reserve("a", tokens(10), limit)
        assert (second.hold.id, second.replay) == ("a~2", False)
        self.reopen()
        again = self.reserve("a", tokens(10), limit)
        assert again.replay and again.hold == second.hold
        self.clock.advance(hours=2)
        assert self.do(c.Sweep(), c.Swept) == c.Swept(expired=1)
        assert self.reserve("a", tokens(10), limit).hold.id == "a~3"
        done = self.settle("a~3", tokens(9))
        self.reopen()
        told = self.reserve("a", tokens(10), limit)
        assert told.replay and told.event == done.event
        assert self.sums(limit) == (9, 0)
        assert [hold.id for hold in self.store.holds()] == []

    def test_the_first_attempt_that_was_paid_is_the_answer(self) -> None:
        limit = cap(100)
        self.watch(limit)
        self.reserve("a", tokens(10), limit)
        self.apply(c.Release("a"))
        self.reserve("a", tokens(10), limit)
        late = self.settle("a", tokens(8))
        told = self.reserve("a", tokens(10), limit)
        assert told.replay and told.event == late.event
        assert self.sums(limit) == (8, 10)

    def test_another_attempt_must_be_for_the_same_call(self) -> None:
        self.reserve("a", tokens(10))
        self.reserve("b", tokens(10))
        self.apply(c.Release("a"), c.Release("b"))
        self.record("a~2", tokens(10))
        self.fails(self.asking("a", tokens(10)), KeyConflictError)
        self.fails(self.asking("b", tokens(11)), KeyConflictError)

    def test_a_call_whose_figures_were_lowered_is_the_same_call(self) -> None:
        self.reserve("a", tokens(10))
        lowered = replace(self.asking("a", tokens(4)), up_to={"input_tokens": 10})
        told = self.do(lowered, c.Reserved)
        assert told.replay and told.hold.quantities == {"input_tokens": 10}
        self.reopen()
        for up_to in ({"input_tokens": 9}, {"output_tokens": 10}, {}):
            self.fails(replace(lowered, up_to=up_to), KeyConflictError)
        self.apply(c.Release("a"))
        assert self.do(lowered, c.Reserved).hold.id == "a~2"

    def test_an_id_too_long_for_another_attempt_stays_closed(self) -> None:
        event_id = "x" * 255
        self.reserve(event_id, tokens(10))
        self.apply(c.Release(event_id))
        self.fails(self.asking(event_id, tokens(10)), ReservationClosedError)

    def test_a_late_settle_of_an_orphan_counts_once(self) -> None:
        limit = cap(100)
        self.watch(limit)
        self.reserve("expired", tokens(10), limit)
        self.reserve("assumed", tokens(20), limit)
        self.apply(c.MarkSent("assumed"))
        self.clock.advance(hours=2)
        self.apply(c.Sweep())
        self.reopen()
        self.reserve("released", tokens(5), limit)
        self.apply(c.Release("released"))
        for event_id, used in (("expired", 8), ("assumed", 13), ("released", 40)):
            first = self.settle(event_id, tokens(used))
            assert not first.replay
            assert self.settle(event_id, tokens(used)).replay
            self.fails(c.Settle(event_id, tokens(used + 1)), ReservationClosedError)
        assert self.sums(limit) == (61, 0)
        assert [event.quantities["input_tokens"] for event in self.events()] == [8, 13, 40]
