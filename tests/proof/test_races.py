"""Races in every test run, and a check that the checker notices wrong histories."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from quotakeeper import Keeper, LimitExceeded
from quotakeeper.domain.decisions import Decision
from quotakeeper.domain.ledger import fold, reserving
from quotakeeper.domain.ledger.entries import Entry
from tests.engine.support import config, limit
from tests.proof import races
from tests.proof.recording import Operation, Recording, prove


@pytest.mark.slow
@pytest.mark.parametrize("scenario", races.SCENARIOS)
@pytest.mark.parametrize("seed", [1, 2])
def test_concurrent_results_are_those_of_some_order(
    scenario: Callable[..., Any], seed: int, tmp_path: Any
) -> None:
    noted, problems = scenario(tmp_path / "ledger.db", seed)
    assert noted > 0
    assert problems == []


def test_a_part_counts_the_races_it_checked() -> None:
    part = races.race(5, lambda rounds, _: rounds >= 1, lambda _: None)
    assert (part.found, part.seed) == ([], 5)
    assert part.cases > 500


# -- the checker must notice a wrong history


@pytest.fixture
def happened() -> tuple[list[Entry], list[Operation]]:
    """Two calls one after the other, then a refused call, then one that ended."""
    recording = Recording()
    with Keeper("memory:", config(limit(2))) as keeper:
        recording.watch(keeper)
        first, second = (
            keeper.reserve("gemini", event_id="a"),
            keeper.reserve("gemini", event_id="b"),
        )
        with pytest.raises(LimitExceeded):
            keeper.reserve("gemini", event_id="c")
        first.release()
        second.settle(requests=1)
        entries = list(keeper.entries())
    return entries, recording.operations


Happened = tuple[list[Entry], list[Operation]]


def test_a_true_history_has_no_problems(happened: Happened) -> None:
    problems, second = prove(*happened)
    assert problems == []
    assert {call.state for call in second.calls.values()} == {"released", "settled"}


def test_an_acknowledged_command_must_be_in_the_journal(happened: Happened) -> None:
    entries, operations = happened
    problems, _ = prove(entries[:-1], operations)
    assert any("acknowledged, but not in the journal" in each for each in problems)


def test_an_entry_out_of_order_is_noticed(happened: Happened) -> None:
    entries, operations = happened
    swapped = [replace(entries[1], seq=1), replace(entries[0], seq=2)]
    swapped += [replace(each, ref=3 - (each.ref or 0)) for each in entries[2:]]
    problems, _ = prove(swapped, operations)
    assert "entry 1 began after entry 2 had been acknowledged" in problems


def test_a_refusal_that_was_never_right_is_noticed(happened: Happened) -> None:
    entries, operations = happened
    refused = operations[2]
    assert refused.outcome[0] == "denied"
    refused.began = refused.ended = operations[-1].ended + 1  # asked when there was room again
    problems, _ = prove(entries, operations)
    assert len(problems) == 1 and problems[0].startswith("was never right")


def test_an_answer_that_differs_from_the_serial_one_is_noticed(happened: Happened) -> None:
    entries, operations = happened
    assert operations[-1].outcome[0] == "booked"
    operations[-1].outcome = (*operations[-1].outcome[:3], ("nothing",))
    problems, _ = prove(entries, operations)
    assert any("one after the other it is" in each for each in problems)


def test_an_admission_without_room_is_noticed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr(reserving, "admit", lambda *_: Decision(True))
    _, problems = races.thirty_two_for_the_last_unit(tmp_path / "ledger.db", 1)
    assert problems[0] == "32 of 32 got the last unit"
    assert any("one after the other it is ('denied'" in each for each in problems)


def test_a_sum_that_is_off_by_one_is_noticed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    real = fold.opened

    def short(entry: Any, amounts: Any = None) -> Any:
        return real(entry, {name: max(0, n - 1) for name, n in (amounts or {}).items()})

    monkeypatch.setattr(fold, "opened", short)
    _, problems = races.mixed_limits_and_rolling_windows(tmp_path / "ledger.db", 1)
    assert problems
