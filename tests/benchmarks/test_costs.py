"""The benchmark of costs: its figures stand beside the version before. These tests measure no time."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks import cost_table, costs
from benchmarks.measuring import Line
from benchmarks.results import Figures
from benchmarks.versions import lines_of
from benchmarks.words import EN, VI

LATENCIES = {"bare_p50": 100.0, "bare_p99": 200.0, "metered_p50": 150.0, "metered_p99": 400.0}
WHOLE = {"bare": 2.0, "metered": 5.0}
LEDGER = {
    f"{kind}{what}_{durability}": rate
    for kind, rate in (("bare_", 1_000.0), ("", 250.0))
    for what in ("record", "pair")
    for durability in ("power", "process")
} | {"record_tasks": 3_000.0, "pair_processes": 4_000.0}
FOUND: dict[str, dict[str, float]] = {
    "engine": {"processor": 200.0}, "requests": LATENCIES, "httpx": LATENCIES,
    "first_byte": LATENCIES, "many_streams": WHOLE, "chunks": WHOLE, "ledger": LEDGER,
    "reserve": {"process_p50": 10.0, "process_p99": 30.0, "power_p50": 10.0, "power_p99": 40.0},
}  # fmt: skip
ELSEWHERE = {"redis", "lease_one", "lease_threads", "lease_tasks", "import", "status", "run"}


def lines(found: dict[str, dict[str, float]]) -> dict[str, Line]:
    """All lines of the cases, where the version before took twice as much processor time."""
    made: list[Line] = []
    for case, figures in found.items():
        before = {**figures, **({"processor": 400.0} if case == "engine" else {})}
        made += costs._FIGURES[case]({"now": [figures], "before": [before]})
    return {each.key: each for each in made}


def test_each_row_of_the_table_is_measured() -> None:
    wanted = {f"costs.{row.key}.now" for row in cost_table.ROWS if row.key not in ELSEWHERE}
    assert wanted <= set(lines(FOUND))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("requests.now", 1.5),  # 150 / 100
        ("requests_tail.now", 4.0),  # (400 - 200) / (150 - 100)
        ("chunks.now", 2.5),
        ("record_power.now", 4.0),
        ("tasks.now", 12.0),
        ("processes.now", 4.0),
        ("reserve_power.before", 4.0),
    ],
)
def test_a_figure_is_the_stated_quotient(key: str, value: float) -> None:
    assert lines(FOUND)[f"costs.{key}"].value == value


def test_bare_transactions_are_those_of_the_version_before() -> None:
    slow_rows: dict[str, Any] = {"now": [LEDGER], "before": [LEDGER | {"bare_record_power": 500.0}]}
    found = {each.key: each.value for each in costs._FIGURES["ledger"](slow_rows)}
    assert found["costs.record_power.now"] == 500.0 / 250.0


def test_the_line_of_this_version_has_its_ratio_to_the_version_before() -> None:
    now, before = lines_of("engine", "engine", "us", {"now": [50.0], "before": [200.0]})
    assert (now.ratio, before.ratio) == (0.25, None)


@pytest.mark.parametrize(("words", "reached"), [(EN, "reached"), (VI, "đạt")])
def test_the_table_says_which_aims_are_reached(words: Any, reached: str) -> None:
    stored = [each.as_json() for each in lines(FOUND).values()]
    table = cost_table.table(Figures({"costs": {"lines": stored}}), words)
    rows = dict(zip([row.key for row in cost_table.ROWS], table.splitlines(), strict=True))
    assert rows["engine"].endswith(f"| {words.missed} |")  # half of the version before; aim 0.4
    assert rows["requests"].endswith(f"| {reached} |")  # exactly the aim
    assert rows["requests_tail"].endswith(f"| {words.missed} |")
    assert rows["tasks"].endswith(f"| {reached} |")  # at least 10: 12
    assert rows["processes"].endswith(f"| {words.missed} |")  # at least 8: 4
    assert words.unmeasured in rows["redis"]
