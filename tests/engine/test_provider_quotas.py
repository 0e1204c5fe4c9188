"""Provider quotas from replies: the keeper stores them rarely, and a failed write never disturbs a call."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from quotakeeper import Keeper
from quotakeeper.domain.quotas import HEADER, REPLY, ProviderQuota
from quotakeeper.domain.windows import moment
from quotakeeper.engine.seen_quotas import CHANGE_SECONDS, WRITE_SECONDS, SeenQuotas
from quotakeeper.errors import LedgerCorruptError, LedgerUnavailableError
from quotakeeper.keeper import engine_of
from quotakeeper.metering.quota_notes import note_quotas
from quotakeeper.providers.contract import QuotaReading
from quotakeeper.testing.clock import FakeClock

NOW = 1_795_334_400_000_000  # 2026-11-22T08:00:00Z, midnight in Los Angeles
SECOND = 1_000_000


def clock_at(instant: int) -> FakeClock:
    return FakeClock(moment(instant))


def quota(remaining: int | None = 9, *, seen_at: int = NOW, amount: int | None = 10,
          quota_id: str = "x-ratelimit-requests") -> ProviderQuota:  # fmt: skip
    return ProviderQuota(
        "openai", "gpt-x", quota_id, "requests", "", amount, remaining, None, HEADER, seen_at
    )


class Kept:
    """A store that records each write of quotas."""

    def __init__(self) -> None:
        self.writes: list[tuple[ProviderQuota, ...]] = []
        self.error: Exception | None = None

    def put_quotas(self, quotas: Sequence[ProviderQuota], forget_before: int) -> None:
        if self.error is not None:
            raise self.error
        self.writes.append(tuple(quotas))


def test_a_header_on_each_reply_costs_one_write_a_minute() -> None:
    clock, store = clock_at(NOW), Kept()
    seen = SeenQuotas(clock)
    for left in range(1_000, 880, -1):  # one reply a second, for two minutes
        seen.note([quota(left, amount=1_000)])
        seen.keep(store, clock.now())
        clock.advance(seconds=1)
    assert [[each.remaining for each in write] for write in store.writes] == [[1_000], [940]]
    seen.keep(store, clock.now(), last=True)
    assert store.writes[-1][0].remaining == 881


def test_a_changed_quota_is_written_at_once_but_not_for_each_reply() -> None:
    clock, store = clock_at(NOW), Kept()
    seen = SeenQuotas(clock)
    seen.note([quota(9)])
    seen.keep(store, clock.now())
    seen.note([quota(9, quota_id="another")])
    seen.keep(store, clock.now())
    assert len(store.writes) == 1  # within the second
    clock.advance(seconds=CHANGE_SECONDS)
    seen.keep(store, clock.now())
    assert [each.quota_id for each in store.writes[1]] == ["another"]
    clock.advance(seconds=CHANGE_SECONDS)
    seen.note([quota(9, amount=20)])
    seen.keep(store, clock.now())
    assert store.writes[2][0].amount == 20


def test_a_store_that_fails_is_tried_again_a_minute_later(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock, store = clock_at(NOW), Kept()
    seen = SeenQuotas(clock)
    store.error = LedgerUnavailableError("x", "is full", "make room")
    seen.note([quota()])
    with caplog.at_level(logging.DEBUG, "quotakeeper.engine"):
        seen.keep(store, clock.now())
    assert "is full" in caplog.text
    store.error = None
    clock.advance(seconds=WRITE_SECONDS - 1)
    seen.keep(store, clock.now())
    assert store.writes == []
    clock.advance(seconds=1)
    seen.keep(store, clock.now())
    assert store.writes == [(quota(),)]


def test_a_provider_that_invents_quota_names_does_not_fill_memory() -> None:
    clock, store = clock_at(NOW), Kept()
    seen = SeenQuotas(clock)
    for number in range(5_000):
        seen.note([quota(quota_id=f"q{number}")])
        if number % 500 == 0:
            clock.advance(seconds=61)
            seen.keep(store, clock.now())
    seen.keep(store, clock.now(), last=True)
    assert sum(map(len, store.writes)) == 256


def test_a_forked_child_leaves_the_parents_quotas_to_the_parent() -> None:
    clock, store = clock_at(NOW), Kept()
    seen = SeenQuotas(clock)
    seen.note([quota()])
    assert seen.with_unwritten(()) == (quota(),)
    seen.note([quota(8)])
    seen.after_fork()
    assert seen.with_unwritten(()) == ()
    seen.keep(store, clock.now(), last=True)
    assert store.writes == []


def test_the_upkeep_of_a_forked_child_forgets_the_parents_quotas() -> None:
    with Keeper("memory:", config={"limit": []}, clock=clock_at(NOW)) as keeper:
        engine = engine_of(keeper)
        engine.quotas.note([quota()])
        engine.worker.maintenance.after_fork("child")
        assert keeper.status().quotas == ()


@pytest.fixture(params=["memory", "file"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return "memory:" if request.param == "memory" else str(tmp_path / "ledger.db")


def test_a_keepers_status_shows_a_new_quota_at_once(ledger: str) -> None:
    with Keeper(ledger, config={"limit": []}, clock=clock_at(NOW)) as keeper:
        assert keeper.status().quotas == ()
        note_quotas(keeper, "openai", "gpt-x", [
            QuotaReading("x-ratelimit-requests", "requests", amount=10, remaining=9,
                         resets_in_us=30 * SECOND, in_headers=True)])  # fmt: skip
        expected = replace(quota(9), resets_at=NOW + 30 * SECOND)
        assert keeper.status().quotas == (expected,)
        assert keeper.status(forecasts=False).quotas == (expected,)


def test_another_process_reads_the_written_quotas(tmp_path: Path) -> None:
    path, clock = tmp_path / "ledger.db", clock_at(NOW)
    with Keeper(path, config={"limit": []}, clock=clock) as one:
        note_quotas(one, "gemini", "gemini-2.5-flash", [
            QuotaReading("PerDay", "requests", "day", "America/Los_Angeles", amount=20)])  # fmt: skip
        one.record("gemini", model="gemini-2.5-flash", input_tokens=1)  # also writes the quotas
        one.status()  # waits for that batch and for the upkeep after it
        with Keeper(path, config={"limit": []}, clock=clock) as two:
            assert two.status().quotas == (
                ProviderQuota("gemini", "gemini-2.5-flash", "PerDay", "requests", "day", 20, None,
                              NOW + 86_400 * SECOND, REPLY, NOW),
            )  # fmt: skip


def test_a_quota_row_with_impossible_values_is_damage(tmp_path: Path) -> None:
    path, clock = tmp_path / "ledger.db", clock_at(NOW)
    with Keeper(path, config={"limit": []}, clock=clock) as keeper:
        keeper.status()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "INSERT INTO quota_seen VALUES ('p', 'm', 'q', '', '', NULL, NULL, NULL, 'rumour', 1)"
        )
    with (
        Keeper(path, config={"limit": []}, clock=clock) as keeper,
        pytest.raises(LedgerCorruptError, match="a quota of a provider"),
    ):
        keeper.status()


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        (1_772_956_800_000_000, 23),  # 2026-03-08T08:00:00Z: a day of 23 hours
        (1_793_516_400_000_000, 25),  # 2026-11-01T07:00:00Z: a day of 25 hours
        (1_795_334_400_000_000, 24),
    ],
)
def test_a_quota_day_that_ends_at_midnight_pacific_has_23_to_25_hours(now: int, hours: int) -> None:
    with Keeper("memory:", config={"limit": []}, clock=clock_at(now)) as keeper:
        note_quotas(
            keeper,
            "gemini",
            "m",
            [QuotaReading("PerDay", window="day", timezone="America/Los_Angeles")],
        )
        (found,) = keeper.status().quotas
        assert found.resets_at == now + hours * 3_600 * SECOND


def test_after_its_reset_a_quotas_remaining_amount_is_unknown() -> None:
    clock = clock_at(NOW)
    with Keeper("memory:", config={"limit": []}, clock=clock) as keeper:
        note_quotas(keeper, "openai", "gpt-x", [
            QuotaReading("x-ratelimit-requests", "requests", amount=10, remaining=0,
                         resets_in_us=30 * SECOND, in_headers=True)])  # fmt: skip
        clock.advance(seconds=29)
        assert keeper.status().quotas[0].remaining == 0
        clock.advance(seconds=1)
        found = keeper.status().quotas[0]
        assert (found.amount, found.remaining, found.resets_at) == (10, None, None)


def test_a_reading_that_no_ledger_can_store_is_left_out() -> None:
    with Keeper("memory:", config={"limit": []}, clock=clock_at(NOW)) as keeper:
        note_quotas(keeper, "openai", "m\n", [QuotaReading("q")])
        note_quotas(keeper, "openai", "m", [QuotaReading(""), QuotaReading("q", resets_at=2**70)])
        assert [(each.quota_id, each.resets_at) for each in keeper.status().quotas] == [("q", None)]


def test_a_failed_quota_write_does_not_disturb_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Keeper(tmp_path / "ledger.db", config={"limit": []}, clock=clock_at(NOW)) as keeper:
        store = engine_of(keeper).worker.store

        def fail(*_: object) -> None:
            raise OSError("no room")

        monkeypatch.setattr(type(store), "put_quotas", fail)
        note_quotas(keeper, "openai", "m", [QuotaReading("q")])
        event = keeper.record("openai", model="gpt-4o", input_tokens=1)
        assert event.quantities == {"input_tokens": 1, "requests": 1}
        assert [each.quota_id for each in keeper.status().quotas] == ["q"]
    monkeypatch.undo()
