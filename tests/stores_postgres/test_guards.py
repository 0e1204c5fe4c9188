"""Each guard of a commit: another host has changed what a decision relied on, and it is made again."""

from __future__ import annotations

from typing import Any

import pytest

from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger import order_commands as o
from quotakeeper.domain.ledger.state import ZoneFinder
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.ports import Store
from quotakeeper.domain.windows import SECOND
from quotakeeper.stores.postgres.connection import PostgresConnection
from quotakeeper.stores.postgres.dsn import ServerAddress
from quotakeeper.stores.postgres.store import PostgresStore
from quotakeeper.stores.sql.connection import Rows
from quotakeeper.testing.ledger_case import HOUR, LABELS, LedgerCase, cap, tokens


class TestGuards(LedgerCase):
    @pytest.fixture(autouse=True)
    def a_ledger(self, ledger: ServerAddress, monkeypatch: pytest.MonkeyPatch) -> None:
        self.address, self.patch = ledger, monkeypatch

    def make_store(self, zones: ZoneFinder, owner: str) -> Store:
        return PostgresStore(self.address, zones, owner=owner)

    def ways(self) -> dict[str, int]:
        """How the batches of the store went since it was asked last."""
        store = self.store
        assert isinstance(store, PostgresStore)
        found = dict(store.ways)
        store.ways.clear()
        return found

    def read_ahead(self, *theirs: c.Command) -> None:
        """Let another host write right after the store has read, and before it commits."""
        real, store = PostgresConnection.post, self.store
        assert isinstance(store, PostgresStore)
        mine, other = store._connection, self.other

        def late(connection: PostgresConnection, *values: Any) -> Rows:
            if connection is mine:
                self.patch.setattr(PostgresConnection, "post", real)
                self.apply(*theirs, store=other)
            return real(connection, *values)

        self.patch.setattr(PostgresConnection, "post", late)

    def warm(self, *limits: Limit) -> None:
        """Let the store know the limits, a label, and the clock."""
        self.watch(*limits)
        self.reserve("warm", tokens(1), *limits)
        self.reserve("warmer", tokens(1), *limits)
        self.record("warmest", tokens(0), *limits)
        self.ways()

    def test_what_is_known_is_enough(self) -> None:
        limits = cap(100), cap(100, "rolling", window="rolling 1h")
        self.warm(*limits)
        self.reserve("a", tokens(10), *limits)
        self.do(c.MarkSent("a"), c.Done)
        self.do(c.Extend("a", 2 * HOUR), c.Done)
        self.settle("a", tokens(9), *limits)
        self.reserve("b", tokens(1), *limits)
        self.do(c.Release("b"), c.Done)
        self.record("c", tokens(5), *limits)
        assert self.ways() == {"conditional": 7}
        assert self.sums(limits[0]) == self.sums(limits[1]) == (14, 2)

    @pytest.mark.parametrize("window", ["day", "rolling 1h", "none"])
    def test_room_that_another_host_took(self, window: str) -> None:
        limit = cap(100, window=window)
        self.warm(limit)
        self.do(self.asking("theirs", tokens(90), [limit]), c.Reserved, store=self.other)
        denied = self.refused("mine", tokens(9), limit)
        assert denied.decision.blocking.reserved == 92
        ways = self.ways()
        assert ways == {"guard: balance": 1, "nothing to write": 1}
        self.reserve("fits", tokens(8), limit)
        assert self.sums(limit) == (0, 100)

    def test_room_that_this_batch_takes_itself_counts(self) -> None:
        limit = cap(100)
        self.warm(limit)
        self.do(self.asking("theirs", tokens(90), [limit]), c.Reserved, store=self.other)
        asked = [self.asking(f"{n}", tokens(3), [limit]) for n in range(3)]
        outcomes = [type(outcome) for outcome in self.apply(*asked)]
        assert outcomes == [c.Reserved, c.Reserved, c.Denied]
        assert self.sums(limit) == (0, 98)

    def test_room_that_another_host_gave_back_is_used(self) -> None:
        limit = cap(100)
        self.warm(limit)
        self.do(self.asking("theirs", tokens(98), [limit]), c.Reserved, store=self.other)
        self.refused("mine", tokens(1), limit)
        self.do(c.Release("theirs"), c.Done, store=self.other)
        self.reserve("mine", tokens(98), limit)

    @pytest.mark.parametrize("window", ["day", "rolling 1h"])
    def test_a_threshold_that_comes_near_elsewhere_is_crossed(self, window: str) -> None:
        limit = cap(100, window=window)
        self.warm(limit)
        self.do(c.Record("theirs", LABELS, tokens(75)), c.Booked, store=self.other)
        (crossed,) = self.record("mine", tokens(5), limit).crossed
        assert (crossed.crossing.level, crossed.crossing.used) == (80, 80)
        assert self.ways()["guard: balance"] == 1

    @pytest.mark.parametrize("window", ["day", "rolling 1h"])
    def test_warnings_tell_of_use_elsewhere(self, window: str) -> None:
        limit = cap(100, window=window)
        self.warm(limit)
        self.do(self.asking("theirs", tokens(80), [limit]), c.Reserved, store=self.other)
        (warning,) = self.reserve("mine", tokens(5), limit).decision.warnings
        assert (warning.reserved, warning.asked) == (82, 5)
        assert self.ways() == {"conditional": 1}

    def test_an_id_that_another_host_has_used(self) -> None:
        limit = cap(100)
        self.warm(limit)
        self.do(self.asking("a", tokens(5), [limit]), c.Reserved, store=self.other)
        again = self.reserve("a", tokens(5), limit)
        assert again.replay
        assert self.ways()["guard: id"] == 1
        self.do(c.Record("b", LABELS, tokens(5)), c.Booked, store=self.other)
        assert self.record("b", tokens(5)).replay
        assert self.sums(limit) == (5, 7)

    def test_a_reservation_that_another_host_has_changed(self) -> None:
        limit = cap(100)
        self.warm(limit)
        for event_id in ("extended", "ended"):
            self.reserve(event_id, tokens(5), limit)
        self.do(c.Extend("extended", 5 * HOUR), c.Done, store=self.other)
        self.do(c.Release("ended"), c.Done, store=self.other)
        self.ways()
        self.do(c.MarkSent("extended"), c.Done)
        assert self.ways()["guard: hold"] == 1
        extended = {hold.id: hold.expires_at for hold in self.store.holds()}["extended"]
        assert extended == self.clock.now() + 5 * HOUR
        late = self.settle("ended", tokens(2), limit)
        assert late.event.quantities == {"input_tokens": 2}

    def test_a_pause_and_a_raise_that_another_host_has_ordered(self) -> None:
        limit = cap(100)
        self.warm(limit)
        self.do(o.PauseCalls("gemini", "why", "an@host"), o.Ordered, store=self.other)
        assert self.refused("a", tokens(1), limit).decision.pause is not None
        assert self.ways()["guard: accounts"] == 1
        self.do(o.ResumeCalls("gemini"), o.Ordered, store=self.other)
        raised = o.RaiseLimit("cap", limit.account.key, 200, HOUR, "why")
        self.do(raised, o.Ordered, store=self.other)
        self.reserve("b", tokens(150), limit)

    def test_a_limit_that_another_host_has_begun_to_watch(self) -> None:
        limit, new = cap(100), cap(50, "month", window="month")
        self.warm(limit)
        self.watch(new, store=self.other)
        self.reserve("a", tokens(5), limit)
        assert self.ways()["guard: accounts"] == 1
        assert self.sums(new) == (0, 7)

    def test_a_period_that_has_ended_on_the_server(self) -> None:
        limit = cap(100, window="hour")
        self.warm(limit)
        store = self.store
        assert isinstance(store, PostgresStore)
        store._ahead_us = -HOUR  # what it takes the server's clock for
        self.clock.advance(hours=1)
        self.reserve("a", tokens(98), limit)
        assert self.ways() == {"guard: time": 1, "conditional": 1}
        assert self.sums(limit) == (0, 98)

    def test_a_raise_that_has_lapsed_on_the_server(self) -> None:
        limit = cap(100)
        self.warm(limit)
        raised = o.RaiseLimit("cap", limit.account.key, 200, 60 * SECOND, "why")
        self.do(raised, o.Ordered)
        self.reserve("a", tokens(150), limit)
        self.clock.advance(seconds=90)
        store = self.store
        assert isinstance(store, PostgresStore)
        store._ahead_us = -60 * SECOND
        self.refused("b", tokens(20), limit)
        assert self.ways()["guard: time"] == 1

    def test_a_pause_that_has_not_lapsed_on_the_server(self) -> None:
        limit = cap(100)
        self.warm(limit)
        self.do(o.PauseCalls("gemini", "why", "an@host", 30 * SECOND), o.Ordered)
        self.record("a", tokens(1), limit)  # the store hears of the pause
        self.ways()
        store = self.store
        assert isinstance(store, PostgresStore)
        store._ahead_us = 31 * SECOND
        self.refused("b", tokens(1), limit)
        assert self.ways()["guard: time"] == 1

    def test_a_correction_that_another_host_has_made(self) -> None:
        limit = cap(100)
        self.warm(limit)
        self.record("a", tokens(10), limit)
        self.do(c.Correct("a", tokens(9), (limit,)), c.Booked)
        self.ways()
        self.read_ahead(c.Correct("a", tokens(20), (limit,)))
        booked = self.do(c.Correct("a", tokens(7), (limit,)), c.Booked)
        assert self.ways()["guard: call"] == 1
        assert booked.event.quantities == {"input_tokens": 7}
        assert self.sums(limit) == (7, 2)

    def test_a_refusal_beside_a_call_stands_only_if_nobody_wrote(self) -> None:
        limit, small = cap(100), cap(5, "small")
        self.warm(limit)
        self.watch(small)
        self.ways()
        self.read_ahead(c.Release("warm"))
        outcomes = self.apply(
            self.asking("a", tokens(100), [limit]), self.asking("b", tokens(1), [limit])
        )
        # With the two tokens of "warm" and "warmer", 100 did not fit; then one of them was released.
        assert [type(each) for each in outcomes] == [c.Denied, c.Reserved]
        assert self.ways()["guard: moved"] == 1

    def test_a_threshold_that_another_host_has_crossed(self) -> None:
        limit = cap(100)
        self.warm(limit)
        self.record("a", tokens(70), limit)
        self.ways()
        self.read_ahead(
            c.Record("theirs", LABELS, tokens(15), (limit,)), c.Correct("a", tokens(55))
        )
        booked = self.record("mine", tokens(15), limit)
        # Use is 70 again, but the threshold was crossed and left in the meantime: this is turn 2.
        assert [each.crossing.turn for each in booked.crossed] == [2]
        assert self.ways()["guard: mark"] == 1

    def test_a_threshold_that_another_host_has_left(self) -> None:
        limit = cap(100)
        self.warm(limit)
        self.record("a", tokens(85), limit)
        self.record("b", tokens(0), limit)
        self.ways()
        self.do(c.Correct("a", tokens(70), (limit,)), c.Booked, store=self.other)
        (crossed,) = self.record("mine", tokens(12), limit).crossed
        assert (crossed.crossing.level, crossed.crossing.turn) == (80, 2)
        assert self.ways()["guard: mark"] == 1

    def test_a_threshold_that_would_be_left(self) -> None:
        limit = cap(100)
        self.warm(limit)
        self.record("a", tokens(50), limit)
        self.record("b", tokens(40), limit)
        self.ways()
        # The correction by 10 leaves 80, and the threshold of 80 stands; with theirs, it does not.
        self.read_ahead(c.Correct("b", tokens(39)))
        self.do(c.Correct("a", tokens(40), (limit,)), c.Booked)
        assert self.ways()["guard: balance"] == 1
        (crossed,) = self.record("c", tokens(5), limit).crossed
        assert crossed.crossing.turn == 2

    def test_a_threshold_of_a_window_that_would_be_left(self) -> None:
        limit = cap(100, window="rolling 1h")
        self.warm(limit)
        self.record("a", tokens(50), limit)
        self.record("b", tokens(40), limit)
        self.ways()
        self.read_ahead(c.Correct("b", tokens(39)))
        self.do(c.Correct("a", tokens(40), (limit,)), c.Booked)
        assert self.ways()["guard: balance"] == 1
        (crossed,) = self.record("c", tokens(5), limit).crossed
        assert crossed.crossing.turn == 2

    def test_a_commit_is_not_made_on_an_older_ledger(self) -> None:
        limit = cap(100)
        self.warm(limit)
        store = self.store
        assert isinstance(store, PostgresStore) and store._connection is not None
        with store._connection.raw.transaction():
            store._connection.raw.execute(
                "SELECT set_config('search_path', %s, true)", (self.address.schema,)
            )
            store._connection.raw.execute("UPDATE head SET version = version - 1")
        self.refused("a", tokens(1), limit)
        assert self.ways()["guard: version"] == 1

    def test_what_leases_and_corrections_send_is_one_round_trip(self) -> None:
        limits = cap(100), cap(100, "rolling", window="rolling 1h")
        self.warm(*limits)
        self.reserve("quotakeeper-lease:1", tokens(40), *limits)
        self.ways()
        self.do(c.Grow("quotakeeper-lease:1", tokens(10), limits), c.Reserved)
        for number in range(3):
            self.do(
                c.Draw(f"d{number}", "quotakeeper-lease:1", tokens(5), "alice", HOUR), c.Reserved
            )
        booked = [self.settle(f"d{number}", tokens(30), *limits) for number in range(3)]
        assert [len(each.crossed) for each in booked] == [0, 0, 2]
        assert self.ways() == {"conditional": 7}
        self.do(c.Correct("d1", tokens(1), limits), c.Booked)
        assert self.ways() == {"conditional": 1}
        assert self.sums(limits[0]) == self.sums(limits[1]) == (61, 37)

    def test_a_batch_is_committed_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        limit = cap(100)
        self.warm(limit)
        seen: list[object] = []
        real = PostgresConnection.post

        def twice(connection: PostgresConnection, *values: Any) -> Rows:
            rows = real(connection, *values)
            seen.append(real(connection, *values).fetchone()[0])
            return rows

        monkeypatch.setattr(PostgresConnection, "post", twice)
        self.record("a", tokens(1), limit)
        assert seen == ["batch"]
        assert self.sums(limit) == (1, 2)

    def test_a_request_that_is_done_twice_counts_once(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        limit = cap(100)
        self.warm(limit)
        self.reserve("a", tokens(1), limit)
        real = PostgresConnection.post

        def twice(connection: PostgresConnection, *values: Any) -> Rows:
            real(connection, *values)
            return real(connection, *values)  # the second answer: the batch is there already

        with monkeypatch.context() as patch:
            patch.setattr(PostgresConnection, "post", twice)
            self.do(c.Grow("a", tokens(5), (limit,)), c.Reserved)
            self.do(c.MarkSent("a"), c.Done)
        assert self.ways() == {"conditional": 1, "guard: batch": 2, "locked": 2}
        assert self.sums(limit) == (0, 8)

    def test_an_entry_is_of_the_time_of_its_commit(self) -> None:
        limit = cap(100)
        self.warm(limit)
        store = self.store
        assert isinstance(store, PostgresStore)
        store._ahead_us = 5
        reserved = self.reserve("a", tokens(5), limit)
        assert self.ways() == {"conditional": 1}
        assert (reserved.hold.at, reserved.hold.expires_at) == (
            self.clock.now(), self.clock.now() + HOUR,
        )  # fmt: skip
        assert self.journal()[-1].at == self.clock.now()
        assert self.store.holds()[-1] == reserved.hold
