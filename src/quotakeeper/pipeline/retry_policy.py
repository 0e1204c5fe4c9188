"""Decides what to do after an error reply, from its status, headers and body. Does no I/O."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from enum import StrEnum

from quotakeeper.pipeline.http_transport import HttpReply
from quotakeeper.pipeline.wording import RunMessage, message
from quotakeeper.providers.contract import QuotaReading
from quotakeeper.providers.deepgram.errors import read_fault as deepgram_fault
from quotakeeper.providers.gemini.errors import read_fault as gemini_fault
from quotakeeper.value_classes import dataclass

_READ_FAULT = {"gemini": gemini_fault, "deepgram": deepgram_fault}
MOST_WAIT_SECONDS = 120.0
_RETRIED = {408, 429, 500, 502, 503, 504}


class FailureAction(StrEnum):
    """What to do after an error reply.

    - RETRY: send the same request again.
    - WAIT_FOR_QUOTA: stop the run until the provider's quota resets.
    - STOP_RUN: end the run.
    - FAIL_FILE: continue with the next file.
    """

    RETRY = "retry"
    WAIT_FOR_QUOTA = "wait for quota"
    STOP_RUN = "stop run"
    FAIL_FILE = "fail file"


@dataclass(frozen=True, slots=True)
class FailureAdvice:
    """What to do after a failed attempt, and the reason.

    `wait_seconds` is the wait that the provider asked for, or 0. `quotas` are the provider quotas
    in the reply. `no_connection` is True if the provider could not be reached.
    """

    action: FailureAction
    reason: RunMessage
    wait_seconds: float = 0.0
    quota_id: str = ""
    quotas: tuple[QuotaReading, ...] = ()
    no_connection: bool = False


def failure_advice(provider: str, reply: HttpReply, now_us: int) -> FailureAdvice:
    """Return what to do after a reply whose status is not 200.

    `now_us` is the present time in microseconds since 1970 UTC.
    """
    reason = message(
        "{provider} answered {status}: {said}",
        provider=provider, status=reply.status, said=said_by(reply),
    )  # fmt: skip
    if reply.status == 402:
        no_credit = message("{reason} (the provider's credit is used up)", reason=reason)
        return FailureAdvice(FailureAction.STOP_RUN, no_credit)
    if is_refused_key(reply):
        return FailureAdvice(
            FailureAction.STOP_RUN, message("{reason} (check the key)", reason=reason)
        )
    if reply.status not in _RETRIED:
        return FailureAdvice(FailureAction.FAIL_FILE, reason)
    fault = _READ_FAULT.get(provider, gemini_fault)(reply.status, reply.headers, reply.body)
    quotas, told = fault.quotas, fault.retry_after_seconds or 0.0
    # A reply about a daily quota may still say "retry in 38 s". Its quota id is correct, but its
    # delay is not.
    if fault.per_day:
        reason = message("{reason} [{quota}]", reason=reason, quota=fault.quota)
        return FailureAdvice(FailureAction.WAIT_FOR_QUOTA, reason, 0.0, fault.quota, quotas)
    wait = max(_retry_after_date(reply, now_us), told)
    if wait > MOST_WAIT_SECONDS:
        reason = message(
            "{reason} (the provider asks to wait {seconds} s)", reason=reason, seconds=f"{wait:.0f}"
        )
        if reply.status == 429:
            return FailureAdvice(FailureAction.WAIT_FOR_QUOTA, reason, wait, quotas=quotas)
        return FailureAdvice(FailureAction.FAIL_FILE, reason, quotas=quotas)
    return FailureAdvice(FailureAction.RETRY, reason, wait, quotas=quotas)


def backoff_seconds(attempt: int, jitter: float) -> float:
    """Return the seconds to wait after attempt number `attempt`: 1, 2, 4, 8 ..., at most 60.

    The seconds are multiplied by a factor from 0.5 to 1.5. `jitter` in [0, 1) chooses the factor.
    """
    return float(min(60, 2 ** (attempt - 1))) * (0.5 + jitter)


def is_refused_key(reply: HttpReply) -> bool:
    """Whether the reply means that the provider refuses the API key."""
    return reply.status in (401, 403) or b"API_KEY_INVALID" in reply.body


def said_by(reply: HttpReply) -> str:
    """Return the error message in the reply; without one, the beginning of the body. At most 200
    characters."""
    body = reply.json() or {}
    error = body.get("error", body)
    if isinstance(error, dict):
        for name in ("message", "err_msg", "details"):
            if isinstance(error.get(name), str):
                return str(error[name]).splitlines()[0][:200]
    return reply.body.decode("utf-8", "replace").strip()[:200] or "(no text)"


def _retry_after_date(reply: HttpReply, now_us: int) -> float:
    # The adapters read only a number of seconds. A date needs a clock, which adapters do not have.
    try:
        at = parsedate_to_datetime(reply.headers.get("retry-after", "").strip())
    except (TypeError, ValueError, IndexError):
        return 0.0
    return max(0.0, at.timestamp() - now_us / 1_000_000) if at.tzinfo else 0.0
