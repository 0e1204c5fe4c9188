"""Contract: if settled use reaches a threshold, the journal gets one crossing entry."""

from __future__ import annotations

from decimal import Decimal

from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger.entries import Crossing, Kind
from quotakeeper.domain.limits import Limit, Mode
from quotakeeper.domain.usage import CallLabels
from quotakeeper.testing.ledger_case import HOUR, LABELS, OWNER, LedgerCase, cap, tokens
from quotakeeper.value_classes import replace

DAY_START = 1_795_392_000_000_000  # midnight before noon of the clock's first day


class CrossingRules(LedgerCase):
    """Tests that find out when use crosses a threshold."""

    def crossings(self) -> list[Crossing]:
        """Return all crossings in the journal, in order."""
        return [entry.crossing for entry in self.journal() if entry.crossing is not None]

    def crossed(self) -> list[tuple[str, int, int]]:
        """Return the limit, the level and the turn of each crossing.

        The turn is 1 for the first crossing of a level, 2 for the second.
        """
        return [(each.limit, each.level, each.turn) for each in self.crossings()]

    def test_use_that_reaches_a_threshold_crosses_it_once(self) -> None:
        limit = cap(100)
        self.watch(limit)
        assert self.record("a", tokens(79), limit).crossed == ()
        (crossed,) = self.record("b", tokens(1), limit).crossed
        assert (crossed.verdict.limit, crossed.verdict.used) == (limit, 80)
        assert crossed.share == Decimal("0.8")
        assert self.record("c", tokens(14), limit).crossed == ()
        (crossed,) = self.record("d", tokens(1), limit).crossed
        assert (crossed.crossing.level, crossed.share) == (95, Decimal("0.95"))
        self.reopen()
        assert self.record("e", tokens(1), limit).crossed == ()
        entries = self.journal()
        assert [entry.kind for entry in entries] == [
            Kind.RECORD, Kind.RECORD, Kind.CROSS, Kind.RECORD, Kind.RECORD, Kind.CROSS, Kind.RECORD,
        ]  # fmt: skip
        first = entries[2]
        assert (first.seq, first.at, first.id, first.ref) == (3, self.clock.now(), "", None)
        assert first.crossing == Crossing(
            limit.account.key, limit.name, 100, 80, DAY_START, 1, 80
        )  # fmt: skip

    def test_a_crossing_is_an_entry_and_no_event(self) -> None:
        limit = cap(10)
        self.watch(limit)
        self.record("a", tokens(9), limit)
        assert [event.id for event in self.events()] == ["a"]
        assert [slot.calls for slot in self.store.slots()] == [1]
        assert self.sums(limit) == (9, 0)
        assert list(self.store.entries(after=1)) == self.journal()[1:]

    def test_a_booking_that_passes_several_levels_crosses_each(self) -> None:
        limit = cap(100)
        self.watch(limit)
        crossed = self.record("a", tokens(100), limit).crossed
        assert [each.crossing.level for each in crossed] == [80, 95, 100]
        assert {each.verdict.used for each in crossed} == {100}

    def test_levels_that_fall_together_are_one(self) -> None:
        limit = cap(1)
        self.watch(limit)
        assert self.record("a", tokens(0), limit).crossed == ()
        (crossed,) = self.record("b", tokens(1), limit).crossed
        assert (crossed.crossing.level, crossed.share) == (1, Decimal(1))
        nothing = replace(limit, name="nothing", amount=0)
        assert self.record("c", tokens(1), nothing).crossed[0].crossing.level == 1
        without = replace(limit, name="without", thresholds=())
        assert self.record("d", tokens(1), without).crossed == ()

    def test_what_is_only_reserved_crosses_nothing(self) -> None:
        limit = cap(100)
        self.watch(limit)
        self.reserve("a", tokens(85), limit)
        self.do(c.Grow("a", tokens(10), (limit,)), c.Reserved)
        self.apply(c.Release("a"))
        assert self.crossed() == []
        self.reserve("b", tokens(75), limit)
        assert self.record("meanwhile", tokens(20), limit).crossed == ()
        assert self.settle("b", tokens(20), limit).crossed == ()
        assert [each.crossing.level for each in self.record("c", tokens(40), limit).crossed] == [80]

    def test_every_booking_counts_and_each_crosses_once(self) -> None:
        limit = cap(10)
        for number, name in enumerate(("settle", "assume", "record", "correct", "sweep")):
            self.clock.advance(hours=24)
            self.watch(limit)
            self.do(self.asking(f"{name} 0", tokens(9), (limit,), sent=True), c.Reserved)
            if name == "settle":
                assert self.settle("settle 0", tokens(9), limit).crossed
            elif name == "assume":
                assert self.do(c.Assume("assume 0", (limit,)), c.Booked).crossed
            elif name == "sweep":
                swept = self.do(c.Sweep(frozenset({OWNER}), limits=(limit,)), c.Swept)
                assert [bool(each.crossed) for each in swept.booked] == [True]
                assert swept.booked[0].event.id == "sweep 0"
            else:
                self.apply(c.Release(f"{name} 0"))
                first = 9 if name == "record" else 1
                assert bool(self.record(f"{name} 1", tokens(first), limit).crossed) is (first == 9)
                if name == "correct":
                    command = c.Correct("correct 1", tokens(9), (limit,))
                    assert self.do(command, c.Booked).crossed
            assert len(self.crossings()) == number + 1
            assert self.crossings()[-1].used == 9

    def test_a_replay_crosses_nothing(self) -> None:
        limit = cap(10)
        self.watch(limit)
        self.reserve("a", tokens(9), limit)
        assert self.settle("a", tokens(9), limit).crossed
        again = self.settle("a", tokens(9), limit)
        assert again.replay and again.crossed == ()
        assert len(self.crossings()) == 1

    def test_in_one_batch_the_first_that_reaches_it_crosses(self) -> None:
        limit = cap(10)
        self.watch(limit)
        outcomes = self.apply(*(c.Record(name, LABELS, tokens(3), (limit,)) for name in "abcd"))
        crossed = [len(each.crossed) for each in outcomes if isinstance(each, c.Booked)]
        assert crossed == [0, 0, 1, 1]  # 9 of 10 crosses one level, 12 of 10 also the other

    # -- turns

    def test_below_by_a_correction_and_above_again_is_another_turn(self) -> None:
        limit = cap(100)
        self.watch(limit)
        self.record("a", tokens(96), limit)
        self.do(c.Correct("a", tokens(95), (limit,)), c.Booked)
        assert self.crossed() == [("cap", 80, 1), ("cap", 95, 1)]
        self.do(c.Correct("a", tokens(80)), c.Booked)  # below 95 %, but still above 80 %
        self.reopen()
        self.record("b", tokens(20), limit)
        assert self.crossed()[2:] == [("cap", 95, 2), ("cap", 100, 1)]
        # The use falls below the level and rises again by commands without limits; the next command
        # with limits notices it.
        self.do(c.Correct("a", tokens(0)), c.Booked)
        self.do(c.Correct("a", tokens(70)), c.Booked)
        assert len(self.crossed()) == 4
        self.record("c", tokens(0), limit)
        assert self.crossed()[4:] == [("cap", 80, 2)]

    def test_true_figures_of_an_assumed_call_may_be_lower(self) -> None:
        limit = cap(10)
        self.watch(limit)
        self.do(self.asking("a", tokens(9), (limit,), sent=True), c.Reserved)
        self.apply(c.Assume("a", (limit,)))
        self.settle("a", tokens(1), limit)
        self.record("b", tokens(8), limit)
        assert self.crossed() == [("cap", 8, 1), ("cap", 8, 2)]

    def test_a_new_period_begins_anew(self) -> None:
        limit = cap(10)
        self.watch(limit)
        self.record("a", tokens(9), limit)
        self.clock.advance(hours=24)
        self.record("b", tokens(7), limit)
        # A correction of yesterday's use crosses no level, and does not change today's use.
        self.do(c.Correct("a", tokens(10), (limit,)), c.Booked)
        self.do(c.Correct("a", tokens(1), (limit,)), c.Booked)
        self.record("c", tokens(1), limit)
        assert [(each.start_at, each.turn) for each in self.crossings()] == [
            (DAY_START, 1), (DAY_START + 24 * HOUR, 1),
        ]  # fmt: skip

    def test_a_rolling_window_counts_turns_alone(self) -> None:
        limit = cap(10, window="rolling 1h")
        self.watch(limit)
        self.record("a", tokens(9), limit)
        self.clock.advance(minutes=50)
        self.record("b", tokens(1), limit)
        self.clock.advance(minutes=15)  # the 9 tokens have left the window
        self.record("c", tokens(6), limit)
        assert self.sums(limit) == (7, 0)
        self.reopen()
        self.record("d", tokens(1), limit)
        assert [(each.level, each.start_at, each.turn, each.used) for each in self.crossings()] == [
            (8, 0, 1, 9), (10, 0, 1, 10), (8, 0, 2, 8),
        ]  # fmt: skip

    def test_a_rolling_window_that_has_emptied_unseen_is_crossed_again(self) -> None:
        limit = cap(10, window="rolling 1h")
        self.watch(limit)
        self.record("a", tokens(9), limit)
        self.clock.advance(hours=2)
        self.record("b", tokens(9))  # this command has no limits
        self.record("c", tokens(0), limit)
        assert self.crossed() == [("cap", 8, 1), ("cap", 8, 2)]

    # -- which limits

    def test_what_a_limit_finds_used_is_crossed_by_its_next_booking(self) -> None:
        limit = cap(10)
        self.record("before", tokens(9))
        self.watch(limit)
        assert self.crossed() == []
        self.record("a", tokens(0), limit)
        assert [(each.level, each.used) for each in self.crossings()] == [(8, 9)]

    def test_a_limit_whose_balances_are_not_kept_crosses_nothing(self) -> None:
        for limit in (cap(10), cap(10, window="rolling 1h")):
            assert self.record(str(limit.window), tokens(99), limit).crossed == ()

    def test_a_limit_is_known_by_account_name_and_amount(self) -> None:
        limit = cap(100)
        others = (
            replace(limit, name="another name"), replace(limit, amount=110),
            cap(100, labels=CallLabels("gemini")),
        )  # fmt: skip
        self.watch(limit, *others)
        self.record("a", tokens(90), limit)
        for number, same in enumerate(
            (limit, replace(limit, mode=Mode.SOFT), replace(limit, thresholds=(Decimal("0.8"),)))
        ):
            assert self.record(f"same {number}", tokens(0), same).crossed == ()
        for number, other in enumerate(others):
            assert len(self.record(f"other {number}", tokens(0), other).crossed) == 1

    def test_a_limit_of_other_calls_is_not_looked_at(self) -> None:
        limit = cap(10, labels=CallLabels("deepgram"))
        self.watch(limit)
        self.record("theirs", tokens(9), labels=CallLabels("deepgram"))
        assert self.record("a", tokens(99), limit).crossed == ()

    def test_a_name_that_cannot_be_written_down_harms_nobody(self) -> None:
        limit = Limit("\ud800", "input_tokens", cap(1).window, 1)
        self.watch(limit)
        assert self.record("a", tokens(9), limit).crossed == ()
        assert len(self.record("b", tokens(0), cap(1)).crossed) == 1

    def test_calls_on_a_lease_cross_when_they_are_booked(self) -> None:
        limit = cap(10)
        self.watch(limit)
        self.reserve("lease", tokens(9), limit)
        for number in range(3):
            draw = c.Draw(f"call {number}", "lease", tokens(3), OWNER, HOUR)
            self.do(draw, c.Reserved)
        assert self.crossed() == []
        crossed = [
            len(self.settle(f"call {number}", tokens(3), limit).crossed) for number in range(3)
        ]
        assert crossed == [0, 0, 1]

    def test_two_stores_on_one_ledger_cross_once(self) -> None:
        limit = cap(10)
        self.watch(limit)
        self.watch(limit, store=self.other)
        found = []
        for number in range(10):
            store = self.other if number % 2 else self.store
            command = c.Record(f"{number}", LABELS, tokens(1), (limit,))
            found.append(len(self.do(command, c.Booked, store=store).crossed))
        assert found == [0] * 7 + [1, 0, 1]
        self.do(c.Correct("0", tokens(0)), c.Booked, store=self.other)
        command = c.Record("more", LABELS, tokens(1), (limit,))
        (again,) = self.do(command, c.Booked, store=self.store).crossed
        assert (again.crossing.level, again.crossing.turn) == (10, 2)
