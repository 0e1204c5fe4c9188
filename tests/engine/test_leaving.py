"""The ends of a reservation: explicit, by `with`, by an exception, when dropped, at the program's end."""

from __future__ import annotations

import gc
import signal
import threading
from collections.abc import Generator
from functools import partial
from pathlib import Path

import pytest

from quotakeeper import Keeper, Provenance, ReservationClosedError
from quotakeeper.errors import LedgerUnavailableError, OutcomeUnknownError
from tests.engine.conftest import MakeKeeper
from tests.engine.support import config, gated, limit, python, said, until


class HostError(Exception):
    """The host program's own error."""


def test_a_with_block_without_settle_settles_at_the_estimate(keeper: Keeper) -> None:
    with keeper.reserve("gemini", input_tokens=100) as call:
        pass
    (event,) = keeper.events()
    assert event == call.event
    assert event.provenance is Provenance.ESTIMATED
    assert event.note == "settled at its estimate"
    assert event.quantities == {"input_tokens": 100, "requests": 1}
    assert keeper.reservations() == []


def test_a_settle_without_figures_uses_the_estimate(keeper: Keeper) -> None:
    event = keeper.reserve("gemini", input_tokens=100).settle()
    assert (event.provenance, event.quantities["input_tokens"]) == (Provenance.ESTIMATED, 100)


@pytest.mark.parametrize(
    "error", [HostError("own"), KeyboardInterrupt(), SystemExit(3), GeneratorExit()]
)
@pytest.mark.parametrize("sent", [False, True])
def test_an_exception_passes_unchanged(keeper: Keeper, error: BaseException, sent: bool) -> None:
    with pytest.raises(type(error)) as caught, keeper.reserve("gemini", input_tokens=9) as call:
        if sent:
            call.mark_sent()
        raise error
    assert caught.value is error
    events = list(keeper.events())
    assert keeper.reservations() == []
    if sent:
        assert [event.provenance for event in events] == [Provenance.ASSUMED]
        assert events[0].quantities["input_tokens"] == 9
    else:
        assert events == []
    assert keeper.verify() == []


def test_a_closed_generator_ends_its_reservation(keeper: Keeper) -> None:
    def stream() -> Generator[int, None, None]:
        with keeper.reserve("gemini") as call:
            call.mark_sent()
            yield 1
            yield 2

    chunks = stream()
    next(chunks)
    chunks.close()
    assert [event.provenance for event in keeper.events()] == [Provenance.ASSUMED]
    assert keeper.reservations() == []


def test_a_call_settled_inside_with_stays_settled(keeper: Keeper) -> None:
    with pytest.raises(HostError), keeper.reserve("gemini") as call:
        call.settle(requests=2)
        raise HostError
    assert [event.quantities for event in keeper.events()] == [{"requests": 2}]


def test_a_reservation_ends_once(keeper: Keeper) -> None:
    call = keeper.reserve("gemini")
    before, _, after = call.is_open, call.release(), call.is_open  # type: ignore[func-returns-value]
    assert (before, after) == (True, False)
    for end in (call.release, call.mark_sent):
        with pytest.raises(ReservationClosedError):
            end()
    assert list(keeper.events()) == []


def test_a_dropped_reservation_ends(keeper: Keeper) -> None:
    call = keeper.reserve("gemini")
    sent = keeper.reserve("gemini")
    sent.mark_sent()
    del call, sent
    gc.collect()
    assert keeper.status().limits[0].reserved == 0
    assert [event.provenance for event in keeper.events()] == [Provenance.ASSUMED]


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="signals to threads are of POSIX")
def test_a_signal_during_a_wait_gives_the_reservation_back(make: MakeKeeper) -> None:
    keeper = make(limit(10))
    store = gated(keeper)
    store.forget()
    store.after.clear()

    def interrupt() -> None:
        until(store.applied.is_set)
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGINT)

    pressing = threading.Thread(target=interrupt)
    pressing.start()
    with pytest.raises(KeyboardInterrupt):
        keeper.reserve("gemini")
        pressing.join(10)
    pressing.join()
    store.after.set()
    assert keeper.status().limits[0].used == 0
    assert keeper.status().limits[0].reserved == 0


def test_a_reservation_whose_settle_the_store_refused_is_not_released(make: MakeKeeper) -> None:
    keeper = make(limit(10))
    store = gated(keeper)
    with pytest.raises(LedgerUnavailableError), keeper.reserve("gemini", requests=4) as call:
        store.error = LedgerUnavailableError("here", "is full")
        try:
            call.settle(requests=3)
        finally:
            store.error = None
    (event,) = keeper.events()
    assert (event.provenance, event.quantities) == (Provenance.ASSUMED, {"requests": 4})
    assert call.settle(requests=3).quantities == {"requests": 3}  # a later settle still counts
    assert keeper.verify() == []


