"""Contract: the journal is in commit order, and all events and balances follow from it."""

from __future__ import annotations

from quotakeeper.domain.forecasting.time_buckets import BUCKET, BucketSum
from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger.entries import Figures, Kind
from quotakeeper.domain.ports import EventQuery, Verification
from quotakeeper.domain.usage import CallLabels, Outcome, Provenance
from quotakeeper.testing.ledger_case import HOUR, LABELS, OTHER_OWNER, LedgerCase, cap, tokens


class JournalRules(LedgerCase):
    """Tests that entries, events and sums can be read from a ledger without losses."""

    def test_the_journal_holds_every_entry_in_commit_order(self) -> None:
        self.reserve("a", tokens(10))
        self.apply(c.MarkSent("a"), c.Extend("a", 2 * HOUR), c.Settle("a", tokens(9)))
        self.apply(c.Correct("a", tokens(8)), c.Record("b", LABELS, tokens(1)))
        self.reserve("c", tokens(1))
        self.apply(c.Release("c"))
        entries = self.journal()
        assert [entry.seq for entry in entries] == list(range(1, 9))
        assert [entry.kind for entry in entries] == [
            Kind.RESERVE, Kind.SENT, Kind.EXTEND, Kind.SETTLE, Kind.CORRECT, Kind.RECORD,
            Kind.RESERVE, Kind.RELEASE,
        ]  # fmt: skip
        assert [entry.ref for entry in entries] == [None, 1, 1, 1, 1, None, None, 7]
        assert list(self.store.entries(after=5)) == entries[5:]
        assert list(self.store.entries(after=8)) == []
        self.reopen()
        assert self.journal() == entries

    def test_everything_said_of_a_call_is_kept(self) -> None:
        figures = Figures(
            {"audio_milliseconds": 120_500, "input_tokens@audio": 10**12, "requests": 1},
            2**63 - 1, "gemini/2026-01-01", Provenance.TOKENIZER, Outcome.ERROR,
            "gemini-2.0-flash-001", 10**12, "ghi chú: đã thử lại lần 2 — 重试",
        )  # fmt: skip
        labels = CallLabels("gemini", "mô-hình", "dịch 翻译 🎬", (("dự án", "phim-01"), ("x", "")))
        event = self.record('id ’ " \\ ; --', figures, labels=labels).event
        self.reopen()
        (again,) = self.events()
        assert again == event
        assert again.labels == labels
        kept = {name: getattr(again, name) for name in (
            "quantities", "cost_pico", "price_id", "provenance", "outcome", "model_served",
            "duration_ms", "note",
        )}  # fmt: skip
        assert kept == {name: getattr(figures, name) for name in kept}

    def test_an_unpriced_event_is_not_a_free_one(self) -> None:
        self.record("unpriced", tokens(1, None))
        self.record("free", tokens(1, 0))
        self.reopen()
        assert [(event.id, event.cost_pico) for event in self.events()] == [
            ("unpriced", None), ("free", 0),
        ]  # fmt: skip

    def test_queries_find_what_they_ask_for(self) -> None:
        start = self.clock.now()
        for number in range(12):
            labels = CallLabels(
                ("gemini", "deepgram")[number % 2], ("m-1", "m-2", "")[number % 3],
                ("translate", "rewrite")[number // 6],
            )  # fmt: skip
            self.record(f"{number:02}", tokens(1), labels=labels)
            self.clock.advance(minutes=1)
        self.reserve("open", tokens(1))

        def found(query: EventQuery) -> list[int]:
            return [int(event.id) for event in self.events(query)]

        every = list(range(12))
        assert found(EventQuery()) == every
        assert found(EventQuery(newest_first=True)) == every[::-1]
        assert found(EventQuery(provider="gemini")) == every[::2]
        assert found(EventQuery(model="m-2")) == every[1::3]
        assert found(EventQuery(operation="rewrite")) == every[6:]
        assert found(EventQuery(provider="deepgram", operation="rewrite")) == [7, 9, 11]
        assert found(EventQuery(provider="' OR 1=1 --")) == []
        assert found(EventQuery(limit=5)) == every[:5]
        assert found(EventQuery(limit=5, newest_first=True)) == every[:-6:-1]
        assert found(EventQuery(limit=0)) == []
        minute = HOUR // 60
        assert found(EventQuery(since=start + 3 * minute)) == every[3:]
        assert found(EventQuery(since=start + 3 * minute + 1)) == every[4:]
        assert found(EventQuery(until=start + 3 * minute)) == every[:3]
        assert found(EventQuery(until=start + 3 * minute + 1)) == every[:4]
        between = EventQuery(start + 2 * minute, start + 5 * minute, newest_first=True, limit=2)
        assert found(between) == [4, 3]
        assert found(EventQuery(since=start + HOUR)) == found(EventQuery(until=start)) == []
        assert found(EventQuery(since=-1, until=2**62)) == every

    def test_events_come_in_the_order_they_were_booked_in(self) -> None:
        self.reserve("first", tokens(1))
        self.reserve("second", tokens(1))
        self.record("third", tokens(1))
        self.settle("second", tokens(1))
        self.settle("first", tokens(1))
        self.apply(c.Correct("first", tokens(2)))
        assert [event.id for event in self.events()] == ["first", "second", "third"]
        assert self.events()[0].quantities == {"input_tokens": 2}

    def test_slots_are_the_sums_of_five_minutes(self) -> None:
        self.clock.set("2026-11-23T12:00:00Z")
        start = self.clock.now()
        other = CallLabels("deepgram", "nova-3", "speech_to_text", (("project", "phim-01"),))
        self.record("a", tokens(10, 7))
        self.clock.advance(seconds=299)
        self.record("b", tokens(5))  # unpriced
        self.record("c", Figures({"audio_milliseconds": 4}, 9, outcome=Outcome.ERROR), labels=other)
        self.reserve("d", tokens(100, 100))
        self.clock.advance(seconds=1)
        self.record("e", Figures({"input_tokens": 1}, 1, provenance=Provenance.ESTIMATED))
        self.settle("d", tokens(2, 3))
        self.reserve("open", tokens(50, 50))
        self.clock.advance(minutes=15)
        self.record("f", tokens(3, 0))
        self.reopen()
        reported, ok = Provenance.REPORTED, Outcome.OK
        first = [
            BucketSum(start, other, reported, Outcome.ERROR, 1, 0, {"audio_milliseconds": 4}, 9),
            BucketSum(start, LABELS, reported, ok, 3, 1, {"input_tokens": 17}, 10),
        ]
        second = BucketSum(
            start + BUCKET, LABELS, Provenance.ESTIMATED, ok, 1, 0, {"input_tokens": 1}, 1
        )
        last = BucketSum(start + 4 * BUCKET, LABELS, reported, ok, 1, 0, {"input_tokens": 3}, 0)
        every = [*first, second, last]
        assert list(self.store.slots()) == every
        assert list(self.store.slots(start, start + BUCKET)) == first
        assert list(self.store.slots(start, start + 1)) == first
        assert list(self.store.slots(start + BUCKET - 1, start + BUCKET)) == first
        assert list(self.store.slots(start, start + BUCKET + 1)) == [*first, second]
        assert list(self.store.slots(start + BUCKET)) == [second, last]
        assert list(self.store.slots(until=start)) == []
        self.apply(c.Correct("a", tokens(4, 2)))
        corrected = next(each for each in self.store.slots() if each.labels == LABELS)
        assert (corrected.quantities, corrected.cost_pico) == ({"input_tokens": 11}, 5)

    def test_slots_with_a_call_without_a_price_are_told_apart(self) -> None:
        start = self.clock.now() // BUCKET * BUCKET
        self.record("a", tokens(1, 5))
        self.record("b", tokens(2, None))
        self.clock.advance(minutes=5)
        self.record("c", tokens(3, None))
        first, second = self.store.unpriced_buckets(start + 1)
        assert (first.bucket_at, first.calls, first.unpriced_calls) == (start, 2, 1)
        assert (second.bucket_at, second.calls, second.unpriced_calls) == (start + BUCKET, 1, 1)
        assert self.store.unpriced_buckets(start + BUCKET) == [second]
        self.apply(c.Correct("c", tokens(3, 1)))
        self.reopen()
        assert self.store.unpriced_buckets(0) == [first]

    def test_the_pace_of_an_account_is_what_its_calls_used_by_slot(self) -> None:
        limit, money = cap(1_000), cap(1_000, "money", meter="cost")
        early, late = limit.account, money.account
        since = self.clock.now()
        self.watch(limit)
        self.record("a", tokens(10, 7))
        self.reserve("b", tokens(100, 90))
        self.clock.advance(minutes=20)
        # A limit is watched in the middle of a batch: use before and after it counts exactly once.
        self.apply(
            c.Record("c", LABELS, tokens(5, 4)),
            c.Watch((money.account,)),
            c.Record("d", LABELS, tokens(2, 1)),
            c.Settle("b", tokens(50, 40)),
            c.Correct("a", tokens(20, 6)),
        )
        later = since + 4 * BUCKET
        for _ in range(2):
            assert self.store.account_usage([late, early], since) == [
                {since: 46, later: 5}, {since: 70, later: 7},
            ]  # fmt: skip
            assert self.store.account_usage([early], since + BUCKET) == [{later: 7}]
            self.reopen()
        unwatched = cap(1, labels=CallLabels("deepgram")).account
        assert self.store.account_usage([unwatched, early], later) == [{}, {later: 7}]

    def test_long_answers_come_whole(self) -> None:
        many = 4_321
        for start in range(0, many, 1_000):
            batch = range(start, min(start + 1_000, many))
            self.apply(*(c.Record(f"{number}", LABELS, tokens(1)) for number in batch))
        numbers = list(range(many))
        assert [int(event.id) for event in self.events()] == numbers
        newest = self.events(EventQuery(newest_first=True, limit=4_100))
        assert [int(event.id) for event in newest] == numbers[: many - 4_101 : -1]
        assert len(self.journal()) == many
        limit = cap(10_000)
        self.watch(limit)
        assert self.sums(limit) == (many, 0)

    def test_reading_goes_on_while_more_is_written(self) -> None:
        for number in range(3):
            self.record(f"{number}", tokens(1))
        reading = self.store.events(EventQuery())
        first = next(reading)
        self.record("3", tokens(1))
        assert [first.id, *(event.id for event in reading)][:3] == ["0", "1", "2"]

    # -- two stores on one ledger

    def test_what_one_store_wrote_another_sees_at_once(self) -> None:
        limit, rolling = cap(100), cap(100, "rolling", window="rolling 1h")
        self.watch(limit)
        self.reserve("a", tokens(10), limit)
        assert self.sums(limit, store=self.other) == (0, 10)
        # Both stores have read the whole ledger. Now each must notice what the other one writes.
        self.watch(rolling, store=self.other)
        self.do(c.Settle("a", tokens(7)), c.Booked, store=self.other)
        assert self.sums(limit) == self.sums(rolling) == (7, 0)
        self.reserve("b", tokens(93), limit, rolling)
        self.do(self.asking("c", tokens(1), [limit]), c.Denied, store=self.other)
        self.do(c.Release("b"), c.Done, store=self.other)
        self.reserve("c", tokens(93), limit, rolling)
        again = self.do(self.asking("c", tokens(93), [limit]), c.Reserved, store=self.other)
        assert again.replay
        assert self.sums(limit, store=self.other) == self.sums(rolling, store=self.other) == (7, 93)
        assert self.journal(store=self.other) == self.journal()

    def test_stores_that_take_turns_never_pass_a_limit(self) -> None:
        limit, rolling = cap(50), cap(50, "rolling", window="rolling 1h")
        self.watch(limit, rolling)
        stores = (self.store, self.other)
        admitted = 0
        for number in range(80):
            store = stores[number * 7 % 3 % 2]
            (outcome,) = self.apply(
                self.asking(f"{number}", tokens(1), [limit, rolling]), store=store
            )
            if isinstance(outcome, c.Reserved):
                admitted += 1
                self.apply(c.Settle(f"{number}", tokens(1)), store=stores[number % 2])
        assert admitted == 50

    def test_only_the_dead_are_taken_for_dead(self) -> None:
        self.reserve("mine", tokens(1))
        self.do(self.asking("theirs", tokens(1), owner=OTHER_OWNER), c.Reserved, store=self.other)
        self.apply(self.asking("a stranger's", tokens(1), owner="never seen"))
        assert self.store.dead_owners() == self.other.dead_owners() == frozenset()

    def test_verify_goes_on_from_the_last_verified_entry(self) -> None:
        limit = cap(100)
        self.watch(limit)
        self.record("a", tokens(7))
        self.reserve("b", tokens(9), limit)
        first = self.store.verify_new()
        assert first == Verification((), 0, self.newest())
        self.settle("b", tokens(8))
        self.record("c", tokens(1))
        found = self.store.verify_new()
        assert (found.problems, found.newest, found.why_whole) == ((), self.newest(), "")
        assert found.after in (0, first.newest)  # a store may always read everything
        assert self.store.verify_new(whole=True) == Verification((), 0, self.newest())

    def newest(self) -> int:
        """Return the number of the newest entry."""
        return self.journal()[-1].seq
