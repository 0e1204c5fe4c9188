"""A keeper on a ledger in PostgreSQL, and what is said where there cannot be one."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from quotakeeper import Keeper, LimitExceeded
from quotakeeper.config import Settings
from quotakeeper.domain.ledger.reservations import is_lease_id
from quotakeeper.errors import LedgerUnavailableError, MissingExtraError
from quotakeeper.stores.postgres.driver import driver
from quotakeeper.testing import FakeClock
from quotakeeper.wiring import open_server, open_store

CAP = {"name": "cap", "meter": "input_tokens", "window": "day", "amount": 100}


def test_two_keepers_share_a_limit_by_the_clock_of_the_server(server: str) -> None:
    url = f"{server}keepers_{os.getpid()}"
    config = {"limit": [CAP], "default_limits": False, "on_busy": "refuse"}
    with Keeper(url, config) as one, Keeper(url, config) as other:
        held = one.reserve("gemini", model="gemini-2.0-flash", input_tokens=60)
        with pytest.raises(LimitExceeded):
            other.reserve("gemini", model="gemini-2.0-flash", input_tokens=41)
        held.settle(input_tokens=50)
        other.record("gemini", model="gemini-2.0-flash", input_tokens=7, event_id="b")
        status = next(each for each in one.status().limits if each.limit.name == "cap")
        assert status.used == 57
        assert one.verify() == other.verify() == []
    with Keeper(url, config) as again:
        assert [event.id for event in again.events()][-1] == "b"


def test_the_environment_names_the_ledger(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUOTAKEEPER_LEDGER", f"{server}named_{os.getpid()}")
    with Keeper() as keeper:
        keeper.record("gemini", model="gemini-2.0-flash", input_tokens=7, event_id="a")
        event = keeper.event("a")
    assert event is not None and event.quantities["input_tokens"] == 7


def test_a_server_that_is_not_there_is_named_and_nothing_is_written() -> None:
    store = open_store(Settings("postgresql://lan:canary-8f3a@127.0.0.1:1/team"))
    with pytest.raises(LedgerUnavailableError) as caught:
        store.open_count()
    said = str(caught.value)
    assert said.startswith("ledger postgresql://lan@127.0.0.1:1/team: cannot be reached: ")
    assert "canary" not in said
    cause = caught.value.__cause__
    assert cause is not None and "canary" not in str(cause)


def test_a_missing_extra_is_named_with_the_line_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    driver.cache_clear()
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtraError, match=r'pip install "\.\[postgres\]"'):
        Keeper("postgresql://localhost/team")


def test_leases_are_the_default_and_can_be_turned_off(
    ledger_url: str, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    url, config = ledger_url, {"limit": [CAP], "default_limits": False, "timezone": "UTC"}
    calls: dict[str, Any] = {"model": "gemini-2.0-flash", "input_tokens": 1}
    for lease in ("off", None):
        with Keeper(url, config, lease=lease, clock=clock) as keeper:
            for _ in range(3):
                keeper.reserve("gemini", **calls).settle()
                clock.advance(seconds=0.2)
            leases = [entry for entry in keeper.entries() if is_lease_id(entry.id)]
            assert bool(leases) == (lease is None)
            assert keeper.settings.lease == (lease or "auto")
    with Keeper(tmp_path / "ledger.db", config) as keeper:
        assert keeper.settings.lease == "off"
        assert Keeper(url, keeper.settings).settings.lease == "auto"
    with Keeper(tmp_path / "ledger.db", {**config, "lease": "auto"}) as keeper:
        assert Keeper(url, keeper.settings).settings.lease == "auto"


def test_the_sql_of_a_ledger_needs_no_driver_and_a_check_names_the_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    driver.cache_clear()
    monkeypatch.setitem(sys.modules, "psycopg", None)
    server = open_server(Settings("postgresql://localhost/team"))
    assert 'GRANT USAGE ON SCHEMA "quotakeeper" TO "counting"' in server.creation_sql("counting")
    with pytest.raises(MissingExtraError, match=r'pip install "\.\[postgres\]"'):
        server.facts(lambda: 0)
