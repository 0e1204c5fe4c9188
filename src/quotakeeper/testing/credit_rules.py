"""Contract: prepaid credit, which is counted by limits with the window `none`."""

from __future__ import annotations

from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger import order_commands as o
from quotakeeper.domain.ledger.entries import Kind
from quotakeeper.errors import InvalidInputError
from quotakeeper.testing.ledger_case import HOUR, LABELS, LedgerCase, cap, tokens
from quotakeeper.value_classes import replace

PREPAID = cap(0, "credit", window="none")


class CreditRules(LedgerCase):
    """Tests of prepaid limits: a limit allows the credit that was added and has not expired.

    No new period restores used credit.
    """

    def pay(self, amount: int, hours: int | None = None) -> o.Ordered:
        """Add `amount` of credit to the limit. The credit expires after `hours`; None means never."""
        until = None if hours is None else self.clock.now() + hours * HOUR
        command = o.TopUp("credit", PREPAID.account, amount, until, "invoice 7", "lan@desk")
        return self.do(command, o.Ordered)

    def balance(self) -> tuple[int, int]:
        """Return the total amount that the limit allows, and the remaining amount."""
        verdict = self.stands(PREPAID)
        return verdict.limit.amount, verdict.remaining

    def test_what_is_paid_in_can_be_used_once_and_for_ever(self) -> None:
        self.watch(PREPAID)
        self.refused("a", tokens(1), PREPAID)
        self.pay(10)
        assert self.balance() == (10, 10)
        self.reserve("b", tokens(6), PREPAID)
        self.settle("b", tokens(4), PREPAID)
        self.clock.advance(hours=24 * 400)
        self.reopen()
        assert self.balance() == (10, 6)
        self.reserve("c", tokens(6), PREPAID)
        self.refused("d", tokens(1), PREPAID)
        self.pay(5)
        assert self.balance() == (15, 5)
        self.reserve("e", tokens(5), PREPAID)
        entry = next(entry for entry in self.journal() if entry.notice is not None)
        assert entry.kind is Kind.TOPUP and entry.notice is not None
        assert (entry.notice.amount, entry.notice.used, entry.notice.why) == (10, 0, "invoice 7")

    def test_a_top_up_adds_to_what_the_limit_has_itself(self) -> None:
        own = replace(PREPAID, amount=3)
        self.record("before", tokens(2))
        self.do(o.TopUp("credit", own.account, 10), o.Ordered)
        verdict = self.stands(own)
        assert (verdict.limit.amount, verdict.used, verdict.remaining) == (13, 2, 11)

    def test_the_unused_part_lapses(self) -> None:
        self.watch(PREPAID)
        self.pay(10, hours=24)
        self.record("a", tokens(4), PREPAID)
        self.clock.advance(hours=24)
        # A reader sees the expiry before an entry of the journal records it.
        assert self.balance() == (4, 0)
        assert not any(entry.kind is Kind.LAPSE for entry in self.journal())
        self.refused("b", tokens(1), PREPAID)
        (lapse,) = [entry for entry in self.journal() if entry.kind is Kind.LAPSE]
        assert lapse.notice is not None
        assert (lapse.notice.amount, lapse.notice.used) == (6, 4)
        self.reopen()
        assert self.balance() == (4, 0)
        self.record("c", tokens(0), PREPAID)
        assert sum(entry.kind is Kind.LAPSE for entry in self.journal()) == 1

    def test_what_expires_first_is_used_first(self) -> None:
        self.watch(PREPAID)
        self.pay(10)  # never expires
        self.record("before", tokens(3), PREPAID)
        self.pay(10, hours=48)
        self.pay(10, hours=24)
        self.record("a", tokens(12), PREPAID)  # 10 from the last payment, 2 from the payment before
        self.clock.advance(hours=24)
        assert self.balance() == (30, 15)
        self.record("b", tokens(1), PREPAID)  # from the payment that expires tomorrow
        self.clock.advance(hours=24)
        assert self.balance() == (23, 7)
        self.record("c", tokens(7), PREPAID)
        assert self.balance() == (23, 0)

    def test_what_was_used_before_is_not_taken_from_a_top_up(self) -> None:
        self.watch(PREPAID)
        self.pay(10)
        self.record("a", tokens(8), PREPAID)
        self.pay(5, hours=1)
        self.record("b", tokens(2), PREPAID)
        self.clock.advance(hours=1)
        assert self.balance() == (12, 2)

    def test_what_a_call_was_admitted_on_does_not_lapse(self) -> None:
        self.watch(PREPAID)
        self.pay(10, hours=1)
        self.reserve("a", tokens(7), PREPAID)
        self.clock.advance(hours=1)
        assert self.balance() == (7, 0)
        self.settle("a", tokens(5), PREPAID)
        assert self.balance() == (7, 2)  # the released amount returns to the balance

    def test_a_correction_gives_room_back(self) -> None:
        self.watch(PREPAID)
        self.pay(10, hours=10)
        self.record("a", tokens(10), PREPAID)
        self.pay(1)
        self.do(c.Correct("a", tokens(4)), c.Booked)
        assert self.balance() == (11, 7)
        self.clock.advance(hours=10)
        assert self.balance() == (11, 7)  # everything that was paid before is used

    def test_thresholds_are_of_what_was_paid_in(self) -> None:
        self.watch(PREPAID)
        self.pay(10)
        assert [x.crossing.level for x in self.record("a", tokens(8), PREPAID).crossed] == [8]
        self.pay(10)
        assert self.record("b", tokens(1), PREPAID).crossed == ()
        (crossed,) = self.record("c", tokens(7), PREPAID).crossed
        assert (crossed.crossing.amount, crossed.crossing.start_at) == (20, 0)

    def test_a_top_up_that_cannot_be_is_refused(self) -> None:
        now = self.clock.now()
        account = PREPAID.account
        for command in (
            o.TopUp("day", cap(1).account, 5), o.TopUp("credit", account, 0),
            o.TopUp("credit", account, 2**63), o.TopUp("credit", account, 5, now),
            o.TopUp("", account, 5), o.TopUp("credit", account, 5, None, "a\nb"),
            o.TopUp("each", replace(account, per="user"), 5),
        ):  # fmt: skip
            self.fails(command, InvalidInputError)

    def test_of_a_limit_per_label_each_value_is_paid_for(self) -> None:
        each = replace(PREPAID, name="each", per="user")
        self.watch(each)
        labels = replace(LABELS, scope=(("user", "lan"),))
        lan = each.of(labels)
        self.do(o.TopUp(lan.name, lan.account, 5), o.Ordered)
        self.do(self.asking("a", tokens(5), (lan,), labels=labels), c.Reserved)
        self.do(self.asking("b", tokens(1), (lan,), labels=labels), c.Denied)

    def test_two_stores_on_one_ledger_share_credit(self) -> None:
        self.watch(PREPAID)
        self.watch(PREPAID, store=self.other)
        self.pay(10, hours=1)
        self.do(self.asking("a", tokens(6), (PREPAID,)), c.Reserved, store=self.other)
        self.refused("b", tokens(5), PREPAID)
        self.clock.advance(hours=1)
        self.do(self.asking("c", tokens(1), (PREPAID,)), c.Denied, store=self.other)
        assert self.balance() == (6, 0)
