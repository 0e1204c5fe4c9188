"""Reads rate-limit headers in OpenAI's form, such as `x-ratelimit-limit-requests`.

The headers do not state whether a quota is per day or per minute, so `window` is "". A reset is a
duration such as "6m0s" or "12ms".
"""

from __future__ import annotations

from collections.abc import Mapping

from quotakeeper.providers.contract import QuotaReading, header_text
from quotakeeper.providers.formats.json_values import whole
from quotakeeper.providers.reading.durations import microseconds_of

_METERS = {"requests": "requests", "tokens": "tokens"}


def quotas_in_headers(headers: Mapping[str, str]) -> tuple[QuotaReading, ...]:
    """Return the quotas that the headers report; () if they report none."""
    found = []
    for name, meter in _METERS.items():
        amount = whole(header_text(headers, f"x-ratelimit-limit-{name}").strip())
        remaining = whole(header_text(headers, f"x-ratelimit-remaining-{name}").strip())
        if amount is not None or remaining is not None:
            resets = microseconds_of(header_text(headers, f"x-ratelimit-reset-{name}"))
            found.append(
                QuotaReading(
                    f"x-ratelimit-{name}",
                    meter,
                    amount=amount,
                    remaining=remaining,
                    resets_in_us=resets,
                    in_headers=True,
                )
            )
    return tuple(found)
