"""What a failed reply means and what to do: pure, from status, headers and body to advice."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum

from quotakeeper.pipeline.http_transport import HttpReply

MOST_WAIT_SECONDS = 120.0
_RETRIED = {408, 429, 500, 502, 503, 504}


class FailureAction(StrEnum):
    """What is to be done about a reply."""

    RETRY = "retry"
    WAIT_FOR_QUOTA = "wait for quota"
    STOP_RUN = "stop run"
    FAIL_FILE = "fail file"


@dataclass(frozen=True, slots=True)
class FailureAdvice:
    """An action, its reason for people, and how long the provider asks to wait (0: it does not)."""

    action: FailureAction
    reason: str
    wait_seconds: float = 0.0
    quota_id: str = ""


def failure_advice(provider: str, reply: HttpReply, now_us: int) -> FailureAdvice:
    """What a reply that is not a 200 means."""
    body = reply.json() or {}
    reason = f"{provider} answered {reply.status}: {_message(body, reply)}"
    if reply.status == 402:
        return FailureAdvice(FailureAction.STOP_RUN, f"{reason} (the provider's credit is used up)")
    if reply.status in (401, 403) or "API_KEY_INVALID" in reply.body.decode("utf-8", "replace"):
        return FailureAdvice(FailureAction.STOP_RUN, f"{reason} (check the key)")
    if reply.status not in _RETRIED:
        return FailureAdvice(FailureAction.FAIL_FILE, reason)
    quota_ids = [
        str(violation.get("quotaId", ""))
        for detail in _details(body, "QuotaFailure")
        for violation in _dicts(detail.get("violations"))
    ]
    # A daily quota still says "retry in 38 s": the id tells the truth, the delay does not.
    daily = next((each for each in quota_ids if "PerDay" in each), "")
    if daily:
        return FailureAdvice(FailureAction.WAIT_FOR_QUOTA, f"{reason} [{daily}]", quota_id=daily)
    wait = max(_retry_after(reply, now_us), _retry_info(body))
    if wait > MOST_WAIT_SECONDS:
        return FailureAdvice(FailureAction.FAIL_FILE, f"{reason} (it asks to wait {wait:.0f} s)")
    return FailureAdvice(FailureAction.RETRY, reason, wait)


def backoff_seconds(attempt: int, jitter: float) -> float:
    """1, 2, 4, 8 ... seconds, at most 60, spread by half either way; `jitter` is in [0, 1)."""
    return float(min(60, 2 ** (attempt - 1))) * (0.5 + jitter)


def _message(body: dict[str, object], reply: HttpReply) -> str:
    error = body.get("error", body)
    if isinstance(error, dict):
        for name in ("message", "err_msg", "details"):
            if isinstance(error.get(name), str):
                return str(error[name]).splitlines()[0][:200]
    return reply.body.decode("utf-8", "replace").strip()[:200] or "(no text)"


def _retry_after(reply: HttpReply, now_us: int) -> float:
    text = reply.headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", text):
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return 0.0
    return max(0.0, at.timestamp() - now_us / 1_000_000) if at.tzinfo else 0.0


def _retry_info(body: dict[str, object]) -> float:
    for detail in _details(body, "RetryInfo"):
        found = re.fullmatch(r"(\d{1,9}(?:\.\d+)?)s", str(detail.get("retryDelay", "")))
        if found:
            return float(found[1])
    return 0.0


def _details(body: dict[str, object], kind: str) -> list[dict[str, object]]:
    error = body.get("error")
    details = error.get("details") if isinstance(error, dict) else None
    return [one for one in _dicts(details) if str(one.get("@type", "")).endswith(kind)]


def _dicts(value: object) -> list[dict[str, object]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
