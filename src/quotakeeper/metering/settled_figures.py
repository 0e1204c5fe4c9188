"""Makes the figures for settling from the usage that an adapter read from an answer."""

from __future__ import annotations

from typing import Any

from quotakeeper.providers.contract import Usage


def figures_of(usage: Usage, took_ms: int, *notes: str) -> dict[str, Any]:
    """Return the arguments of `Reservation.settle`. `took_ms` is the duration in milliseconds."""
    request = f"request {usage.request_id}" if usage.request_id else ""
    figures: dict[str, Any] = {
        "quantities": dict(usage.quantities),
        "provenance": usage.provenance,
        "outcome": usage.outcome,
        "model_served": usage.model_served,
        "options": dict(usage.options),
        "duration_ms": took_ms,
        "note": "; ".join(filter(None, (*notes, request))),
    }
    if usage.prepaid:
        figures["cost_usd"] = 0
    return figures
