"""The figures of a ledger: exact, from closed sets, and counters that a correction does not lower."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from quotakeeper import Keeper
from quotakeeper.app.metrics.reading import MetricsReader, counters_path, unreadable
from quotakeeper.domain.limits import Mode
from quotakeeper.domain.units import METERS
from quotakeeper.errors import LedgerUnavailableError
from quotakeeper.telemetry.counter_file import CounterFile
from quotakeeper.telemetry.counters import MOST_KEYS
from quotakeeper.telemetry.state_families import MOST_LIMITS
from quotakeeper.testing import FakeClock
from tests.telemetry.prometheus_server import promtool
from tests.telemetry.scraped import Scraped, scraped

CONFIG: dict[str, Any] = {
    "default_limits": False, "timezone": "UTC", "on_unpriced": "count_only",
    "limit": [
        {"name": "cost", "meter": "cost", "window": "day", "amount": "2", "mode": "soft"},
        {"name": "minutes", "meter": "audio_minutes", "window": "month", "amount": 100},
        {"name": "calls", "meter": "requests", "window": "none", "amount": 8},
        {"name": "each", "meter": "tokens", "window": "day", "amount": 9_000, "per": "user"},
    ],
}  # fmt: skip
MODEL = "gemini-2.5-flash"


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    clock = FakeClock()
    with Keeper(tmp_path / "ledger.db", CONFIG, clock=clock) as made:
        yield made


def read(keeper: Keeper, path: Path | None = None, **more: Any) -> Scraped:
    return scraped(MetricsReader(keeper, CounterFile(path), **more).text())


def net(found: Scraped, name: str) -> Decimal:
    """The ledger's sum: the counter minus its corrections."""
    taken = found.get(f"quotakeeper_corrected_{name}_total", {})
    added = found[f"quotakeeper_{name}_total"]
    return sum(added.values(), Decimal(0)) - sum(taken.values(), Decimal(0))


def test_every_figure_is_the_ledgers_to_the_last_digit(keeper: Keeper) -> None:
    with keeper.reserve("gemini", model=MODEL, input_tokens=10, output_tokens=20) as call:
        call.settle(input_tokens=7, output_tokens=3, thought_tokens=2)
    keeper.record("gemini", model=MODEL, quantities={"input_tokens@audio": 11}, outcome="error")
    keeper.record("deepgram", model="nova-3", audio_seconds="61.007", scope={"key": "an"})
    keeper.record("gemini", model="made-up-by-a-client", input_tokens=5, scope={"key": "bi"})
    held = keeper.reserve("gemini", model=MODEL, input_tokens=100, requests=2)
    found = read(keeper)
    rows = {row.key: row for row in keeper.usage(by=("provider", "model"))}
    total = sum(row.cost_usd for row in rows.values())
    assert sum(found["quotakeeper_cost_usd_total"].values()) == total
    assert found["quotakeeper_cost_usd_total"]["gemini", MODEL] == rows["gemini", MODEL].cost_usd
    assert found["quotakeeper_calls_total"] == {
        ("gemini", MODEL, "ok"): 1, ("gemini", MODEL, "error"): 1,
        ("deepgram", "nova-3", "ok"): 1, ("gemini", "other", "ok"): 1,
    }  # fmt: skip
    assert found["quotakeeper_tokens_total"] == {
        ("gemini", MODEL, "input", "text"): 7, ("gemini", MODEL, "input", "audio"): 11,
        ("gemini", MODEL, "output", "text"): 3, ("gemini", MODEL, "thought", "text"): 2,
        ("gemini", "other", "input", "text"): 5,
    }  # fmt: skip
    assert found["quotakeeper_audio_seconds_total"] == {("deepgram", "nova-3"): Decimal("61.007")}
    assert found["quotakeeper_unpriced_calls_total"]["gemini", "other"] == 1
    assert found["quotakeeper_key_calls_total"] == {("an",): 1, ("bi",): 1}
    assert found["quotakeeper_key_tokens_total"] == {("an",): 0, ("bi",): 5}
    assert found["quotakeeper_open_reservations"] == {(): 1}
    assert found["quotakeeper_last_call_timestamp_seconds"][()] * 10**6 == keeper.now()
    assert found["quotakeeper_calls_by_provenance"]["reported",] == 4
    minutes = ("minutes", "audio_milliseconds", "month", "hard")
    assert found["quotakeeper_limit_amount_seconds"][minutes] == 6_000
    assert found["quotakeeper_limit_used_seconds"][minutes] == Decimal("61.007")
    calls = ("calls", "requests", "none", "hard")
    assert found["quotakeeper_limit_used_requests"][calls] == 4
    assert found["quotakeeper_limit_reserved_requests"][calls] == 2
    assert found["quotakeeper_limit_used_ratio"][calls] == Decimal("0.5")
    assert found["quotakeeper_limit_taken_ratio"][calls] == Decimal("0.75")
    assert calls not in found["quotakeeper_limit_reset_timestamp_seconds"]  # it has no end
    assert found["quotakeeper_limit_unpriced_calls"]["cost", "cost", "day", "soft"] == 1
    held.release()


