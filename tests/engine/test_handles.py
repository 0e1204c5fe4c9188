"""Reservation handles: replays, failed ends, and spooling without blocking the event loop."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from collections.abc import Callable
from typing import Any

import pytest

from quotakeeper import Keeper, Provenance
from quotakeeper.domain.ledger.commands import Failed, Settle
from quotakeeper.errors import InvalidInputError, LedgerUnavailableError
from tests.engine.conftest import MakeKeeper
from tests.engine.support import gated, limit

GONE = LedgerUnavailableError("here", "is full")


class HostError(Exception):
    """The host program's own error."""


@pytest.mark.parametrize("sent", [False, True])
def test_a_replayed_handle_does_not_end_its_makers_reservation(keeper: Keeper, sent: bool) -> None:
    maker = keeper.reserve("gemini", event_id="job")
    with pytest.raises(HostError), keeper.reserve("gemini", event_id="job") as again:
        if sent:
            again.mark_sent()
        raise HostError
    dropped = keeper.reserve("gemini", event_id="job")
    del dropped, again
    gc.collect()
    assert [hold.id for hold in keeper.reservations()] == ["job"]

    async def awaited() -> None:
        with pytest.raises(HostError):
            async with keeper.areserve("gemini", event_id="job"):
                raise HostError

    asyncio.run(awaited())
    assert [hold.id for hold in keeper.reservations()] == ["job"]
    assert maker.settle(requests=2).quantities == {"requests": 2}


@pytest.mark.parametrize("explicit", [True, False])
def test_a_replayed_handle_may_settle(keeper: Keeper, explicit: bool) -> None:
    maker = keeper.reserve("gemini", event_id="job")
    with keeper.reserve("gemini", event_id="job") as again:
        if explicit:
            again.settle(requests=1)
    assert [event.id for event in keeper.events()] == ["job"]
    assert keeper.reservations() == []
    del maker


@pytest.mark.parametrize("awaited", [False, True])
def test_a_refused_settle_by_id_releases_nothing(keeper: Keeper, awaited: bool) -> None:
    maker = keeper.reserve("gemini", event_id="job")
    with pytest.raises(InvalidInputError):
        if awaited:
            asyncio.run(keeper.asettle("job", requests=-1))
        else:
            keeper.settle("job", requests=-1)
    gc.collect()
    assert [hold.id for hold in keeper.reservations()] == ["job"]
    assert maker.settle(requests=2).quantities == {"requests": 2}


@pytest.mark.parametrize("awaited", [False, True])
def test_a_failed_release_may_be_repeated(make: MakeKeeper, awaited: bool) -> None:
    keeper = make(limit(10))
    store = gated(keeper)
    call = keeper.reserve("gemini")

    def release() -> None:
        if awaited:
            asyncio.run(call.arelease())
        else:
            call.release()

    store.error = GONE
    with pytest.raises(LedgerUnavailableError):
        release()
    store.error = None
    assert [call.is_open, release(), call.is_open] == [True, None, False]  # type: ignore[func-returns-value]
    assert keeper.reservations() == []


def test_a_failed_settle_may_be_repeated_and_is_not_released(make: MakeKeeper) -> None:
    make.unproved = True  # type: ignore[attr-defined] - its store says what is not so
    keeper = make(limit(10))
    store = gated(keeper)
    apply = store.inner.apply

    def refuses(commands: Any, now: int) -> list[Any]:
        refused = Failed(InvalidInputError("requests", "do not fit"))
        return [
            refused if isinstance(command, Settle) else apply([command], now)[0]
            for command in commands
        ]

    store.inner.apply = refuses
    first = keeper.reserve("gemini", event_id="first")
    with pytest.raises(InvalidInputError):
        first.settle(requests=2)
    assert first.is_open is True
    with pytest.raises(InvalidInputError), keeper.reserve("gemini", event_id="second") as second:
        second.settle(requests=2)
    store.inner.apply = apply
    assert first.settle(requests=3).quantities == {"requests": 3}
    by_id = {event.id: event.provenance for event in keeper.events()}
    assert by_id == {"first": Provenance.REPORTED, "second": Provenance.ASSUMED}