def test_a_mark_that_the_store_refused_may_be_repeated(make: MakeKeeper) -> None:
    keeper = make(limit(10))
    store = gated(keeper)
    call = keeper.reserve("gemini")
    store.error = LedgerUnavailableError("here", "is full")
    with pytest.raises(LedgerUnavailableError):
        call.mark_sent()
    store.error = None
    call.mark_sent()
    assert [hold.sent for hold in keeper.reservations()] == [True]
    call.release()


def test_the_worker_survives_what_the_store_raises(make: MakeKeeper) -> None:
    keeper = make(limit(10))
    store = gated(keeper)
    bug = ZeroDivisionError("a bug")
    for error, raised in (
        (LedgerUnavailableError("here", "is full"), LedgerUnavailableError),
        (bug, OutcomeUnknownError),
    ):
        store.error = error
        with pytest.raises(raised) as caught:
            keeper.record("gemini")
        store.error = None
        keeper.record("gemini")
    assert "ZeroDivisionError: a bug" in str(caught.value)
    assert caught.value.__cause__ is not None and caught.value.__cause__.__cause__ is bug
    assert keeper.status().limits[0].used == 2


def test_a_second_close_does_nothing_and_later_calls_raise(make: MakeKeeper) -> None:
    for ledger in ("memory:", "file"):
        keeper = make(limit(10), ledger=ledger)
        keeper.record("gemini")
        keeper.close()
        keeper.close()
        for use in (partial(keeper.reserve, "gemini"), keeper.status, keeper.events):
            with pytest.raises(LedgerUnavailableError, match="this keeper was closed"):
                use()
    unused = make(limit(10))
    unused.close()
    unused.close()


def test_close_ends_open_reservations(path: Path) -> None:
    keeper = Keeper(path, config(limit(10)), "process")
    unsent, sent = keeper.reserve("gemini"), keeper.reserve("gemini")
    sent.mark_sent()
    keeper.close()
    with Keeper(path, config(limit(10)), "process") as again:
        assert [event.id for event in again.events()] == [sent.id]
        assert again.reservations() == []
    assert unsent.is_open


def test_a_dropped_keeper_leaves_no_thread(path: Path) -> None:
    before = {thread for thread in threading.enumerate() if thread.name == "quotakeeper"}
    keeper = Keeper(path, config(limit(10)), "process")
    keeper.record("gemini")
    (mine,) = {t for t in threading.enumerate() if t.name == "quotakeeper"} - before
    del keeper
    gc.collect()
    mine.join(10)
    assert not mine.is_alive()


def test_all_reservations_of_a_dead_owner_are_resolved(path: Path) -> None:
    code = """
import os, sys
from quotakeeper import Keeper
keeper = Keeper(sys.argv[1], {"limit": [{"name": "cap", "provider": "gemini", "meter": "requests",
    "window": "day", "amount": 100000}], "timezone": "UTC"}, "process")
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(32) as pool:
    kept = list(pool.map(lambda _: keeper.reserve("gemini"), range(2500)))
os._exit(0)
"""
    said(python(code, path))
    with Keeper(path, config(limit(10)), "process") as keeper:
        keeper.status()
        assert keeper.reservations() == []
        assert keeper.verify() == []


def test_the_first_call_after_a_dead_owner_gets_its_room(path: Path) -> None:
    code = """
import os, sys
from quotakeeper import Keeper
keeper = Keeper(sys.argv[1], {"limit": [{"name": "cap", "provider": "gemini", "meter": "requests",
    "window": "day", "amount": 1}], "timezone": "UTC"}, "process")
call = keeper.reserve("gemini")
os._exit(0)
"""
    said(python(code, path))
    with Keeper(path, config(limit(1)), "process") as keeper:
        keeper.reserve("gemini").release()


_EXIT = """
import sys
from quotakeeper import Keeper
keeper = Keeper(sys.argv[1], {"limit": [{"name": "cap", "provider": "gemini", "meter": "requests",
    "window": "day", "amount": 100000}], "timezone": "UTC"})
unsent = keeper.reserve("gemini", event_id="unsent")
sent = keeper.reserve("gemini", event_id="sent")
sent.mark_sent()
from quotakeeper.domain.ledger.commands import Record
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.usage import CallLabels
for n in range(3000):
    keeper._engine.worker.post(Record(f"queued-{n}", CallLabels("gemini"), Figures({"requests": 1}, 0)))
"""


@pytest.mark.parametrize("end", ["", "raise SystemExit(0)", "del keeper, sent, unsent"])
def test_the_end_of_the_program_carries_out_what_was_handed_over(path: Path, end: str) -> None:
    assert said(python(_EXIT + end, path)) == ""
    with Keeper(path, config(limit(10)), "process") as keeper:
        # This runs before any sweep: the program itself has ended its open calls.
        assert keeper.reservations() == []
        ids = {event.id for event in keeper.events()}
        assert len(ids) == 3001 and "sent" in ids and "unsent" not in ids
        assert keeper.verify() == []
    owners = path.with_name(path.name + "-owners")
    assert list(owners.iterdir()) == []