def test_a_correction_lowers_no_counter(keeper: Keeper, tmp_path: Path) -> None:
    """A fall looks like a restart from 0, and a monitoring system would count all cost again."""
    path = tmp_path / "counters.json"
    event = keeper.record("gemini", model=MODEL, input_tokens=1_000_000)
    before = read(keeper, path)
    keeper.correct(event.id, input_tokens=400_000)
    after = read(keeper, path)
    for name, samples in before.items():
        for labels, number in samples.items():
            assert not name.endswith("_total") or after[name][labels] >= number, (name, labels)
    assert net(after, "cost_usd") == sum(row.cost_usd for row in keeper.usage())
    assert net(after, "tokens") == 400_000
    keeper.record("gemini", model=MODEL, input_tokens=1_000_000)
    later = read(keeper, path)
    name = "quotakeeper_tokens_total"
    assert later[name]["gemini", MODEL, "input", "text"] == 2_000_000
    assert net(later, "tokens") == 1_400_000


def test_an_assumed_call_that_becomes_known_moves_between_outcomes(
    keeper: Keeper, tmp_path: Path
) -> None:
    path = tmp_path / "counters.json"
    event = keeper.record("gemini", model=MODEL, input_tokens=9, outcome="unknown",
                          provenance="assumed")  # fmt: skip
    assert read(keeper, path)["quotakeeper_calls_by_provenance"]["assumed",] == 1
    keeper.correct(event.id, input_tokens=4, outcome="ok", provenance="reported")
    found = read(keeper, path)
    assert found["quotakeeper_calls_by_provenance"]["assumed",] == 0
    assert net(found, "calls") == 1
    assert found["quotakeeper_corrected_calls_total"]["gemini", MODEL, "unknown"] == 1


def test_a_reader_that_follows_finds_what_one_that_reads_all_finds(
    keeper: Keeper, tmp_path: Path
) -> None:
    """Also after a correction of an ended day, a late record, and a new day."""
    clock = keeper._parts.clock
    assert isinstance(clock, FakeClock)
    follower = MetricsReader(keeper, CounterFile(None), follows=True)
    events = []

    def same() -> None:
        whole = {name: each for name, each in read(keeper).items() if "corrected" not in name}
        mine = scraped(follower.text())
        for name in whole:
            subject = name.removeprefix("quotakeeper_").removesuffix("_total")
            if name.endswith("_total"):
                assert net(mine, subject) == sum(whole[name].values()), name
            else:
                assert mine[name] == whole[name], name

    for day in range(3):
        events.append(keeper.record("gemini", model=MODEL, input_tokens=1_000 + day))
        same()
        clock.advance(hours=13)
        keeper.record("deepgram", model="nova-3", audio_seconds=30, scope={"key": f"k{day}"})
        same()
        clock.advance(hours=11)
    keeper.correct(events[0].id, input_tokens=1)
    same()
    keeper.record("gemini", model=MODEL, input_tokens=77, at=clock.now() - 40 * 3_600 * 10**6)
    same()
    keeper.correct(events[-1].id, input_tokens=5_000)
    same()


