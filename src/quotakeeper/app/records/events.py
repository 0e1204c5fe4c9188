"""Converts usage events to records, and exports them as NDJSON, JSON or CSV."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TextIO

from quotakeeper.app.records.csv_text import Number, csv_line
from quotakeeper.app.records.instants import rfc3339, rfc3339_micros
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.money import usd_text
from quotakeeper.domain.units import METERS, STORED_METERS, Quantities, by_meter, split_key
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.errors import InvalidInputError
from quotakeeper.schemas import Schema

FORMATS = ("ndjson", "json", "csv")
# The order of the registry, so that a file's columns do not depend on its events.
_METER_COLUMNS = tuple(name for name in METERS if name in STORED_METERS)
CSV_COLUMNS = (
    "id",
    "at",
    "provider",
    "model",
    "operation",
    "scope",
    *_METER_COLUMNS,
    "cost_usd",
    "provenance",
    "outcome",
    "model_served",
    "price_id",
    "duration_ms",
    "modalities",
    "note",
)


def event_record(event: UsageEvent) -> dict[str, object]:
    """Return one event as a JSON record. The keys are in the order of the export.

    `quantities` are base units; the modalities of a meter are added up. `modalities` holds the
    quantities that have a modality. `cost_usd` is decimal text, or null if no price was known.
    """
    labels = event.labels
    return {
        "id": event.id,
        "at": rfc3339_micros(event.at),
        "provider": labels.provider,
        "model": labels.model,
        "operation": labels.operation,
        "scope": dict(labels.scope),
        "quantities": _sorted_by_meter(event.quantities),
        "cost_usd": None if event.cost_pico is None else usd_text(event.cost_pico),
        "provenance": str(event.provenance),
        "outcome": str(event.outcome),
        "model_served": event.model_served,
        "price_id": event.price_id,
        "duration_ms": event.duration_ms,
        "modalities": _by_modality(event.quantities),
        "note": event.note,
    }


def figures_record(figures: Figures) -> dict[str, object]:
    """Return the figures of one entry of the journal. Quantities are base units, by meter."""
    cost = figures.cost_pico
    return {
        "quantities": dict(sorted(figures.quantities.items())),
        "cost_usd": None if cost is None else usd_text(cost),
        "provenance": str(figures.provenance),
        "outcome": str(figures.outcome),
        "model_served": figures.model_served,
        "price_id": figures.price_id,
        "duration_ms": figures.duration_ms,
    }


def events_record(events: Iterable[UsageEvent]) -> dict[str, object]:
    """Return several events as one JSON document."""
    return {"schema": Schema.EVENTS, "events": [event_record(event) for event in events]}


def write_events(
    events: Iterable[UsageEvent], stream: TextIO, form: str, *, generated_at: int
) -> int:
    """Write events in the format `form`, one of FORMATS. Returns how many events were written.

    JSON is written in ASCII with escapes, so the encoding of `stream` does not matter. Raises
    InvalidInputError for an unknown format.
    """
    if form == "ndjson":
        return _write_ndjson(events, stream)
    if form == "json":
        return _write_json(events, stream, generated_at)
    if form == "csv":
        return _write_csv(events, stream)
    raise InvalidInputError("format", f"unknown format {form!r}", f"one of: {', '.join(FORMATS)}")


def _write_ndjson(events: Iterable[UsageEvent], stream: TextIO) -> int:
    count = 0
    for count, event in enumerate(events, start=1):  # noqa: B007 - the last number is the count
        line = {"schema": Schema.EVENT, **event_record(event)}
        stream.write(json.dumps(line, separators=(",", ":")) + "\n")
    return count


def _write_json(events: Iterable[UsageEvent], stream: TextIO, generated_at: int) -> int:
    count = 0
    head = f'"schema": {int(Schema.EXPORT)}, "generated_at": "{rfc3339(generated_at)}"'
    stream.write("{" + head + ', "events": [')
    for count, event in enumerate(events, start=1):
        stream.write(",\n  " if count > 1 else "\n  ")
        stream.write(json.dumps(event_record(event)))
    stream.write("\n]}\n" if count else "]}\n")
    return count


def _write_csv(events: Iterable[UsageEvent], stream: TextIO) -> int:
    count = 0
    stream.write(csv_line(CSV_COLUMNS))
    for count, event in enumerate(events, start=1):  # noqa: B007 - the last number is the count
        stream.write(csv_line(csv_cells(event)))
    return count


def csv_cells(event: UsageEvent) -> list[str | Number | None]:
    """Return the cells of an event, one for each of CSV_COLUMNS."""
    record = event_record(event)
    totals = by_meter(event.quantities)
    labelled = {key: n for key, n in sorted(event.quantities.items()) if split_key(key)[1]}
    cells: list[str | Number | None] = []
    for column in CSV_COLUMNS:
        if column in STORED_METERS:
            cells.append(Number(totals[column]) if column in totals else None)
        elif column == "cost_usd":
            cells.append(None if event.cost_pico is None else Number(usd_text(event.cost_pico)))
        elif column == "duration_ms":
            cells.append(None if event.duration_ms is None else Number(event.duration_ms))
        elif column == "scope":
            cells.append(_compact(dict(event.labels.scope)))
        elif column == "modalities":
            cells.append(_compact(labelled))
        else:
            cells.append(str(record[column]))
    return cells


def _compact(table: dict[str, str] | dict[str, int]) -> str:
    return json.dumps(table, ensure_ascii=False, separators=(",", ":")) if table else ""


def _sorted_by_meter(quantities: Quantities) -> dict[str, int]:
    return dict(sorted(by_meter(quantities).items()))


def _by_modality(quantities: Quantities) -> dict[str, dict[str, int]]:
    parts: dict[str, dict[str, int]] = {}
    for key in sorted(quantities):
        meter, modality = split_key(key)
        if modality:
            parts.setdefault(meter, {})[modality] = quantities[key]
    return parts
