"""A server's clock that is ahead begins no period, and clocks that are apart are named once."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger.state import ZoneFinder
from quotakeeper.domain.ports import Store
from quotakeeper.domain.server_doubts import ServerClockDoubt
from quotakeeper.domain.windows import SECOND, moment
from quotakeeper.engine.outcomes import doubted
from quotakeeper.errors import ClockSuspectError
from quotakeeper.stores.postgres import connection
from quotakeeper.stores.postgres.dsn import ServerAddress
from quotakeeper.stores.postgres.store import PostgresStore
from quotakeeper.testing.ledger_case import HOUR, MINUTE, LedgerCase, cap, tokens
from tests.stores_postgres.test_went_back import execute

HOURLY, DAILY = cap(100, "hour", window="hour"), cap(1_000)
ROLLING = cap(1_000, "rolling", window="rolling 1h")
AHEAD = """
CREATE OR REPLACE FUNCTION "FROM".ledger_clock(asked_at bigint) RETURNS bigint
LANGUAGE sql VOLATILE AS $$ SELECT asked_at + %d $$
"""


class TestAServersClock(LedgerCase):
    @pytest.fixture(autouse=True)
    def a_ledger(self, ledger: ServerAddress, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
        self.address, self.log = ledger, caplog
        with caplog.at_level(logging.WARNING, "quotakeeper.stores"):
            yield

    def make_store(self, zones: ZoneFinder, owner: str) -> Store:
        return PostgresStore(self.address, zones, owner=owner)

    def set_ahead(self, us: int) -> None:
        """Put the server's clock ahead of the clock of this machine."""
        execute(self.address, AHEAD % us)

    def warm(self) -> None:
        self.watch(HOURLY, DAILY, ROLLING)
        for number in range(3):
            self.reserve(f"warm{number}", tokens(10), HOURLY, DAILY, ROLLING)

    def test_no_period_begins_early(self) -> None:
        self.warm()
        began = self.clock.now()
        self.set_ahead(HOUR)
        # In the next hour of the server's clock: 30 of this hour are used, and 0 of the next.
        doubt = self.refused("a", tokens(1), HOURLY, DAILY).decision.doubt
        assert isinstance(doubt, ServerClockDoubt)
        assert (doubt.ahead, doubt.shown_at, doubt.trusted_at) == (HOUR, began + HOUR, began)
        # Limits whose period is the same by both clocks admit calls; what was made is booked.
        self.reserve("b", tokens(1), DAILY, ROLLING)
        self.record("c", tokens(2), HOURLY)
        assert self.journal()[-1].at == began
        self.set_ahead(0)
        assert self.sums(HOURLY) == (2, 31)
        self.reserve("d", tokens(67), HOURLY)

    def test_the_error_names_both_clocks(self) -> None:
        self.warm()
        self.set_ahead(HOUR)
        decision = self.refused("a", tokens(1), HOURLY).decision
        error = doubted(decision, decision.explain())
        assert isinstance(error, ClockSuspectError)
        assert error.ahead == HOUR
        assert "1 h ahead of the clock of this machine" in str(error)
        assert moment(self.clock.now() + HOUR).isoformat() in str(error)

    def test_the_first_that_is_in_a_period_decides_for_all(self) -> None:
        # This machine's clock is the wrong one: it is two minutes behind. Another has begun the hour.
        self.warm()
        self.clock.advance(minutes=59)
        theirs = self.clock.now() + 2 * MINUTE
        self.set_ahead(2 * MINUTE)
        self.refused("a", tokens(1), HOURLY)
        self.set_ahead(0)
        self.do_at("theirs2", theirs)
        self.set_ahead(2 * MINUTE)
        self.reserve("b", tokens(1), HOURLY)
        assert self.sums(HOURLY)[1] == 2

    def do_at(self, event_id: str, at: int) -> None:
        (outcome,) = self.other.apply([self.asking(event_id, tokens(1), [HOURLY])], at)
        assert isinstance(outcome, c.Reserved)

    @pytest.mark.parametrize(("us", "told"), [(4 * SECOND, 0), (6 * SECOND, 1), (-6 * SECOND, 1)])
    def test_clocks_that_are_apart_are_named_once(self, us: int, told: int) -> None:
        self.warm()
        self.set_ahead(us)
        for number in range(3):
            self.reserve(f"a{number}", tokens(1), HOURLY)
            assert self.sums(HOURLY)
        found = [record.getMessage() for record in self.log.records]
        assert len(found) == told
        assert all(("ahead of" if us > 0 else "behind") in text for text in found)

    @pytest.mark.parametrize(
        ("ahead", "waited", "told"),
        [
            (8 * SECOND, 3.5, 0),
            (8 * SECOND, 2.5, 1),
            (30 * SECOND, 30.0, 0),
            (-6 * SECOND, 30.0, 1),
        ],
    )
    def test_the_wait_for_a_slow_server_is_not_the_clocks_difference(
        self, ahead: int, waited: float, told: int
    ) -> None:
        self.warm()
        self.set_ahead(ahead)
        readings = itertools.count(0, waited)
        slow = SimpleNamespace(monotonic=lambda: next(readings))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(connection, "_clock", slow)
            assert self.sums(HOURLY)
        assert len(self.log.records) == told
