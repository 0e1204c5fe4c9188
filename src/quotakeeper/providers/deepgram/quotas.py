"""Reads the exhausted quota in Deepgram's 429 reply, and the time when it resets.

Deepgram limits a project's concurrent calls. Deepgram's errors name no quota and no amount.
Deepgram's SDKs read `Retry-After`, and `X-RateLimit-Reset` as seconds since 1970 UTC.
"""

from __future__ import annotations

from collections.abc import Mapping

from quotakeeper.providers.contract import QuotaReading, header_text
from quotakeeper.providers.formats.json_values import whole
from quotakeeper.providers.reading.response_reader import retry_after_us


def quotas_of_refusal(code: str, headers: Mapping[str, str]) -> tuple[QuotaReading, ...]:
    """Return the quota that a 429 reply reports. `code` is Deepgram's name of the error."""
    amount = whole(header_text(headers, "x-ratelimit-limit").strip())
    remaining = whole(header_text(headers, "x-ratelimit-remaining").strip())
    epoch = whole(header_text(headers, "x-ratelimit-reset").strip())
    return (
        QuotaReading(
            code or "TOO_MANY_REQUESTS", amount=amount, remaining=remaining,
            resets_in_us=retry_after_us(headers),
            resets_at=None if epoch is None else epoch * 1_000_000,
        ),
    )  # fmt: skip
