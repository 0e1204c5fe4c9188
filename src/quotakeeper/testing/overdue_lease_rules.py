"""Contract: the capacity of an overdue lease is released only after its lease journal was read.

A lease is overdue if its process did not extend it in time. Some calls on the lease may be recorded
only in the lease journal of this process. If this journal cannot be read, the rest of the lease is
assumed to be used. If a call in this journal becomes known later, the assumed amount is corrected
once.
"""

from __future__ import annotations

from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger.entries import Figures, Kind
from quotakeeper.domain.ledger.reservations import LEASE_PREFIX
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.usage import Outcome, Provenance
from quotakeeper.errors import ReservationClosedError
from quotakeeper.testing.ledger_case import HOUR, MINUTE, OWNER, LedgerCase, cap, tokens

_LEASE = f"{LEASE_PREFIX}one"
_LEASES = frozenset({_LEASE})


class OverdueLeaseRules(LedgerCase):
    """Tests of a lease whose process did not extend it in time."""

    def test_an_overdue_lease_stays_counted_and_is_named(self) -> None:
        limit = self._leased(100)
        self.clock.advance(hours=1)
        before = self.journal()
        swept = self.do(c.Sweep(frozenset({OWNER})), c.Swept)
        assert (swept.expired, swept.assumed) == (0, 0)
        assert [hold.id for hold in swept.leases] == [_LEASE]
        assert self.journal() == before and self.sums(limit) == (0, 100)
        self.refused("theirs", tokens(1), limit)

    def test_the_lease_of_a_dead_owner_stays_counted_too(self) -> None:
        limit = self._leased(100)
        self.apply(self._drawing("a", 30))
        swept = self.do(c.Sweep(frozenset({OWNER})), c.Swept)
        assert (swept.expired, swept.assumed) == (0, 1)
        assert [dict(hold.quantities) for hold in swept.leases] == [{"input_tokens": 70}]
        assert self.sums(limit) == (30, 70)

    def test_a_lease_in_time_is_not_named_and_does_not_end(self) -> None:
        limit = self._leased(100)
        swept = self.do(c.Sweep(read=_LEASES, unread=_LEASES), c.Swept)
        assert swept == c.Swept() and swept.leases == () and self.sums(limit) == (0, 100)

    def test_what_a_read_lease_has_left_comes_back(self) -> None:
        limit = self._leased(100)
        self.clock.advance(hours=1)
        self.apply(self._drawing("a", 30))
        swept = self.do(c.Sweep(read=_LEASES), c.Swept)
        assert (swept.expired, swept.assumed, swept.leases) == (1, 0, ())
        assert self.sums(limit) == (0, 30) and self.overage(limit) == 0

    def test_what_an_unread_lease_has_left_is_assumed(self) -> None:
        limit = self._assumed(100)
        (event,) = self.events()
        assert (event.id, dict(event.quantities)) == (_LEASE, {"input_tokens": 100})
        assert (event.provenance, event.outcome) == (Provenance.ASSUMED, Outcome.UNKNOWN)
        assert event.cost_pico == 50 and "journal" in event.note
        assert self.sums(limit) == (100, 0) and self.overage(limit) == 0
        self.refused("theirs", tokens(1), limit)
        assert self.do(c.Sweep(unread=_LEASES), c.Swept) == c.Swept()

    def test_the_lease_of_another_host_stays_open_until_it_expires(self) -> None:
        limit = self._leased(100)
        self.apply(self._drawing("a", 30))
        swept = self.do(c.Sweep(frozenset({OWNER}), away=_LEASES), c.Swept)
        assert (swept.expired, swept.assumed, swept.leases) == (0, 1, ())
        assert self.sums(limit) == (30, 70)
        self.refused("theirs", tokens(1), limit)
        self.clock.advance(hours=1)
        swept = self.do(c.Sweep(away=_LEASES), c.Swept)
        assert (swept.expired, swept.assumed, swept.leases) == (0, 1, ())
        assert self.sums(limit) == (100, 0) and self.overage(limit) == 0
        self.refused("theirs", tokens(1), limit)

    def test_leases_of_another_host_do_not_take_the_place_of_expired_calls(self) -> None:
        limit = self._leased(40)
        self.reserve("a", tokens(30), limit)
        sweep = c.Sweep(frozenset({OWNER}), at_most=1, away=_LEASES)
        swept = self.do(sweep, c.Swept)
        assert (swept.expired, swept.assumed, swept.leases) == (1, 0, ())
        assert self.sums(limit) == (0, 40)

    def test_a_host_that_returns_corrects_its_assumed_lease_once(self) -> None:
        limit = self._leased(18)
        self.apply(self._drawing("a", 8))
        self.settle("a", tokens(8), limit)
        self.record("theirs", tokens(82), limit)
        self.clock.advance(hours=1)
        self.do(c.Sweep(away=_LEASES), c.Swept)
        self.refused("more", tokens(1), limit)
        self.reopen()
        late = self._drawing("b", 3)
        for _ in range(2):  # a commit whose outcome is not known is repeated
            self.do(late, c.Reserved)
            assert self.sums(limit) == (97, 3)
        self.do(c.Release(_LEASE), c.Done)
        self.do(c.Release(_LEASE), c.Done)
        assert self.sums(limit) == (90, 3) and self.overage(limit) == 82  # what was recorded
        self.reserve("more", tokens(7), limit)
        self.refused("most", tokens(1), limit)

    def test_of_two_overdue_leases_each_ends_by_what_is_known_of_it(self) -> None:
        limit = self._leased(40)
        other = f"{LEASE_PREFIX}two"
        self.reserve(other, tokens(30), limit)
        self.clock.advance(hours=1)
        swept = self.do(c.Sweep(read=_LEASES, unread=frozenset({other})), c.Swept)
        assert (swept.expired, swept.assumed) == (1, 1) and self.sums(limit) == (30, 0)

    def test_a_call_drawn_out_of_an_assumed_lease_counts_once(self) -> None:
        limit = self._assumed(100)
        self.reopen()
        self.do(self._drawing("a", 30, 7), c.Reserved)
        assert self.sums(limit) == (70, 30) and self.overage(limit) == 0
        self.reopen()
        assert [(event.id, event.cost_pico) for event in self.events()] == [(_LEASE, 43)]
        self.settle("a", tokens(20, 5))
        assert self.sums(limit) == (90, 0) and self.overage(limit) == 0
        assert [entry.kind for entry in self.journal()][-3:] == [
            Kind.DRAW, Kind.CORRECT, Kind.SETTLE,
        ]  # fmt: skip
        known = {event.id: event.provenance for event in self.events()}
        assert known == {_LEASE: Provenance.ASSUMED, "a": Provenance.REPORTED}

    def test_many_drawn_in_one_batch_are_corrected_each(self) -> None:
        limit = self._assumed(100)
        commands = [self._drawing(f"{n}", 20) for n in range(4)]
        ends = [c.Settle(f"{n}", tokens(15)) for n in range(4)]
        outcomes = self.apply(*commands, *ends)
        assert not [each for each in outcomes if isinstance(each, c.Failed)]
        assert self.sums(limit) == (80, 0) and self.overage(limit) == 0

    def test_a_call_is_drawn_out_of_an_assumed_lease_once(self) -> None:
        limit = self._assumed(100)
        first = self.do(self._drawing("a", 30), c.Reserved)
        before = self.journal()
        again = self.do(self._drawing("a", 30), c.Reserved)
        assert again.replay and again.hold == first.hold and self.journal() == before
        assert self.sums(limit) == (70, 30)

    def test_what_an_assumed_lease_has_not_got_is_overage(self) -> None:
        limit = self._assumed(100)
        self.do(self._drawing("a", 80), c.Reserved)
        self.do(self._drawing("b", 25), c.Reserved)
        assert self.sums(limit) == (0, 105) and self.overage(limit) == 5
        self.do(self._drawing("c", 10), c.Reserved)
        assert self.sums(limit) == (0, 115) and self.overage(limit) == 15

    def test_released_by_who_has_read_all_an_assumed_lease_counts_nothing(self) -> None:
        limit = self._assumed(100)
        self.do(self._drawing("a", 30, 7), c.Reserved)
        self.do(c.Release(_LEASE), c.Done)
        assert self.sums(limit) == (0, 30)
        before = self.journal()
        self.do(c.Release(_LEASE), c.Done)
        self.reopen()
        self.do(c.Release(_LEASE), c.Done)
        assert self.journal() == before
        (event,) = self.events()
        assert (dict(event.quantities), event.cost_pico) == ({}, 0)
        self.reserve("theirs", tokens(70), limit)

    def test_a_call_that_was_assumed_is_not_released(self) -> None:
        self.reserve("a", tokens(30))
        self.do(c.Assume("a"), c.Booked)
        self.fails(c.Release("a"), ReservationClosedError)

    def test_a_fenced_call_is_drawn_while_its_lease_is_open_or_assumed(self) -> None:
        limit = self._leased(100)
        self.do(self._drawing("held", 10, only_if_open=True), c.Reserved)
        self.clock.advance(hours=1)
        self.apply(c.Sweep(unread=_LEASES))
        self.do(self._drawing("assumed", 10, only_if_open=True), c.Reserved)
        assert self.sums(limit) == (80, 20)

    def test_a_fenced_call_is_void_once_its_lease_has_come_back(self) -> None:
        limit = self._leased(100)
        self.do(self._drawing("known", 10), c.Reserved)
        self.clock.advance(hours=1)
        self.apply(c.Sweep(read=_LEASES))
        self.fails(self._drawing("late", 10, only_if_open=True), ReservationClosedError)
        assert self.do(self._drawing("known", 10, only_if_open=True), c.Reserved).replay
        assert self.sums(limit) == (0, 10)

    def test_an_assumed_lease_is_corrected_in_the_period_it_was_granted_in(self) -> None:
        limit = cap(100, window="rolling 1h")
        self._leased(100, limit)
        self.clock.advance(minutes=50)
        self.apply(c.Sweep(frozenset({OWNER}), unread=_LEASES))
        self.do(self._drawing("in time", 30), c.Reserved)
        assert self.sums(limit) == (70, 30) and self.overage(limit) == 0
        self.clock.advance(minutes=20)  # the lease has left the rolling window
        self.do(self._drawing("too late", 25), c.Reserved)
        assert self.sums(limit) == (0, 55) and self.overage(limit) == 25

    # -- inside

    def _leased(self, amount: int, limit: Limit | None = None) -> Limit:
        limit = limit or cap(100)
        self.watch(limit)
        self.reserve(_LEASE, tokens(amount, 50), limit)
        return limit

    def _assumed(self, amount: int) -> Limit:
        limit = self._leased(amount)
        self.clock.advance(hours=1)
        swept = self.do(c.Sweep(unread=_LEASES), c.Swept)
        assert (swept.expired, swept.assumed, swept.leases) == (0, 1, ())
        return limit

    def _drawing(
        self, event_id: str, amount: int, cost_pico: int = 0, *, only_if_open: bool = False
    ) -> c.Draw:
        figures: Figures = tokens(amount, cost_pico)
        return c.Draw(event_id, _LEASE, figures, OWNER, HOUR + MINUTE, None, only_if_open)
