"""Limits price files with `unknown_models_only` to the models that no other price file has."""

from __future__ import annotations

from collections.abc import Iterable

from quotakeeper.catalogue.model_names import ModelNames
from quotakeeper.catalogue.price_file import PriceFile
from quotakeeper.domain.pricing.prices import ANY_MODEL
from quotakeeper.value_classes import replace


def for_unknown_models(files: Iterable[PriceFile]) -> tuple[PriceFile, ...]:
    """Return all files. Those with `unknown_models_only` come last, without the models that a file
    before them has.
    """
    files = tuple(files)
    kept = [file for file in files if not file.unknown_models_only]
    for file in files:
        if file.unknown_models_only:
            kept.append(_limited(file, _names_in(kept)))
    return tuple(kept)


def _limited(file: PriceFile, names: ModelNames) -> PriceFile:
    rows = tuple(row for row in file.rows if not names.resolve(row.provider, row.model).known)
    models = {(row.provider, row.model) for row in rows}
    aliases = tuple(
        each for each in file.aliases
        if (each.provider, each.model) in models
        and not names.resolve(each.provider, each.name).known
    )  # fmt: skip
    return replace(file, rows=rows, aliases=aliases)


def _names_in(files: Iterable[PriceFile]) -> ModelNames:
    files = tuple(files)
    models: dict[str, set[str]] = {}
    for row in (row for file in files for row in file.rows):
        models.setdefault(row.provider, set()).add(row.model)
    return ModelNames(
        {provider: frozenset(found - {ANY_MODEL}) for provider, found in models.items()},
        [alias for file in files for alias in file.aliases],
        [prefix for file in files for prefix in file.prefixes],
    )
