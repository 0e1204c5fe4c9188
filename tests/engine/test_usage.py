"""Sums of usage: from slots where they give the same result, from events where a range cuts a slot."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta, timezone
from pathlib import Path

import pytest

from quotakeeper import Keeper
from quotakeeper.domain.windows import moment
from quotakeeper.testing import FakeClock
from tests.engine.conftest import MakeKeeper
from tests.engine.support import limit

MINUTE = 60_000_000


def filled(make: MakeKeeper, clock: FakeClock, ledger: str, seed: int) -> Keeper:
    chance = random.Random(seed)
    keeper = make(limit(10**6), ledger=ledger)
    for number in range(120):
        clock.advance(seconds=chance.choice((0, 1, 59, 150, 299, 4_000)))
        earlier = chance.choice((None, None, clock.now() - chance.randrange(10**10)))
        keeper.record(
            "gemini", model=chance.choice(("gemini-2.0-flash", "made-up")), at=earlier,
            operation=chance.choice(("a", "b")), output_tokens=number,
            outcome=chance.choice(("ok", "error")), scope={"team": chance.choice("xy")},
        )  # fmt: skip
    return keeper


@pytest.mark.parametrize("ledger", ["memory:", "file"])
@pytest.mark.parametrize("seed", range(4))
def test_sums_equal_those_of_the_single_events(
    make: MakeKeeper, clock: FakeClock, ledger: str, seed: int
) -> None:
    start = clock.now()
    keeper = filled(make, clock, ledger, seed)
    chance = random.Random(seed)
    cuts = [None, start, clock.now() + 1, *(start + chance.randrange(10**10) for _ in range(6))]
    for since in cuts:
        for until in cuts:
            calls: Counter[tuple[str, ...]] = Counter()
            tokens: Counter[tuple[str, ...]] = Counter()
            unpriced: Counter[tuple[str, ...]] = Counter()
            for event in keeper.events(since, until):
                key = (
                    moment(event.at, keeper.zone).strftime("%Y-%m-%dT%H:00"),
                    event.labels.operation, dict(event.labels.scope)["team"], str(event.outcome),
                )  # fmt: skip
                calls[key] += 1
                tokens[key] += event.quantities.get("output_tokens", 0)
                unpriced[key] += event.cost_pico is None
            rows = keeper.usage(since, until, by=("hour", "operation", "scope.team", "outcome"))
            said = f"seed {seed}: {since} to {until}"
            assert {row.key: row.calls for row in rows} == calls, said
            assert {row.key: row.quantities.get("output_tokens", 0) for row in rows} == tokens, said
            assert {row.key: row.unpriced_calls for row in rows} == unpriced, said


def test_days_that_slots_do_not_divide_are_summed_event_by_event(
    make: MakeKeeper, clock: FakeClock
) -> None:
    keeper = make(limit(10**6))
    keeper._engine.reads.zone = timezone(
        timedelta(hours=1, seconds=30)
    )  # days begin at 22:59:30 UTC
    clock.advance(hours=10, minutes=59)
    keeper.record("gemini", event_id="today")
    clock.advance(seconds=40)
    keeper.record("gemini", event_id="tomorrow")
    rows = keeper.usage(by=("day",))
    assert [(row.key, row.calls) for row in rows] == [(("2026-11-23",), 1), (("2026-11-24",), 1)]


def test_a_year_is_summed_without_reading_each_call(
    make: MakeKeeper, clock: FakeClock, path: Path
) -> None:
    keeper = filled(make, clock, "file", 9)

    def refuse(*_: object) -> None:
        raise AssertionError("single events were read")

    keeper._engine.worker.store.events = refuse  # type: ignore[method-assign, assignment]
    assert sum(row.calls for row in keeper.usage(by=("day",))) == 120
