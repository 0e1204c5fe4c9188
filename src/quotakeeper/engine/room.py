"""Who waits for room under a limit, and who holds it: the calls of one keeper in one process.

A call that ends wakes those that wait. They ask the ledger again in the order in which they came,
each kind of limit by itself, so that a large call is not overtaken for ever by small ones. Other
processes wake nobody here, so whoever waits also looks by itself, at growing intervals.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from weakref import ref

from quotakeeper.clocks import Clock, wait_for_lock
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.usage import CallLabels
from quotakeeper.engine.callers import Caller, current_caller, on_event_loop
from quotakeeper.engine.worker.steps import Step, StepWorker
from quotakeeper.native_threads import Lock

if TYPE_CHECKING:
    import asyncio

OVERTAKEN_SECONDS = 1.0  # for which a newcomer that fits may go before a call that waits


class WaitingCall:
    """One call that waits. Woken in any thread; what wakes it before it rests is not lost."""

    __slots__ = ("__weakref__", "_future", "_lock", "_woken", "caller", "names", "since")

    def __init__(self, names: frozenset[str], caller: Caller, since: float) -> None:
        self.names = names  # of the limits that it waits for
        self.caller = caller
        self.since = since
        self._lock = Lock()
        self._lock.acquire()
        self._future: asyncio.Future[None] | None = None
        self._woken = False

    def wake(self) -> None:
        """End its rest. Waits for nothing, and may be called in a signal handler or a finalizer."""
        self._woken = True
        with suppress(RuntimeError):  # it is free: woken already
            self._lock.release()
        future = self._future
        if future is not None:
            with suppress(RuntimeError):  # the loop was closed: nobody waits
                future.get_loop().call_soon_threadsafe(_resolve, future)

    def rest(self, clock: Clock, seconds: float) -> bool:
        """Wait in this thread until woken (True), or for some seconds."""
        woken = wait_for_lock(clock, self._lock, seconds)
        self._woken = False
        return woken

    async def arest(self, clock: Clock, seconds: float) -> bool:
        """`rest`, awaited."""
        import asyncio  # noqa: PLC0415 - whoever awaits on asyncio has it

        own = getattr(clock, "asleep", None)  # a clock that is turned by hand
        if own is not None:
            await own(seconds)
        elif not self._woken:
            loop = asyncio.get_running_loop()
            self._future = future = loop.create_future()
            alarm = loop.call_later(seconds, _resolve, future)
            try:
                if not self._woken:  # else it was woken in between
                    await future
            finally:
                alarm.cancel()
                self._future = None
        woken, self._woken = self._woken, False
        return woken


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


class Rest(Step):
    """Let a call rest until it is woken, for some seconds at most; gives whether it was woken."""

    __slots__ = ("_call", "_clock", "_seconds")

    def __init__(self, call: WaitingCall, clock: Clock, seconds: float) -> None:
        self._call = call
        self._clock = clock
        self._seconds = seconds

    def block(self, worker: StepWorker) -> Any:
        """As Step's."""
        return self._call.rest(self._clock, self._seconds)

    def wait(self, worker: StepWorker) -> Awaitable[Any]:
        """As Step's."""
        return self._call.arest(self._clock, self._seconds)


class MayWait(Step):
    """Whether the caller may be made to wait: not by blocking an event loop."""

    __slots__ = ()

    def block(self, worker: StepWorker) -> Any:
        """As Step's."""
        return not on_event_loop()

    def wait(self, worker: StepWorker) -> Awaitable[Any]:
        """As Step's."""
        return _yes()


async def _yes() -> bool:
    return True


class Room:
    """The calls of a keeper that wait, and those that hold what others wait for.

    Its verbs change one container by one atomic step each, so a signal handler may come by at any
    instruction. In a forked child nobody waits: the threads of the parent are not there.
    """

    def __init__(self) -> None:
        self.leased_by: Callable[[Caller], Iterable[CallLabels]] = lambda _: ()
        self._reset()

    def _reset(self) -> None:
        self._pid = os.getpid()
        # Weak: a signal may end a wait at any instruction, also before it can say that it left.
        self._waiting: list[ref[WaitingCall]] = []
        self._held: dict[str, tuple[ref[Any], Caller, CallLabels]] = {}

    # -- who holds

    def hold(self, reservation: Any, labels: CallLabels) -> None:
        """Remember who made a reservation for as long as it is referred to."""
        event_id, held = reservation.id, self._held
        gone = ref(reservation, lambda _: held.pop(event_id, None))
        held[event_id] = gone, current_caller(), labels

    def holds_some(self, caller: Caller, limits: Iterable[Limit]) -> bool:
        """Whether a caller holds an open reservation that counts under one of these limits."""
        limits = tuple(limits)
        for labels in self.leased_by(caller):
            if any(limit.matches(labels) for limit in limits):
                return True
        for reference, holder, labels in tuple(self._held.values()):
            if holder == caller:
                reservation = reference()
                is_open = reservation is not None and reservation.is_open
                if is_open and any(limit.matches(labels) for limit in limits):
                    return True
        return False

    # -- who waits

    @property
    def is_empty(self) -> bool:
        """Whether nobody waits; it is asked for every call that ends."""
        return not self._waiting

    def join(self, names: frozenset[str], caller: Caller, since: float) -> WaitingCall:
        """Be the last that waits for room under these limits."""
        if self._pid != os.getpid():
            self._reset()
        call = WaitingCall(names, caller, since)
        self._waiting.append(ref(call, self._forget))
        return call

    def leave(self, call: WaitingCall) -> None:
        """Wait no longer; those behind may be the first now."""
        for reference in tuple(self._waiting):
            if reference() is call:
                self._forget(reference)
        self.freed()

    def _forget(self, reference: ref[WaitingCall]) -> None:
        with suppress(ValueError):
            self._waiting.remove(reference)

    def _in_order(self) -> Iterator[WaitingCall]:
        for reference in tuple(self._waiting):
            call = reference()
            if call is not None:
                yield call

    def waits(self, caller: Caller) -> bool:
        """Whether a caller waits already: this is a signal handler on top of its wait."""
        return any(call.caller == caller for call in self._in_order())

    def is_behind(self, call: WaitingCall) -> bool:
        """Whether somebody came earlier for room under one of the same limits."""
        for other in self._in_order():
            if other is call:
                return False
            if other.names & call.names:
                return True
        return False

    def is_due(self, names: Iterable[str], now: float) -> bool:
        """Whether somebody has waited so long that no newcomer may overtake."""
        wanted = frozenset(names)
        return any(
            now - call.since >= OVERTAKEN_SECONDS and wanted & call.names
            for call in self._in_order()
        )

    def freed(self) -> None:
        """Something has ended: wake all that wait."""
        for call in self._in_order():
            call.wake()
