"""A paid call from start to end: reserve, send, settle by the reply, and try again where that helps.

Every attempt is booked by itself, because every attempt that is answered may be charged.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.books import Booking, Books, CallPlan
from pipeline.problems import FileProblem, LimitReached, PipelineProblem, SetupProblem
from pipeline.retrying import Action, Advice, advise, backoff_seconds
from pipeline.transport import HttpReply, HttpRequest, NotSent, ReplyLost, Transport
from pipeline.usage import Usage
from quotakeeper.clocks import zone_named
from quotakeeper.domain.windows import Window, period_at

if TYPE_CHECKING:
    from quotakeeper.clocks import Clock

# Gemini's daily request quotas start anew at midnight there.
GEMINI_QUOTA_ZONE = "America/Los_Angeles"

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class PaidCall:
    """A request, the most it can use, how its usage is read, and how it is estimated if it is not
    in the reply."""

    plan: CallPlan
    request: HttpRequest
    read_usage: Callable[[Json], Usage | None]
    estimate_usage: Callable[[Json], dict[str, int]]


class Caller:
    """Makes paid calls. `tell` hears of every retry; texts from outside go through `redact`."""

    def __init__(
        self,
        books: Books,
        transport: Transport,
        clock: Clock,
        *,
        attempts: int,
        tell: Callable[[str], None],
        redact: Callable[[str], str],
    ) -> None:
        self.books = books
        self._transport = transport
        self._clock = clock
        self._attempts = attempts
        self._tell = tell
        self._redact = redact
        self._random = random.Random()

    def make(self, call: PaidCall) -> Json:
        """The reply's JSON. Raises FileProblem, LimitReached or SetupProblem."""
        for attempt in range(1, self._attempts + 1):
            outcome = self._attempt(call)
            if isinstance(outcome, dict):
                return outcome
            if outcome.action is not Action.RETRY:
                raise self._problem(outcome)
            reason = self._redact(outcome.reason)
            if attempt == self._attempts:
                raise FileProblem(f"{reason} ({attempt} attempts)")
            seconds = outcome.wait_seconds or backoff_seconds(attempt, self._random.random())
            self._tell(f"{reason}; trying again in {seconds:.0f} s")
            self._clock.sleep(seconds)
        raise AssertionError("there is at least one attempt")

    def _attempt(self, call: PaidCall) -> Json | Advice:
        provider = call.plan.provider
        try:
            with self.books.attempt(call.plan) as booking:
                booking.mark_sent()
                try:
                    reply = self._transport(call.request)
                except NotSent as error:
                    booking.release()
                    return Advice(Action.RETRY, f"{provider}: {error}")
                return self._read(call, booking, reply)
        except ReplyLost as error:
            # Left by an exception after it was sent: booked as assumed, at the most it can be.
            return Advice(Action.RETRY, f"{provider}: {error}; booked as assumed")

    def _read(self, call: PaidCall, booking: Booking, reply: HttpReply) -> Json | Advice:
        if reply.status != 200:
            booking.refused()
            return advise(call.plan.provider, reply, self._clock.now())
        body = reply.json()
        if body is None:
            raise ReplyLost("the reply is not readable JSON")
        usage = call.read_usage(body)
        if usage is None:
            booking.settle(call.estimate_usage(body), provenance="estimated")
        else:
            served = usage.model_served
            booking.settle(usage.quantities, provenance="reported", model_served=served)
        return body

    def _problem(self, advice: Advice) -> PipelineProblem:
        reason = self._redact(advice.reason)
        if advice.action is Action.STOP_RUN:
            return SetupProblem(reason)
        if advice.action is Action.WAIT_FOR_QUOTA:
            zone = zone_named(GEMINI_QUOTA_ZONE)
            midnight = period_at(Window("day"), zone, self._clock.now()).end_at
            return LimitReached(
                f"the provider's own daily quota is used up: {reason}",
                resets_at=midnight,
                zone=GEMINI_QUOTA_ZONE,
            )
        return FileProblem(reason)
