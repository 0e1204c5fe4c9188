"""Finds future price changes in the catalogue: the model, the day, the old and the new price."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import TYPE_CHECKING

from quotakeeper.catalogue.dated_rows import models_with_new_prices
from quotakeeper.domain.pricing.prices import PriceRow
from quotakeeper.domain.windows import SECOND
from quotakeeper.value_classes import dataclass

if TYPE_CHECKING:
    from quotakeeper import Keeper
    from quotakeeper.catalogue import PriceSnapshot

NOTICE_DAYS = 60
RECENT_DAYS = 7
_DAY = 86_400 * SECOND


@dataclass(frozen=True, slots=True)
class PriceChange:
    """A price that changes at `row.from_at`. `before` is the present price, or None if there is none.

    Both prices are in US dollars for `row.per` units of `row.meter`.
    """

    row: PriceRow
    before: Decimal | None


def price_changes(
    snapshot: PriceSnapshot, now: int, models: Collection[tuple[str, str]] | None = None
) -> list[PriceChange]:
    """Return the price changes of the next 60 days, sorted by date.

    `models` are pairs of provider and model; None means all models.
    """
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


def changes_of_used_models(
    keeper: Keeper, since: int | None, until: int | None, now: int
) -> list[PriceChange]:
    """Return the future price changes of the models that were used in `[since, until)`."""
    used = {(row.key[0], row.key[1]) for row in keeper.usage(since, until, ("provider", "model"))}
    if not used:
        return []
    changing = models_with_new_prices(keeper.settings.price_files, now, now + NOTICE_DAYS * _DAY)
    if used.isdisjoint(changing):
        return []
    return price_changes(keeper.prices.snapshot, now, used)


def changes_of_recent_models(keeper: Keeper, now: int) -> list[PriceChange]:
    """Return the future price changes of the models that were used in the last seven days."""
    return changes_of_used_models(keeper, now - RECENT_DAYS * _DAY, None, now)


def _place(row: PriceRow) -> tuple[object, ...]:
    return (row.provider, row.model, row.meter, row.above, tuple(sorted(row.options.items())))


def _per(row: PriceRow, per: int) -> Decimal:
    return row.usd * per / row.per
