"""Splits token counts as providers report them into quantities that can be added up.

Providers include cached tokens in the prompt's count. A provider's totals and its lists by modality
may not agree. After the split, each token counts in exactly one quantity.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from quotakeeper.domain.units import MAX_QUANTITY, MODALITIES
from quotakeeper.providers.formats.json_values import count, objects, text_of

Parts = dict[str, int]  # modality -> tokens; "" is text or unknown


def parts_of(total: int, details: object, amount_key: str = "tokenCount") -> Parts:
    """Return `total` split by modality, according to the list `details`.

    If the list has fewer tokens than `total`, the missing tokens are text. If the list has more,
    the excess is subtracted, from text first.
    """
    parts: Parts = {}
    for entry in objects(details):
        modality = modality_of(entry.get("modality"))
        parts[modality] = parts.get(modality, 0) + count(entry.get(amount_key))
    return fit(parts, total)


def fit(parts: Mapping[str, int], total: int) -> Parts:
    """Return `parts`, changed so that their sum is `total`.

    Missing tokens are added as text. Excess tokens are subtracted, from text first.
    """
    fitted = dict(parts)
    excess = sum(fitted.values()) - total
    if excess < 0:
        fitted[""] = fitted.get("", 0) - excess
        return fitted
    for modality in sorted(fitted):
        taken = min(fitted[modality], excess)
        fitted[modality] -= taken
        excess -= taken
    return fitted


def modality_of(name: object) -> str:
    """Return the label of a modality; "" for text and for an unknown modality."""
    label = text_of(name).lower()
    return label if label in MODALITIES and label != "text" else ""


def split_cached(prompt: Parts, cached: Parts) -> tuple[Parts, Parts]:
    """Return the prompt's (uncached, cached) tokens by modality.

    If more tokens of a modality are cached than the prompt has, the rest is subtracted from text,
    and then from the largest other part.
    """
    fresh, hit = dict(prompt), dict[str, int]()
    left = 0
    for modality, amount in cached.items():
        taken = min(amount, fresh.get(modality, 0))
        hit[modality] = taken
        fresh[modality] = fresh.get(modality, 0) - taken
        left += amount - taken
    for modality in sorted(fresh, key=lambda m: (m != "", -fresh[m], m)):
        taken = min(left, fresh[modality])
        hit[modality] = hit.get(modality, 0) + taken
        fresh[modality] -= taken
        left -= taken
    if left:
        hit[""] = hit.get("", 0) + left
    return fresh, hit


def quantities_of(*meters: tuple[str, Parts]) -> dict[str, int]:
    """Return the quantities for pairs of (meter, tokens by modality), added up, without zeros."""
    return tidy(
        (f"{meter}@{modality}" if modality else meter, amount)
        for meter, parts in meters
        for modality, amount in parts.items()
    )


def tidy(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Return pairs of (name, amount) added up by name, sorted, without zeros.

    An amount is at most MAX_QUANTITY, the largest that an event can hold.
    """
    summed: dict[str, int] = {}
    for key, amount in pairs:
        summed[key] = summed.get(key, 0) + amount
    return _kept(summed)


def added(*quantities: Mapping[str, int]) -> dict[str, int]:
    """Return the sum of several quantities, sorted, without zeros."""
    summed: dict[str, int] = {}
    for mapping in quantities:
        for key, amount in mapping.items():
            summed[key] = summed.get(key, 0) + amount
    return _kept(summed)


def _kept(summed: dict[str, int]) -> dict[str, int]:
    # Sorted as pairs, because a look-up for each key is slower.
    return {
        key: amount if amount < MAX_QUANTITY else MAX_QUANTITY
        for key, amount in sorted(summed.items())
        if amount > 0
    }


def tokens_of(quantities: Mapping[str, int], meter: str) -> int:
    """Return the sum of a meter's amounts over all modalities."""
    return sum(amount for key, amount in quantities.items() if key.partition("@")[0] == meter)
