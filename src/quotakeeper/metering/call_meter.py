"""The meter of a process: reserves each call before it is sent, or refuses it."""

from __future__ import annotations

import logging
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from quotakeeper.clocks import Clock, SystemClock
from quotakeeper.domain.usage import Provenance
from quotakeeper.errors import LimitExceeded, PausedError, RefusingDecision
from quotakeeper.metering.admission_wait import auntil_admitted, until_admitted
from quotakeeper.metering.background_settler import BackgroundSettler
from quotakeeper.metering.call_origin import CallOrigin
from quotakeeper.metering.event_loops import after_queued_jobs, run_in_thread, running_loop
from quotakeeper.metering.gateways import Gateways
from quotakeeper.metering.http_attempt import HttpAttempt
from quotakeeper.metering.pending_call import PendingCall, lowered_body
from quotakeeper.metering.process_exit import settle_at_child_exit, settle_at_exit
from quotakeeper.metering.recognised import Recognised, find_call, welcome_provider
from quotakeeper.metering.refusal import DENIED, Denied, Refused, UnfollowedCallError
from quotakeeper.metering.retries import Link, Retries
from quotakeeper.providers.adapter import output_cap_of
from quotakeeper.providers.contract import NOTHING, Adapter, Call, Request, TextCount
from quotakeeper.value_classes import replace

if TYPE_CHECKING:
    from quotakeeper.keeper import Keeper

# If a retry may succeed within this time, the SDK is told to retry; else to raise an error.
SHORT_WAIT_SECONDS = 3_600
HELD_SECONDS = 1.0  # the retry time if only unsettled calls use the capacity
_ASK_AGAIN_SECONDS = 1.0
_MOST_COUNTED_ON_LOOP = 32 * 1024  # bytes; a larger request's text is counted in a thread
_FLUSH_SECONDS = 2.0
_US = 1_000_000

Admission = HttpAttempt | Refused | None


class OpenCall(Protocol):
    """A call that has been sent and is not settled."""

    def hand_over(self, complete: bool = False) -> None:
        """End the call with the usage read so far, without waiting."""


AnyOpenCall = TypeVar("AnyOpenCall", bound=OpenCall)

log = logging.getLogger("quotakeeper.intercept")


