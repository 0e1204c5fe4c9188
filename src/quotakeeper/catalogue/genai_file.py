"""Makes a price file of the catalogue's form from the data of genai-prices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from quotakeeper.catalogue.genai_models import Data, names_of_models
from quotakeeper.catalogue.genai_rows import (
    OTHER_FORM,
    START,
    ModelRow,
    NotExpressibleError,
    model_rows,
)
from quotakeeper.catalogue.snapshot import PriceSnapshot
from quotakeeper.errors import InvalidInputError
from quotakeeper.value_classes import dataclass

HEADER = "# Made by: quotakeeper prices import genai-prices"
_OUR_NAMES = {"google": "gemini"}
# Billed in genai-prices by a rule of its code, not of its data: at least ten seconds.
_BILLED_BY_CODE = frozenset({("groq", "whisper-large-v3"), ("groq", "whisper-large-v3-turbo")})


@dataclass(frozen=True, slots=True)
class ImportedPrices:
    """A price file, and what it leaves out.

    `known`, `unnamed` and `unpriced` are numbers of models: the catalogue has a price; no name means the
    model alone; no price can be expressed. `left_out` is a number of prices for each unit.
    """

    text: str
    rows: int
    models: int
    known: int
    unnamed: int
    unpriced: int
    left_out: Mapping[str, int]


def our_provider(name: str) -> str:
    """Return our name of a provider of genai-prices."""
    return _OUR_NAMES.get(name, name)


def price_file_of(
    data: Data, providers: Collection[str], shipped: PriceSnapshot, *, version: str, day: str
) -> ImportedPrices:
    """Return the prices of `providers`, by their names or ours, that the shipped catalogue lacks.

    `version` is that of genai-prices, `day` the date of the import, like 2026-12-01. Raises
    InvalidInputError for an unknown provider.
    """
    found = {each["id"]: each for each in data}
    for name in providers:
        if name not in found and name not in map(our_provider, found):
            known = ", ".join(sorted(found))
            raise InvalidInputError(
                "--provider", f"no prices of {name[:60]!r}", f"there are: {known}"
            )
    counts: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    lines: dict[str, list[str]] = {"price": [], "alias": []}
    used = []
    for name, provider in found.items():
        if {name, our_provider(name)} & set(providers):
            before = counts["rows"]
            _add(provider, shipped, lines, counts, left_out)
            used += [our_provider(name)] * (counts["rows"] > before)
    text = "".join(_file(lines, sorted(set(used)), version, day))
    return ImportedPrices(
        text, counts["rows"], counts["models"], counts["known"], counts["unnamed"],
        counts["unpriced"], left_out,
    )  # fmt: skip


def _add(
    provider: Mapping[str, Any], shipped: PriceSnapshot, lines: dict[str, list[str]],
    counts: Counter[str], left_out: Counter[str],
) -> None:  # fmt: skip
    ours = our_provider(provider["id"])
    for model, names in names_of_models(provider["models"]):
        if any(shipped.is_known(ours, name) for name in names):
            counts["known"] += 1
            continue
        if not names:
            counts["unnamed"] += 1
            continue
        unit_counts: Counter[str] = Counter()
        try:
            rows = model_rows(model, unit_counts)
        except (NotExpressibleError, *OTHER_FORM):
            rows = []
            unit_counts.clear()
        if (provider["id"], model["id"]) in _BILLED_BY_CODE or not rows:
            counts["unpriced"] += 1
            continue
        left_out.update(unit_counts)
        counts["models"] += 1
        counts["rows"] += len(rows)
        lines["price"] += [_row(ours, names[0], row) for row in rows]
        lines["alias"] += [
            f'  {{ provider = "{ours}", name = "{each}", model = "{names[0]}" }},\n'
            for each in names[1:]
        ]


def _row(provider: str, model: str, row: ModelRow) -> str:
    given = [f'provider = "{provider}"', f'model = "{model}"', f'meter = "{row.meter}"']
    given.append(f'usd = "{row.usd:f}"')
    if row.per != 1_000_000:
        given.append(f"per = {row.per}")
    if row.since != START:
        given.append(f"from = {row.since.isoformat()}")
    if row.until is not None:
        given.append(f"until = {row.until.isoformat()}")
    if row.tier != "standard":
        given.append(f'tier = "{row.tier}"')
    if row.above:
        given.append(f"above = {row.above}")
    return f"  {{ {', '.join(given)} }},\n"


def _file(
    lines: Mapping[str, list[str]], providers: list[str], version: str, day: str
) -> Iterator[str]:
    yield f"{HEADER}\n# Its rows hold only for models that no other price file has.\n"
    yield "unknown_models_only = true\n"
    yield "providers = [" + ", ".join(f'"{each}"' for each in providers) + "]\n"
    # The version is in the note, so that the id of a price stays the same if only the version changes.
    yield (
        'defaults = { per = 1_000_000, from = 1970-01-01, kind = "list", confidence = "medium", '
        f'source = "genai-prices (MIT)", note = "genai-prices {version}, read {day}" }}\n'
    )
    for kind, found in lines.items():
        if found:
            yield f"\n{kind} = [\n"
            yield from found
            yield "]\n"
