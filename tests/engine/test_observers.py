"""Observers get each admission, refusal, entry and crossing once, and no call waits for them."""

from __future__ import annotations

import asyncio
import os
import threading
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest

from quotakeeper import LimitExceeded
from quotakeeper.clocks import SystemClock
from quotakeeper.domain.ledger.commands import ThresholdCrossed
from quotakeeper.domain.observations import (
    CallAdmitted,
    CallAssumed,
    CallCorrected,
    CallRefused,
    CallSettled,
    CallUnpriced,
    Observation,
)
from quotakeeper.engine import observers
from quotakeeper.engine.leases.leased_reservation import LeasedReservation
from quotakeeper.engine.worker import thread as worker
from quotakeeper.errors import LedgerUnavailableError
from quotakeeper.testing import FakeClock
from tests.engine.conftest import MakeKeeper
from tests.engine.support import SECONDS, gated, limit, python, said, until

FLASH: dict[str, Any] = {"model": "gemini-2.5-flash"}


def names(seen: list[Observation]) -> list[str]:
    return [type(each).__name__ for each in seen]


def of(seen: list[Observation], kind: type) -> list[Any]:
    return [each for each in seen if isinstance(each, kind)]


def test_an_observer_gets_a_call_from_its_admission_to_its_correction(make: MakeKeeper) -> None:
    seen: list[Observation] = []
    keeper = make(limit(10, meter="tokens"))
    keeper.subscribe(seen.append)
    with keeper.reserve("gemini", **FLASH, output_tokens=9) as call:
        call.settle(output_tokens=8)
    keeper.correct(call.id, output_tokens=2)
    with pytest.raises(LimitExceeded):
        keeper.reserve("gemini", **FLASH, operation="rewrite", output_tokens=9)
    with pytest.raises(ZeroDivisionError), keeper.reserve("gemini", output_tokens=3) as lost:
        lost.mark_sent()
        raise ZeroDivisionError
    keeper.record("gemini", model="gemini-99-unheard-of", output_tokens=1)
    keeper.close()
    assert names(seen) == [
        "CallAdmitted", "CallSettled", "ThresholdCrossed", "CallCorrected", "CallRefused",
        "CallAdmitted", "CallAssumed", "CallSettled", "CallUnpriced",
    ]  # fmt: skip
    admitted, settled, crossed, corrected, refused = seen[:5]
    assert isinstance(admitted, CallAdmitted) and admitted.hold.id == call.id
    assert [verdict.limit.name for verdict in admitted.decision.warnings] == ["cap"]
    assert isinstance(settled, CallSettled)
    assert settled.event.quantities == {"output_tokens": 8, "requests": 1}
    assert isinstance(crossed, ThresholdCrossed)
    assert (crossed.crossing.limit, crossed.crossing.level, crossed.verdict.used) == ("cap", 8, 8)
    assert isinstance(corrected, CallCorrected)
    assert corrected.event.quantities == {"output_tokens": 2, "requests": 1}
    assert isinstance(refused, CallRefused)
    assert (refused.labels.operation, refused.decision.blocking.asked) == ("rewrite", 9)
    assert of(seen, CallAssumed)[0].event.id == lost.id
    assert of(seen, CallUnpriced)[0].event.labels.model == "gemini-99-unheard-of"
    with pytest.raises(FrozenInstanceError):
        crossed.crossing = None  # type: ignore[misc, assignment]


def test_an_observer_gets_growth_as_an_admission_or_a_refusal(make: MakeKeeper) -> None:
    seen: list[Observation] = []
    keeper = make(limit(10, meter="tokens"))
    keeper.subscribe(seen.append)
    call = keeper.reserve("gemini", output_tokens=4)
    call.grow(output_tokens=2)
    with pytest.raises(LimitExceeded):
        call.grow(output_tokens=20)
    call.release()
    keeper.close()
    assert names(seen) == ["CallAdmitted", "CallAdmitted", "CallRefused"]
    assert of(seen, CallAdmitted)[1].hold.quantities["output_tokens"] == 6


def test_an_observer_gets_a_replayed_call_once(make: MakeKeeper) -> None:
    seen: list[Observation] = []
    keeper = make()
    keeper.subscribe(seen.append)
    for _ in range(2):
        keeper.reserve("gemini", event_id="a").settle(requests=1)
        keeper.record("gemini", event_id="b")
    keeper.close()
    assert names(seen) == ["CallAdmitted", "CallSettled", "CallSettled"]


def test_an_observer_gets_the_calls_of_coroutines_too(make: MakeKeeper) -> None:
    seen: list[Observation] = []
    keeper = make(limit(10), ledger="file")
    keeper.subscribe(seen.append)

    async def run() -> None:
        async with keeper.areserve("gemini", requests=8) as call:
            await call.asettle(requests=8)
        with pytest.raises(LimitExceeded):
            await keeper.areserve("gemini", requests=8)

    asyncio.run(run())
    keeper.close()
    assert [name for name in names(seen) if name != "CallUnpriced"] == [
        "CallAdmitted", "CallSettled", "ThresholdCrossed", "CallRefused",
    ]  # fmt: skip


