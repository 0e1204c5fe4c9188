"""Warnings: caused by use, once a period for all processes, and again after use fell below the threshold."""

from __future__ import annotations

from pathlib import Path

from quotakeeper import Keeper, Verdict
from tests.engine.conftest import MakeKeeper
from tests.engine.support import config, limit, python, said


def test_a_released_reservation_uses_up_no_warning(make: MakeKeeper) -> None:
    warned: list[Verdict] = []
    keeper = make(limit(100, thresholds=["0.8"]), on_warning=warned.append)
    keeper.reserve("gemini", requests=85).release()
    keeper.reserve("gemini", requests=85).settle(requests=10)
    assert warned == []
    keeper.record("gemini", requests=75)
    assert [(each.limit.name, each.used) for each in warned] == [("cap", 85)]
    # A correction that stays above the threshold causes no second warning.
    keeper.record("gemini", requests=1, event_id="one more")
    keeper.correct("one more", requests=0)
    keeper.record("gemini", requests=0)
    assert len(warned) == 1


def test_a_threshold_warns_again_after_use_fell_below_it(make: MakeKeeper) -> None:
    warned: list[Verdict] = []
    keeper = make(limit(100, thresholds=["0.8"]), on_warning=warned.append)
    keeper.record("gemini", requests=80, event_id="a")
    keeper.correct("a", requests=10)
    keeper.reserve("gemini", requests=85).release()
    assert [each.used for each in warned] == [80]
    keeper.record("gemini", requests=70)
    assert [each.used for each in warned] == [80, 80]


_BOOKS = """
import sys
from quotakeeper import Keeper
limit = {"name": "cap", "meter": "requests", "window": "month", "amount": 100, "per": "user"}
config = {"timezone": "UTC", "default_limits": False, "limit": [limit]}
warned = []
with Keeper(sys.argv[1], config, "process", on_warning=warned.append) as keeper:
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(50):
        for user in ("lan", "minh"):
            keeper.record("gemini", scope={"user": user}, requests=1)
print(*(f"{each.limit.name}:{each.used}" for each in warned), sep="\\n")
"""


def test_a_threshold_warns_once_for_all_processes_and_for_each_value(path: Path) -> None:
    rule = limit(100, provider="", window="month", per="user")
    rule.pop("provider")
    with Keeper(path, config(rule), "process") as keeper:
        keeper.status()
    children = [python(_BOOKS, path) for _ in range(2)]
    for child in children:
        assert child.stdout and child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin
        child.stdin.write("\n")
        child.stdin.flush()
    lines = [line for child in children for line in said(child).splitlines() if line]
    assert sorted(lines) == sorted(
        f"cap [user={user}]:{used}" for user in ("lan", "minh") for used in (80, 95, 100)
    )
