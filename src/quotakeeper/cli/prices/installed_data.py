"""Reads the data of the installed package genai-prices. It belongs to the extra `prices`."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from typing import Any

from quotakeeper.catalogue.genai_models import Data
from quotakeeper.errors import MissingExtraError

_MODEL_FIELDS = ("id", "match", "prices", "price_variants")


def installed_data() -> tuple[Data, str]:
    """Return the data and the version of the package. Raises MissingExtraError."""
    try:
        from importlib.metadata import version

        from genai_prices.data import providers
    except ImportError:
        raise MissingExtraError("prices", "prices import genai-prices") from None
    data: Data = [
        {
            "id": provider.id,
            "models": [
                {name: plain(getattr(model, name)) for name in _MODEL_FIELDS}
                for model in provider.models
            ],
        }
        for provider in providers
    ]
    return data, version("genai-prices")


def plain(value: Any) -> Any:
    """Return an object of the package in the form of the published file. Decimals stay as they are."""
    if value is None or isinstance(value, str | int | Decimal | date | time):
        return value
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    # Names like `or_` end in _ only because `or` is a word of Python.
    fields = value if isinstance(value, dict) else vars(value)
    return {
        name.rstrip("_"): plain(each)
        for name, each in fields.items()
        if each is not None and not name.startswith("_")
    }
