"""Price changes with a known date in the catalogue: the model, the day, the old and the new price."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from quotakeeper.catalogue import PriceSnapshot
from quotakeeper.domain.pricing.prices import PriceRow
from quotakeeper.domain.windows import SECOND
from quotakeeper.value_classes import dataclass

NOTICE_DAYS = 60
_DAY = 86_400 * SECOND


@dataclass(frozen=True, slots=True)
class PriceChange:
    """A price that changes at `row.from_at`; `before` is the present price, None if there is none.

    Both prices are US dollars for `row.per` units of `row.meter`.
    """

    row: PriceRow
    before: Decimal | None


def price_changes(
    snapshot: PriceSnapshot, now: int, models: Collection[tuple[str, str]] | None = None
) -> list[PriceChange]:
    """Return the changes of the next 60 days by date, for these (provider, model) pairs or for all
    models."""
    rows = [row for row in snapshot.rows() if models is None or (row.provider, row.model) in models]
    now_rows: dict[object, PriceRow] = {}
    for row in rows:
        # The newest row in force is charged; a promotion has precedence over the list price.
        if row.holds_at(now):
            held = now_rows.get(_place(row))
            if held is None or (held.from_at, held.kind != "list") <= (
                row.from_at,
                row.kind != "list",
            ):
                now_rows[_place(row)] = row
    changes = []
    for row in rows:
        if now < row.from_at <= now + NOTICE_DAYS * _DAY:
            before = now_rows.get(_place(row))
            if before is None or (before.usd, before.per) != (row.usd, row.per):
                changes.append(PriceChange(row, None if before is None else _per(before, row.per)))
    return sorted(changes, key=lambda each: (each.row.from_at, each.row.provider, each.row.model))


def _place(row: PriceRow) -> tuple[object, ...]:
    return (row.provider, row.model, row.meter, row.above, tuple(sorted(row.options.items())))


def _per(row: PriceRow, per: int) -> Decimal:
    return row.usd * per / row.per
