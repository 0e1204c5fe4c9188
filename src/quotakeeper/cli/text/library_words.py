"""What click and argparse say by themselves, in the chosen language."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

_ONE, _MANY = "_", "ngettext"  # what they call gettext's functions


@contextmanager
def speaking(lang: str, package: str) -> Iterator[None]:
    """Have the modules of a library say their own words in a language, until the block ends.

    They take every text from a function of gettext that each module has under the same name; it is
    exchanged there. English needs nothing, and a text without a translation stays English.
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
