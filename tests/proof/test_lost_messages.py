"""The short form of the part with the fake server, and a check that it finds broken clients and guards."""

from __future__ import annotations

import logging
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.importorskip("psycopg")

from quotakeeper.stores.postgres import conditional, last_seen, transactions
from tests.proof import lost_messages
from tests.proof.fake_server import server
from tests.proof.fake_server.run import BrokenError

SEED = int(os.environ.get("QUOTAKEEPER_TEST_SEED") or 0)
COMMANDS = 20_000
# What must happen in the short form, each of them several times.
HAPPENS = (server.LOST, server.REPLY, server.TWICE, server.LATE, server.STALE, server.BACK, "read lost",
           "overtaken", "unknown, and there", "unknown, and not there", "found by name",
           "commits under guards", "failed guards", "went back, noticed")  # fmt: skip


@pytest.fixture
def quiet() -> Iterator[None]:
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.slow
def test_no_lost_message_breaks_a_promise() -> None:
    seed = 1_000_000 * (SEED + 1)
    sys.stdout.write(f"REPRO: QUOTAKEEPER_TEST_SEED={SEED}\n")
    counts = Counter[str]()
    part = lost_messages.simulate(seed, lambda done, _: done >= COMMANDS, print, counts)
    print(*part.notes, sep="\n")
    assert part.found == []
    assert part.cases >= COMMANDS
    assert [kind for kind in HAPPENS if not counts[kind]] == []


def found_within(commands: int, dropped: str = "") -> str:
    """What runs from seed 0 on find."""
    counts, seed = Counter[str](), 0
    while counts["commands"] < commands:
        if found := lost_messages.one(seed, counts, dropped):
            return found[0]
        seed += 1
    return ""


@pytest.mark.slow
@pytest.mark.parametrize("guard", ["batch", "time", "id", "balance", "moved"])
def test_a_guard_that_the_server_leaves_out_is_missed(guard: str, quiet: None) -> None:
    assert found_within(30_000, guard), guard


_written = transactions.PostgresTransactions._written


def _with_a_new_name(store: Any, write: Any, asked_at: int = 0, batch: Any = None) -> Any:
    return _written(store, write, asked_at)


# A fault of a client: where, its name, and what stands there instead.
FAULTS: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    "it asks again under a new name": (
        transactions.PostgresTransactions, "_written", _with_a_new_name,
    ),
    "it takes a lost answer for a refusal": (conditional, "is_lost", lambda error: False),
    "it forgets that an outcome is unknown": (transactions.Batch, "failed", lambda *_: None),
    "it does not compare versions": (last_seen.LastSeen, "look", lambda *_, **__: None),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_client_is_found(
    fault: str, monkeypatch: pytest.MonkeyPatch, quiet: None
) -> None:
    monkeypatch.setattr(*FAULTS[fault])
    assert "REPRO: ./dev proof --seed " in found_within(10_000)


def test_one_seed_gives_one_run(quiet: None) -> None:
    totals = [Counter[str](), Counter[str]()]
    for each in totals:
        assert lost_messages.one(7, each) == []
    assert totals[0] == totals[1]
    assert totals[0]["commands"] > 300
    assert issubclass(BrokenError, AssertionError)
