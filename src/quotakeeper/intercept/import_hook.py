"""Installs a library's hook when the program imports the library, or now if it is imported already.

quotakeeper imports no library for the program. A library that the program never imports costs
nothing.
"""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Sequence
from contextlib import suppress
from threading import local
from types import ModuleType
from typing import Any

from quotakeeper.intercept.hooked_libraries import HOOKS
from quotakeeper.intercept.http_gate import switch
from quotakeeper.loggers import tell

log = logging.getLogger("quotakeeper.intercept")


class HookFinder:
    """A meta path finder that installs a library's hook as soon as the library is loaded.

    It returns the module specs that the other finders find.
    """

    def __init__(self) -> None:
        self._asking = local()

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: Any = None) -> Any:
        """Return the spec of a library that has a hook, else None. Python calls this for every
        import."""
        if name not in HOOKS or getattr(self._asking, "name", "") == name:
            return None
        self._asking.name = name
        try:
            spec = _found_by_others(self, name, path, target)
            if spec is not None:
                _hook_when_loaded(name, spec)
            return spec
        finally:
            self._asking.name = ""


_finder = HookFinder()


def install() -> None:
    """Switch the hooks on. Libraries that are imported already are patched now, others later."""
    switch.on = True
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)
    for name in HOOKS:
        module = sys.modules.get(name)
        if module is not None and not _is_loading(module):
            hook(name, module)


def uninstall() -> None:
    """Switch the hooks off and remove their patches."""
    switch.on = False
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)
    for place, _ in HOOKS.values():
        loaded = sys.modules.get(place)
        if loaded is not None:
            loaded.uninstall()


def hook(name: str, module: ModuleType) -> None:
    """Patch one module. If this fails, an error is logged and the module is not patched."""
    place, verb = HOOKS[name]
    try:
        getattr(importlib.import_module(place), verb)(module)
    except Exception as error:  # noqa: BLE001 - logged; the library stays unpatched
        tell(log, logging.ERROR, "quotakeeper: calls through %s are not metered", name, error=error)


def _found_by_others(finder: HookFinder, name: str, path: Any, target: Any) -> Any:
    for other in sys.meta_path:
        if other is finder or not hasattr(other, "find_spec"):
            continue
        spec = other.find_spec(name, path, target)
        if spec is not None:
            return spec
    return None


def _hook_when_loaded(name: str, spec: Any) -> None:
    loader = spec.loader
    load = getattr(loader, "exec_module", None)
    if load is None:
        return

    def exec_module(module: ModuleType) -> None:
        with suppress(AttributeError):
            del loader.exec_module  # the loader is restored even if loading fails
        load(module)
        if switch.on:
            hook(name, module)

    try:
        loader.exec_module = exec_module
    except AttributeError:
        text = "quotakeeper: calls through %s are not metered: its loader cannot be replaced"
        tell(log, logging.WARNING, text, name)


def _is_loading(module: ModuleType) -> bool:
    return bool(getattr(getattr(module, "__spec__", None), "_initializing", False))
