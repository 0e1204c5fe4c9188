"""From what a caller knows better of a counted call to the correction of its event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from quotakeeper.domain.ledger.commands import Correct
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.engine.call_builder import QUANTITIES, CallBuilder
from quotakeeper.errors import InvalidInputError

_ABOUT = ("provenance", "outcome", "model_served", "duration_ms", "note")


def correction(
    calls: CallBuilder, event: UsageEvent, given: Mapping[str, Any],
    options: Mapping[str, str] | None = None,
) -> Correct:  # fmt: skip
    """The correction of an event: what is given replaces what was booked, the rest stays.

    Quantities are replaced as a whole, and priced at the event's instant with its own price
    options unless others, or `cost_usd`, are given. Raises InvalidInputError.
    """
    if not given and options is None:
        raise InvalidInputError(
            "quantities", "nothing to correct is given", "give the true figures"
        )
    chosen = calls.price_options(event.price_id) if options is None else options
    call = calls.stored(event.labels, chosen)
    counted = any(name in QUANTITIES for name in given)
    said = dict(given)
    for name in _ABOUT[2:]:  # a correction knows the figures better, not the call
        said.setdefault(name, getattr(event, name))
    said.setdefault("outcome", event.outcome)
    if not counted:
        said.setdefault("provenance", event.provenance)
        said["quantities"] = {"requests": 0, **event.quantities}
    # What was not counted again was not priced again either.
    kept = not counted and options is None and not {"model_served", "cost_usd"} & set(given)
    if kept:
        said["cost_usd"] = 0
    figures = calls.figures(call, said, event.at)
    if kept:
        figures = replace(figures, cost_pico=event.cost_pico, price_id=event.price_id)
    return Correct(event.id, figures, call.limits)
