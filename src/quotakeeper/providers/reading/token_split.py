"""Token counts as providers report them -> the partition of meters that a ledger adds up.

Providers count the cached part inside the prompt and say sums beside lists by modality that need
not agree. Here each token lands in exactly one quantity.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from quotakeeper.domain.units import MAX_QUANTITY, MODALITIES
from quotakeeper.providers.formats.json_values import count, objects, text_of

Parts = dict[str, int]  # modality -> tokens; "" is text, or not said


def parts_of(total: int, details: object, amount_key: str = "tokenCount") -> Parts:
    """A total by modality. The total decides: what the list leaves over is text, what it has more
    is taken off, text first."""
    parts: Parts = {}
    for entry in objects(details):
        modality = modality_of(entry.get("modality"))
        parts[modality] = parts.get(modality, 0) + count(entry.get(amount_key))
    return fit(parts, total)


def fit(parts: Mapping[str, int], total: int) -> Parts:
    """Make parts sum to a total: the rest is text, too much is taken off, text first."""
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
    """A modality's label: "" for text and for what is not known."""
    label = text_of(name).lower()
    return label if label in MODALITIES and label != "text" else ""


def split_cached(prompt: Parts, cached: Parts) -> tuple[Parts, Parts]:
    """(not cached, cached) by modality. Cached tokens of a modality that the prompt has too few of
    are taken from text, then from the largest other part."""
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
    """Parts per meter -> quantities, added up, without zeros."""
    return tidy(
        (f"{meter}@{modality}" if modality else meter, amount)
        for meter, parts in meters
        for modality, amount in parts.items()
    )


def tidy(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Quantities added up, kept within what an event can hold, sorted, without zeros."""
    summed: dict[str, int] = {}
    for key, amount in pairs:
        summed[key] = summed.get(key, 0) + amount
    return _kept(summed)


def added(*quantities: Mapping[str, int]) -> dict[str, int]:
    """Quantities added up."""
    summed: dict[str, int] = {}
    for mapping in quantities:
        for key, amount in mapping.items():
            summed[key] = summed.get(key, 0) + amount
    return _kept(summed)


def _kept(summed: dict[str, int]) -> dict[str, int]:
    # Sorted as pairs: a look-up for each key costs more.
    return {
        key: amount if amount < MAX_QUANTITY else MAX_QUANTITY
        for key, amount in sorted(summed.items())
        if amount > 0
    }


def tokens_of(quantities: Mapping[str, int], meter: str) -> int:
    """A meter's sum over its modalities."""
    return sum(amount for key, amount in quantities.items() if key.partition("@")[0] == meter)
