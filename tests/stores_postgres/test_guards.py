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
    def a_ledger(self, ledger: ServerAddress) -> None:
        self.address = ledger

    def make_store(self, zones: ZoneFinder, owner: str) -> Store:
        return PostgresStore(self.address, zones, owner=owner)

    def ways(self) -> dict[str, int]:
        """How the batches of the store went since it was asked last."""
        store = self.store
        assert isinstance(store, PostgresStore)
        found = dict(store.ways)
        store.ways.clear()
        return found

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
