"""Reads the quotas in Gemini's 429 reply: which ones, their amounts, and when they reset.

A reply names quotas in one of four forms: violations in google.rpc.QuotaFailure; metadata of
google.rpc.ErrorInfo; lines of the message; or only the status. RetryInfo, the metadata and the
message can say how long to wait.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from quotakeeper.providers.contract import QuotaReading
from quotakeeper.providers.formats.json_values import (
    Json,
    child,
    name_of,
    objects,
    text_of,
    whole,
)
from quotakeeper.providers.reading.durations import longest_in_text, microseconds_of
from quotakeeper.value_classes import dataclass

# Google's documentation of rate limits: requests per day reset at midnight Pacific time.
DAY_ZONE = "America/Los_Angeles"
_MOST_QUOTAS = 16  # in one reply
_SPANS = (("perday", "day"), ("perminute", "minute"), ("perhour", "hour"), ("permonth", "month"))
_LINE = re.compile(
    r"quota exceeded for metric: ([^\s,]{1,200})(?:, limit: ([0-9]{1,13}))?(?:, model: ([^\s,]{1,200}))?",
    re.I,
)
_PROSE = re.compile(
    r"quota exceeded for quota metric '([^'\n]{1,200})' and limit '([^'\n]{1,200})'", re.I
)


@dataclass(frozen=True, slots=True)
class Waits:
    """The waits that an error states, in microseconds; None if it states none.

    `retry_us`: until the next try. `reset_us`: until the quota resets.
    """

    retry_us: int | None
    reset_us: int | None

    @property
    def longest_us(self) -> int | None:
        """The longer of the two waits; None if there is none."""
        return max((x for x in (self.retry_us, self.reset_us) if x is not None), default=None)


def waits_in(error: Json) -> Waits:
    """Return the longest wait of each kind in an error object."""
    retry: list[int | None] = []
    reset: list[int | None] = []
    for detail in objects(error.get("details")):
        retry.append(microseconds_of(text_of(detail.get("retryDelay"))))
        reset.append(microseconds_of(text_of(child(detail, "metadata").get("quotaResetDelay"))))
    message = text_of(error.get("message"))
    told = longest_in_text(message)
    (reset if "reset" in message.lower() else retry).append(told)
    return Waits(_longest(retry), _longest(reset))


def quotas_in(error: Json) -> tuple[QuotaReading, ...]:
    """Return every quota that an error object names.

    If the object names no quota, the result is one quota whose id is the error's reason or status.
    """
    waits = waits_in(error)
    found: dict[str, QuotaReading] = {}
    for each in _named(error, waits):
        found.setdefault(each.quota_id, each)
        if len(found) == _MOST_QUOTAS:
            break
    if found:
        return tuple(found.values())
    named = name_of(error.get("status")) or name_of(error.get("code")) or "RESOURCE_EXHAUSTED"
    reason = next(
        (name for each in objects(error.get("details")) if (name := name_of(each.get("reason")))),
        named,
    )
    return (QuotaReading(reason, resets_in_us=waits.longest_us),)


def first_to_name(quotas: Sequence[QuotaReading]) -> str:
    """Return the id of the quota to show for an error: the first daily quota, else the first quota.

    Returns "" if the error names no quota.
    """
    return next(
        (each.quota_id for each in quotas if is_daily(each)),
        quotas[0].quota_id if quotas and _is_named(quotas[0]) else "",
    )


def is_daily(quota: QuotaReading) -> bool:
    """Return whether a quota resets only with the next day."""
    return quota.window == "day"


def _is_named(quota: QuotaReading) -> bool:
    return bool(quota.window or quota.meter or quota.amount is not None)


def _named(error: Json, waits: Waits) -> Iterator[QuotaReading]:
    for detail in objects(error.get("details")):
        for violation in objects(detail.get("violations")):
            yield from _quota(
                name_of(violation.get("quotaId")), name_of(violation.get("quotaMetric")),
                whole(violation.get("quotaValue")),
                name_of(child(violation, "quotaDimensions").get("model")), waits,
            )  # fmt: skip
        metadata = child(detail, "metadata")
        yield from _quota(
            name_of(metadata.get("quota_limit")), name_of(metadata.get("quota_metric")),
            whole(metadata.get("quota_limit_value")), name_of(metadata.get("model")), waits,
        )  # fmt: skip
        if detail.get("violations") or metadata.get("quota_limit"):
            return  # the message repeats the same quotas
    message = text_of(error.get("message"))[:4_000]
    for line in _LINE.finditer(message):
        metric = name_of(line[1])
        yield from _quota("", metric, whole(line[2] or ""), name_of(line[3] or ""), waits)
    for line in _PROSE.finditer(message):
        # Quota names in messages have blanks, which a stored id cannot have.
        yield from _quota(name_of(line[2].replace(" ", "_")), name_of(line[1]), None, "", waits)


def _quota(
    quota_id: str, metric: str, amount: int | None, model: str, waits: Waits
) -> Iterator[QuotaReading]:
    known_as = quota_id or metric.rpartition("/")[2]
    if not known_as:
        return
    window = _window(quota_id or metric)
    is_day = window == "day"
    # RetryInfo has a wait of seconds even for a daily quota: then only a reset counts.
    resets = waits.reset_us if is_day else waits.longest_us
    yield QuotaReading(
        known_as, _meter(f"{quota_id} {metric}"), window, DAY_ZONE if is_day else "", amount,
        model=model.removeprefix("models/"), resets_in_us=resets,
    )  # fmt: skip


def _window(name: str) -> str:
    plain = name.lower().replace("_", "").replace("-", "")
    return next((window for word, window in _SPANS if word in plain), "")


def _meter(name: str) -> str:
    plain = name.lower().replace("_", "")
    if "inputtoken" in plain:
        return "input_tokens"
    if "token" in plain:
        return "tokens"
    return "requests" if "request" in plain else ""


def _longest(waits: Sequence[int | None]) -> int | None:
    return max((each for each in waits if each is not None), default=None)