def test_an_observer_gets_leased_calls_when_the_ledger_has_them(make: MakeKeeper) -> None:
    seen: list[Observation] = []
    keeper = make(limit(100), lease=20)
    keeper.subscribe(seen.append)
    for _ in range(90):
        keeper.reserve("gemini", **FLASH, input_tokens=1).settle(input_tokens=1)
    keeper.close()
    assert len(of(seen, CallAdmitted)) == len(of(seen, CallSettled)) == 90
    assert not any(each.hold.is_lease for each in of(seen, CallAdmitted))
    assert [each.crossing.level for each in of(seen, ThresholdCrossed)] == [80]


def test_an_unsubscribed_observer_gets_nothing_more(make: MakeKeeper) -> None:
    first: list[Observation] = []
    second: list[Observation] = []
    keeper = make()
    leave, stay = keeper.subscribe(first.append), keeper.subscribe(second.append)
    keeper.record("gemini", **FLASH)
    until(lambda: len(first) == len(second) == 1)
    leave()
    leave()
    keeper.record("gemini", **FLASH)
    until(lambda: len(second) == 2)
    stay()
    assert len(first) == 1 and not keeper._engine.observers.any
    keeper.record("gemini", **FLASH)
    keeper.close()
    assert len(second) == 2


def test_an_observers_exception_reaches_neither_the_call_nor_other_observers(
    make: MakeKeeper, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[Observation] = []

    def fails(observation: Observation) -> None:
        raise ZeroDivisionError

    keeper = make()
    keeper.subscribe(fails)
    keeper.subscribe(seen.append)
    keeper.record("gemini", **FLASH)
    keeper.record("gemini", **FLASH)
    keeper.close()
    assert names(seen) == ["CallSettled"] * 2
    assert caplog.text.count("an observer failed") == 2


def test_no_call_waits_for_an_observer(
    make: MakeKeeper, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(observers, "_MOST_WAITING", 5)
    seen: list[Observation] = []
    go_on = threading.Event()

    def slow(observation: Observation) -> None:
        assert go_on.wait(60)
        seen.append(observation)

    keeper = make()
    keeper.subscribe(slow)
    for _ in range(20):
        keeper.record("gemini", **FLASH)
    go_on.set()
    keeper.close()
    assert 5 <= len(seen) <= 6
    assert caplog.text.count("observers are too slow") == 1


def test_an_observer_may_read_from_the_keeper(make: MakeKeeper) -> None:
    used: list[int] = []
    keeper = make(limit(10), ledger="file")
    keeper.subscribe(lambda _: used.append(keeper.status().limits[0].used))
    keeper.record("gemini", **FLASH, requests=3)
    until(lambda: used == [3])


def test_an_observer_may_close_the_keeper(
    make: MakeKeeper, caplog: pytest.LogCaptureFixture
) -> None:
    closed: list[bool] = []

    def ends(_: Observation) -> None:
        keeper.close()
        closed.append(True)

    keeper = make()
    keeper.subscribe(ends)
    keeper.record("gemini", **FLASH)
    until(lambda: bool(closed))
    assert "failed" not in caplog.text


def test_a_keeper_without_observers_starts_no_thread_for_them(make: MakeKeeper) -> None:
    keeper = make(limit(10))
    keeper.reserve("gemini").settle(requests=1)
    keeper.record("gemini")
    assert not keeper._engine.observers._queue._thread.used


# -- entries that no caller waits for


def test_a_spooled_call_crosses_a_threshold_when_it_is_booked(make: MakeKeeper) -> None:
    heard: list[int] = []
    keeper = make(
        limit(10), ledger="file", on_store_failure="allow",
        on_warning=lambda verdict: heard.append(verdict.used),
    )  # fmt: skip
    store = gated(keeper)
    store.error = LedgerUnavailableError("here", "is full")
    keeper.record("gemini", requests=9)
    assert heard == []
    store.error = None
    keeper.status()
    until(lambda: heard == [9])


def test_a_dead_processs_call_crosses_a_threshold_when_it_is_assumed(
    make: MakeKeeper, clock: FakeClock
) -> None:
    heard: list[int] = []
    seen: list[Observation] = []
    keeper = make(limit(10), on_warning=lambda verdict: heard.append(verdict.used))
    keeper.subscribe(seen.append)
    call = keeper.reserve("gemini", requests=9, ttl_seconds=1, sent=True)
    clock.advance(seconds=40)
    keeper._engine.worker.ask(keeper._engine.worker.maintenance.sweep)
    until(lambda: heard == [9])
    until(lambda: len(of(seen, ThresholdCrossed)) == 1)
    assert of(seen, CallAssumed)[0].event.id == call.id


def test_a_dropped_call_crosses_a_threshold_too(make: MakeKeeper) -> None:
    heard: list[int] = []
    keeper = make(limit(10), on_warning=lambda verdict: heard.append(verdict.used))
    call = keeper.reserve("gemini", requests=9)
    call.mark_sent()
    del call
    until(lambda: heard == [9])


def test_observers_get_the_last_entries_before_close_returns(make: MakeKeeper) -> None:
    heard: list[int] = []
    keeper = make(limit(10), on_warning=lambda verdict: heard.append(verdict.used))
    call = keeper.reserve("gemini", requests=9)
    call.mark_sent()
    keeper.close()  # assumes the open call
    assert heard == [9]


FORKS = """
import os, sys, threading
from quotakeeper import Keeper
seen = []
with Keeper(sys.argv[1], {}, "process") as keeper:
    keeper.subscribe(lambda each: seen.append(type(each).__name__))
    keeper.record("gemini", model="gemini-2.5-flash")
    child = os.fork()
    names = {thread.name for thread in threading.enumerate()}
    assert child or "quotakeeper-observers" not in names, names
    keeper.record("gemini", model="gemini-2.5-flash")
if child:
    assert os.waitpid(child, 0)[1] == 0
assert seen == ["CallSettled"] * 2, seen
if child:
    print("well")
else:
    os._exit(0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_parent_and_child_each_observe_their_own_calls(tmp_path: Path) -> None:
    assert said(python(FORKS, tmp_path / "ledger.db")) == "well\n"


# At each fork only the main thread may run: from 3.12 on, Python warns if it counts others.
_COUNTING = """
import os, sys, threading
counted, seen = [], []
os.register_at_fork(before=lambda: counted.append([t.name for t in threading.enumerate()]))
from quotakeeper import Keeper
limit = {"name": "cap", "provider": "gemini", "meter": "requests", "window": "day", "amount": 10}
with Keeper(sys.argv[1], {"timezone": "UTC", "limit": [limit]}, "process") as keeper:
    keeper.subscribe(lambda each: seen.append(keeper.status(forecasts=False).limits[0].used))
    for number in range(5):
        keeper.record("gemini", model="gemini-2.5-flash")
        child = os.fork()  # an observer may be about to ask the keeper
        if not child:
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
assert counted == [["MainThread"]] * 5, counted
assert len(seen) == 5, seen
print("well")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_the_observers_thread_ends_before_a_fork_and_observers_may_still_read(
    tmp_path: Path,
) -> None:
    began = SystemClock().monotonic()
    assert said(python(_COUNTING, tmp_path / "ledger.db")) == "well\n"
    assert SystemClock().monotonic() - began < worker.PATIENCE_SECONDS


# The last batch before a fork books dropped calls, and these cross thresholds.
_DROPPED = """
import os, sys, threading
counted, heard = [], []
os.register_at_fork(before=lambda: counted.append([t.name for t in threading.enumerate()]))
from quotakeeper import Keeper
limit = {"name": "cap", "provider": "gemini", "meter": "requests", "window": "day", "amount": 100,
         "thresholds": [0.2, 0.4, 0.6, 0.8, 1]}
config = {"timezone": "UTC", "limit": [limit]}
with Keeper(sys.argv[1], config, "process", on_warning=lambda x: heard.append(x.used)) as keeper:
    for number in range(5):
        call = keeper.reserve("gemini", requests=20, sent=True)
        del call
        child = os.fork()
        if not child:
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
assert counted == [["MainThread"]] * 5, counted
assert heard == [20, 40, 60, 80, 100], heard
print("well")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_crossings_of_the_last_batch_before_a_fork_are_reported_before_it(tmp_path: Path) -> None:
    assert said(python(_DROPPED, tmp_path / "ledger.db")) == "well\n"


def test_a_call_that_is_taken_out_of_its_lease_is_observed(make: MakeKeeper) -> None:
    seen: list[Observation] = []
    keeper = make(limit(100), lease=20)
    keeper.subscribe(seen.append)
    for _ in range(20):
        keeper.reserve("gemini", **FLASH, input_tokens=1).settle(input_tokens=1)
    call = keeper.reserve("gemini", **FLASH, input_tokens=1)
    assert isinstance(call, LeasedReservation)
    call.grow(input_tokens=1)
    call.settle(input_tokens=2)
    keeper.close()
    told = [each.hold.quantities["input_tokens"] for each in of(seen, CallAdmitted)
            if each.hold.id == call.id]  # fmt: skip
    assert told == [1, 2]


_ON_ITS_WAY_OUT = """
import sys
from quotakeeper import Keeper
limit = {"name": "cap", "provider": "gemini", "meter": "requests", "window": "day", "amount": 10}
keeper = Keeper(sys.argv[1], {"timezone": "UTC", "limit": [limit]}, "process")
call = keeper.reserve("gemini", requests=9)
call.mark_sent()
"""


def test_a_program_without_logging_gets_warnings_on_stderr_even_at_exit(tmp_path: Path) -> None:
    child = python(_ON_ITS_WAY_OUT, tmp_path / "ledger.db")
    _, err = child.communicate(timeout=SECONDS)
    assert child.returncode == 0
    assert err.count("quotakeeper: warning: limit 'cap' is at 90.00 %") == 1
