"""The simulation in every test run: a million commands, and the runs that failed before."""

from __future__ import annotations

import os
import sys

import pytest

from tests.proof import ledgers_under_test, simulation
from tests.proof.second_ledger import SecondLedger

COMMANDS = int(os.environ.get("QUOTAKEEPER_PROOF_COMMANDS", "1_000_000"))
LANES = 4  # so that a machine's processors can share the runs


@pytest.mark.slow
@pytest.mark.parametrize("lane", range(LANES))
def test_every_answer_to_a_million_commands_is_the_second_ledgers(lane: int) -> None:
    seed = 1_000_000 * (lane + 1)
    part = simulation.simulate(
        seed, lambda done, _: done >= COMMANDS // LANES, lambda line: print(line, file=sys.stderr)
    )
    assert part.found == []
    assert part.cases >= COMMANDS // LANES


def test_a_broken_promise_is_named_with_the_command_that_repeats_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(SecondLedger, "_crossed", lambda *_: ())
    part = simulation.simulate(3, lambda done, _: done > 50_000, lambda _: None)
    found = part.found[0]
    seed = found.partition("--seed ")[2].split()[0]
    assert "REPRO: ./dev proof --seed " in found
    assert simulation.one(int(seed), {}) == [found]


def test_one_seed_gives_one_run() -> None:
    totals: list[dict[str, int]] = [{}, {}]
    for each in totals:
        assert simulation.one(23, each) == []  # in a file
        assert simulation.one(24, each) == []  # in memory
    assert totals[0] == totals[1]
    assert totals[0]["commands in file"] > 100


def test_faults_of_the_database_happen() -> None:
    totals: dict[str, int] = {}
    for seed in range(23, 240, 24):
        assert simulation.one(seed, totals) == []
    assert totals["faults at the commit"] > 10
    assert totals["faults with nothing written"] > 10
    assert totals["deaths"] > 10
    assert ledgers_under_test.MEMORY is None or os.path.isdir(ledgers_under_test.MEMORY)
