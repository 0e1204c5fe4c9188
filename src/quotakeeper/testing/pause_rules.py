"""Contract: pauses of calls, and limits that are raised for a time."""

from __future__ import annotations

from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger import order_commands as o
from quotakeeper.domain.ledger.entries import Kind, Notice
from quotakeeper.domain.ledger.reservations import LEASE_PREFIX
from quotakeeper.domain.pauses import CallPause
from quotakeeper.domain.usage import CallLabels
from quotakeeper.errors import InvalidInputError
from quotakeeper.testing.ledger_case import HOUR, LABELS, MINUTE, OWNER, LedgerCase, cap, tokens

THEIRS = CallLabels("deepgram", "nova-3", "speech_to_text")


class PauseRules(LedgerCase):
    """Tests of pauses and raised limits: each is a journal entry, applies to every process, and
    expires."""

    def pause(self, provider: str = "", for_us: int | None = None) -> o.Ordered:
        """Pause the calls to `provider` ("" for all) for `for_us` microseconds; None means without
        an end."""
        return self.do(o.PauseCalls(provider, "too dear", "lan@desk", for_us), o.Ordered)

    def test_while_calls_are_paused_none_is_admitted(self) -> None:
        limit = cap(100)
        self.watch(limit)
        self.reserve("before", tokens(10), limit)
        self.pause()
        denied = self.refused("a", tokens(1), limit)
        now = self.clock.now()
        assert denied.decision.pause == CallPause("", now, None, "too dear", "lan@desk")
        assert not denied.decision.allowed and denied.decision.refusing == ()
        assert self.refused("without a limit", tokens(1)).decision.pause is not None
        checked = self.store.check(LABELS, tokens(1), (limit,), now)
        assert checked.pause is not None and not checked.allowed
        self.reopen()
        assert self.refused("b", tokens(1), limit).decision.pause is not None

    def test_what_is_under_way_ends_and_what_was_used_is_counted(self) -> None:
        limit = cap(100)
        self.watch(limit)
        for name in ("settled", "released", "assumed", "open"):
            self.reserve(name, tokens(10), limit)
        self.pause()
        self.do(c.MarkSent("assumed"), c.Done)
        self.settle("settled", tokens(7), limit)
        self.do(c.Release("released"), c.Done)
        self.do(c.Assume("assumed", (limit,)), c.Booked)
        self.record("recorded", tokens(5), limit)
        self.do(c.Correct("recorded", tokens(6), (limit,)), c.Booked)
        assert self.sums(limit) == (23, 10)
        grown = self.do(c.Grow("open", tokens(1), (limit,)), c.Denied)
        assert grown.decision.pause is not None
        again = self.do(self.asking("open", tokens(10), (limit,)), c.Reserved)
        assert again.replay  # the reservation is older than the pause

    def test_a_lease_gets_no_more_and_what_it_admitted_is_drawn(self) -> None:
        limit = cap(100)
        self.watch(limit)
        lease = f"{LEASE_PREFIX}one"
        self.reserve(lease, tokens(30), limit)
        self.pause()
        assert self.do(c.Grow(lease, tokens(10), (limit,)), c.Denied).decision.pause is not None
        self.do(c.Draw("on it", lease, tokens(10), OWNER, HOUR), c.Reserved)
        self.settle("on it", tokens(9), limit)
        assert self.sums(limit) == (9, 20)

    def test_a_pause_of_a_provider_stops_its_calls_alone(self) -> None:
        self.pause("gemini")
        assert self.refused("a", tokens(1)).decision.pause is not None
        self.reserve("b", tokens(1), labels=THEIRS)
        # A pause of all calls and a pause of one provider are independent: to end one keeps the
        # other.
        self.pause()
        self.refused("c", tokens(1), labels=THEIRS)
        ended = self.do(o.ResumeCalls("gemini", "", "lan@desk"), o.Ordered).ended
        assert [pause.provider for pause in ended] == ["gemini"]
        self.refused("d", tokens(1))
        ended = self.do(o.ResumeCalls(), o.Ordered).ended
        assert [pause.provider for pause in ended] == [""]
        self.reserve("e", tokens(1))

    def test_to_resume_without_a_name_ends_every_pause(self) -> None:
        self.pause("gemini")
        self.pause("deepgram")
        ended = self.do(o.ResumeCalls(), o.Ordered).ended
        assert {pause.provider for pause in ended} == {"gemini", "deepgram"}
        self.reserve("a", tokens(1))
        self.reserve("b", tokens(1), labels=THEIRS)
        before = self.journal()
        assert self.do(o.ResumeCalls(), o.Ordered) == o.Ordered(None)
        assert self.journal() == before

    def test_a_pause_lapses_by_ledger_time(self) -> None:
        self.pause(for_us=2 * HOUR)
        self.clock.advance(hours=1, minutes=59)
        self.refused("a", tokens(1))
        self.clock.advance(minutes=1)
        self.reserve("b", tokens(1))
        assert self.do(o.ResumeCalls(), o.Ordered).ended == ()
        self.clock.advance(minutes=-30)  # ledger time never goes back
        self.reserve("c", tokens(1))
        # A repeated order replaces the first one, with the new duration.
        self.pause(for_us=MINUTE)
        self.pause()
        self.clock.advance(hours=9)
        self.refused("d", tokens(1))

    def test_what_is_ordered_is_an_entry_and_no_event(self) -> None:
        self.pause("gemini", HOUR)
        self.do(o.ResumeCalls("", "found it", "minh@lap"), o.Ordered)
        now = self.clock.now()
        first, second = self.journal()
        assert (first.kind, first.id, first.ref) == (Kind.PAUSE, "", None)
        assert first.notice == Notice("gemini", "too dear", "lan@desk", now + HOUR)
        assert second.kind is Kind.RESUME
        assert second.notice == Notice("", "found it", "minh@lap")
        assert self.events() == []

    def test_an_order_that_cannot_be_written_down_fails_alone(self) -> None:
        for command in (
            o.PauseCalls("\ud800", "why"), o.PauseCalls("", ""), o.PauseCalls("", "a\nb"),
            o.PauseCalls("", "why", "x" * 257), o.PauseCalls("", "why", for_us=0),
            o.PauseCalls("", "why", for_us=10**18), o.RaiseLimit("", "a", 1, HOUR, "why"),
            o.RaiseLimit("cap", "a", -1, HOUR, "why"), o.RaiseLimit("cap", "", 1, HOUR, "why"),
            o.RaiseLimit("cap", "a", 1, -5, "why"),
        ):  # fmt: skip
            self.fails(command, InvalidInputError)
        self.reserve("a", tokens(1))

    def test_two_stores_on_one_ledger_pause_each_other(self) -> None:
        self.reserve("here", tokens(1))
        self.do(self.asking("there", tokens(1)), c.Reserved, store=self.other)
        self.pause()
        self.do(self.asking("there 2", tokens(1)), c.Denied, store=self.other)
        self.do(o.ResumeCalls(), o.Ordered, store=self.other)
        self.reserve("here 2", tokens(1))

    # -- limits that are raised

    def raise_to(self, amount: int, *, name: str = "cap", for_us: int = 24 * HOUR) -> None:
        """Raise the limit `name` from 10 tokens a day to `amount`, for `for_us` microseconds."""
        key = cap(10).account.key
        self.do(o.RaiseLimit(name, key, amount, for_us, "a big order", "lan@desk"), o.Ordered)

    def test_a_raised_limit_admits_more_until_it_lapses(self) -> None:
        limit = cap(10)
        self.watch(limit)
        self.reserve("a", tokens(10), limit)
        self.refused("b", tokens(1), limit)
        self.raise_to(15, for_us=2 * HOUR)
        assert self.stands(limit).limit.amount == 15
        self.reserve("c", tokens(5), limit)
        assert self.refused("d", tokens(1), limit).decision.blocking.limit.amount == 15
        self.reopen()
        assert self.stands(limit).remaining == 0
        self.clock.advance(hours=2)
        assert self.stands(limit).limit.amount == 10
        assert self.refused("e", tokens(1), limit).decision.blocking.limit.amount == 10
        entry = next(entry for entry in self.journal() if entry.kind is Kind.RAISE)
        assert entry.notice is not None
        assert (entry.notice.amount, entry.notice.why) == (15, "a big order")

    def test_calls_of_one_kind_follow_what_is_raised(self) -> None:
        # The store caches the limits that apply to one kind of call from one call to the next.
        limits = (cap(10),)
        self.watch(*limits)
        self.do(self.asking("a", tokens(10), limits), c.Reserved)
        self.do(self.asking("b", tokens(1), limits), c.Denied)
        self.raise_to(15, for_us=HOUR)
        self.do(self.asking("c", tokens(2), limits), c.Reserved)
        self.clock.advance(hours=1)
        self.do(self.asking("d", tokens(1), limits), c.Denied)

    def test_to_raise_never_lowers_and_names_one_limit(self) -> None:
        limit, other = cap(10), cap(10, "another")
        self.watch(limit)
        self.raise_to(5)
        assert self.stands(limit).limit.amount == 10
        self.raise_to(20)
        self.raise_to(12)  # the newest one holds
        assert self.stands(limit).limit.amount == 12
        assert self.stands(other).limit.amount == 10
        assert self.stands(cap(10, window="hour")).limit.amount == 10

    def test_a_raised_limit_crosses_its_own_thresholds(self) -> None:
        limit = cap(10)
        self.watch(limit)
        assert [x.crossing.amount for x in self.record("a", tokens(8), limit).crossed] == [10]
        self.raise_to(100, for_us=HOUR)
        assert self.record("b", tokens(70), limit).crossed == ()
        (crossed,) = self.record("c", tokens(2), limit).crossed
        assert (crossed.crossing.amount, crossed.crossing.level) == (100, 80)
        self.clock.advance(hours=1)
        crossed_again = self.record("d", tokens(0), limit).crossed
        assert [x.crossing.level for x in crossed_again] == [10]  # 8 of 10 was crossed before
