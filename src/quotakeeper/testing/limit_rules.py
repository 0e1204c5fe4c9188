"""Contract: admission never exceeds a hard limit, overage is recorded, and balances are exact."""

from __future__ import annotations

from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.limits import Mode
from quotakeeper.domain.money import MAX_PICO
from quotakeeper.domain.usage import CallLabels
from quotakeeper.errors import InvalidInputError
from quotakeeper.testing.ledger_case import LABELS, LedgerCase, cap, tokens


class LimitRules(LedgerCase):
    """Tests of which calls are admitted, and what each limit counts."""

    def test_a_limit_is_filled_exactly_and_not_by_one_more(self) -> None:
        limit = cap(100)
        self.watch(limit)
        self.reserve("a", tokens(60), limit)
        denied = self.refused("b", tokens(41), limit)
        assert denied.decision.blocking.remaining == 40
        assert denied.decision.blocking.asked == 41
        self.reserve("c", tokens(40), limit)
        self.refused("d", tokens(1), limit)
        assert self.stands(limit).remaining == 0

    def test_a_call_of_nothing_passes_an_exhausted_limit(self) -> None:
        limit = cap(10)
        self.watch(limit)
        self.record("a", tokens(11))
        held = self.reserve("b", tokens(0), limit)
        assert held.decision.allowed and held.decision.warnings == ()
        self.refused("c", tokens(1), limit)

    def test_a_call_of_unknown_cost_does_not_pass_an_exhausted_limit_of_cost(self) -> None:
        limit, soft = cap(10, meter="cost"), cap(10, "soft", meter="cost", mode=Mode.SOFT)
        self.watch(limit)
        self.record("a", tokens(1, 9))
        self.reserve("unpriced", tokens(1), limit, soft)
        self.record("b", tokens(1, 1))
        blocking = self.refused("c", tokens(1), limit).decision.blocking
        assert (blocking.asked, blocking.remaining) == (0, 0)
        self.reserve("free", tokens(1, 0), limit)
        self.reserve("soft", tokens(1), soft)
        self.reserve(
            "run_in_thread", tokens(1), cap(0, meter="cost", labels=CallLabels("deepgram"))
        )

    def test_a_limit_of_nothing_refuses_everything_it_counts(self) -> None:
        limit = cap(0)
        self.watch(limit)
        self.refused("a", tokens(1), limit)
        self.reserve("b", tokens(0), limit)

    def test_a_call_is_admitted_by_all_its_limits_or_by_none(self) -> None:
        wide, narrow, money = cap(1_000, "wide"), cap(50, "narrow", window="hour"), cap(
            10, "money", meter="cost"
        )  # fmt: skip
        self.watch(wide, narrow, money)
        self.reserve("a", tokens(40, 5), wide, narrow, money)
        before = self.journal()
        denied = self.refused("b", tokens(11, 6), wide, narrow, money)
        assert [verdict.limit.name for verdict in denied.decision.refusing] == ["narrow", "money"]
        # The limit that resets last blocks: after its reset, both limits admit the call.
        assert denied.decision.blocking.limit == money
        assert self.journal() == before
        assert [self.sums(limit) for limit in (wide, narrow, money)] == [(0, 40), (0, 40), (0, 5)]

    def test_a_refused_id_may_be_tried_again(self) -> None:
        limit = cap(10)
        self.watch(limit)
        self.reserve("a", tokens(10), limit)
        self.refused("b", tokens(5), limit)
        self.apply(c.Release("a"))
        # The refusal has left nothing in the ledger, so the same id can be used for another call.
        assert not self.reserve("b", tokens(4), limit).replay

    def test_what_goes_beyond_its_reservation_is_counted_and_closes_the_period(self) -> None:
        limit = cap(100)
        self.watch(limit)
        self.reserve("a", tokens(10), limit)
        self.reserve("b", tokens(80), limit)
        booked = self.settle("a", tokens(500), limit)
        assert booked.event.quantities == {"input_tokens": 500}
        assert [each.verdict.used for each in booked.crossed] == [500] * 3
        assert self.sums(limit) == (500, 80)
        self.refused("c", tokens(1), limit)
        self.settle("b", tokens(80), limit)
        assert self.sums(limit) == (580, 0)

    def test_recording_is_never_refused_for_the_amount(self) -> None:
        limit = cap(10)
        self.watch(limit)
        booked = self.record("a", tokens(25), limit)
        assert {each.verdict.limit for each in booked.crossed} == {limit}
        assert self.sums(limit) == (25, 0)
        self.refused("b", tokens(1), limit)

    def test_soft_and_shadow_limits_refuse_nothing_and_say_so(self) -> None:
        soft, shadow = cap(10, "soft", mode=Mode.SOFT), cap(10, "shadow", mode=Mode.SHADOW)
        self.watch(soft, shadow)
        held = self.reserve("a", tokens(11), soft, shadow)
        assert held.decision.allowed and held.decision.refusing == ()
        assert [verdict.limit for verdict in held.decision.warnings] == [soft, shadow]
        assert self.sums(soft) == (0, 11)

    def test_thresholds_warn_at_and_above_the_lowest(self) -> None:
        limit = cap(100)
        self.watch(limit)
        assert self.reserve("a", tokens(79), limit).decision.warnings == ()
        (warning,) = self.reserve("b", tokens(1), limit).decision.warnings
        assert warning.limit == limit

    def test_a_dry_run_decides_alike_and_changes_nothing(self) -> None:
        limit = cap(10)
        self.watch(limit)
        self.reserve("a", tokens(6), limit)
        before = self.journal()
        for amount in (0, 4, 5):
            says = self.store.check(LABELS, tokens(amount), (limit,), self.clock.now())
            assert says.allowed is (amount <= 4)
        assert self.journal() == before
        self.reserve("b", tokens(4), limit)

    # -- which calls

    def test_limits_count_only_the_calls_they_match(self) -> None:
        scope = (("project", "phim-01"),)
        by = {
            "provider": cap(100, labels=CallLabels("gemini")),
            "model": cap(100, labels=CallLabels("gemini", "gemini-2.0-flash")),
            "prefix": cap(100, labels=CallLabels("gemini", "gemini-2.0*")),
            "operation": cap(100, labels=CallLabels("", "", "rewrite")),
            "scope": cap(100, labels=CallLabels("", scope=scope)),
        }
        self.watch(*by.values())
        calls = (
            CallLabels("gemini", "gemini-2.0-flash", "translate"),
            CallLabels("gemini", "gemini-2.0-pro", "rewrite"),
            CallLabels("gemini", "", "rewrite", scope),
            CallLabels("deepgram", "gemini-2.0-flash", "listen", (("a", "b"), *scope)),
            CallLabels("gemini", "Gemini-2.0-flash", "listen", (("project", "phim-02"),)),
        )
        for power, labels in enumerate(calls):
            self.record(str(power), tokens(10**power), *by.values(), labels=labels)
        counted = {name: self.sums(limit)[0] for name, limit in by.items()}
        assert counted == {
            "provider": 10111, "model": 1, "prefix": 11, "operation": 110, "scope": 1100,
        }  # fmt: skip

    def test_a_limit_given_for_a_call_it_does_not_match_says_nothing(self) -> None:
        limit = cap(1, labels=CallLabels("deepgram"))
        self.watch(limit)
        self.record("exhausts it", tokens(5), labels=CallLabels("deepgram"))
        held = self.reserve("a", tokens(10), limit)
        assert held.decision.allowed and held.decision.warnings == ()
        assert self.settle("a", tokens(10), limit).crossed == ()

    def test_accounts_that_differ_only_in_where_a_bar_stands_are_two(self) -> None:
        first = cap(10, labels=CallLabels("p", "m|x", "call"))
        second = cap(10, labels=CallLabels("p", "m", "x|"))
        third = cap(10, labels=CallLabels("p", scope=(("a", "1&b=2"),)))
        fourth = cap(10, labels=CallLabels("p", scope=(("a", "1"), ("b", "2"))))
        limits = (first, second, third, fourth)
        assert len({limit.account.key for limit in limits}) == 4
        self.watch(*limits)
        self.record("1", tokens(5), labels=CallLabels("p", "m|x", "anything"))
        self.record("2", tokens(6), labels=CallLabels("p", "m", "x|"))
        self.record("3", tokens(7), labels=CallLabels("p", scope=(("a", "1"), ("b", "2"))))
        self.reopen()
        assert [self.sums(limit)[0] for limit in limits] == [5, 6, 0, 7]

    def test_sums_of_meters_and_modalities_are_counted_together(self) -> None:
        limits = [cap(1_000, meter=meter) for meter in (
            "tokens", "input_tokens", "audio_minutes", "audio_seconds", "requests", "cost",
        )]  # fmt: skip
        self.watch(*limits)
        figures = tokens(0, 77)
        quantities = {
            "input_tokens": 1, "input_tokens@audio": 2, "cached_input_tokens": 4,
            "output_tokens": 8, "thought_tokens": 16, "audio_milliseconds": 500, "requests": 1,
        }  # fmt: skip
        self.record("a", type(figures)(quantities, 77))
        assert [self.sums(limit)[0] for limit in limits] == [31, 3, 500, 500, 1, 77]

    # -- accounts

    def test_limits_with_the_same_account_share_its_balance(self) -> None:
        hard, soft = cap(10, "hard"), cap(5, "soft", mode=Mode.SOFT)
        self.watch(hard, soft)
        self.reserve("a", tokens(7), hard, soft)
        assert self.sums(hard) == self.sums(soft) == (0, 7)
        self.refused("b", tokens(4), soft, hard)

    def test_raising_or_lowering_a_limit_keeps_what_was_used(self) -> None:
        self.watch(cap(10))
        self.reserve("a", tokens(10), cap(10))
        self.refused("b", tokens(5), cap(10))
        self.reopen()
        self.watch(cap(20, "another name"))
        self.reserve("b", tokens(5), cap(20))
        self.refused("c", tokens(1), cap(12))
        assert self.stands(cap(12)).remaining == 0
        assert self.stands(cap(20)).remaining == 5

    def test_a_limit_that_comes_later_counts_what_was_used_before(self) -> None:
        self.record("yesterday", tokens(1_000))
        self.clock.advance(hours=20)
        self.record("recorded", tokens(1))
        self.reserve("open", tokens(20))
        self.reserve("settled", tokens(500))
        self.settle("settled", tokens(300))
        self.reserve("released", tokens(4_000))
        self.apply(c.Release("released"))
        limit = cap(400)
        # No balance is kept yet: the sums come from the journal.
        assert self.sums(limit) == (301, 20)
        self.refused("b", tokens(80), limit)
        self.watch(limit)
        assert self.sums(limit) == (301, 20)
        self.refused("b", tokens(80), limit)
        self.settle("open", tokens(20))
        self.reserve("b", tokens(79), limit)

    def test_a_limit_that_comes_in_the_same_batch_counts_what_came_before_it(self) -> None:
        limit, later = cap(100), cap(100, window="hour")
        outcomes = self.apply(
            c.Record("a", LABELS, tokens(30)),
            self.asking("b", tokens(70), [later]),
            self.asking("c", tokens(1), [later]),
            c.Watch((limit.account,)),
            c.Settle("b", tokens(60)),
            self.asking("d", tokens(11), [limit]),
            self.asking("e", tokens(10), [limit]),
        )
        kinds = [c.Booked, c.Reserved, c.Denied, c.Watched, c.Booked, c.Denied, c.Reserved]
        assert [type(outcome) for outcome in outcomes] == kinds
        assert self.sums(limit) == (90, 10)

    def test_watching_twice_changes_nothing(self) -> None:
        limit = cap(10)
        self.watch(limit)
        self.record("a", tokens(3))
        self.watch(limit)
        self.apply(c.Watch((limit.account, limit.account)))
        assert self.sums(limit) == (3, 0)

    # -- the largest amounts

    def test_sums_that_no_ledger_could_hold_are_refused_to_their_caller_alone(self) -> None:
        limit = cap(2**62, meter="cost")
        self.watch(limit)
        half = MAX_PICO // 2
        self.fails(c.Record("too much", LABELS, tokens(1, MAX_PICO + 1)), InvalidInputError)
        self.fails(c.Record("negative", LABELS, tokens(1, -1)), InvalidInputError)
        self.reserve("late", tokens(1, 1), limit)
        self.record("a", tokens(1, half - 1))
        self.fails(c.Record("b", LABELS, tokens(1, MAX_PICO)), InvalidInputError)
        self.clock.advance(hours=24)
        # A settled call counts in the period of its reservation, so that period needs the capacity.
        self.fails(c.Settle("late", tokens(1, MAX_PICO)), InvalidInputError)
        assert self.settle("late", tokens(1, 2)).event.cost_pico == 2
        assert self.sums(limit) == (0, 0)
        self.reopen()
        self.record("c", tokens(1, half - 1))
        assert self.sums(limit) == (half - 1, 0)

    def test_commands_that_cannot_be_stored_fail_for_their_caller_alone(self) -> None:
        good = tokens(1)
        more = {
            "note": "\ud800",
            "model_served": "\x00",
            "duration_ms": -1,
            "price_id": "x" * 9_999,
        }
        bad: list[c.Command] = [
            c.Record(event_id, LABELS, good) for event_id in ("", "x" * 257, "a\x00b", "\ud800")
        ]
        bad += [
            c.Record("a", CallLabels("p", operation=name), good)
            for name in ("", "o" * 1_000_000, "\udfff", "a\x00b")
        ]
        bad += [
            c.Record("a", CallLabels("p", scope=(("a", "1"), ("a", "2"))), good),
            c.Record("a", LABELS, type(good)({"input_tokens": -1})),
            c.Record("a", LABELS, type(good)({'x"y': 1})),
            *(c.Record("a", LABELS, type(good)(**{name: value})) for name, value in more.items()),  # type: ignore[arg-type]
            self.asking("a", good, owner="\ud800"),
            c.Settle("\ud800", good),
        ]
        for command in bad:
            outcomes = self.apply(c.Record("good", LABELS, good), command)
            assert isinstance(outcomes[0], c.Booked)
            assert isinstance(outcomes[1], c.Failed), command
            assert isinstance(outcomes[1].error, InvalidInputError)
        assert [event.id for event in self.events()] == ["good"]
