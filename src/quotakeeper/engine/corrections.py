"""Builds the command that corrects a counted event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quotakeeper.domain.ledger.commands import Correct
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.engine.call_builder import QUANTITIES, CallBuilder
from quotakeeper.errors import InvalidInputError
from quotakeeper.value_classes import replace

_ABOUT = ("provenance", "outcome", "model_served", "duration_ms", "note")


def correction(
    calls: CallBuilder, event: UsageEvent, given: Mapping[str, Any],
    options: Mapping[str, str] | None = None,
) -> Correct:  # fmt: skip
    """Return the command that corrects `event`. Values in `given` replace the booked values.

    Values that are not in `given` stay. Quantities are replaced as a whole. They are priced at the
    event's instant. `options` replaces the event's price options, and `cost_usd` replaces the
    price. Raises InvalidInputError.
    """
    if not given and options is None:
        raise InvalidInputError(
            "quantities", "no corrected figure is given", "give the corrected figures"
        )
    chosen = calls.price_options(event.price_id) if options is None else options
    call = calls.stored(event.labels, chosen)
    counted = any(name in QUANTITIES for name in given)
    said = dict(given)
    for name in _ABOUT[2:]:  # a correction changes the figures; facts about the call stay
        said.setdefault(name, getattr(event, name))
    said.setdefault("outcome", event.outcome)
    if not counted:
        said.setdefault("provenance", event.provenance)
        said["quantities"] = {"requests": 0, **event.quantities}
    # Unchanged quantities keep their cost.
    kept = not counted and options is None and not {"model_served", "cost_usd"} & set(given)
    if kept:
        said["cost_usd"] = 0
    figures = calls.figures(call, said, event.at)
    if kept:
        figures = replace(figures, cost_pico=event.cost_pico, price_id=event.price_id)
    return Correct(event.id, figures, call.limits)
