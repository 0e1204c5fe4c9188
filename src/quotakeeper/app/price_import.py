"""Imports prices from the data of genai-prices into a price file."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from quotakeeper.app.records.atomic_file import write_file
from quotakeeper.catalogue import load_snapshot
from quotakeeper.catalogue.genai_file import HEADER, ImportedPrices, our_provider, price_file_of
from quotakeeper.catalogue.genai_models import Data, read_data
from quotakeeper.catalogue.price_file import parse_price_file
from quotakeeper.errors import ConfigError, InvalidInputError
from quotakeeper.providers.registry import adapters

_MOST_BYTES = 64 * 1024 * 1024


def import_prices(
    out: Path, data: Data, version: str, providers: Collection[str], day: str
) -> ImportedPrices:
    """Write a price file to `out` with the prices that the shipped catalogue lacks.

    `version` is that of the data. Without `providers`, all that have an adapter are imported. `day` is
    today, like 2026-12-01. Raises InvalidInputError if a provider is not known, or if `out` is a file
    of another origin.
    """
    _check_replaceable(out)
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


def published_data(file: Path) -> Data:
    """Return the data in the JSON file that genai-prices publishes. Raises ConfigError."""
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise ConfigError(file.name, "is larger than 64 MB", "name another file")
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(file.name, "is not UTF-8 text", "save it as UTF-8") from None
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
        raise ConfigError(file.name, problem, "check the path") from None
    return read_data(text, file.name)
