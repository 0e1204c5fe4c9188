"""A next version of quotakeeper, for tests: it calls version 2 of the functions in the server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from quotakeeper.stores.postgres import dialect, migrating, migrations, owners

STEPS = (
    *migrations.STEPS,
    migrations.SchemaStep(3, "expand", package=__name__),
    migrations.SchemaStep(4, "contract", drops=1, package=__name__),
)


@contextmanager
def next_version() -> Iterator[None]:
    """Within this, the process is a program of the next version. Stores of before must not be used."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (dialect, migrations, owners):
            patch.setattr(module, "FUNCTIONS_VERSION", 2)
        for module in (migrations, migrating):
            patch.setattr(module, "STEPS", STEPS)
        patch.setattr(migrations, "SCHEMA_VERSION", 3)
        _forget_texts()
        yield
    _forget_texts()


def _forget_texts() -> None:
    dialect.texts.cache_clear()
    dialect._dialect.cache_clear()
