"""Statistics of measured values: medians, ratios round by round, percentiles. These tests measure no time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import measuring, run
from benchmarks.crews import CaseFailedError, Crew, together
from benchmarks.measuring import alternating, line, quantile


def test_a_ratio_is_the_median_of_the_ratios_of_each_round() -> None:
    # The machine became ten times slower after the first round, for both cases: 3, 10 and 10 times.
    found = line("ours", [30.0, 100.0, 10.0], "per s", [10.0, 10.0, 1.0], "theirs", "a.b")
    assert (found.value, found.low, found.high) == (30.0, 10.0, 100.0)
    assert found.ratio == 10.0  # the ratio of the medians would be 3
    assert found.as_json()["key"] == "a.b"


def test_a_line_without_a_comparison_has_no_ratio() -> None:
    assert line("alone", [2.0, 1.0, 4.0], "us").ratio is None


def test_rounds_of_different_lengths_are_not_compared() -> None:
    with pytest.raises(ValueError, match="zip"):
        line("ours", [1.0, 2.0], "us", [1.0], "theirs")


def test_cases_take_turns() -> None:
    order: list[str] = []

    def case(name: str) -> int:
        order.append(name)
        return len(order)

    found = alternating({"a": lambda: case("a"), "b": lambda: case("b")}, 3)
    assert "".join(order) == "ababab"
    assert found == {"a": [1, 3, 5], "b": [2, 4, 6]}


@pytest.mark.parametrize(("percent", "expected"), [(50, 50), (99, 99), (100, 100), (1, 1), (0, 1)])
def test_a_quantile_is_one_of_the_values(percent: int, expected: int) -> None:
    assert quantile([float(n) for n in range(100, 0, -1)], percent) == expected
    assert quantile([7.0], percent) == 7.0


@given(st.lists(st.integers(0, 50), min_size=1), st.integers(1, 100))
def test_the_stated_share_of_values_does_not_exceed_the_quantile(
    values: list[int], percent: int
) -> None:
    found = quantile([float(value) for value in values], percent)
    assert 100 * sum(value <= found for value in values) >= percent * len(values)
    assert 100 * sum(value < found for value in values) < percent * len(values)


def test_a_quantile_of_no_values_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one value"):
        quantile([], 50)


def _answer(**different: Any) -> dict[str, Any]:
    return {
        "started": 10.0, "ended": 12.0, "before": 1, "admitted": 100, "refused": 5, "failed": 0,
        "why": "", "p50": 20.0, "p99": 90.0, "first_p50": None, "first_p99": None, **different,
    }  # fmt: skip


def test_a_run_of_several_processes_lasts_from_the_first_start_to_the_last_end() -> None:
    outcome = together(
        [
            _answer(),
            _answer(started=11.0, ended=14.0, admitted=300, p50=40.0, p99=50.0, failed=2, why="x"),
            _answer(started=10.5, p50=30.0, first_p50=7.0),
        ]
    )
    assert (outcome.admitted, outcome.refused, outcome.before) == (500, 15, 3)
    assert outcome.rate == 125.0
    assert (outcome.p50, outcome.p99, outcome.first_p50, outcome.first_p99) == (
        30.0,
        90.0,
        7.0,
        None,
    )
    assert (outcome.failed, outcome.why) == (2, "x")


@pytest.mark.parametrize("contender", ["memory", "process", "bare"])
def test_a_contender_admits_no_more_than_the_limit(tmp_path: Path, contender: str) -> None:
    crew = Crew(measuring.PYTHON, tmp_path / "errors")
    told = {"contender": contender, "place": str(tmp_path), "redis": None, "limit": 40,
            "threads": 4, "tasks": 0, "each": 20}  # fmt: skip
    processes = 1 if contender == "memory" else 2
    try:
        outcome = crew.run(told, processes)
    finally:
        crew.close()
    assert outcome.failed == 0, outcome.why
    assert outcome.admitted + outcome.before == 40
    assert outcome.refused == processes * 80 - outcome.admitted


def test_asyncio_tasks_count_like_threads(tmp_path: Path) -> None:
    crew = Crew(measuring.PYTHON, tmp_path / "errors")
    told = {"contender": "process", "place": str(tmp_path), "redis": None, "limit": 10**6,
            "threads": 1, "tasks": 5, "each": 4}  # fmt: skip
    try:
        outcome = crew.run(told)
    finally:
        crew.close()
    assert (outcome.admitted, outcome.before) == (20, 1)
    assert outcome.first_p50 is not None


def test_a_case_that_cannot_run_says_why_and_the_next_one_runs(tmp_path: Path) -> None:
    crew = Crew(measuring.PYTHON, tmp_path / "errors")
    told = {"contender": "limits-memory", "place": str(tmp_path), "redis": None, "limit": 5,
            "threads": 1, "tasks": 0, "each": 2}  # fmt: skip
    try:
        with pytest.raises(CaseFailedError, match="No module named 'limits'"):
            crew.run(told, 2)
        assert crew.run(told | {"contender": "memory"}).admitted == 2
    finally:
        crew.close()


def test_a_result_is_stored_with_its_machine_and_its_notes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[int] = []

    def bench(rounds: int) -> list[measuring.Line]:
        asked.append(rounds)
        measuring.say("Redis: absent")
        return [line("import", [1.0, 3.0, 2.0], "ms", key="footprint.importtime")]

    monkeypatch.setattr(run, "machine", lambda: {"cores": 2})
    monkeypatch.setattr("benchmarks.footprint.run", bench)
    kept = tmp_path / "out.json"
    assert run.main(["footprint", "--rounds", "2", "--json", str(kept)]) == 0
    found = json.loads(kept.read_text(encoding="utf-8"))["benches"]["footprint"]
    assert asked == [5]  # never fewer
    assert (found["rounds"], found["machine"], found["notes"]) == (
        5,
        {"cores": 2},
        ["Redis: absent"],
    )
    assert found["lines"][0]["value"] == 2.0
    assert "Redis: absent" in capsys.readouterr().out
