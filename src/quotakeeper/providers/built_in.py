"""Finds the built-in providers: the folders beside this file that have a module `facts`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from importlib import import_module

from quotakeeper.providers.facts import ProviderFacts

_PACKAGE = "quotakeeper.providers"


@cache
def built_in_facts() -> tuple[ProviderFacts, ...]:
    """Return the facts of the built-in providers, sorted by precedence."""
    found = [import_module(f"{_PACKAGE}.{folder}.facts").FACTS for folder in _folders()]
    return tuple(sorted(found, key=lambda facts: (facts.precedence, facts.name)))


def _folders() -> Iterator[str]:
    # Not by `pkgutil`, which is slow to import.
    for path in import_module(_PACKAGE).__path__:
        for entry in sorted(os.scandir(path), key=lambda entry: entry.name):
            if entry.name.startswith("_") or not entry.is_dir():
                continue
            if any(name.startswith("facts.") for name in os.listdir(entry.path)):
                yield entry.name
