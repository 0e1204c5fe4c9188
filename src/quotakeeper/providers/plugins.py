"""Loads adapters of other packages, found by the entry point group `quotakeeper.providers`."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING

from quotakeeper.native_threads import RLock

if TYPE_CHECKING:
    from quotakeeper.providers.contract import Adapter

ENTRY_POINTS = "quotakeeper.providers"
_VERBS = ("name", "recognise", "reader", "refusal", "interruption", "live")


class _Plugins:
    """The adapters of other packages, which are loaded once, at the first use."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._adapters: tuple[Adapter, ...] | None = None
        self.problems: tuple[str, ...] = ()

    def adapters(self) -> tuple[Adapter, ...]:
        """Return every plug-in that can be loaded. `problems` then holds the errors of the others."""
        with self._lock:
            if self._adapters is None:
                self._adapters, self.problems = _load()
            return self._adapters


_PLUGINS = _Plugins()


def plugin_adapters() -> tuple[Adapter, ...]:
    """Return the adapters of all plug-ins that can be loaded."""
    return _PLUGINS.adapters()


def plugin_problems() -> tuple[str, ...]:
    """Return one line for each plug-in that cannot be used: its name and the reason."""
    _PLUGINS.adapters()
    return _PLUGINS.problems


def _may_exist() -> bool:
    """Return whether an installed package may have a plug-in.

    `importlib.metadata` takes 10 ms to import. So this function first searches for the name of the
    group, in the files that `importlib.metadata` would read. If packages may be found outside of
    folders, the answer is True.
    """
    if "importlib.metadata" in sys.modules or any(map(_finds_elsewhere, sys.meta_path)):
        return True
    wanted = ENTRY_POINTS.encode()
    for folder in sys.path:
        try:
            names = os.listdir(folder or ".")
        except FileNotFoundError:
            continue
        except OSError:  # a zip file, for example
            return True
        for name in names:
            if name.endswith((".dist-info", ".egg-info")):
                try:
                    with open(os.path.join(folder, name, "entry_points.txt"), "rb") as file:
                        if wanted in file.read():
                            return True
                except FileNotFoundError:
                    continue
                except OSError:
                    return True
    return False


def _finds_elsewhere(finder: object) -> bool:
    return hasattr(finder, "find_distributions") and finder is not PathFinder


def _load() -> tuple[tuple[Adapter, ...], tuple[str, ...]]:
    if not _may_exist():
        return (), ()
    from importlib import metadata  # noqa: PLC0415 - see `_may_exist`

    from quotakeeper.providers.built_in import built_in_facts  # noqa: PLC0415 - few have plug-ins
    from quotakeeper.providers.reading.redaction import redact  # noqa: PLC0415 - as above

    found: list[Adapter] = []
    problems: list[str] = []
    names = {facts.name for facts in built_in_facts()}
    for entry in metadata.entry_points(group=ENTRY_POINTS):
        try:
            made = entry.load()
            adapter: Adapter = made() if isinstance(made, type) else made
            missing = [verb for verb in _VERBS if not hasattr(adapter, verb)]
        except Exception as error:  # noqa: BLE001 - an error in a plug-in must not stop quotakeeper
            problems.append(redact(f"{entry.name}: {type(error).__name__}: {error}"))
            continue
        wrong = _wrong_data(adapter)
        if missing:
            problems.append(f"{entry.name}: has no {', '.join(missing)}")
        elif wrong:
            problems.append(f"{entry.name}: {wrong}")
        elif adapter.name in names:
            problems.append(f"{entry.name}: another provider already has the name {adapter.name!r}")
        else:
            names.add(adapter.name)
            found.append(adapter)
    return tuple(found), tuple(problems)


def _wrong_data(adapter: Adapter) -> str:
    """Return what is wrong with the attributes of a plug-in; "" if nothing is wrong."""
    from quotakeeper.providers.adapter import ProviderAdapter  # noqa: PLC0415 - see `_load`
    from quotakeeper.providers.facts import EnvironmentNames  # noqa: PLC0415 - see `_load`

    if not isinstance(adapter, ProviderAdapter):
        return ""
    environment: object = adapter.environment
    if not isinstance(environment, EnvironmentNames):
        return "environment is not an object of class EnvironmentNames"
    farewells: object = adapter.farewells
    if not isinstance(farewells, Mapping) or not _are_texts(tuple(farewells.values())):
        return "farewells is not a mapping of strings"
    stated = {
        "hosts": adapter.hosts,
        "domains": adapter.domains,
        "base_urls": environment.base_urls,
    }
    wrong = [name for name, texts in stated.items() if not _are_texts(texts)]
    return f"{', '.join(wrong)}: not a tuple of strings" if wrong else ""


def _are_texts(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(each, str) and each for each in value)
