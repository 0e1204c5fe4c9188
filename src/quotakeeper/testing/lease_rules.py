"""Contract: reservations can grow. Calls on a lease count at the time of the call."""

from __future__ import annotations

from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger.entries import Figures, Kind
from quotakeeper.domain.ports import EventQuery
from quotakeeper.domain.usage import CallLabels, Outcome, Provenance
from quotakeeper.errors import InvalidInputError, KeyConflictError, ReservationClosedError
from quotakeeper.testing.ledger_case import (
    HOUR,
    LABELS,
    MINUTE,
    OTHER_OWNER,
    OWNER,
    LedgerCase,
    cap,
    tokens,
)


class LeaseRules(LedgerCase):
    """Tests of reservations that grow, and of calls that are counted on a lease."""

    # -- growing

    def test_a_reservation_grows_as_far_as_every_limit_lets_it(self) -> None:
        limit, money = cap(100), cap(50, "money", meter="cost")
        self.watch(limit, money)
        self.reserve("a", tokens(60, 5), limit, money)
        grown = self.do(c.Grow("a", tokens(30, 5), (limit, money)), c.Reserved)
        assert (dict(grown.hold.quantities), grown.hold.cost_pico) == ({"input_tokens": 90}, 10)
        assert self.sums(limit) == (0, 90) and self.sums(money) == (0, 10)
        before = self.journal()
        assert not self.do(c.Grow("a", tokens(11), (limit, money)), c.Denied).decision.allowed
        assert not self.do(c.Grow("a", tokens(1, 41), (limit, money)), c.Denied).decision.allowed
        assert self.journal() == before and self.sums(limit) == (0, 90)
        self.reopen()
        assert dict(self.store.holds()[0].quantities) == {"input_tokens": 90}
        self.settle("a", tokens(95, 10))
        assert self.sums(limit) == (95, 0) and self.sums(money) == (10, 0)

    def test_what_has_grown_is_assumed_whole(self) -> None:
        limit = cap(100)
        self.watch(limit)
        self.reserve("a", tokens(60, 5), limit)
        self.apply(c.MarkSent("a"), c.Grow("a", tokens(30, 7), (limit,)))
        self.reopen()
        event = self.do(c.Assume("a"), c.Booked).event
        assert (dict(event.quantities), event.cost_pico) == ({"input_tokens": 90}, 12)
        assert self.sums(limit) == (90, 0)

    def test_growth_without_a_price_leaves_the_whole_unpriced(self) -> None:
        self.reserve("a", tokens(60, 5))
        grown = self.do(c.Grow("a", tokens(1), ()), c.Reserved)
        assert grown.hold.cost_pico is None

    def test_growth_counts_in_the_period_of_the_reservation(self) -> None:
        limit = cap(100)
        self.watch(limit)
        self.reserve("late", tokens(90), limit)
        self.clock.advance(hours=24)
        assert not self.do(c.Grow("late", tokens(11), (limit,)), c.Denied).decision.allowed
        self.do(c.Grow("late", tokens(10), (limit,)), c.Reserved)
        assert self.sums(limit) == (0, 0)  # in today's period
        self.reserve("today", tokens(100), limit)

    def test_only_what_is_open_grows(self) -> None:
        self.reserve("a", tokens(6))
        self.settle("a", tokens(6))
        self.fails(c.Grow("a", tokens(1), ()), ReservationClosedError)
        self.fails(c.Grow("never", tokens(1), ()), InvalidInputError)
        self.reserve("b", tokens(6))
        self.fails(c.Grow("b", tokens(-1), ()), InvalidInputError)

    def test_growth_beyond_what_one_call_may_be_fails_for_its_caller_alone(self) -> None:
        most, half = 10**12, 2**62
        self.reserve("a", tokens(most, half))
        for more in (tokens(1), tokens(0, half)):
            grow = c.Grow("a", more, ())
            beside = c.Record(f"beside {more.cost_pico}", LABELS, tokens(1))
            failed, booked = self.apply(grow, beside)
            assert isinstance(failed, c.Failed) and isinstance(booked, c.Booked)
        self.apply(c.MarkSent("a"), c.Grow("a", tokens(0, half - 1), ()))
        self.reopen()
        event = self.do(c.Assume("a"), c.Booked).event
        assert (dict(event.quantities), event.cost_pico) == ({"input_tokens": most}, 2**63 - 1)

    # -- drawing

    def test_calls_drawn_out_of_a_lease_take_no_further_room(self) -> None:
        limit = cap(100)
        self.watch(limit)
        self.reserve("lease", tokens(100), limit)
        for number in range(4):
            drawn = self.do(self._draw(f"call {number}", tokens(20)), c.Reserved)
            assert drawn.hold.sent and drawn.hold.labels == LABELS
            assert self.sums(limit) == (0, 100)
        self.reopen()
        held = {hold.id: dict(hold.quantities) for hold in self.store.holds()}
        assert held["lease"] == {"input_tokens": 20} == held["call 3"]
        for number in range(4):
            self.settle(f"call {number}", tokens(15))
        assert self.sums(limit) == (60, 20)
        self.apply(c.Release("lease"))
        assert self.sums(limit) == (60, 0) and self.overage(limit) == 0
        assert [event.id for event in self.events()] == [f"call {n}" for n in range(4)]

    def test_what_a_lease_has_not_got_is_overage(self) -> None:
        limit = cap(100)
        self.watch(limit)
        self.reserve("lease", tokens(30), limit)
        self.do(self._draw("a", tokens(20)), c.Reserved)
        self.do(self._draw("b", tokens(25)), c.Reserved)
        assert self.sums(limit) == (0, 45) and self.overage(limit) == 15
        self.settle("a", tokens(20))
        self.settle("b", tokens(25))
        assert self.sums(limit) == (45, 0) and self.overage(limit) == 15

    def test_a_call_is_counted_though_its_lease_has_ended(self) -> None:
        limit = cap(100)
        self.watch(limit)
        self.reserve("lease", tokens(30), limit)
        self.apply(c.Release("lease"))
        self.reopen()
        self.do(self._draw("a", tokens(20)), c.Reserved)
        event = self.settle("a", tokens(20)).event
        assert self.sums(limit) == (20, 0) and self.overage(limit) == 20
        assert self.events() == [event]

    def test_drawing_twice_draws_once(self) -> None:
        limit = cap(100)
        self.watch(limit)
        self.reserve("lease", tokens(50), limit)
        first = self.do(self._draw("a", tokens(20)), c.Reserved)
        self.reopen()
        again = self.do(self._draw("a", tokens(20)), c.Reserved)
        assert again.replay and again.hold == first.hold and self.sums(limit) == (0, 50)
        event = self.settle("a", tokens(9)).event
        told = self.do(self._draw("a", tokens(20)), c.Reserved)
        assert told.replay and told.event == event and self.sums(limit) == (9, 30)
        self.record("other", tokens(1))
        self.fails(self._draw("other", tokens(1)), KeyConflictError)
        self.reserve("run_in_thread", tokens(1), labels=CallLabels("deepgram"))
        self.fails(self._draw("run_in_thread", tokens(1)), KeyConflictError)
        self.fails(self._draw("b", tokens(1), lease="never"), InvalidInputError)
        self.fails(self._draw("b", tokens(1), lease="other"), InvalidInputError)
        self.fails(self._draw("\n", tokens(1)), InvalidInputError)
        self.fails(self._draw("b", tokens(-1)), InvalidInputError)

    def test_when_the_owner_dies_its_calls_are_assumed_and_the_rest_comes_back(self) -> None:
        limit = cap(100)
        self.watch(limit)
        self.reserve("lease", tokens(100, 50), limit)
        self.apply(self._draw("settled", tokens(20, 3)), self._draw("under way", tokens(30, 4)))
        self.settle("settled", tokens(10, 1))
        self.reopen()
        swept = self.do(c.Sweep(frozenset({OWNER})), c.Swept)
        assert (swept.expired, swept.assumed) == (1, 1)
        assert self.sums(limit) == (40, 0)
        known = {event.id: event for event in self.events()}
        assert known["under way"].provenance is Provenance.ASSUMED
        assert known["under way"].outcome is Outcome.UNKNOWN
        assert (dict(known["under way"].quantities), known["under way"].cost_pico) == (
            {"input_tokens": 30}, 4,
        )  # fmt: skip

    def test_calls_count_in_the_periods_their_lease_was_granted_in(self) -> None:
        limit, hourly = cap(100), cap(100, "hour", window="hour")
        self.watch(limit, hourly)
        granted = self.clock.now()
        self.reserve("lease", tokens(100), limit, hourly)
        self.clock.advance(minutes=59)
        made = self.clock.now()
        self.clock.advance(hours=13)  # the calls are recorded the next day
        at = [granted - HOUR, made, made + 30 * MINUTE, made + 100 * HOUR]
        for number, instant in enumerate(at):
            self.do(self._draw(f"{number}", tokens(10), at=instant), c.Reserved)
            self.settle(f"{number}", tokens(10))
        end = granted + HOUR - 1  # noon is a full hour
        assert [event.at for event in self.events()] == [granted, made, end, end]
        assert self.sums(limit) == (0, 0) == self.sums(hourly)
        self.clock.advance(hours=-14)
        assert [event.id for event in self.events(EventQuery(since=granted, until=made))] == ["0"]
        assert len(self.events(EventQuery(since=made, until=end + 1))) == 3
        assert self.events(EventQuery(since=end + 1)) == []

    def test_a_call_is_no_lease(self) -> None:
        self.reserve("lease", tokens(30))
        self.do(self._draw("a", tokens(20)), c.Reserved)
        self.reopen()
        self.fails(self._draw("b", tokens(1), lease="a"), InvalidInputError)

    def test_a_rolling_window_that_has_left_a_lease_behind_has_no_room_set_aside(self) -> None:
        limit = cap(100, window="rolling 1h")
        self.watch(limit)
        self.reserve("lease", tokens(100), limit)
        self.clock.advance(minutes=50)
        self.do(self._draw("in time", tokens(30)), c.Reserved)
        assert self.sums(limit) == (0, 100) and self.overage(limit) == 0
        self.clock.advance(minutes=20)
        self.reserve("another", tokens(70), limit)
        self.do(self._draw("too late", tokens(25)), c.Reserved)
        assert self.sums(limit) == (0, 125) and self.overage(limit) == 25

    def test_growth_is_held_to_its_own_period_though_nobody_watches(self) -> None:
        limit = cap(100)
        self.reserve("a", tokens(60), limit)
        self.clock.advance(hours=24)
        self.record("next day", tokens(90), limit)
        self.do(c.Grow("a", tokens(40), (limit,)), c.Reserved)
        self.do(c.Grow("a", tokens(1), (limit,)), c.Denied)

    def test_a_lease_may_grow_while_it_is_drawn_on(self) -> None:
        limit = cap(100)
        self.watch(limit)
        self.reserve("lease", tokens(40), limit)
        self.do(self._draw("a", tokens(30)), c.Reserved)
        self.do(c.Grow("lease", tokens(60), (limit,)), c.Reserved)
        assert not self.do(c.Grow("lease", tokens(1), (limit,)), c.Denied).decision.allowed
        self.do(self._draw("b", tokens(70)), c.Reserved)
        assert self.sums(limit) == (0, 100) and self.overage(limit) == 0

    def test_another_process_sees_what_a_lease_has_left(self) -> None:
        limit = cap(100)
        self.watch(limit)
        self.reserve("lease", tokens(80), limit)
        self.do(self._draw("a", tokens(30)), c.Reserved)
        left = {hold.id: dict(hold.quantities) for hold in self.other.holds()}
        assert left == {"lease": {"input_tokens": 50}, "a": {"input_tokens": 30}}
        asking = self.asking("theirs", tokens(21), (limit,), owner=OTHER_OWNER)
        self.do(asking, c.Denied, store=self.other)

    # -- counted at the time of the call

    def test_what_is_recorded_late_counts_when_it_was_used(self) -> None:
        limit = cap(100)
        self.watch(limit)
        yesterday = self.clock.now()
        self.clock.advance(hours=24)
        event = self.do(c.Record("a", LABELS, tokens(30), (limit,), at=yesterday), c.Booked).event
        assert event.at == yesterday and self.sums(limit) == (0, 0)
        ahead = c.Record("b", LABELS, tokens(5), (limit,), at=self.clock.now() + HOUR)
        assert self.do(ahead, c.Booked).event.at == self.clock.now()
        ancient = self.do(c.Record("c", LABELS, tokens(5), at=-5), c.Booked).event
        assert ancient.at == 0
        self.reopen()
        assert [event.at for event in self.events()] == [yesterday, self.clock.now(), 0]
        query = EventQuery(since=yesterday, until=yesterday + 1)
        assert [event.id for event in self.events(query)] == ["a"]
        entry = self.journal()[0]
        assert entry.kind is Kind.RECORD and entry.at > entry.counts_at == yesterday

    def test_what_was_used_before_anybody_watched_counts_in_its_own_period(self) -> None:
        self.apply(c.Record("early", LABELS, tokens(30), at=self.clock.now() - 24 * HOUR))
        self.apply(c.Record("now", LABELS, tokens(7)))
        limit, month = cap(100), cap(100, "month", window="month")
        self.watch(limit, month)
        assert self.sums(limit) == (7, 0) and self.sums(month) == (37, 0)

    # -- inside

    def _draw(self, event_id: str, figures: Figures, *, lease: str = "lease", at: int | None = None
              ) -> c.Draw:  # fmt: skip
        return c.Draw(event_id, lease, figures, OWNER, HOUR, at)
