"""`import quotakeeper` loads only the standard library, and few modules of it."""

from __future__ import annotations

import json

import pytest

import quotakeeper
from tests.engine.support import python, said

_WHAT = """
import json, sys
before = set(sys.modules)
import quotakeeper
import threading
print(json.dumps([sorted(set(sys.modules) - before), sys.stdlib_module_names is not None,
    [n for n in threading.enumerate() if n is not threading.main_thread()] == []]))
"""


@pytest.fixture(scope="module")
def imported() -> list[str]:
    modules, _, no_threads = json.loads(said(python(_WHAT)))
    assert no_threads
    return list(modules)


def test_the_import_loads_only_the_standard_library(imported: list[str]) -> None:
    import sys

    tops = {name.partition(".")[0] for name in imported}
    assert tops - sys.stdlib_module_names == {"quotakeeper"}


@pytest.mark.parametrize(
    "heavy",
    ["asyncio", "sqlite3", "tomllib", "importlib.resources", "concurrent.futures", "socket",
     "quotakeeper.catalogue", "quotakeeper.tokens", "quotakeeper.stores.sqlite.store"],
)  # fmt: skip
def test_the_import_leaves_modules_that_are_not_needed_yet(imported: list[str], heavy: str) -> None:
    assert heavy not in imported


def test_the_public_names_can_be_imported() -> None:
    assert len(quotakeeper.__all__) <= 25
    assert sorted(set(quotakeeper.__all__)) == sorted(quotakeeper.__all__)
    for name in quotakeeper.__all__:
        assert getattr(quotakeeper, name).__module__.startswith("quotakeeper"), name
    public = {name for name, value in vars(quotakeeper).items()
              if not name.startswith("_") and isinstance(value, type)}  # fmt: skip
    public.discard("Any")
    assert public <= set(quotakeeper.__all__)  # some names are loaded on first use
