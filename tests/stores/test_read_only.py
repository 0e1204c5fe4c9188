"""A ledger that may be read but not written: every question is answered, and every write is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from quotakeeper import Keeper
from quotakeeper.config import load_settings
from quotakeeper.errors import LedgerUnavailableError
from quotakeeper.keeper import engine_of
from quotakeeper.metering.quota_notes import note_quotas
from quotakeeper.providers.contract import QuotaReading
from quotakeeper.stores.sqlite.read_only import ReadOnlyStore
from quotakeeper.wiring import open_store


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.db"
    with Keeper(path, {"timezone": "UTC"}) as keeper:
        keeper.record("gemini", input_tokens=5, event_id="one")
    return path


@pytest.fixture
def read_only(ledger: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # Root may write everywhere, so the test replaces the check of the permission.
    monkeypatch.setattr(os, "access", lambda path, mode, **_: mode != os.W_OK)
    return ledger


def test_everything_can_be_read(read_only: Path) -> None:
    before = {path.name: path.read_bytes() for path in read_only.parent.iterdir() if path.is_file()}
    with Keeper(read_only, {"timezone": "UTC"}) as keeper:
        assert keeper.status().limits[0].used == 5
        assert [event.id for event in keeper.events()] == ["one"]
        assert keeper.verify() == []
        assert keeper.check("gemini", input_tokens=1).allowed
        assert keeper.reservations() == []
    after = {path.name: path.read_bytes() for path in read_only.parent.iterdir() if path.is_file()}
    assert before == after


def test_a_write_is_refused_by_name(read_only: Path) -> None:
    with Keeper(read_only, {"timezone": "UTC"}) as keeper:
        with pytest.raises(LedgerUnavailableError, match="is read-only"):
            keeper.record("gemini", input_tokens=5)
        with pytest.raises(
            LedgerUnavailableError, match=r"is read-only: user .* has no right to .*mode 0"
        ):
            keeper.reserve("gemini", input_tokens=5)


def test_provider_quotas_are_not_stored_and_do_not_fail(read_only: Path) -> None:
    with Keeper(read_only, {"timezone": "UTC"}) as keeper:
        note_quotas(keeper, "openai", "m", [QuotaReading("q")])
        assert [each.quota_id for each in keeper.status().quotas] == ["q"]
        with pytest.raises(LedgerUnavailableError, match="is read-only"):
            engine_of(keeper).worker.store.put_quotas([], 0)
    with Keeper(read_only, {"timezone": "UTC"}) as keeper:
        assert keeper.status().quotas == ()


def test_only_an_existing_ledger_is_opened_read_only(read_only: Path) -> None:
    there = load_settings(read_only, {"timezone": "UTC"})
    missing = load_settings(read_only.with_name("other.db"), {"timezone": "UTC"})
    assert isinstance(open_store(there), ReadOnlyStore)
    assert not isinstance(open_store(missing), ReadOnlyStore)


def test_another_users_home_counts_as_no_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_file", refuse)
    settings = load_settings(tmp_path / "l.db", environ={"HOME": "/root"}, cwd=tmp_path)
    assert settings.config_file is None
    assert len(settings.limits) == 4
