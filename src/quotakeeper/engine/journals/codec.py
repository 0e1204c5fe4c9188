"""Converts labels and figures of a call to text and back, for the spool and the lease journals.

Every value is checked on reading. Text that this package did not write raises one of the exceptions
in NOT_OURS.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.money import MAX_PICO
from quotakeeper.domain.units import MAX_QUANTITY, check_quantities, check_whole
from quotakeeper.domain.usage import CallLabels, Outcome, Provenance
from quotakeeper.domain.windows import MAX_INSTANT
from quotakeeper.value_classes import asdict

NOT_OURS = (ValueError, LookupError, TypeError, AttributeError, RecursionError)


def to_json(data: Any) -> str:
    """Convert plain data to JSON."""
    import json  # noqa: PLC0415 - 3 ms, needed only with leases or a spool

    return json.dumps(data)


def from_json(text: str) -> Any:
    """Convert JSON to plain data."""
    import json  # noqa: PLC0415 - as above

    return json.loads(text)


def checked_text(value: object) -> str:
    """Return the value if it is text that can be stored. Raises TypeError or ValueError."""
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} is not text")
    value.encode()  # a lone surrogate cannot be stored
    return value


def checked_instant(value: int) -> int:
    """Return the value if it is a valid instant (microseconds since 1970 UTC). Raises
    InvalidInputError."""
    return check_whole(value, "at", most=MAX_INSTANT)


# -- labels


def labels_data(labels: CallLabels) -> dict[str, Any]:
    """Convert labels to plain data."""
    return asdict(labels)


def labels_from(data: Mapping[str, Any]) -> CallLabels:
    """Read labels from plain data."""
    scope = tuple((checked_text(name), checked_text(value)) for name, value in data["scope"])
    return CallLabels(
        checked_text(data["provider"]), checked_text(data["model"]),
        checked_text(data["operation"]), scope,
    )  # fmt: skip


# -- figures, as plain data or as a part of a line


def figures_data(figures: Figures) -> dict[str, Any]:
    """Convert figures to plain data."""
    return asdict(figures)


def figures_from(data: Mapping[str, Any]) -> Figures:
    """Read figures from plain data."""
    return Figures(
        check_quantities(data["quantities"]),
        _whole_or_none(data["cost_pico"], "cost_pico", MAX_PICO),
        checked_text(data["price_id"]),
        Provenance(data["provenance"]),
        Outcome(data["outcome"]),
        checked_text(data["model_served"]),
        _whole_or_none(data["duration_ms"], "duration_ms", MAX_QUANTITY),
        checked_text(data["note"]),
    )


def figures_text(figures: Figures) -> str:
    """Convert figures to the end of a journal line: "cost duration key=amount,... [texts]".

    A cost or duration that is None is written as "-".
    """
    quantities = ",".join([f"{key}={amount}" for key, amount in figures.quantities.items()])
    texts = _texts(
        figures.price_id, figures.provenance, figures.outcome, figures.model_served, figures.note
    )
    cost, took = figures.cost_pico, figures.duration_ms
    return f"{'-' if cost is None else cost} {'-' if took is None else took} {quantities} {texts}"


def figures_from_text(text: str) -> Figures:
    """Read figures from the text that `figures_text` wrote."""
    cost, took, amounts, texts = text.split(" ", 3)
    quantities = dict(part.split("=", 1) for part in amounts.split(",") if part)
    price_id, provenance, outcome, served, note = from_json(texts)
    return figures_from({
        "quantities": {key: int(amount) for key, amount in quantities.items()},
        "cost_pico": None if cost == "-" else int(cost), "price_id": price_id,
        "provenance": provenance, "outcome": outcome, "model_served": served,
        "duration_ms": None if took == "-" else int(took), "note": note,
    })  # fmt: skip


@lru_cache(maxsize=512)
def _texts(*texts: str) -> str:
    return to_json(texts)


def _whole_or_none(value: object, field: str, most: int) -> int | None:
    if value is None:
        return None
    if type(value) is not int:
        raise TypeError(field)
    return check_whole(value, field, most)