async def _recorded(keeper: Keeper) -> None:
    await keeper.arecord("gemini")


async def _settled(keeper: Keeper) -> None:
    await (await keeper.areserve("gemini")).asettle(requests=1)


async def _left(keeper: Keeper) -> None:
    async with keeper.areserve("gemini"):
        pass


async def _cancelled(keeper: Keeper) -> None:
    with pytest.raises(asyncio.CancelledError):
        async with keeper.areserve("gemini") as call:
            await call.amark_sent()
            raise asyncio.CancelledError


@pytest.mark.parametrize("use", [_recorded, _settled, _left, _cancelled])
def test_the_event_loop_does_not_wait_for_the_spool(
    make: MakeKeeper, use: Callable[[Keeper], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = make(limit(10), ledger="file", on_store_failure="allow")
    store = gated(keeper)
    store.error = GONE
    synced: list[threading.Thread] = []
    fsync = os.fsync

    def seen(fd: int) -> None:
        synced.append(threading.current_thread())
        fsync(fd)

    monkeypatch.setattr(os, "fsync", seen)
    asyncio.run(use(keeper))
    assert synced and threading.main_thread() not in synced
    store.error = None
    assert keeper.status().limits[0].used == 1


def test_a_reservation_made_before_a_failure_is_spooled_outside_the_loop(
    make: MakeKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = make(limit(10), ledger="file", on_store_failure="allow")
    store = gated(keeper)
    synced: list[threading.Thread] = []
    fsync = os.fsync

    def seen(fd: int) -> None:
        synced.append(threading.current_thread())
        fsync(fd)

    async def use() -> None:
        async with keeper.areserve("gemini"):
            monkeypatch.setattr(os, "fsync", seen)
            store.error = GONE

    asyncio.run(use())
    assert synced and threading.main_thread() not in synced
    store.error = None
    assert keeper.status().limits[0].used == 1


def test_reads_build_no_reservation_objects(make: MakeKeeper) -> None:
    keeper = make(limit(10))
    store = gated(keeper)
    call = keeper.reserve("gemini")
    asked: list[str] = []
    holds = store.inner.holds

    def seen() -> Any:
        asked.append("holds")
        return holds()

    store.inner.holds = seen
    assert list(keeper.events()) == []
    assert [entry.id for entry in keeper.entries()] == [call.id]
    assert keeper.status().open_reservations == 1
    assert keeper.verify() == []
    assert asked == []
    call.release()


@pytest.mark.parametrize("awaited", [False, True])
def test_a_call_sent_at_once_is_reserved_and_marked_in_one_commit(
    make: MakeKeeper, awaited: bool
) -> None:
    keeper = make(limit(10))
    store = gated(keeper)

    async def reserved() -> Any:
        return await keeper.areserve("gemini", sent=True)

    call = asyncio.run(reserved()) if awaited else keeper.reserve("gemini", sent=True)
    assert (store.batches, call.hold.sent) == ([1], True)
    call.mark_sent()  # it is marked already, so this writes nothing
    assert store.batches == [1]
    with pytest.raises(HostError), call:
        raise HostError
    (event,) = keeper.events()
    assert event.provenance is Provenance.ASSUMED


def test_a_call_sent_at_once_before_the_ledger_fails_is_assumed(make: MakeKeeper) -> None:
    keeper = make(limit(10), on_store_failure="allow", ledger="file")
    store = gated(keeper)
    store.error = GONE
    with pytest.raises(HostError), keeper.reserve("gemini", sent=True):
        raise HostError
    store.error = None
    keeper.record("gemini")  # the batch of this record also books the spool
    assert sorted(event.quantities["requests"] for event in keeper.events()) == [1, 1]


@pytest.mark.parametrize("command", ["check", "record"])
def test_only_a_reservation_can_be_sent(keeper: Keeper, command: str) -> None:
    with pytest.raises(InvalidInputError, match="sent"):
        getattr(keeper, command)("gemini", sent=True)
