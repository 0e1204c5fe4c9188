"""Reads the models of genai-prices, and finds the names that mean exactly one of them.

genai-prices finds a model by rules: equals, starts with, contains, and, or. The catalogue has names. So
a name is taken only if the rules of genai-prices give it to the same model.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from quotakeeper.errors import ConfigError

Data = list[
    Mapping[str, Any]
]  # providers with their models, in the form of the published JSON file
_NAME = re.compile(r"[a-z0-9][a-z0-9._:/+-]{0,199}")
_FIX = "give the file data.json that genai-prices publishes"


def read_data(text: str, name: str) -> Data:
    """Return the providers in the published JSON text. Numbers become decimals, never binary floats.

    `name` is the file's name in errors. Raises ConfigError for text of another form.
    """
    try:
        data = json.loads(text, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, ArithmeticError, RecursionError):
        raise ConfigError(name, "is not JSON", _FIX) from None
    if not isinstance(data, list) or not all(map(_is_provider, data)):
        raise ConfigError(name, "has no list of providers with models", _FIX)
    return data


def names_of_models(
    models: list[Mapping[str, Any]],
) -> Iterator[tuple[Mapping[str, Any], list[str]]]:
    """Yield each model with the names that mean it, its id first; the list may be empty."""
    for model in models:
        wanted = [str(model["id"]), *_literals(model.get("match"))]
        names = dict.fromkeys(each.lower() for each in wanted)
        yield (
            model,
            [name for name in names if _NAME.fullmatch(name) and _first(models, name) is model],
        )


def _is_provider(value: object) -> bool:
    models = value.get("models") if isinstance(value, Mapping) else None
    return (
        isinstance(value, Mapping) and _NAME.fullmatch(str(value.get("id"))) is not None
        and isinstance(models, list)
        and all(isinstance(each, Mapping) and isinstance(each.get("id"), str) for each in models)
    )  # fmt: skip


def _no_constant(text: str) -> None:
    raise ValueError(text)


def _first(models: list[Mapping[str, Any]], name: str) -> Mapping[str, Any] | None:
    return next((model for model in models if _matches(model.get("match"), name)), None)


def _literals(rule: object) -> Iterator[str]:
    if not isinstance(rule, Mapping):
        return
    parts = rule.get("or")
    for part in parts if isinstance(parts, list) else ():
        yield from _literals(part)
    for kind in ("equals", "starts_with"):
        if isinstance(rule.get(kind), str):
            yield rule[kind]


def _matches(rule: object, name: str) -> bool:
    """Return whether a rule is true of a name in lower case. A rule of an unknown kind is not."""
    if not isinstance(rule, Mapping) or len(rule) != 1:
        return False
    ((kind, value),) = rule.items()
    if kind in ("or", "and") and isinstance(value, list):
        parts = [_matches(each, name) for each in value]
        return any(parts) if kind == "or" else all(parts)
    if not isinstance(value, str):
        return False
    if kind == "regex":
        return _found(value, name)
    text = value.lower()
    return {
        "equals": name == text, "starts_with": name.startswith(text),
        "ends_with": name.endswith(text), "contains": text in name,
    }.get(kind, False)  # fmt: skip


def _found(pattern: str, name: str) -> bool:
    try:
        return re.search(pattern, name) is not None
    except re.error:
        return False