class CallMeter:
    """Meters calls with one keeper. A hook calls `begin` for each request, or `abegin` on an event
    loop."""

    def __init__(
        self, keeper: Keeper, *, scope: Mapping[str, str] = NOTHING,
        known_hosts: Mapping[str, str] = NOTHING, waits: bool = False, notes: str = "",
        clock: Clock | None = None,
    ) -> None:  # fmt: skip
        self.keeper = keeper
        self.scope = dict(scope)
        self.known_hosts = dict(known_hosts)
        self.waits = waits
        self.settler = BackgroundSettler()
        self.retries = Retries()
        self.gateways = Gateways(keeper, self.note)
        self._notes = notes
        self._clock = clock or SystemClock()
        self._open: weakref.WeakSet[OpenCall] = weakref.WeakSet()
        self._logged: set[str] = set()
        self.faults = 0  # how often `fault` was called
        settle_at_exit(self)

    # -- before a call is sent

    def begin(self, request: Request, origin: CallOrigin | None = None) -> Admission:
        """Reserve a call and durably mark it as sent.

        Returns the attempt or the refusal; None if the request is not a provider's call. `origin`:
        the sender, if a gateway meters the call for it. May raise any error of quotakeeper;
        `intercept.http_gate` catches it.
        """
        pending = self._pending(request, find_call(self, request, origin), origin)
        if pending is None or isinstance(pending, Refused):
            return pending

        def admit() -> Denied | None:
            try:
                pending.reservation = self.keeper.reserve(**pending.arguments)
            except DENIED as error:
                return error
            return None

        return self._admitted(pending, until_admitted(self, admit))

    def needs_body(self, request: Request) -> bool:
        """Return whether the upper bound of a call can be computed only from its body.

        This is True only for text bodies. A provider bills a call with a text body only if it gets
        the whole body.
        """
        found = find_call(self, request, counts=False)
        if found is None:
            return False
        call = found[1]
        return call.bound_is is Provenance.ASSUMED and "input_tokens" in call.bound

    async def abegin(self, request: Request, origin: CallOrigin | None = None) -> Admission:
        """Awaitable form of `begin`. Neither the disk nor a long text blocks the event loop."""
        if not self.on_asyncio():
            return await run_in_thread(lambda: self.begin(request, origin))
        pending = self._pending(request, await self._afound(request, origin), origin)
        if pending is None or isinstance(pending, Refused):
            return pending

        async def admit() -> Denied | None:
            try:
                pending.reservation = await self.keeper.areserve(**pending.arguments)
            except DENIED as error:
                return error
            return None

        return self._admitted(pending, await auntil_admitted(self, admit))

    def refused(self, adapter: Adapter, call: Call, error: Exception) -> Refused:
        """Return the refusal of a call, as an answer in the provider's error format."""
        hard, seconds = True, None
        if isinstance(error, LimitExceeded):
            hard, seconds = self._weigh(error.decision)
            self.note("refused", error.limit.name)
        elif isinstance(error, PausedError):
            self.note("paused", error.provider)
        refusal = adapter.refusal(
            call, hard=hard, message=f"quotakeeper: {error}", retry_after_seconds=seconds
        )
        return Refused(refusal, call, error)

    def count(self, text: str) -> TextCount:
        """Estimate the tokens of a text, for the upper bound of a call."""
        from quotakeeper.tokens import estimate_tokens  # noqa: PLC0415 - reads a table

        return estimate_tokens(text, with_language=False)

    # -- for attempts

    def monotonic(self) -> float:
        """Return a time in seconds, to measure durations."""
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        """Block for `seconds`."""
        self._clock.sleep(seconds)

    def fault(self, what: str, error: BaseException) -> None:
        """Log an error inside quotakeeper, once per kind of error. Does not raise it."""
        self.faults += 1
        key = f"{what}: {type(error).__name__}"
        if key not in self._logged:
            self._logged.add(key)
            log.warning("quotakeeper: %s: %s: %s", what, type(error).__name__, error)

    def on_asyncio(self) -> bool:
        """Return whether this code runs on asyncio, the only event loop that a keeper supports."""
        return running_loop() is not None

    async def caught_up(self) -> None:
        """Wait on an event loop until every finished call is in the ledger."""
        await after_queued_jobs(self.settler.put_at_once)

    def flush(self, seconds: float = _FLUSH_SECONDS) -> bool:
        """Block until every finished call is in the ledger. Returns False if this takes too long."""
        return self.settler.wait(seconds)

    def end_open_calls(self) -> None:
        """End every open call with the usage read so far. Called when the process ends."""
        for attempt in list(self._open):
            attempt.hand_over()
        self.flush()

    def before_fork(self) -> None:
        """Stop the thread that settles calls."""
        self.settler.before_fork()

    def after_fork_in_parent(self) -> None:
        """Restart the thread that settles calls, if it has jobs."""
        self.settler.after_fork_in_parent()

    def after_fork(self) -> None:
        """Forget the open calls in a forked child, because they belong to the parent."""
        self.settler.forked()
        self.retries.forked()
        self._open = weakref.WeakSet()

    # -- inside

    async def _afound(self, request: Request, origin: CallOrigin | None) -> Recognised | None:
        import asyncio  # noqa: PLC0415 - a caller on asyncio has imported it

        if request.body is None or len(request.body) <= _MOST_COUNTED_ON_LOOP:
            return find_call(self, request, origin)
        if find_call(self, replace(request, body=None), origin, counts=False) is None:
            return None
        return await asyncio.to_thread(find_call, self, request, origin)

    def _pending(
        self, request: Request, found: Recognised | None, origin: CallOrigin | None
    ) -> PendingCall | Refused | None:
        """Return the call to reserve, or its refusal; None for a call that uses no quota."""
        if found is None:
            return None
        adapter, call = found
        forbidden = None if origin is None else origin.refusal(adapter, call)
        if forbidden is not None:
            return Refused(forbidden, call)
        if not call.bound:
            return None
        self.settler.start()
        welcome_provider(self.keeper, call.provider)
        link = self.retries.link(request, self.monotonic())
        arguments = self._asked(call, link, self.scope if origin is None else origin.scope)
        if origin is not None and origin.on_limit:
            arguments["on_limit"] = origin.on_limit
        arguments["output_cap"] = lambda: output_cap_of(adapter, request, call)
        return PendingCall(request, adapter, call, link, arguments)

    def _admitted(self, pending: PendingCall, denied: Denied | None) -> HttpAttempt | Refused:
        if denied is not None or pending.reservation is None:
            assert denied is not None
            return self.refused(pending.adapter, pending.call, denied)
        attempt = None
        try:
            attempt = HttpAttempt(
                self, pending.adapter, pending.call, pending.reservation, pending.request,
                pending.link,
            )  # fmt: skip
            attempt.body = lowered_body(pending)
            return self.keep(attempt)
        except Exception as error:
            if attempt is not None:
                attempt.give_up()
            raise UnfollowedCallError(pending.reservation) from error

    def _asked(self, call: Call, link: Link | None, scope: Mapping[str, str]) -> dict[str, Any]:
        return {
            "provider": call.provider,
            "model": call.model,
            "operation": call.operation,
            "scope": {**scope, **link.labels} if link else scope,
            "options": dict(call.options),
            "quantities": dict(call.bound),
            "sent": True,
        }

    def keep(self, attempt: AnyOpenCall) -> AnyOpenCall:
        """Register an open call, so that it is ended when the process ends. Returns the call."""
        settle_at_child_exit()
        self._open.add(attempt)
        return attempt

    def _weigh(self, decision: RefusingDecision) -> tuple[bool, float | None]:
        """Return whether to forbid a retry, and the seconds after which the call may fit.

        A retry is forbidden if the call never fits, or if the wait is over an hour. The seconds are
        None if a person must correct the clock first.
        """
        if decision.doubt is not None:
            return True, None  # the refusal lasts until somebody corrects the clock
        if all(verdict.is_held for verdict in decision.refusing):
            return False, HELD_SECONDS
        verdict = decision.blocking
        seconds = max(1.0, (verdict.resets_at - self.keeper.now()) / _US)
        never = any(each.asked > each.limit.amount for each in decision.refusing)
        return never or seconds > SHORT_WAIT_SECONDS, seconds

    def wait_for(self, error: Exception) -> float:
        """Return the seconds to wait before the next try; 0 if the refusal is final."""
        if not self.waits or not isinstance(error, LimitExceeded):
            return 0.0
        refusing = error.decision.refusing
        if error.decision.doubt is not None:
            return 0.0
        if any(each.asked > each.limit.amount for each in refusing):
            return 0.0  # the call is larger than the limit
        seconds = (error.decision.blocking.resets_at - self.keeper.now()) / _US
        # Capacity may be free earlier, when another call is settled.
        return min(max(seconds, 0.05), _ASK_AGAIN_SECONDS)

    def note(self, word: str, text: str) -> None:
        """Append a line to the file that the summary of `quotakeeper run` is made from."""
        if not self._notes:
            return
        try:
            with open(self._notes, "a", encoding="utf-8", errors="replace") as file:
                file.write(f"{word} {text}\n")
        except OSError as error:
            self.fault("the summary of quotakeeper run will be incomplete", error)
