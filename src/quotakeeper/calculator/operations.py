"""Converts one tracked operation to a dict with the keys that the project brief specifies."""

from __future__ import annotations

from typing import Any

from quotakeeper.domain.money import parse_decimal, usd_from_pico
from quotakeeper.domain.units import METERS, measure
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.errors import InvalidInputError
from quotakeeper.tokens import TokenEstimate, count_tokens

LONGEST_SECONDS = 1e9  # seconds, about 31 years


def operation_dict(event: UsageEvent, timestamp: str) -> dict[str, Any]:
    """Return an event as a dict with the keys of the project brief: "operation", "cost_usd" and
    others.

    `provenance` says how the figures are known. If no price is known, `cost_usd` is None and
    `unpriced` is True.
    """
    labels, quantities = event.labels, event.quantities
    usage: dict[str, Any] = {
        "operation": labels.operation,
        "api_type": labels.provider,
        "cost_usd": None if event.cost_pico is None else usd(event.cost_pico),
        "timestamp": timestamp,
        "event_id": event.id,
        "provenance": str(event.provenance),
    }
    milliseconds = quantities.get("audio_milliseconds")
    if labels.provider == "deepgram" or milliseconds is not None:
        usage["audio_duration_seconds"] = (milliseconds or 0) / 1_000
    if labels.provider != "deepgram":
        total = measure(METERS["tokens"], quantities, None)
        output = measure(METERS["output_tokens"], quantities, None)
        output += measure(METERS["thought_tokens"], quantities, None)
        usage |= {"input_tokens": total - output, "output_tokens": output, "total_tokens": total}
    if event.cost_pico is None:
        usage["unpriced"] = True
    return usage


def audio_seconds(value: object) -> float:
    """Return `value`, which the caller gave as a length in seconds, as a float.

    Raises InvalidInputError if the value is not a number, is negative, or is too large.
    """
    seconds = float(parse_decimal(value, "audio_duration"))
    if seconds < 0:
        raise InvalidInputError("audio_duration", f"{value} is negative", "give seconds")
    if seconds > LONGEST_SECONDS:
        raise InvalidInputError("audio_duration", "is too large", "give the duration in seconds")
    return seconds


def counted(name: str, text: object) -> TokenEstimate:
    """Count the tokens of `text`. Raises InvalidInputError if `text` is not a string.

    `name` is the name of the argument in the error.
    """
    if not isinstance(text, str):
        raise InvalidInputError(name, f"{type(text).__name__} is not text", "give a string")
    return count_tokens(text)


def usd(pico: int) -> float:
    """Convert pico-dollars to US dollars. The project brief specifies a float."""
    return float(usd_from_pico(pico))
