"""What `./dev bench fleet` measures is what it says: the way of a commit, its delay, and the limit."""

from __future__ import annotations

import importlib
import itertools
import os
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import MagicMock

import pytest

from benchmarks import fleet, round_trips
from benchmarks.crews import Outcome
from benchmarks.measuring import ROOT
from quotakeeper.stores.postgres.connection import PostgresConnection
from quotakeeper.stores.postgres.dsn import parse_dsn

_numbers = itertools.count(1)


@pytest.fixture
def contenders(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module as a worker process imports it: from the folder of the benchmarks."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    monkeypatch.setitem(sys.modules, "round_trips", round_trips)
    return importlib.import_module("fleet_contenders")


def told(server: str, tmp_path: Path, contender: str, **more: object) -> dict[str, Any]:
    name = f"bench-{os.getpid()}-{next(_numbers)}"
    return {
        "contender": contender, "place": str(tmp_path / name), "postgres": server,
        "socket": parse_dsn(server + "x").parameters["host"], "ms": 0, "limit": 40, **more,
    }  # fmt: skip


@pytest.mark.parametrize("lease", ["off", "auto"])
def test_hosts_admit_exactly_the_limit(
    server: str, tmp_path: Path, contenders: ModuleType, lease: str
) -> None:
    order = told(server, tmp_path, "host", lease=lease)
    hosts = [contenders.ON_SERVERS["host"](order) for _ in range(2)]
    try:
        admitted = sum(host.ask() for _ in range(30) for host in hosts)
    finally:
        for host in hosts:
            host.close()
    assert admitted == 40


def test_batches_go_the_way_that_is_measured(
    server: str, tmp_path: Path, contenders: ModuleType
) -> None:
    ways = {}
    for way in ("conditional", "locked"):
        made = contenders.ON_SERVERS[way](told(server, tmp_path, way, batch=2))
        assert all(made.ask() for _ in range(5)) and len(made.first) == 5
        ways[way] = made.close.__self__.ways["conditional"]
        made.close()
    assert ways["conditional"] >= 8 and ways["locked"] == 0


def test_a_delay_is_added_to_each_round_trip_and_taken_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    monkeypatch.setattr(PostgresConnection, "post", lambda *given: "answered")
    for name in ("_together", "end", "commit"):
        monkeypatch.setattr(PostgresConnection, name, getattr(PostgresConnection, name))
    connection = PostgresConnection(MagicMock())
    for seconds in (0.005, 0.001):
        round_trips.delay(seconds)
        assert connection.post("", ()) == "answered" and slept.pop() == seconds and not slept
    round_trips.delay(0)
    assert connection.post("", ()) == "answered" and not slept


def test_a_ratio_compares_two_cases_of_the_same_round() -> None:
    class Scripted(fleet.Fleet):
        def __init__(self) -> None: ...

        def rounds(self, cases: Any, rounds: int) -> dict[str, list[Outcome]]:
            speeds = {"locked": (1.0, 2.0, 4.0), "conditional": (2.0, 8.0, 8.0)}
            return {key: [Outcome(1, 0, 0, 1 / rate, None, None, None, None) for rate in speeds[key]]
                    for key in cases}  # fmt: skip

    one, five = fleet._ways(Scripted(), 3)[1::2]
    assert (one.key, one.value, one.ratio) == ("fleet.conditional.1", 128.0, 2.0)
    assert (five.key, five.ratio) == ("fleet.conditional.5", 2.0)
