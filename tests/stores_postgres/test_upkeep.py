"""Upkeep of a ledger in PostgreSQL: compaction, a clock that was set back, what it refuses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger.entries import Kind
from quotakeeper.domain.ledger.forgetting import LabelValue
from quotakeeper.domain.ledger.state import ZoneFinder
from quotakeeper.domain.ports import Store
from quotakeeper.errors import InvalidInputError
from quotakeeper.stores.postgres.dsn import ServerAddress
from quotakeeper.stores.postgres.store import PostgresStore
from quotakeeper.testing.ledger_case import LABELS, LedgerCase, cap, tokens

LIMIT = cap(100)


class TestUpkeep(LedgerCase):
    @pytest.fixture(autouse=True)
    def a_ledger(self, ledger: ServerAddress) -> None:
        self.address = ledger

    def make_store(self, zones: ZoneFinder, owner: str) -> Store:
        return PostgresStore(self.address, zones, owner=owner)

    def test_compaction_keeps_the_sums(self) -> None:
        self.watch(LIMIT)
        for number in range(5):
            self.reserve(f"{number}", tokens(5), LIMIT)
            self.settle(f"{number}", tokens(4), LIMIT)
        self.reserve("open", tokens(5), LIMIT)
        before = list(self.store.slots())
        self.clock.advance(days=3)
        self.record("now", tokens(1), LIMIT)
        now = self.clock.now()
        done = self.store.compact(now, now)
        assert (done.calls, done.entries) == (5, 10)
        assert list(self.store.slots())[: len(before)] == before
        assert [hold.id for hold in self.store.holds()] == ["open"]
        assert [event.id for event in self.events()] == ["now"]
        self.reserve("0", tokens(5), LIMIT)  # its id counts as new
        assert self.sums(LIMIT) == (1, 5)

    def test_a_ledger_that_was_carried_ahead_is_set_back(self) -> None:
        self.watch(LIMIT)
        self.record("right", tokens(7), LIMIT)
        then = self.clock.now()
        self.clock.advance(days=400)
        self.record("ahead", tokens(5), LIMIT)
        self.reserve("held", tokens(2), LIMIT)
        self.do(c.Extend("held", 60_000_000), c.Done)
        self.clock.advance(days=-400)
        looked = self.store.set_back(then, "an@host", "the clock", only_look=True)
        done = self.store.set_back(then, "an@host", "the clock")
        assert done == looked
        assert done.entries == 3
        assert self.sums(LIMIT) == (12, 2)
        assert self.sums(LIMIT, store=self.other) == (12, 2)
        assert {entry.at for entry in self.journal()} == {then}
        assert self.journal()[-1].kind is Kind.CLOCK
        self.reserve("after", tokens(1), LIMIT)

    def test_what_it_refuses_is_said(self) -> None:
        label = LabelValue("team", "sub")
        self.record("a", tokens(1), labels=replace(LABELS, scope=(label.pair,)))
        assert self.store.forget_label(label, "gone", only_look=True).calls == 1
        with pytest.raises(InvalidInputError, match="which processes use it"):
            self.store.forget_label(label, "gone")
        with pytest.raises(InvalidInputError, match="pg_dump"):
            self.store.back_up("copy.db")
