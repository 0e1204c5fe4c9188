"""Makes paid calls: reserves, sends, settles with the usage in the reply, and retries after some errors.

Each attempt is booked separately, because the provider may charge for each attempt that gets a
reply.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from quotakeeper.clocks import zone_named
from quotakeeper.domain.windows import SECOND, Window, period_at
from quotakeeper.identifiers import random_fraction
from quotakeeper.pipeline.accounting import CallAccounting, CallPlan, OpenAttempt
from quotakeeper.pipeline.errors import LimitReachedError, MediaFileError, PipelineError, SetupError
from quotakeeper.pipeline.http_transport import (
    HttpReply,
    HttpRequest,
    HttpTransport,
    NoConnectionError,
    ReplyLostError,
    RequestNotSentError,
)
from quotakeeper.pipeline.reported_usage import ReportedUsage
from quotakeeper.pipeline.retry_policy import (
    FailureAction,
    FailureAdvice,
    backoff_seconds,
    failure_advice,
)
from quotakeeper.pipeline.wording import RunMessage, message
from quotakeeper.value_classes import dataclass

if TYPE_CHECKING:
    from quotakeeper.clocks import Clock

# Gemini's daily request quotas reset at midnight in this time zone.
GEMINI_QUOTA_ZONE = "America/Los_Angeles"

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class PaidCall:
    """A request, and the upper bound of its usage in `plan`.

    `read_usage` returns the usage that a reply reports, or None. If it returns None,
    `estimate_usage` is called.
    """

    plan: CallPlan
    request: HttpRequest
    read_usage: Callable[[Json], ReportedUsage | None]
    estimate_usage: Callable[[Json], dict[str, int]]


class ApiClient:
    """Makes paid calls, each with at most `attempts` attempts.

    `on_retry` is called with a message before each retry. `redact` removes API keys from texts.
    """

    def __init__(
        self,
        accounting: CallAccounting,
        transport: HttpTransport,
        clock: Clock,
        *,
        attempts: int,
        on_retry: Callable[[RunMessage], None],
        redact: Callable[[str], str],
    ) -> None:
        self.accounting = accounting
        self._transport = transport
        self._clock = clock
        self._attempts = attempts
        self._on_retry = on_retry
        self._redact = redact

    def call(self, call: PaidCall) -> Json:
        """Make the call and return the reply's JSON.

        Raises MediaFileError, LimitReachedError or SetupError.
        """
        for attempt in range(1, self._attempts + 1):
            outcome = self._attempt(call)
            if isinstance(outcome, dict):
                return outcome
            if outcome.action is not FailureAction.RETRY:
                raise self._error_of(outcome)
            reason = outcome.reason.redacted(self._redact)
            if attempt == self._attempts:
                raise self._given_up(outcome, reason)
            seconds = outcome.wait_seconds or backoff_seconds(attempt, random_fraction())
            self._on_retry(message(
                "{reason}; trying again in {seconds} s", reason=reason, seconds=f"{seconds:.0f}"
            ))  # fmt: skip
            self._clock.sleep(seconds)
        raise AssertionError("there is at least one attempt")

    def _attempt(self, call: PaidCall) -> Json | FailureAdvice:
        provider = call.plan.provider
        try:
            with self.accounting.attempt(call.plan) as open_attempt:
                open_attempt.mark_sent()
                try:
                    reply = self._transport(call.request)
                except RequestNotSentError as error:
                    open_attempt.release()
                    return FailureAdvice(
                        FailureAction.RETRY,
                        message("{provider}: {why}", provider=provider, why=str(error)),
                        no_connection=isinstance(error, NoConnectionError),
                    )
                return self._read(call, open_attempt, reply)
        except ReplyLostError as error:
            # The exception leaves the block after sending, so the attempt is booked as assumed, at
            # its upper bound.
            return FailureAdvice(
                FailureAction.RETRY,
                message(
                    "{provider}: {why}; counted with an assumed use",
                    provider=provider,
                    why=str(error),
                ),
            )

    def _read(
        self, call: PaidCall, open_attempt: OpenAttempt, reply: HttpReply
    ) -> Json | FailureAdvice:
        if reply.status != 200:
            open_attempt.refused()
            advice = failure_advice(call.plan.provider, reply, self._clock.now())
            self.accounting.note_quotas(call.plan, advice.quotas)
            return advice
        body = reply.json()
        if body is None:
            raise ReplyLostError("the reply is not readable JSON")
        usage = call.read_usage(body)
        if usage is None:
            open_attempt.settle(call.estimate_usage(body), provenance="estimated")
        else:
            served = usage.model_served
            open_attempt.settle(usage.quantities, provenance="reported", model_served=served)
        return body

    def _given_up(self, advice: FailureAdvice, reason: RunMessage) -> PipelineError:
        """Return the error to raise after the last attempt, for the reason `reason`.

        Without a network connection, the error is SetupError, which stops the whole run. Otherwise
        the error stops only this file.
        """
        if advice.no_connection:
            return SetupError(
                "{reason} ({attempts} attempts); check the network, then run the same command "
                "again: finished steps are not paid again",
                reason=reason, attempts=self._attempts,
            )  # fmt: skip
        return MediaFileError(
            "{reason} ({attempts} attempts)", reason=reason, attempts=self._attempts
        )

    def _error_of(self, advice: FailureAdvice) -> PipelineError:
        reason = advice.reason.redacted(self._redact)
        if advice.action is FailureAction.STOP_RUN:
            return SetupError(reason)
        if advice.action is FailureAction.WAIT_FOR_QUOTA:
            now = self._clock.now()
            if advice.wait_seconds:  # the reply gives the time, so midnight is not assumed
                return LimitReachedError(
                    "the provider's own quota is used up: {reason}",
                    resets_at=now + round(advice.wait_seconds * SECOND),
                    reason=reason,
                )
            zone = zone_named(GEMINI_QUOTA_ZONE)
            return LimitReachedError(
                "the provider's own daily quota is used up: {reason}",
                resets_at=period_at(Window("day"), zone, now).end_at,
                zone=GEMINI_QUOTA_ZONE,
                reason=reason,
            )
        return MediaFileError(reason)
