"""Contract: a reservation ends once, an id counts once, and an abandoned reservation is ended once."""

from __future__ import annotations

from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger.entries import Kind
from quotakeeper.domain.ledger.reservations import State
from quotakeeper.domain.usage import CallLabels, Outcome, Provenance
from quotakeeper.errors import InvalidInputError, KeyConflictError, ReservationClosedError
from quotakeeper.testing.ledger_case import HOUR, LABELS, MINUTE, OWNER, LedgerCase, cap, tokens
from quotakeeper.value_classes import replace


class ReservationRules(LedgerCase):
    """Tests of a single call, from its reservation until it is settled, released or assumed."""

    def test_a_settled_call_is_an_event_booked_when_it_was_reserved(self) -> None:
        limit = cap(100)
        self.watch(limit)
        reserved_at = self.clock.now()
        held = self.reserve("a", tokens(60), limit)
        assert (held.hold.id, held.hold.owner, held.hold.at) == ("a", OWNER, reserved_at)
        assert not held.replay and held.event is None and not held.hold.sent
        assert self.sums(limit) == (0, 60)
        self.clock.advance(minutes=5)
        event = self.settle("a", tokens(45, 7)).event
        assert (event.id, event.at, event.labels) == ("a", reserved_at, LABELS)
        assert (dict(event.quantities), event.cost_pico) == ({"input_tokens": 45}, 7)
        assert self.sums(limit) == (45, 0)
        assert self.store.holds() == []
        assert self.events() == [event]

    def test_open_reservations_are_counted(self) -> None:
        for number in range(3):
            self.reserve(f"{number}", tokens(1))
            assert self.store.open_count() == number + 1
        self.apply(c.Release("0"), c.Settle("1", tokens(1)))
        self.record("r", tokens(1))
        assert self.store.open_count() == 1 == len(self.store.holds())

    def test_released_calls_leave_no_usage(self) -> None:
        limit = cap(100)
        self.watch(limit)
        self.reserve("a", tokens(100), limit)
        self.refused("b", tokens(1), limit)
        assert self.do(c.Release("a"), c.Done).state is State.RELEASED
        assert self.sums(limit) == (0, 0)
        assert self.events() == []
        self.reserve("b", tokens(100), limit)

    def test_an_assumed_call_counts_at_its_estimate(self) -> None:
        limit = cap(100)
        self.watch(limit)
        self.reserve("a", tokens(40, 9), limit)
        event = self.do(c.Assume("a"), c.Booked).event
        assert (event.provenance, event.outcome) == (Provenance.ASSUMED, Outcome.UNKNOWN)
        assert (dict(event.quantities), event.cost_pico) == ({"input_tokens": 40}, 9)
        assert self.sums(limit) == (40, 0)

    def test_every_reservation_has_one_end(self) -> None:
        ends: dict[str, c.Settle | c.Release | c.Assume] = {
            "settled": c.Settle("", tokens(3)),
            "released": c.Release(""),
            "assumed": c.Assume(""),
        }
        for name, end in ends.items():
            self.reserve(name, tokens(5))
            (outcome,) = self.apply(replace(end, id=name))
            assert not isinstance(outcome, c.Failed)
            for other, second in ends.items():
                if other in (name, "settled"):  # a late settle is accepted: see below
                    continue
                self.fails(replace(second, id=name), ReservationClosedError)
            self.fails(c.MarkSent(name), ReservationClosedError)
            self.fails(c.Extend(name, HOUR), ReservationClosedError)

    def test_ending_twice_in_the_same_way_changes_nothing(self) -> None:
        self.reserve("r", tokens(5))
        self.reserve("a", tokens(5))
        first = self.apply(c.Release("r"), c.Assume("a"))
        before = self.journal()
        again = self.apply(c.Release("r"), c.Assume("a"))
        assert again[0] == first[0]
        assert isinstance(again[1], c.Booked) and again[1].replay
        assert self.journal() == before

    def test_settling_twice_gives_the_first_answer(self) -> None:
        limit = cap(100)
        self.watch(limit)
        self.reserve("a", tokens(10), limit)
        first = self.settle("a", tokens(7))
        self.reopen()
        again = self.settle("a", tokens(7))
        assert again.replay and again.event == first.event
        self.fails(c.Settle("a", tokens(8)), ReservationClosedError)
        assert self.sums(limit) == (7, 0)

    def test_reserving_twice_gives_the_first_answer(self) -> None:
        limit = cap(15)
        self.watch(limit)
        first = self.reserve("a", tokens(10), limit)
        self.reopen()
        again = self.reserve("a", tokens(10), limit)
        assert again.replay and again.hold == first.hold
        assert self.sums(limit) == (0, 10)
        done = self.settle("a", tokens(4))
        told = self.reserve("a", tokens(10), limit)
        assert told.replay and told.event == done.event
        assert self.sums(limit) == (4, 0)

    def test_an_id_used_for_another_call_is_a_conflict(self) -> None:
        self.reserve("held", tokens(10))
        self.record("recorded", tokens(10))
        run_in_thread = CallLabels("deepgram", "nova-2")
        for command in (
            self.asking("held", tokens(11)),
            self.asking("held", tokens(10), labels=run_in_thread),
            self.asking("recorded", tokens(10)),
            c.Record("held", LABELS, tokens(10)),
            c.Record("recorded", LABELS, tokens(11)),
            c.Record("recorded", run_in_thread, tokens(10)),
        ):
            self.fails(command, KeyConflictError)

    def test_recording_twice_counts_once(self) -> None:
        limit = cap(100)
        self.watch(limit)
        first = self.record("a", tokens(10), limit)
        self.reopen()
        self.clock.advance(hours=30)
        again = self.record("a", tokens(10), limit)
        assert again.replay and again.event == first.event
        assert len(self.journal()) == 1

    def test_commands_about_unknown_ids_fail(self) -> None:
        for command in (c.Settle("x", tokens(1)), c.Release("x"), c.Assume("x"), c.MarkSent("x"),
                        c.Extend("x", HOUR), c.Correct("x", tokens(1))):  # fmt: skip
            self.fails(command, InvalidInputError)

    def test_one_command_that_fails_leaves_the_rest_of_its_batch_alone(self) -> None:
        outcomes = self.apply(
            c.Record("a", LABELS, tokens(1)),
            c.Settle("nobody", tokens(1)),
            c.Record("b", LABELS, tokens(2)),
        )
        assert [type(outcome) for outcome in outcomes] == [c.Booked, c.Failed, c.Booked]
        assert [event.id for event in self.events()] == ["a", "b"]

    def test_a_batch_is_as_if_its_commands_had_come_one_by_one(self) -> None:
        limit = cap(10)
        self.watch(limit)
        outcomes = self.apply(
            self.asking("a", tokens(10), [limit]),
            self.asking("b", tokens(10), [limit]),
            c.MarkSent("a"),
            c.Settle("a", tokens(4)),
            self.asking("b", tokens(6), [limit]),
            c.Release("b"),
            c.Settle("a", tokens(4)),
        )
        kinds = [c.Reserved, c.Denied, c.Done, c.Booked, c.Reserved, c.Done, c.Booked]
        assert [type(outcome) for outcome in outcomes] == kinds
        assert self.sums(limit) == (4, 0)

    # -- reserved and sent in one step

    def test_a_call_that_leaves_at_once_is_marked_in_the_step_that_reserves_it(self) -> None:
        limit = cap(100)
        self.watch(limit)
        reserved = self.do(self.asking("a", tokens(20), [limit], sent=True), c.Reserved)
        assert reserved.hold.sent and not reserved.replay
        assert [(entry.kind, entry.sent) for entry in self.journal()] == [(Kind.RESERVE, True)]
        self.reopen()
        (hold,) = self.store.holds()
        assert hold == reserved.hold
        assert self.do(c.MarkSent("a"), c.Done).state is State.HELD
        assert len(self.journal()) == 1
        self.clock.advance(hours=1)
        assert self.do(c.Sweep(), c.Swept) == c.Swept(assumed=1)
        assert self.sums(limit) == (20, 0)

    def test_what_is_refused_is_not_marked_as_sent(self) -> None:
        limit = cap(10)
        self.watch(limit)
        self.do(self.asking("a", tokens(11), [limit], sent=True), c.Denied)
        assert self.journal() == [] and self.store.holds() == []

    def test_reserving_again_marks_what_is_open_and_leaves_what_is_over(self) -> None:
        self.reserve("open", tokens(1))
        self.reserve("over", tokens(1))
        self.settle("over", tokens(1))
        before = len(self.journal())
        for _ in range(2):
            self.reopen()
            for event_id in ("open", "over"):
                again = self.do(self.asking(event_id, tokens(1), sent=True), c.Reserved)
                assert again.replay and again.hold.sent
        assert [entry.kind for entry in self.journal()[before:]] == [Kind.SENT]
        assert not self.do(self.asking("later", tokens(1)), c.Reserved).hold.sent
        assert self.do(self.asking("open", tokens(1)), c.Reserved).hold.sent

    # -- abandoned reservations

    def test_sweeping_by_time_releases_the_unsent_and_assumes_the_sent(self) -> None:
        limit = cap(100)
        self.watch(limit)
        self.reserve("unsent", tokens(10), limit)
        self.reserve("sent", tokens(20), limit)
        assert self.do(c.MarkSent("sent"), c.Done).state is State.HELD
        self.clock.advance(seconds=3599)
        assert self.do(c.Sweep(), c.Swept) == c.Swept()
        self.clock.advance(seconds=1)
        assert self.do(c.Sweep(), c.Swept) == c.Swept(expired=1, assumed=1)
        assert self.sums(limit) == (20, 0)
        (event,) = self.events()
        assert (event.id, event.provenance) == ("sent", Provenance.ASSUMED)
        assert self.do(c.Sweep(), c.Swept) == c.Swept()

    def test_sweeping_ends_the_reservations_of_dead_owners_only(self) -> None:
        self.apply(
            self.asking("mine", tokens(1)),
            self.asking("theirs", tokens(1), owner="dead-1"),
            self.asking("theirs, sent", tokens(1), owner="dead-2"),
            c.MarkSent("theirs, sent"),
        )
        swept = self.do(c.Sweep(frozenset({"dead-1", "dead-2", "never seen"})), c.Swept)
        assert swept == c.Swept(expired=1, assumed=1)
        assert [hold.id for hold in self.store.holds()] == ["mine"]

    def test_a_sweep_takes_the_oldest_first_and_no_more_than_it_was_told(self) -> None:
        self.apply(
            self.asking("1", tokens(1), owner="dead"),
            self.asking("2", tokens(1), ttl_us=MINUTE),
            self.asking("3", tokens(1), owner="dead"),
            self.asking("4", tokens(1), ttl_us=MINUTE),
        )
        self.clock.advance(minutes=2)
        for left in (["3", "4"], [], []):
            self.apply(c.Sweep(frozenset({"dead"}), at_most=2))
            assert [hold.id for hold in self.store.holds()] == left
        ended = [e.ref for e in self.journal() if e.kind is Kind.EXPIRE]
        assert ended == [1, 2, 3, 4]

    def test_a_sweep_sees_what_came_before_it_in_its_batch(self) -> None:
        self.apply(self.asking("kept", tokens(1), ttl_us=MINUTE))
        self.apply(self.asking("settled", tokens(1), ttl_us=MINUTE))
        self.clock.advance(minutes=2)
        outcomes = self.apply(
            c.Extend("kept", HOUR),
            c.Settle("settled", tokens(1)),
            self.asking("new", tokens(1), owner="dead"),
            c.Sweep(frozenset({"dead"})),
        )
        assert outcomes[-1] == c.Swept(expired=1)
        assert [hold.id for hold in self.store.holds()] == ["kept"]

    def test_an_extended_reservation_lives_longer(self) -> None:
        self.reserve("a", tokens(1))
        self.clock.advance(minutes=30)
        assert self.do(c.Extend("a", 2 * HOUR), c.Done).state is State.HELD
        (hold,) = self.store.holds()
        assert hold.expires_at == self.clock.now() + 2 * HOUR
        self.reopen()
        self.clock.advance(minutes=119)
        assert self.do(c.Sweep(), c.Swept) == c.Swept()
        self.clock.advance(minutes=1)
        assert self.do(c.Sweep(), c.Swept) == c.Swept(expired=1)
