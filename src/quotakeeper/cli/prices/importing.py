"""Runs `quotakeeper prices import`: writes a price file, and says what it leaves out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from quotakeeper.app.price_import import import_prices, published_data
from quotakeeper.app.records.instants import rfc3339
from quotakeeper.catalogue.genai_file import ImportedPrices
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.prices.installed_data import installed_data

_NAME = "genai-prices.toml"


def run_import(
    session: context.CommandContext, file: str | None, providers: tuple[str, ...], out: str | None
) -> int:
    """Write the price file. Returns the exit code."""
    settings, words = session.settings(), session.words
    folder = settings.config_file.parent if settings.config_file else Path()
    path = Path(out) if out else folder / _NAME
    day = rfc3339(context.now())[:10]
    data, version = installed_data() if file is None else (published_data(Path(file)), "data file")
    made = import_prices(path, data, version, providers, day)
    text = "{rows} prices of {models} models are in {path}"
    console.tell(words(text, rows=made.rows, models=made.models, path=str(path)))
    for line in _left_out(made, session):
        console.tell(line)
    if path.resolve() not in {each.resolve() for each in settings.price_files}:
        console.tell(words("to use them, add {path} to price_files in the config", path=str(path)))
    return exit_codes.OK


def _left_out(made: ImportedPrices, session: context.CommandContext) -> Iterator[str]:
    words = session.words
    if made.known:
        yield words("left out: {n} models that the catalogue has", n=made.known)
    if made.unnamed:
        yield words("left out: {n} models that no single name means", n=made.unnamed)
    if made.unpriced:
        yield words("left out: {n} models without a price that the catalogue can express",
                    n=made.unpriced)  # fmt: skip
    for unit, count in sorted(made.left_out.items()):
        yield words("left out: {n} prices for {unit}, which the catalogue cannot express",
                    n=count, unit=unit)  # fmt: skip
