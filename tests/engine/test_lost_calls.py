"""Neither the ledger nor its spool can be written: memory has a cap, and the last line names lost calls."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from quotakeeper import Keeper
from quotakeeper.domain.ledger.commands import Record
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.usage import CallLabels
from quotakeeper.engine.journals import spool as spools
from quotakeeper.engine.journals.spool import Spool
from quotakeeper.errors import LedgerUnavailableError
from tests.engine.conftest import MakeKeeper
from tests.engine.support import config, gated, limit

GONE = LedgerUnavailableError("here", "the disk is full")
AT = 1_795_435_200_000_000  # 2026-11-23T12:00:00Z


def record(number: int, cost_pico: int | None = 2 * 10**12) -> Record:
    figures = Figures({"requests": 1}, cost_pico)
    return Record(f"call-{number}", CallLabels("gemini", "m", "chat"), figures, at=AT + number)


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every file write fail."""

    def fails(path: Path, line: str, ledger: Path | None) -> bool:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(spools, "_appended", fails)


def said(caplog: pytest.LogCaptureFixture, text: str) -> list[str]:
    return [each.getMessage() for each in caplog.records if text in each.getMessage()]


@pytest.mark.usefixtures("full")
def test_calls_in_memory_have_a_cap_and_the_last_line_names_the_lost_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(spools, "MOST_CALLS", 100)
    spool = Spool(tmp_path / "ledger.db", "me")
    for number in range(250):
        assert spool.is_full == (number >= 100)
        spool.add(record(number, None if number == 249 else 2 * 10**12))
    assert spool.lost.calls == 150 and len(spool.in_memory) == 100
    assert len(said(caplog, "kept in memory")) == 3  # logged the 1st, 10th and 100th time
    spool.end()
    (last,) = said(caplog, "quotakeeper: lost")
    assert (
        "250 calls (498.00 USD and the unknown cost of 1 of them) since 2026-11-23 12:00:00" in last
    )
    assert str(tmp_path / "ledger.db") in last and "reconcile" in last
    assert caplog.records[-1].levelno == logging.ERROR
    spool.end()
    assert len(said(caplog, "quotakeeper: lost")) == 1


@pytest.mark.usefixtures("full")
def test_bytes_in_memory_have_a_cap_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spools, "MOST_BYTES", 1_000)
    spool = Spool(tmp_path / "ledger.db", "me")
    while not spool.is_full:
        spool.add(record(1))
    assert 0 < len(spool.in_memory) < 10
    spool.replay(lambda commands: [None] * len(commands))  # type: ignore[list-item]
    assert (spool.is_full, spool.waiting) == (False, False)


def test_calls_in_memory_go_to_the_file_once_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    spool = Spool(tmp_path / "ledger.db", "me")
    with monkeypatch.context() as patched:

        def fails(path: Path, line: str, ledger: Path | None) -> bool:
            raise OSError(28, "No space left on device")

        patched.setattr(spools, "_appended", fails)
        spool.add(record(1))
    spool.end()
    assert said(caplog, "quotakeeper: lost") == []
    assert "call-1" in (tmp_path / "ledger.db.spool-me").read_text()


@pytest.mark.usefixtures("full")
def test_a_new_call_is_refused_once_nothing_can_store_it(
    make: MakeKeeper, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(spools, "MOST_CALLS", 3)
    keeper = make(limit(100), ledger="file", on_store_failure="allow")
    gated(keeper).error = GONE
    under_way = [keeper.reserve("gemini", requests=1, sent=True) for _ in range(4)]
    for call in under_way:
        call.settle(requests=1)
    with pytest.raises(LedgerUnavailableError, match="the memory for waiting calls is full"):
        keeper.reserve("gemini", requests=1)
    keeper.close()
    (last,) = said(caplog, "quotakeeper: lost")
    assert "4 calls" in last
    assert caplog.records[-1].getMessage() == last


@pytest.mark.usefixtures("full")
def test_a_ledger_that_never_answered_loses_no_call_without_a_message(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "other.db").write_bytes(b"not a database, but long enough to look like one" * 99)
    with Keeper(tmp_path / "other.db", config(limit(1), on_store_failure="allow")) as keeper:
        keeper.record("gemini", requests=1)
    (last,) = said(caplog, "quotakeeper: lost")
    assert "1 call (" in last
