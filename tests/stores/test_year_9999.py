"""Times near and after the year 9999: a clear error, nothing written, and existing entries stay readable."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from quotakeeper import Keeper
from quotakeeper.domain.windows import MAX_INSTANT
from quotakeeper.errors import LedgerUnavailableError
from quotakeeper.stores.ledger_time import LAST_INSTANT
from quotakeeper.testing import FakeClock


def keeper_at(ledger: Path | str, at: int, window: str = "month") -> Keeper:
    clock = FakeClock()
    clock._now = at
    limit = {"name": "t", "meter": "tokens", "window": window, "amount": 1_000, "mode": "hard"}
    return Keeper(
        config={
            "ledger": str(ledger), "timezone": "Asia/Ho_Chi_Minh", "default_limits": False,
            "limit": [limit],
        },
        clock=clock,
    )  # fmt: skip


@pytest.mark.parametrize("window", ["day", "month", "rolling 24h"])
@pytest.mark.parametrize("home", ["ledger.db", "memory:"])
@pytest.mark.parametrize("at", [LAST_INSTANT, MAX_INSTANT - 1])
def test_a_clock_near_the_end_of_the_calendar_is_named(
    tmp_path: Path, at: int, home: str, window: str
) -> None:
    ledger = home if home == "memory:" else tmp_path / home
    with keeper_at(ledger, LAST_INSTANT - 1, window) as keeper:
        with keeper.reserve("gemini", input_tokens=5) as call:
            call.settle(input_tokens=5)
        assert keeper.status().limits[0].used == 5
    with keeper_at(ledger, at, window) as keeper:
        for use in (keeper.reserve, keeper.check, keeper.record):
            with pytest.raises(LedgerUnavailableError, match="the clock of this machine is past"):
                use("gemini", input_tokens=5)
        with pytest.raises(LedgerUnavailableError, match="clock"):
            keeper.status()


def test_a_ledger_whose_newest_entry_is_near_the_year_9999_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with keeper_at(path, FakeClock().now()) as keeper:
        keeper.record("gemini", input_tokens=5, event_id="a")
    with sqlite3.connect(path) as raw:
        raw.execute("DROP TRIGGER entry_is_never_changed")
        raw.execute("UPDATE entry SET at = ?", (MAX_INSTANT - 1,))
    raw.close()
    with keeper_at(path, FakeClock().now()) as keeper:
        with pytest.raises(
            LedgerUnavailableError, match="its newest entry has the date 9999-12-31"
        ):
            keeper.reserve("gemini", input_tokens=5)
        assert keeper.verify()
