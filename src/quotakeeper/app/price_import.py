"""Imports prices from genai-prices: from the installed package, or from its published JSON file."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from quotakeeper.app.records.atomic_file import write_file
from quotakeeper.catalogue import load_snapshot
from quotakeeper.catalogue.genai_file import HEADER, ImportedPrices, our_provider, price_file_of
from quotakeeper.catalogue.genai_models import Data, read_data
from quotakeeper.catalogue.price_file import parse_price_file
from quotakeeper.errors import ConfigError, InvalidInputError, MissingExtraError
from quotakeeper.providers.registry import adapters

SOURCE = "genai-prices"
_MOST_BYTES = 64 * 1024 * 1024
_MODEL_FIELDS = ("id", "match", "prices", "price_variants")


def import_prices(out: Path, file: Path | None, providers: Collection[str], day: str) -> ImportedPrices:
    """Write a price file to `out` with the prices that the shipped catalogue lacks.

    Without `file`, the data are those of the installed package. Without `providers`, all that have an
    adapter are imported. `day` is today, like 2026-12-01.

    Raises MissingExtraError if the package is not installed. Raises ConfigError or InvalidInputError if
    the data or the names are not usable, or if `out` is a file of another origin.
    """
    _check_replaceable(out)
    data, version = _installed() if file is None else _published(file)
    here = {our_provider(each["id"]) for each in data}
    wanted = providers or {each.name for each in adapters()} & here
    made = price_file_of(data, wanted, load_snapshot(), version=version, day=day)
    parse_price_file(made.text, out.name, own=True)
    write_file(out, lambda stream: stream.write(made.text))
    return made


def _check_replaceable(out: Path) -> None:
    if not out.is_file():
        return
    with out.open("rb") as stream:
        beginning = stream.read(len(HEADER))
    if beginning != HEADER.encode():
        raise InvalidInputError(
            "--out", f"{out} was not made by this command", "choose a file that does not exist"
        )


def _published(file: Path) -> tuple[Data, str]:
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise ConfigError(file.name, "is larger than 64 MB", "name another file")
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(file.name, "is not UTF-8 text", "save it as UTF-8") from None
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
        raise ConfigError(file.name, problem, "check the path") from None
    return read_data(text, file.name), "data file"


def _installed() -> tuple[Data, str]:
    try:
        from importlib.metadata import version

        from genai_prices.data import providers
    except ImportError:
        raise MissingExtraError("prices", "prices import genai-prices") from None
    data: Data = [
        {
            "id": provider.id,
            "models": [
                {name: _plain(getattr(model, name)) for name in _MODEL_FIELDS}
                for model in provider.models
            ],
        }
        for provider in providers
    ]
    return data, version("genai-prices")


def _plain(value: Any) -> Any:
    """Return an object of the package in the form of the published file. Decimals stay as they are."""
    if value is None or isinstance(value, str | int | Decimal | date | time):
        return value
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    # Names like `or_` end in _ only because `or` is a word of Python.
    fields = value if isinstance(value, dict) else vars(value)
    return {
        name.rstrip("_"): _plain(each)
        for name, each in fields.items()
        if each is not None and not name.startswith("_")
    }
