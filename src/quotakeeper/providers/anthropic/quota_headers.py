"""Reads Anthropic's rate-limit headers, such as `anthropic-ratelimit-requests-limit`.

The time of a reset is in RFC 3339. The headers do not state a quota's period.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from quotakeeper.domain.windows import instant
from quotakeeper.errors import InvalidInputError
from quotakeeper.providers.contract import QuotaReading, header_text
from quotakeeper.providers.formats.json_values import whole

_METERS = {
    "requests": "requests",
    "input-tokens": "input_tokens",
    "output-tokens": "output_tokens",
    "tokens": "tokens",
}
_LONGEST = 40


def quotas_in_headers(headers: Mapping[str, str]) -> tuple[QuotaReading, ...]:
    """Return the quotas that the headers report; () if they report none."""
    found = []
    for name, meter in _METERS.items():
        begin = f"anthropic-ratelimit-{name}"
        amount = whole(header_text(headers, f"{begin}-limit").strip())
        remaining = whole(header_text(headers, f"{begin}-remaining").strip())
        if amount is not None or remaining is not None:
            resets_at = _instant(header_text(headers, f"{begin}-reset"))
            found.append(
                QuotaReading(
                    begin,
                    meter,
                    amount=amount,
                    remaining=remaining,
                    resets_at=resets_at,
                    in_headers=True,
                )
            )
    return tuple(found)


def _instant(text: str) -> int | None:
    try:
        return instant(datetime.fromisoformat(text.strip()[:_LONGEST]))
    except (ValueError, OverflowError, InvalidInputError):
        return None
