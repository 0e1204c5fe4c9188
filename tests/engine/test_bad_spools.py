"""A damaged spool file never stops the ledger, and its readable lines are counted."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from quotakeeper.domain.ledger.commands import Command, Outcomes
from quotakeeper.engine.journals.spool import Spool, _spooled
from quotakeeper.errors import LedgerUnavailableError
from tests.engine.conftest import MakeKeeper
from tests.engine.support import gated, limit

GONE = LedgerUnavailableError("here", "is full")


def spools(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.name}.spool-*"))


def put_aside(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.name}.bad-spool-*"))


def spooled_line(make: MakeKeeper, path: Path) -> tuple[Any, Any]:
    """A keeper whose ledger works again, and one line taken out of its spool file."""
    keeper = make(limit(100), ledger="file", on_store_failure="allow")
    store = gated(keeper)
    store.error = GONE
    keeper.record("gemini", event_id="good", input_tokens=5, scope={"user": "a"})
    store.error = None
    (file,) = spools(path)
    line = json.loads(file.read_text())
    file.unlink()
    return keeper, line


def test_an_unreadable_byte_loses_only_its_line(make: MakeKeeper, path: Path) -> None:
    keeper, line = spooled_line(make, path)
    spool = path.with_name(f"{path.name}.spool-999-dead")
    spool.write_bytes(b'{"id": \xff\xfe\n' + json.dumps(line).encode() + b"\n\x80\n")
    keeper._engine.spool.look()
    keeper.status()
    keeper.record("gemini", event_id="today")
    assert {event.id for event in keeper.events()} == {"good", "today"}
    assert spools(path) == put_aside(path) == []


@pytest.mark.parametrize(
    "change",
    [
        {"id": 7}, {"id": "\ud800"}, {"settles": "no"}, {"labels": []}, {"labels": None},
        {"labels": {"provider": 1, "model": "", "operation": "call", "scope": []}},
        {"labels": {"provider": "p", "model": "", "operation": "call", "scope": [[1, 2]]}},
        {"labels": {"provider": "p", "model": "", "operation": "call", "scope": 5}},
        {"quantities": {"requests": "many"}}, {"quantities": {"requests": -1}},
        {"quantities": [1]}, {"quantities": {"nonsense": 1}}, {"cost_pico": "1"},
        {"cost_pico": 2**63}, {"cost_pico": True}, {"duration_ms": "x"}, {"note": {}},
        {"price_id": 3}, {"outcome": []}, {"provenance": "heard"}, {"model_served": None},
    ],
)  # fmt: skip
def test_a_line_of_wrong_types_is_skipped(
    make: MakeKeeper, path: Path, change: dict[str, object]
) -> None:
    keeper, line = spooled_line(make, path)
    bad = json.loads(json.dumps(line))
    for name, value in change.items():
        (bad if name in bad else bad["figures"])[name] = value
    if "id" not in change:
        bad["id"] = "bad"
    spool = path.with_name(f"{path.name}.spool-999-dead")
    spool.write_text(f"{json.dumps(bad)}\n[1]\n7\n{'[' * 100_000}\n{json.dumps(line)}\n")
    keeper._engine.spool.look()
    keeper.status()
    keeper.record("gemini", event_id="today")
    assert {event.id for event in keeper.events()} == {"good", "today"}
    assert next(keeper.events()).labels.scope == (("user", "a"),)
    assert spools(path) == put_aside(path) == []


def test_a_file_that_cannot_be_replayed_is_renamed(
    make: MakeKeeper, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keeper, line = spooled_line(make, path)
    store = gated(keeper)
    apply = store.inner.apply
    path.with_name(f"{path.name}.spool-999-dead").write_text(json.dumps(line))

    def fails(commands: Sequence[Command], now: int) -> list[Outcomes]:
        if any(getattr(command, "id", "") == "good" for command in commands):
            raise ZeroDivisionError("a bug")
        outcomes: list[Outcomes] = apply(commands, now)
        return outcomes

    store.inner.apply = fails
    keeper._engine.spool.look()
    keeper.status()
    keeper.record("gemini", event_id="today")
    keeper.record("gemini", event_id="tomorrow")
    assert [event.id for event in keeper.events()] == ["today", "tomorrow"]
    (kept,) = put_aside(path)
    assert json.loads(kept.read_text()) == line
    assert spools(path) == []
    assert str(kept) in caplog.text


def test_a_call_in_memory_that_cannot_be_replayed_is_logged_and_dropped(
    caplog: pytest.LogCaptureFixture, make: MakeKeeper, path: Path
) -> None:
    _, line = spooled_line(make, path)

    spool = Spool(None, "owner")
    spool.add(_spooled(line).record)

    def fails(commands: Sequence[Command]) -> Sequence[Outcomes]:
        raise ZeroDivisionError("a bug")

    spool.replay(fails)
    assert not spool.waiting
    assert '"id": "good"' in caplog.text


def test_a_line_that_another_process_adds_during_a_replay_is_replayed(
    make: MakeKeeper, path: Path
) -> None:

    _, line = spooled_line(make, path)
    record = _spooled(line).record
    spool = Spool(path, "owner")
    spool.add(record)

    def meanwhile(commands: Sequence[Command]) -> Sequence[Any]:
        spool.add(record)
        return [None for _ in commands]

    spool.replay(meanwhile)
    assert spools(path) != []
    assert spool.waiting


def test_a_replay_that_the_ledger_refused_keeps_its_calls(make: MakeKeeper, path: Path) -> None:

    _, line = spooled_line(make, path)
    spool = Spool(path, "owner")
    spool.add(_spooled(line).record)

    def refuses(commands: Sequence[Command]) -> Sequence[Outcomes]:
        raise GONE

    with pytest.raises(LedgerUnavailableError):
        spool.replay(refuses)
    assert spool.waiting and len(spools(path)) == 1 and put_aside(path) == []


@pytest.mark.skipif(os.name == "nt", reason="folders are synced on POSIX alone")
def test_a_new_spool_file_syncs_its_folder(
    make: MakeKeeper, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    _, line = spooled_line(make, path)
    record = _spooled(line).record
    synced: list[bool] = []
    fsync = os.fsync

    def counted(fd: int) -> None:
        synced.append(stat.S_ISDIR(os.fstat(fd).st_mode))
        fsync(fd)

    monkeypatch.setattr(os, "fsync", counted)
    spool = Spool(path, "owner")
    spool.add(record)
    spool.add(record)
    assert synced == [False, True, False]