def test_a_reader_that_follows_reads_ended_days_once(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = keeper._parts.clock
    assert isinstance(clock, FakeClock)
    keeper.record("gemini", model=MODEL, input_tokens=1)
    clock.advance(days=2)
    asked: list[tuple[int | None, int | None]] = []
    slots = keeper.slots

    def counted(since: int | None = None, until: int | None = None) -> Any:
        asked.append((since, until))
        return slots(since, until)

    monkeypatch.setattr(keeper, "slots", counted)
    reader = MetricsReader(keeper, CounterFile(None), follows=True)
    for _ in range(3):
        keeper.record("gemini", model=MODEL, input_tokens=1)
        reader.text()
    assert [until is not None for _, until in asked] == [True, False, False, False]
    assert all(since is not None for since, until in asked if until is None)


def test_texts_of_clients_cannot_add_series_without_end(keeper: Keeper) -> None:
    for number in range(MOST_KEYS + 20):
        scope = {"key": f"key-{number:04}", "user": f"user-{number}"}
        keeper.record("gemini", model=f"model-{number}", scope=scope, input_tokens=1 + number)
    found = read(keeper)
    assert set(found["quotakeeper_cost_usd_total"]) == {("gemini", "other")}
    keys = found["quotakeeper_key_calls_total"]
    assert len(keys) == MOST_KEYS + 1
    assert keys["other",] == 20
    limits = found["quotakeeper_limit_used_ratio"]
    assert len(limits) <= MOST_LIMITS
    values = sum(name.startswith("each [user=") for name, *_ in limits)
    assert values + found["quotakeeper_limits_left_out"][()] == MOST_KEYS + 20


def test_the_state_of_orders_and_of_the_ledger(keeper: Keeper) -> None:
    empty = read(keeper)
    assert "quotakeeper_last_call_timestamp_seconds" not in empty
    assert empty["quotakeeper_paused"] == {("all",): 0}
    keeper.pause("deepgram", why="a test")
    assert read(keeper)["quotakeeper_paused"] == {("all",): 0, ("deepgram",): 1}
    keeper.pause(why="a test")
    found = read(keeper)
    assert found["quotakeeper_paused"] == {("all",): 1, ("deepgram",): 1}
    assert found["quotakeeper_ledger_readable"] == {(): 1}
    assert found["quotakeeper_counters_kept"] == {(): 0}
    assert {each.mode for each in keeper.limits} == {Mode.SOFT, Mode.HARD}


def test_a_ledger_that_cannot_be_read_is_told(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(**_: Any) -> None:
        raise LedgerUnavailableError("ledger.db", "is away", "wait")

    monkeypatch.setattr(keeper, "status", fails)
    reader = MetricsReader(keeper, CounterFile(None))
    text, error = reader.text_anyway()
    assert isinstance(error, LedgerUnavailableError)
    assert text == unreadable()
    assert scraped(text)["quotakeeper_ledger_readable"] == {(): 0}
    with pytest.raises(LedgerUnavailableError):
        reader.text()


def test_compaction_changes_no_counter(tmp_path: Path) -> None:
    clock, path = FakeClock(), tmp_path / "counters.json"
    with Keeper(tmp_path / "ledger.db", CONFIG, clock=clock) as keeper:
        event = keeper.record("gemini", model=MODEL, input_tokens=1_000)
        keeper.correct(event.id, input_tokens=400)
        clock.advance(days=70)
        keeper.record("gemini", model=MODEL, input_tokens=1)  # the newest entry always stays
        before = read(keeper, path)
        assert keeper.compact(35).calls == 1
        after = read(keeper, path)
    for name in before:
        assert not name.endswith("_total") or after[name] == before[name], name


def test_a_ledger_that_may_only_be_read_has_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Keeper(tmp_path / "ledger.db", CONFIG) as keeper:
        keeper.record("gemini", model=MODEL, input_tokens=5)
    # Root may write everywhere, so the test replaces the check of the permission.
    monkeypatch.setattr(os, "access", lambda path, mode, **_: mode != os.W_OK)
    with Keeper(tmp_path / "ledger.db", CONFIG) as keeper:
        for follows in (False, True):
            assert net(read(keeper, follows=follows), "tokens") == 5


def test_limits_on_every_meter_are_clean_and_exact(tmp_path: Path) -> None:
    """promtool refuses minutes, hours and milliseconds: figures are in base units."""
    limits = [
        {"name": f"on {name}", "meter": name, "window": "day", "amount": 3} for name in METERS
    ]
    with Keeper(tmp_path / "ledger.db", {**CONFIG, "limit": limits}) as keeper:
        keeper.record("deepgram", model="nova-3", audio_seconds="1.5", characters=1)
        keeper.record("gemini", model=MODEL, quantities={"cache_token_hours": 2, "searches": 1})
        text = MetricsReader(keeper, CounterFile(None)).text()
    assert promtool("check", "metrics", given=text) == ""
    found = scraped(text)
    used = {labels[0]: value for name, samples in found.items()
            if re.fullmatch(r"quotakeeper_limit_used_(?!ratio)\w+", name)
            for labels, value in samples.items()}  # fmt: skip
    assert set(used) == {f"on {name}" for name in METERS}
    assert used["on audio_minutes"] == used["on audio_milliseconds"] == Decimal("1.5")
    assert used["on cache_token_hours"] == 7_200
    assert found["quotakeeper_limit_amount_seconds"][
        "on audio_minutes", "audio_milliseconds", "day", "hard"
    ] == 180  # fmt: skip
    assert found["quotakeeper_cache_token_seconds_total"] == {("gemini", MODEL): 7_200}


def test_each_ledger_has_its_own_counters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    paths = set()
    for name in ("a.db", "b.db"):
        with Keeper(tmp_path / name, CONFIG) as keeper:
            paths.add(counters_path(keeper.settings))
    assert len(paths) == 2 and None not in paths
    with Keeper("memory:", CONFIG) as keeper:
        assert counters_path(keeper.settings) is None
