"""Use cases as another front would call them: no command line, no terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from quotakeeper import InvalidInputError, Keeper
from quotakeeper.app.ledger_files import check_not_the_ledger, compact_ledger, size_on_disk
from quotakeeper.app.limits_file import check_limit
from quotakeeper.app.price_lookup import all_prices, price_list_record, prices_of_model
from quotakeeper.app.reconcile import Compared, DifferenceKind, RequestWindow
from quotakeeper.app.reconcile.comparing import reconcile_requests
from quotakeeper.app.reconcile.records import ComparisonHeading, write_comparison
from quotakeeper.app.reconcile.sources import requests_from_account
from quotakeeper.app.records.limits import limits_record
from quotakeeper.app.records.report import report_csv_lines, report_record, usage_report
from quotakeeper.app.records.run import RunOutcome, run_record, run_usage
from quotakeeper.catalogue import load_snapshot
from quotakeeper.testing import FakeClock

LIMIT = {"name": "day", "meter": "tokens", "window": "day", "amount": 1_000_000}
CONFIG = {"timezone": "UTC", "limit": [LIMIT]}
START = "2026-11-23T12:00:00+00:00"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START)


@pytest.fixture
def keeper(tmp_path: Path, clock: FakeClock) -> Iterator[Keeper]:
    with Keeper(ledger=tmp_path / "ledger.db", config=CONFIG, clock=clock) as made:
        yield made


def test_a_report_is_a_record_and_csv(keeper: Keeper) -> None:
    keeper.record("gemini", model="gemini-2.5-flash", operation="translate", input_tokens=1_000)
    keeper.record("deepgram", model="nova-2", operation="listen", audio_seconds=60)
    report = usage_report(keeper, ("provider",), None, None, keeper.now())
    record = report_record(report)
    assert record["totals"]["calls"] == 2  # type: ignore[index]
    assert [row["provider"] for row in record["rows"]] == ["deepgram", "gemini"]  # type: ignore[attr-defined]
    lines = list(report_csv_lines(report))
    assert lines[0].startswith('"provider","calls"')
    assert len(lines) == 3


def test_a_run_has_its_own_calls_only(keeper: Keeper) -> None:
    started = keeper.now()
    keeper.record("gemini", model="gemini-2.5-flash", scope={"run": "r1"}, input_tokens=700)
    keeper.record("gemini", model="gemini-2.5-flash", scope={"run": "r2"}, input_tokens=900)
    used = run_usage(keeper, "r1", started)
    record = run_record(RunOutcome({"run": "r1"}, started, 2_500_000, 0), used)
    assert (record["seconds"], record["exit_code"], record["signal"]) == (2.5, 0, None)
    assert record["totals"]["quantities"]["input_tokens"] == 700  # type: ignore[index]
    assert [limit["name"] for limit in record["limits"]] == ["day"]  # type: ignore[attr-defined]


def test_what_a_new_limit_needs_and_which_field_is_wrong(keeper: Keeper) -> None:
    known = keeper.settings.limits
    assert [each["name"] for each in limits_record(keeper.settings)["limits"]] == ["day"]  # type: ignore[attr-defined]
    assert check_limit("DAY", {"amount": "5"}, known) == []
    assert check_limit("week", {"amount": "5"}, known) == ["meter", "window"]
    for changes in ({"window": "aeon"}, {"meter": "tokens", "amount": "-1"}, {"timezone": "Moon"}):
        field = list(changes)[-1]
        with pytest.raises(InvalidInputError) as wrong:
            check_limit("day", changes, known)
        assert wrong.value.field == field
        with pytest.raises(InvalidInputError) as wrong:
            check_limit("day", changes, known, prefix="--")
        assert wrong.value.field == f"--{field}"


def test_nothing_is_written_into_a_ledger(keeper: Keeper, tmp_path: Path) -> None:
    for ending in ("", "-wal", "-shm", ".lock"):
        with pytest.raises(InvalidInputError, match="ledger itself"):
            check_not_the_ledger(
                f"{tmp_path}/../{tmp_path.name}/ledger.db{ending}", keeper.settings
            )
    check_not_the_ledger(str(tmp_path / "events.csv"), keeper.settings)


def test_a_compaction_says_what_went_and_how_large_the_files_are(
    keeper: Keeper, clock: FakeClock, tmp_path: Path
) -> None:
    for number in range(3):
        keeper.record("openai", event_id=f"{number}")
    clock.advance(hours=24 * 60)
    keeper.record("openai", event_id="new")
    keeper.close()
    path = tmp_path / "ledger.db"
    done = compact_ledger(lambda: Keeper(ledger=path, config=CONFIG, clock=clock), 40)
    assert (done.calls, done.entries) == (3, 3)
    assert done.bytes_after == size_on_disk(path) > 0
    assert size_on_disk(None) == 0


def test_prices_of_all_and_of_one_model(clock: FakeClock) -> None:
    snapshot = load_snapshot()
    everything = all_prices(snapshot)
    one = prices_of_model(snapshot, "gemini-2.5-flash", clock.now())
    assert 0 < len(one.rows) < len(everything.rows)
    assert one.models == {("gemini", "gemini-2.5-flash")}
    assert json.dumps(price_list_record(one))
    with pytest.raises(InvalidInputError, match="no prices of 'no-such-provider'"):
        all_prices(snapshot, "no-such-provider")


class Account:
    """An account that answers without HTTP."""

    project = "p1"

    def __init__(self, *requests: Mapping[str, object]) -> None:
        self._requests = requests
        self.asked: list[tuple[int | None, int | None]] = []

    def requests(self, start: int | None, end: int | None) -> Iterator[Mapping[str, object]]:
        self.asked.append((start, end))
        return iter(self._requests)

    def balances(self) -> list[tuple[Decimal, str]]:
        return [(Decimal("12.5"), "usd")]


def test_a_comparison_asks_whoever_brings_the_account(keeper: Keeper) -> None:
    keeper.record("deepgram", model="nova-2", operation="listen", event_id="e1", audio_seconds=60)
    now = keeper.now()
    window = RequestWindow(now - 3_600_000_000, now + 1)
    account = Account()
    source = requests_from_account(account, window)
    wide = window.widened()
    assert account.asked == [(wide.since, wide.until)]
    sums = Compared()
    pieces: list[str] = []
    heading = ComparisonHeading("deepgram", source.name, window, False, source.balances)
    found = reconcile_requests(keeper, "deepgram", source.read, window, sums)
    assert write_comparison(pieces.append, heading, found, sums) == 1
    record = json.loads("".join(pieces))
    assert [each["kind"] for each in record["differences"]] == [DifferenceKind.MISSING_THERE]
    assert record["balances"] == [{"amount": "12.5", "units": "usd"}]
