"""The calls of one keeper that wait until they fit their limits, and callers with open
reservations.

A call that ends wakes all waiting calls. They repeat their commands in order of arrival, per limit,
so that small calls do not overtake a large call for ever. Other processes cannot wake the calls of
this process. So a waiting call also checks by itself, at growing intervals.
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

OVERTAKEN_SECONDS = 1.0  # how long a new call that fits may overtake a waiting one


class WaitingCall:
    """A call that waits until it fits its limits.

    Any thread may wake it. If `wake` is called before `rest`, `rest` returns at once.
    """

    __slots__ = ("__weakref__", "_future", "_lock", "_woken", "caller", "names", "since")

    def __init__(self, names: frozenset[str], caller: Caller, since: float) -> None:
        self.names = names  # the names of the limits that it waits for
        self.caller = caller
        self.since = since
        self._lock = Lock()
        self._lock.acquire()
        self._future: asyncio.Future[None] | None = None
        self._woken = False

    def wake(self) -> None:
        """Wake this call: end its wait in `rest` or `arest`. Never blocks; safe in a signal handler
        or a finalizer."""
        self._woken = True
        with suppress(RuntimeError):  # the lock is free, because the call was woken already
            self._lock.release()
        future = self._future
        if future is not None:
            with suppress(RuntimeError):  # the loop was closed, so no task waits
                future.get_loop().call_soon_threadsafe(_resolve, future)

    def rest(self, clock: Clock, seconds: float) -> bool:
        """Block this thread until `wake` is called. Returns False if this takes longer than
        `seconds`."""
        woken = wait_for_lock(clock, self._lock, seconds)
        self._woken = False
        return woken

    async def arest(self, clock: Clock, seconds: float) -> bool:
        """Awaitable form of `rest`."""
        import asyncio  # noqa: PLC0415 - asyncio callers have loaded it

        own = getattr(clock, "asleep", None)  # a fake clock of a test
        if own is not None:
            await own(seconds)
        elif not self._woken:
            loop = asyncio.get_running_loop()
            self._future = future = loop.create_future()
            alarm = loop.call_later(seconds, _resolve, future)
            try:
                if not self._woken:  # it may have been woken in between
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
    """A step: wait until the call is woken, for at most `seconds`. The answer says whether the call
    was woken."""

    __slots__ = ("_call", "_clock", "_seconds")

    def __init__(self, call: WaitingCall, clock: Clock, seconds: float) -> None:
        self._call = call
        self._clock = clock
        self._seconds = seconds

    def block(self, worker: StepWorker) -> Any:
        """Block this thread until the call is woken; see Step."""
        return self._call.rest(self._clock, self._seconds)

    def wait(self, worker: StepWorker) -> Awaitable[Any]:
        """Return an awaitable that ends when the call is woken; see Step."""
        return self._call.arest(self._clock, self._seconds)


class MayWait(Step):
    """A step whose answer is whether the caller may wait. A thread with an event loop must not
    block."""

    __slots__ = ()

    def block(self, worker: StepWorker) -> Any:
        """Return True unless an event loop runs in this thread; see Step."""
        return not on_event_loop()

    def wait(self, worker: StepWorker) -> Awaitable[Any]:
        """Return an awaitable of True, because a coroutine that waits blocks no thread; see
        Step."""
        return _yes()


async def _yes() -> bool:
    return True


class Room:
    """The calls of a keeper that wait until they fit their limits, and callers with open
    reservations.

    Each method changes one container in one atomic step, so a signal handler may run in between. A
    forked child has no waiting calls, because the parent's threads do not run there.

    `waiting` has weak references to the calls that wait. Every call reads it.
    """

    def __init__(self) -> None:
        self.leased_by: Callable[[Caller], Iterable[CallLabels]] = lambda _: ()
        self._reset()

    def _reset(self) -> None:
        self._pid = os.getpid()
        # Weak references: a signal may end a wait before the call has left this list.
        self.waiting: list[ref[WaitingCall]] = []
        self._held: dict[str, tuple[ref[Any], Caller, CallLabels]] = {}

    # -- who holds

    def hold(self, reservation: Any, event_id: str, labels: CallLabels) -> None:
        """Remember that the current caller made `reservation`, until `reservation` is deleted."""
        held = self._held
        gone = ref(reservation, lambda _: held.pop(event_id, None))
        held[event_id] = gone, current_caller(), labels

    def holds_some(self, caller: Caller, limits: Iterable[Limit]) -> bool:
        """Whether `caller` has an open reservation that counts in one of these limits."""
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
        """Whether no call waits."""
        return not self.waiting

    def join(self, names: frozenset[str], caller: Caller, since: float) -> WaitingCall:
        """Add a call to the end of the calls that wait for the limits `names`. Returns the waiting
        call."""
        if self._pid != os.getpid():
            self._reset()
        call = WaitingCall(names, caller, since)
        self.waiting.append(ref(call, self._forget))
        return call

    def leave(self, call: WaitingCall) -> None:
        """Remove a waiting call and wake the others, because another call may now be the first."""
        for reference in tuple(self.waiting):
            if reference() is call:
                self._forget(reference)
        self.freed()

    def _forget(self, reference: ref[WaitingCall]) -> None:
        with suppress(ValueError):
            self.waiting.remove(reference)

    def _in_order(self) -> Iterator[WaitingCall]:
        for reference in tuple(self.waiting):
            call = reference()
            if call is not None:
                yield call

    def waits(self, caller: Caller) -> bool:
        """Whether `caller` already waits. This is so if a signal handler has interrupted the wait
        and makes a call."""
        return any(call.caller == caller for call in self._in_order())

    def is_behind(self, call: WaitingCall) -> bool:
        """Whether a call that arrived before `call` waits for one of the same limits."""
        for other in self._in_order():
            if other is call:
                return False
            if other.names & call.names:
                return True
        return False

    def is_due(self, names: Iterable[str], now: float) -> bool:
        """Whether a call has waited so long for one of these limits that no new call may overtake
        it."""
        wanted = frozenset(names)
        return any(
            now - call.since >= OVERTAKEN_SECONDS and wanted & call.names
            for call in self._in_order()
        )

    def freed(self) -> None:
        """Wake all waiting calls: a call has ended, so another may fit now."""
        if self.waiting:
            for call in self._in_order():
                call.wake()
