"""Translates messages of click and argparse to the chosen language."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

_ONE, _MANY = "_", "ngettext"  # the names under which the libraries import the functions of gettext


@contextmanager
def speaking(lang: str, package: str) -> Iterator[None]:
    """Translate the messages of the library `package` inside the `with` block.

    The modules of a library import gettext functions under fixed names. These names are replaced,
    and restored at the end. English needs no replacement. A message without a translation stays
    English.
    """
    if lang == "en":
        yield
        return
    from quotakeeper.cli.text.vietnamese_libraries import LIBRARIES

    def one(text: str) -> str:
        return LIBRARIES.get(text, text)

    def many(single: str, plural: str, number: int) -> str:
        return one(single if number == 1 else plural)

    kept = [
        (module, name, getattr(module, name))
        for module in _modules_of(package)
        for name in (_ONE, _MANY)
        if callable(getattr(module, name, None))
    ]
    for module, name, _ in kept:
        setattr(module, name, one if name == _ONE else many)
    try:
        yield
    finally:
        for module, name, function in kept:
            setattr(module, name, function)


def _modules_of(package: str) -> list[ModuleType]:
    return [
        module
        for name, module in list(sys.modules.items())
        if name == package or name.startswith(f"{package}.")
    ]
