"""Finds the built-in providers: the folders beside this file that have a `facts.py`."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from os.path import join
from pkgutil import iter_modules

from quotakeeper.providers.facts import ProviderFacts

_PACKAGE = "quotakeeper.providers"


@cache
def built_in_facts() -> tuple[ProviderFacts, ...]:
    """Return the facts of the built-in providers, sorted by precedence."""
    paths = list(import_module(_PACKAGE).__path__)
    folders = [found.name for found in iter_modules(paths) if found.ispkg]
    found = [
        import_module(f"{_PACKAGE}.{folder}.facts").FACTS
        for folder in folders
        if any(part.name == "facts" for part in iter_modules([join(p, folder) for p in paths]))
    ]
    return tuple(sorted(found, key=lambda facts: (facts.precedence, facts.name)))
