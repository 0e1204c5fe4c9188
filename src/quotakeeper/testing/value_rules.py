"""Contract: a limit per label applies to each value of the label separately."""

from __future__ import annotations

from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger import order_commands as o
from quotakeeper.domain.limits import Limit, applicable
from quotakeeper.domain.usage import CallLabels
from quotakeeper.testing.ledger_case import HOUR, OWNER, LedgerCase, cap, tokens
from quotakeeper.value_classes import replace


def of(user: str | None, model: str = "m") -> CallLabels:
    """Return the labels of a call of `user`. None means that the call has no label "user"."""
    scope = () if user is None else (("user", user),)
    return CallLabels("gemini", model, "translate", scope)


def rule(amount: int = 10, window: str = "day") -> Limit:
    """Return a limit of `amount` tokens for each user."""
    return replace(cap(amount, "each", window=window), per="user")


class ValueRules(LedgerCase):
    """Tests of a limit per label: each label value has its own balance from its first call on."""

    def asks(self, name: str, user: str | None, amount: int, limit: Limit) -> c.Reserve:
        """Return a command that makes a reservation of `amount` tokens for a user."""
        labels = of(user)
        return self.asking(name, tokens(amount), applicable((limit,), labels), labels=labels)

    def book(self, name: str, user: str, amount: int, limit: Limit) -> c.Booked:
        """Record the use of `amount` tokens by a user."""
        labels = of(user)
        return self.record(name, tokens(amount), *applicable((limit,), labels), labels=labels)

    def values(self, limit: Limit) -> list[tuple[str, int, int, int]]:
        """Return the name, the settled use and the reserved use for each listed label value.

        The last number in each tuple counts the label values that are not listed.
        """
        verdicts = self.store.verdicts((limit,), self.clock.now())
        return [(v.limit.name, v.used, v.reserved, v.others) for v in verdicts]

    def test_each_value_has_a_balance_of_its_own(self) -> None:
        limit = rule()
        self.watch(limit)
        self.do(self.asks("lan 1", "lan", 10, limit), c.Reserved)
        self.do(self.asks("minh 1", "minh", 7, limit), c.Reserved)
        denied = self.do(self.asks("lan 2", "lan", 1, limit), c.Denied).decision.blocking
        assert (denied.limit.name, denied.limit.rule) == ("each [user=lan]", "each")
        assert denied.limit.scope == (("user", "lan"),)
        self.do(self.asks("minh 2", "minh", 3, limit), c.Reserved)
        self.reopen()
        self.do(self.asks("minh 3", "minh", 1, limit), c.Denied)
        self.do(self.asks("an 1", "an", 10, limit), c.Reserved)
        self.do(self.asks("an 2", "an", 1, limit), c.Denied)

    def test_a_call_without_the_label_is_not_under_it(self) -> None:
        limit = rule(1)
        self.watch(limit)
        assert applicable((limit,), of(None)) == ()
        self.do(self.asks("nobody", None, 99, limit), c.Reserved)
        self.do(self.asks("empty", "", 1, limit), c.Reserved)  # "" is a value like any other
        self.do(self.asks("empty 2", "", 1, limit), c.Denied)

    def test_values_come_to_be_within_one_batch(self) -> None:
        limit = rule()
        self.watch(limit)
        asked = [self.asks(f"{user} {n}", user, 6, limit) for user in "abc" for n in range(2)]
        outcomes = self.apply(*asked)
        assert [type(outcome) for outcome in outcomes] == [c.Reserved, c.Denied] * 3

    def test_the_most_used_values_are_listed_first(self) -> None:
        limit = rule()
        self.watch(limit)
        assert self.values(limit) == [("each", 0, 0, 0)]
        for user, amount in (("a", 3), ("b", 9), ("c", 5)):
            self.book(user, user, amount, limit)
        self.do(self.asks("more", "a", 7, limit), c.Reserved)
        assert self.values(limit) == [
            ("each [user=a]", 3, 7, 0), ("each [user=b]", 9, 0, 0), ("each [user=c]", 5, 0, 0),
        ]  # fmt: skip
        self.clock.advance(hours=24)
        assert self.values(limit) == [("each", 0, 0, 0)]

    def test_of_many_values_the_rest_is_counted(self) -> None:
        limit = rule()
        self.watch(limit)
        self.apply(*(
            c.Record(f"{n}", of(f"user {n:02}"), tokens(1 + n // 22)) for n in range(25)
        ))  # fmt: skip
        listed = self.values(limit)
        assert len(listed) == 20
        assert listed[0] == ("each [user=user 22]", 2, 0, 0)
        assert listed[-1][3] == 5

    def test_what_values_used_before_the_limit_came_to_be_counts(self) -> None:
        limit = rule()
        self.record("yesterday", tokens(10), labels=of("lan"))
        self.clock.advance(hours=24)
        self.record("a", tokens(4), labels=of("lan"))
        self.record("b", tokens(3), labels=of("minh", "another"))
        self.do(self.asking("open", tokens(5), labels=of("lan")), c.Reserved)
        self.watch(limit)
        assert self.values(limit) == [("each [user=lan]", 4, 5, 0), ("each [user=minh]", 3, 0, 0)]
        self.do(self.asks("c", "lan", 2, limit), c.Denied)
        self.do(self.asks("d", "lan", 1, limit), c.Reserved)

    def test_values_are_counted_whoever_books_them(self) -> None:
        limit = rule()
        self.watch(limit)
        self.record("knows no limits", tokens(9), labels=of("lan"))
        self.do(self.asks("a", "lan", 2, limit), c.Denied)
        self.do(c.Correct("knows no limits", tokens(1)), c.Booked)
        self.do(self.asks("b", "lan", 9, limit), c.Reserved)

    def test_a_call_written_down_late_counts_in_its_own_period(self) -> None:
        limit = rule(window="hour")
        self.watch(limit)
        self.clock.advance(hours=3)
        late = c.Record("late", of("lan"), tokens(8), (), self.clock.now() - 2 * HOUR)
        self.do(late, c.Booked)
        self.book("now", "lan", 2, limit)
        assert self.values(limit) == [("each [user=lan]", 2, 0, 0)]

    def test_each_value_crosses_thresholds_of_its_own(self) -> None:
        limit = rule()
        self.watch(limit)
        (crossed,) = self.book("a", "lan", 8, limit).crossed
        assert crossed.crossing.limit == "each [user=lan]"
        (crossed,) = self.book("b", "minh", 8, limit).crossed
        assert crossed.crossing.limit == "each [user=minh]"
        assert self.book("c", "lan", 1, limit).crossed == ()
        # Commands without a caller, such as a correction, name the rule itself.
        self.do(c.Correct("c", tokens(0)), c.Booked)
        self.do(c.Correct("a", tokens(7)), c.Booked)
        (crossed,) = self.record("d", tokens(1), limit, labels=of("lan")).crossed
        assert (crossed.crossing.limit, crossed.crossing.turn) == ("each [user=lan]", 2)

    def test_a_check_of_a_new_value_changes_nothing(self) -> None:
        limit = rule()
        self.watch(limit)
        labels = of("lan")
        limits = applicable((limit,), labels)
        now = self.clock.now()
        assert self.store.check(labels, tokens(10), limits, now).allowed
        assert not self.store.check(labels, tokens(11), limits, now).allowed
        assert self.values(limit) == [("each", 0, 0, 0)]
        booked = self.do(c.Record("a", labels, tokens(8), limits), c.Booked)
        assert len(booked.crossed) == 1

    def test_a_rolling_window_per_value(self) -> None:
        limit = rule(window="rolling 1h")
        self.watch(limit)
        self.book("a", "lan", 9, limit)
        self.do(self.asks("b", "lan", 2, limit), c.Denied)
        self.do(self.asks("c", "minh", 2, limit), c.Reserved)
        self.clock.advance(hours=2)
        self.do(self.asks("d", "lan", 2, limit), c.Reserved)

    def test_a_rule_within_a_scope_and_the_same_value_as_a_limit(self) -> None:
        team = replace(rule(), scope=(("team", "sub"),))
        fixed = cap(5, "lan alone", labels=CallLabels("", scope=(("user", "lan"),)))
        limit = rule()
        self.watch(fixed)
        self.record("before", tokens(2), labels=of("lan"))
        self.watch(limit, team)
        self.do(self.asks("a", "lan", 3, fixed), c.Reserved)
        self.do(self.asks("b", "lan", 1, fixed), c.Denied)
        assert self.values(limit) == [("each [user=lan]", 2, 3, 0)]
        within = replace(of("lan"), scope=(("team", "sub"), ("user", "lan")))
        limits = applicable((team,), within)
        self.do(self.asking("c", tokens(10), limits, labels=within), c.Reserved)
        self.do(self.asking("d", tokens(1), limits, labels=within), c.Denied)
        assert [v.limit.scope for v in self.store.verdicts((team,), self.clock.now())] == [
            (("team", "sub"), ("user", "lan")),
        ]  # fmt: skip

    def test_two_stores_on_one_ledger_share_the_values(self) -> None:
        limit = rule()
        self.watch(limit)
        self.watch(limit, store=self.other)
        for n in range(10):
            store = self.other if n % 2 else self.store
            self.do(self.asks(f"{n}", "lan", 1, limit), c.Reserved, store=store)
        self.do(self.asks("full", "lan", 1, limit), c.Denied, store=self.store)
        self.do(self.asks("other full", "lan", 1, limit), c.Denied, store=self.other)

    def test_a_lease_is_granted_for_one_value(self) -> None:
        limit = rule()
        self.watch(limit)
        self.do(self.asks("lease", "lan", 8, limit), c.Reserved)
        self.do(c.Draw("call", "lease", tokens(5), OWNER, HOUR), c.Reserved)
        labels = applicable((limit,), of("lan"))
        self.settle("call", tokens(5), *labels)
        assert self.values(limit) == [("each [user=lan]", 5, 3, 0)]

    def test_a_raised_rule_is_raised_for_all_values(self) -> None:
        limit = rule()
        self.watch(limit)
        self.do(o.RaiseLimit("each", limit.account.key, 12, HOUR, "why"), o.Ordered)
        self.do(self.asks("a", "lan", 12, limit), c.Reserved)
        self.do(self.asks("b", "minh", 12, limit), c.Reserved)
        one = o.RaiseLimit("each [user=lan]", limit.account.key, 20, HOUR, "for Lan")
        self.do(one, o.Ordered)
        self.do(self.asks("c", "lan", 8, limit), c.Reserved)
        self.do(self.asks("d", "minh", 1, limit), c.Denied)
