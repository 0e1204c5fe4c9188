"""Fixtures that make keepers on a fake clock and close them after each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from quotakeeper import Keeper
from quotakeeper.testing import FakeClock
from tests.engine.support import config
from tests.proof.proving import problems
from tests.proof.recording import Recording

MakeKeeper = Callable[..., Keeper]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock("2026-11-23T12:00:00Z")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def make(clock: FakeClock, path: Path) -> Iterator[MakeKeeper]:
    """Make a keeper: `make(limit(...), ledger=..., durability=..., **settings)`.

    The fixture records every operation. When the test ends, it proves that the results are those of
    some order, one operation after the other. A test that damages its ledger sets `make.unproved =
    True`.
    """
    keepers: list[tuple[Keeper, Recording]] = []
    of_the_file = Recording()

    def made(*limits: dict[str, object], ledger: Any = "memory:", **more: Any) -> Keeper:
        names = ("clock", "on_warning", "lease")
        given = {name: more.pop(name) for name in names if name in more}
        durability = more.pop("durability", "process")
        keeper = Keeper(
            path if ledger == "file" else ledger, config(*limits, **more), durability,
            **{"clock": clock, **given},
        )  # fmt: skip
        if isinstance(given.get("clock", clock), FakeClock):
            # Tests call the upkeep of leases themselves, as they move the clock themselves.
            keeper._engine.worker.maintenance.tend = lambda store: None  # type: ignore[method-assign]
        recording = of_the_file if ledger == "file" else Recording()
        keepers.append((recording.watch(keeper), recording))
        return keeper

    made.unproved = False  # type: ignore[attr-defined]
    yield made
    for keeper, _ in keepers:
        keeper.close()
    if not made.unproved:  # type: ignore[attr-defined]
        for keeper, recording in keepers:
            assert problems(keeper, recording.operations) == []
            keeper._engine.worker.store.close()  # opened again by a later read


@pytest.fixture
def keeper(make: MakeKeeper) -> Keeper:
    """A keeper in memory with a limit of ten requests a day."""
    return make({"name": "cap", "provider": "gemini", "meter": "requests", "window": "day",
                 "amount": 10})  # fmt: skip
