"""`quotakeeper leases`: who holds what, which hosts are lost, and a lost host is written off."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from quotakeeper.__main__ import main
from quotakeeper.cli import context
from quotakeeper.schemas import Schema
from quotakeeper.testing import FakeClock
from tests.stores_postgres.lease_limits import MakeHost, call, sums, sweep, tend, use_up

Say = Callable[..., str]


@pytest.fixture
def say(host: MakeHost, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Runs `quotakeeper leases` on a host of its own, and returns what it prints."""
    monkeypatch.setenv("QUOTAKEEPER_LEDGER", "postgresql://localhost/another")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(context, "open_keeper", lambda session: host("desk"))

    def say(*words: str, code: int = 0) -> str:
        capsys.readouterr()
        assert main(["leases", *words]) == code
        said = capsys.readouterr()
        return said.out + said.err

    return say


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Gives the hosts that are made from now on a name."""

    def name(host: str) -> None:
        monkeypatch.setattr("quotakeeper.server_store.host_name", lambda: host)

    return name


def test_who_holds_what_since_when_under_which_limit(
    host: MakeHost, say: Say, named: Callable[[str], None]
) -> None:
    assert "No process holds a lease." in say()
    named("an-box")
    one = host("one", "18")
    call(one, 3)
    assert sums(one) == (3, 15)
    header, row = say().splitlines()
    assert header.split() == ["HOST", "PROCESS", "FOR", "LIMIT", "REST", "SINCE", "UNTIL", "STATE"]
    process = one._engine.worker.store.owner
    assert row.split()[:6] == ["an-box", process, "gemini", "gemini-2.0-flash", "call", "cap"]
    assert "15 requests" in row and row.endswith("in use")
    found = json.loads(say("--json"))
    (lease,) = found["leases"]
    assert (found["schema"], found["written_off"], found["lost_hosts"]) == (
        Schema.LEASES, 0, [],
    )  # fmt: skip
    assert (lease["host"], lease["state"], lease["limits"]) == ("an-box", "open", ["cap"])
    assert lease["quantities"] == {"requests": 15}
    assert (lease["since"], lease["until"]) == ("2026-11-23T12:00:00Z", "2026-11-23T12:01:00Z")


def test_a_lost_host_is_written_off_and_corrected_when_it_returns(
    host: MakeHost, say: Say, named: Callable[[str], None], clock: FakeClock
) -> None:
    named("an-box")
    one = host("one", "18")
    call(one, 3)
    assert sums(one) == (3, 15)
    assert "no lost host 'an-box' has open leases" in say("--write-off", "an-box", code=2)
    named("binh-box")
    two = host("two")
    clock.advance(seconds=31)
    call(two)
    sweep(two)
    said = say()
    assert "host lost" in said and "lost: an-box, last seen 2026-11-23 12:00:00" in said
    assert "open leases: 1, counted as used: 0" in said
    assert "quotakeeper leases --write-off an-box" in said
    assert "these have: an-box" in say("--write-off", "no-box", code=2)
    assert "máy đã mất" in say("--lang", "vi")

    assert "leases counted as used: 1" in say("--write-off", "an-box")
    assert sums(two) == (19, 0)
    found = json.loads(say("--json"))
    (lease,) = found["leases"]
    assert (lease["state"], lease["until"]) == ("assumed", None)
    assert found["lost_hosts"] == [
        {"host": "an-box", "seen_at": "2026-11-23T12:00:00Z", "open": 0, "assumed": 1}
    ]
    assert "no lost host" in say("--write-off", "an-box", code=2)

    call(one, 2)
    tend(one)
    assert sums(two) == (6, 0)
    assert "No process holds a lease." in say()
    assert use_up(two) == 94 and two.verify() == []
