"""Finds price rows: all rows, or the rows of one model at one instant."""

from __future__ import annotations

from difflib import get_close_matches

from quotakeeper.app.records.instants import rfc3339
from quotakeeper.catalogue import PriceSnapshot
from quotakeeper.domain.pricing.prices import ANY_MODEL, Adjustment, PriceRow
from quotakeeper.errors import InvalidInputError
from quotakeeper.schemas import Schema
from quotakeeper.value_classes import dataclass

ModelNames = frozenset[tuple[str, str]]  # provider and model


@dataclass(frozen=True, slots=True)
class PriceList:
    """Price rows, and the factors that change their prices.

    `models` are the models that the caller asked for; empty if the caller asked for all models.
    """

    version: str
    rows: tuple[PriceRow, ...]
    factors: tuple[Adjustment, ...]
    models: ModelNames = frozenset()


def all_prices(snapshot: PriceSnapshot, provider: str = "") -> PriceList:
    """Return every price row, or the rows of one provider.

    Raises InvalidInputError if the provider has no prices.
    """
    if provider and provider not in snapshot.providers():
        known = ", ".join(snapshot.providers())
        raise InvalidInputError("--provider", f"no prices of {provider!r}", f"there are: {known}")
    rows = tuple(row for row in snapshot.rows() if provider in ("", row.provider))
    factors = tuple(each for each in snapshot.adjustments() if provider in ("", each.provider))
    return PriceList(snapshot.version, rows, factors)


def prices_of_model(
    snapshot: PriceSnapshot, model: str, at: int, provider: str = ""
) -> PriceList:  # fmt: skip
    """Return the price rows of a model that are in force at `at`, in microseconds since 1970 UTC.

    Raises InvalidInputError if the model has no known price.
    """
    found = _models_named(snapshot, model, provider)
    factors = tuple(
        each
        for each in snapshot.adjustments()
        if each.holds_at(at)
        and any(each.provider == name and each.matches(one) for name, one in found)
    )
    return PriceList(snapshot.version, _in_force(snapshot, found, at), factors, found)


def price_list_record(prices: PriceList) -> dict[str, object]:
    """Return price rows, and the factors that change prices, as a JSON record. Money is decimal text."""
    return {
        "schema": Schema.PRICES,
        "version": prices.version,
        "currency": "USD",
        "prices": [_row_record(row) for row in prices.rows],
        "factors": [factor_record(each) for each in prices.factors],
    }


def factor_record(each: Adjustment) -> dict[str, object]:
    """Return a factor that changes prices as a JSON record."""
    what = [each.provider, each.model, each.tier, *each.meters]
    return {
        "provider": each.provider,
        "model": each.model,
        "tier": each.tier,
        "meters": list(each.meters),
        "factor": f"{each.factor}",
        "for": " ".join(part for part in what if part),
        "from": rfc3339(each.from_at)[:10] if each.from_at > 0 else "-",
        "confidence": each.confidence,
        "source": each.source,
    }


def _row_record(row: PriceRow) -> dict[str, object]:
    return {
        "id": row.id,
        "provider": row.provider,
        "model": row.model,
        "meter": row.meter,
        "usd": f"{row.usd:f}",
        "per": row.per,
        "effective_from": row.effective_from.isoformat(),
        "until": None if row.until_at is None else rfc3339(row.until_at),
        "kind": row.kind,
        "options": row.options,
        "above_prompt_tokens": row.above,
        "confidence": row.confidence,
        "source": row.source,
        "note": row.note,
    }


def _in_force(snapshot: PriceSnapshot, found: ModelNames, at: int) -> tuple[PriceRow, ...]:
    wanted = found | {(provider, ANY_MODEL) for provider, _ in found}
    newest: dict[tuple[object, ...], PriceRow] = {}
    for row in snapshot.rows():
        if (row.provider, row.model) not in wanted or not row.holds_at(at):
            continue
        options = tuple(sorted(row.options.items()))
        key = (row.provider, row.model, row.meter, row.kind, row.above, options, row.own)
        if key not in newest or newest[key].from_at < row.from_at:
            newest[key] = row
    return tuple(newest.values())


def _models_named(snapshot: PriceSnapshot, model: str, provider: str) -> ModelNames:
    providers = [provider] if provider else snapshot.providers()
    found = frozenset(
        (name, snapshot.canonical_model(name, model))
        for name in providers
        if name in snapshot.providers() and snapshot.is_known(name, model)
    )
    if found:
        return found
    known = [each for name in snapshot.providers() for each in snapshot.models(name)]
    near = get_close_matches(model, known, n=3, cutoff=0.5)
    fix = "to see all models with a price: quotakeeper prices list"
    if near:
        fix = f"did you mean {', '.join(near)}?"
    raise InvalidInputError("MODEL", f"no price is known for {model[:80]!r}", fix)
