"""Repair of a ledger that a wrong clock moved ahead: no entry is lost, and today's limits count again."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from quotakeeper import (
    ClockSuspectError,
    InvalidInputError,
    Keeper,
    LimitExceeded,
    Reservation,
)
from quotakeeper.clocks import zone_named
from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger import order_commands as o
from quotakeeper.domain.ledger.entries import CLOCK_REPAIRED, Figures, Kind
from quotakeeper.domain.ledger.setting_back import set_back
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.ports import EventQuery, Store
from quotakeeper.domain.usage import CallLabels
from quotakeeper.domain.windows import SECOND, parse_window
from quotakeeper.stores.memory import MemoryStore
from quotakeeper.stores.sqlite.store import SqliteStore
from quotakeeper.testing import FakeClock
from tests.engine.conftest import MakeKeeper
from tests.engine.support import limit

DAY = 86_400 * SECOND
HOMES = ["memory:", "file"]
_KEPT: list[Reservation] = []  # keeps references, because a dropped reservation is released


def carried_ahead(make: MakeKeeper, clock: FakeClock, home: str, days: int = 3_650) -> Keeper:
    """A ledger with one call of today and two calls far ahead, and a clock that is right again."""
    make.unproved = True  # type: ignore[attr-defined]
    limits = (
        limit(4),
        limit(9, name="hourly", window="hour"),
        limit(9, name="r", window="rolling 24h"),
    )
    keeper = make(*limits, ledger=home)
    keeper.record("gemini", event_id="today")
    right = clock.now()
    clock._now += days * DAY
    keeper.accept_clock()  # as a restart or an older version would
    keeper.record("gemini", event_id="ahead")
    _KEPT.append(keeper.reserve("gemini", event_id="held", ttl_seconds=3_600))
    clock._now = right
    clock.advance(seconds=60)
    return keeper


@pytest.mark.parametrize("home", HOMES)
def test_calls_that_were_booked_ahead_count_today_after_the_repair(
    make: MakeKeeper, clock: FakeClock, home: str
) -> None:
    keeper = carried_ahead(make, clock, home)
    with pytest.raises(LimitExceeded):
        keeper.reserve("gemini", requests=4)  # on a day ten years ahead
    totals = keeper.usage(by=())[0]
    found = keeper.repair_clock()
    assert (found.ahead, found.to) == (3_650 * DAY - 60 * SECOND, clock.now())
    assert (found.entries, found.calls) == (3, 2)  # accepting the clock is an entry too
    assert keeper.event("ahead") is not None and keeper.event("ahead").at > clock.now()  # type: ignore[union-attr]
    done = keeper.repair_clock(apply=True, why="battery", by="lan@desk")
    assert (done.entries, done.calls, done.ahead) == (found.entries, found.calls, found.ahead)
    assert keeper.verify() == []
    assert keeper.usage(by=())[0] == totals
    assert {event.id: event.at for event in keeper.events()}["ahead"] == clock.now()
    (hold,) = keeper.reservations()
    assert (hold.id, hold.expires_at) == ("held", clock.now() + 3_600 * SECOND)
    for status in keeper.status(forecasts=False).limits[:1]:
        assert (status.used, status.reserved) == (2, 1)
        assert status.period.start_at <= clock.now() < status.period.end_at
    with pytest.raises(LimitExceeded):
        keeper.reserve("gemini", requests=2)
    assert keeper.record("gemini").at == clock.now()
    entry = [each for each in keeper.entries() if each.kind is Kind.CLOCK][-1]
    assert entry.notice is not None
    assert (entry.at, entry.notice.subject, entry.notice.by) == (
        done.to,
        CLOCK_REPAIRED,
        "lan@desk",
    )
    assert (entry.notice.amount, entry.notice.used) == (done.ahead, done.entries)
    keeper.settle("held", requests=1)
    clock.advance(hours=12)
    assert keeper.status(forecasts=False).limits[0].used == 0  # the next day
    assert keeper.verify() == []
    assert keeper.repair_clock(apply=True).entries == 0


def test_the_copy_beside_the_ledger_equals_the_ledger_before_the_repair(
    make: MakeKeeper, clock: FakeClock, path: Path
) -> None:
    keeper = carried_ahead(make, clock, "file")
    before = list(keeper.entries())
    done = keeper.repair_clock(apply=True)
    assert Path(done.backup).parent == path.parent and Path(done.backup).stat().st_mode & 0o77 == 0
    copy = SqliteStore(Path(done.backup), zone_named, owner="x")
    assert list(copy.entries()) == before
    assert copy.verify() == []
    copy.close()


def test_the_journal_is_append_only_again_after_the_repair(
    make: MakeKeeper, clock: FakeClock, path: Path
) -> None:
    keeper = carried_ahead(make, clock, "file")
    with sqlite3.connect(path) as raw:
        query = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY name"
        triggers = raw.execute(query).fetchall()
        keeper.repair_clock(apply=True)
        assert raw.execute(query).fetchall() == triggers
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            raw.execute("UPDATE entry SET at = at + 1")
    raw.close()


def test_other_processes_see_the_repair(make: MakeKeeper, clock: FakeClock, path: Path) -> None:
    keeper = carried_ahead(make, clock, "file")
    other = make(limit(4), limit(2, name="new", window="day"), ledger="file")
    other.pause("deepgram", why="x", for_seconds=60)  # made ahead, with a limit that began there
    assert other.status(forecasts=False).limits[1].used == 1
    assert len(other.reservations()) == 1
    keeper.repair_clock(apply=True)
    with sqlite3.connect(path) as raw:  # its balances begin now, not at the time ahead
        (since,) = raw.execute("SELECT max(since_at) FROM account").fetchone()
        assert since <= clock.now()
    raw.close()
    used = [(each.limit.name, each.used, each.reserved) for each in other.status().limits]
    assert used == [("cap", 2, 1), ("new", 2, 1)]
    (pause,) = other.status().pauses
    assert (pause.at, pause.until) == (clock.now(), clock.now() + 60 * SECOND)
    assert other.reservations()[0].expires_at == clock.now() + 3_600 * SECOND
    other.record("gemini")
    clock.advance(seconds=61)
    assert other.status().pauses == ()
    assert other.verify() == [] and keeper.verify() == []


@pytest.mark.parametrize("days", [1, 2, 40])
def test_a_limit_that_was_added_while_the_ledger_was_ahead_counts_today(
    make: MakeKeeper, clock: FakeClock, path: Path, days: int
) -> None:
    make.unproved = True  # type: ignore[attr-defined]
    limits = limit(9), limit(5, name="new", meter="input_tokens")
    before = make(limits[0], ledger="file")
    before.record("gemini", input_tokens=1)
    right = clock.now()
    clock._now += days * DAY
    before.accept_clock()
    ahead = make(*limits, ledger="file")
    for _ in range(3):
        ahead.reserve("gemini", input_tokens=1).settle(requests=1, input_tokens=1)
    clock._now = right
    clock.advance(seconds=60)
    ahead.repair_clock(apply=True)
    with closing(sqlite3.connect(path)) as raw:
        (latest,) = raw.execute("SELECT max(since_at) FROM account").fetchone()
    assert latest <= clock.now(), "kept from a later period on: each call would read the journal"
    after = make(*limits, ledger="file")
    assert [each.used for each in after.status(forecasts=False).limits] == [4, 4]
    after.reserve("gemini", input_tokens=1).settle(requests=1, input_tokens=1)
    with pytest.raises(LimitExceeded):
        after.reserve("gemini", input_tokens=1)
    assert after.verify() == []


def test_a_later_jump_to_the_same_time_is_seen_again(make: MakeKeeper, clock: FakeClock) -> None:
    keeper = carried_ahead(make, clock, "file", days=2)
    keeper.repair_clock(apply=True)
    clock._now += 2 * DAY
    with pytest.raises(ClockSuspectError):
        keeper.reserve("gemini")
    with pytest.raises(InvalidInputError, match="is not trusted now"):
        keeper.repair_clock(apply=True)


def test_a_ledger_that_is_only_slightly_ahead_is_not_changed(
    make: MakeKeeper, clock: FakeClock
) -> None:
    keeper = make(limit(4))
    keeper.record("gemini")
    clock._now -= 200 * SECOND
    before = list(keeper.entries())
    assert keeper.repair_clock(apply=True).ahead == 200 * SECOND
    assert list(keeper.entries()) == before


def test_a_repair_is_refused_while_another_process_has_leases(
    make: MakeKeeper, clock: FakeClock
) -> None:
    keeper = carried_ahead(make, clock, "file")
    other = make(limit(1_000), ledger="file", lease=10)
    other.reserve("gemini").settle(requests=1)
    before = list(keeper.entries())
    with pytest.raises(InvalidInputError, match="holds leases of this ledger"):
        keeper.repair_clock(apply=True)
    assert list(keeper.entries()) == before
    other.close()
    assert keeper.repair_clock(apply=True).entries > 0
    assert keeper.verify() == []


def test_a_ledger_near_the_year_9999_can_be_repaired(
    make: MakeKeeper, clock: FakeClock, path: Path
) -> None:
    make.unproved = True  # type: ignore[attr-defined]
    with make(limit(4), ledger="file") as keeper:
        keeper.record("gemini")
    with sqlite3.connect(path) as raw:
        raw.execute("DROP TRIGGER entry_is_never_changed")
        raw.execute("UPDATE entry SET at = ?", (253_402_300_799 * SECOND,))
    raw.close()
    with make(limit(4), ledger="file") as keeper:
        assert keeper.repair_clock(apply=True).calls == 1
        keeper.reserve("gemini").settle(requests=1)
        assert keeper.status(forecasts=False).limits[0].used == 2
        assert keeper.verify() == []


# -- random histories, in both stores

WINDOWS = ("minute", "hour", "day", "week", "month", "rolling 24h", "rolling 1h", "none")


@pytest.mark.parametrize("seed", range(12))
def test_a_repair_of_any_history_is_the_same_in_both_stores(tmp_path: Path, seed: int) -> None:
    print("seed", seed)
    chance = Random(seed)
    limits = tuple(
        Limit(f"of {window}", "requests", parse_window(window), 40, provider="p")
        for window in WINDOWS
    )
    stores: list[Store] = [
        MemoryStore(zone_named), SqliteStore(tmp_path / "x.db", zone_named, owner="memory"),
    ]  # fmt: skip
    now = 1_800_000_000 * SECOND
    to = 0
    made: list[str] = []
    for step in range(120):
        now += chance.choice((0, SECOND, 400 * SECOND, 4_000 * SECOND))
        if step == 60:
            to = now + 5
            now += chance.choice((3_600 * SECOND, 2 * DAY, 40 * DAY, 4_000 * DAY))
        command = _some_command(chance, limits, made, step, now)
        answers = [repr(store.apply([command], now)) for store in stores]
        assert answers[0] == answers[1]
    before = [_sums(store) for store in stores]
    journal = list(stores[0].entries())
    looked = [store.set_back(to, "b", "w", only_look=True) for store in stores]
    assert looked[0] == looked[1]
    for store in stores:
        store.set_back(to, "b", "w")
        assert store.verify() == []
        assert [e for e in (set_back(each, to) for each in journal) if e] == list(store.entries())[
            :-1
        ]
    assert [_sums(store) for store in stores] == before
    assert stores[0].verdicts(limits, to) == stores[1].verdicts(limits, to)
    assert stores[0].holds() == stores[1].holds()
    assert list(stores[0].slots()) == list(stores[1].slots())
    for step in range(120, 150):
        to += chance.choice((0, SECOND, 400 * SECOND, 4_000 * SECOND))
        command = _some_command(chance, limits, made, step, to)
        answers = [repr(store.apply([command], to)) for store in stores]
        assert answers[0] == answers[1]
    for store in stores:
        assert store.verify() == []
        assert all(entry.at <= to for entry in store.entries())
        store.close()


def _some_command(
    chance: Random, limits: tuple[Limit, ...], made: list[str], step: int, now: int
) -> c.Command:
    figures = Figures({"requests": chance.randint(1, 9)})
    labels = CallLabels("p", "m", chance.choice(("a", "b")))
    kind = chance.random()
    if step % 17 == 0:
        return c.Watch(tuple(each.account for each in chance.sample(limits, 3)))
    if step % 23 == 5:
        until = now + chance.choice((1, 30)) * DAY if chance.random() < 0.7 else None
        return o.TopUp("of none", limits[-1].account, 5, until, "w", "b")
    if step % 29 == 7:
        return o.PauseCalls(chance.choice(("", "q")), "w", "b", 600 * SECOND)
    if step % 29 == 9:
        return o.ResumeCalls("", "w", "b")
    if kind < 0.45 or not made:
        made.append(f"call {step}")
        return c.Reserve(
            made[-1], labels, figures, limits, "memory", chance.choice((60, 90_000)) * SECOND
        )
    if kind < 0.6:
        return c.Record(
            f"record {step}", labels, figures, limits, now - chance.choice((0, 1, 3)) * DAY
        )
    if kind < 0.8:
        return c.Settle(chance.choice(made), figures, limits)
    if kind < 0.86:
        return c.Extend(chance.choice(made), 700 * SECOND)
    if kind < 0.92:
        return c.Correct(chance.choice(made), figures, limits)
    return c.Sweep(limits=limits)


def _sums(store: Store) -> Counter[str]:
    sums: Counter[str] = Counter()
    for event in store.events(EventQuery()):
        sums[event.id] += 1
        sums["requests"] += event.quantities.get("requests", 0)
    return sums
