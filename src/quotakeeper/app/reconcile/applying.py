"""Writes the corrections of a comparison as new entries. A second run writes nothing."""

from __future__ import annotations

from typing import Any, Protocol

from quotakeeper.app.reconcile.differences import Better, Difference
from quotakeeper.app.reconcile.requests import recorded_id
from quotakeeper.domain.money import usd_text
from quotakeeper.domain.usage import UsageEvent


class Books(Protocol):
    """The methods of a keeper that write corrections."""

    def correct(self, event_id: str, **given: Any) -> UsageEvent:
        """Replace the figures of a usage event."""

    def record(self, provider: str, **given: Any) -> UsageEvent:
        """Record usage that had no reservation."""


def apply_difference(books: Books, provider: str, difference: Difference) -> UsageEvent | None:
    """Correct or record the call of one difference. Returns the written event.

    Returns None if the correction is not certain. A recorded call counts in the period in which it
    was made, at the prices of that time.
    """
    better, request = difference.better, difference.request
    if better is None:
        return None
    figures = _figures(better)
    if difference.event is not None:
        return books.correct(difference.event.id, **figures)
    assert request is not None
    return books.record(
        provider, model=request.model, operation=request.operation,
        event_id=recorded_id(provider, request.id), at=request.at,
        options=dict(request.options), **figures,
    )  # fmt: skip


def _figures(better: Better) -> dict[str, Any]:
    figures: dict[str, Any] = {
        "provenance": better.provenance,
        "outcome": better.outcome,
        "note": better.note,
    }
    if better.quantities is not None:
        figures["quantities"] = {"requests": 0, **better.quantities}
    if better.cost_pico is not None:
        figures["cost_usd"] = usd_text(better.cost_pico)
    return figures
