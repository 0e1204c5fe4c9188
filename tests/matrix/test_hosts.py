"""A few programs of the matrix of hosts. `python -m tests.matrix.hosts` runs all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.matrix import environments, servers
from tests.matrix.environments import UnavailableError
from tests.matrix.hosts import ENDS, STARTERS, WAYS, Cell, cells, page, problem_of, python_of

pytestmark = pytest.mark.slow
# Each way to call, each starter and each end at least once.
SOME = [Cell(STARTERS[0], way, ENDS[number % len(ENDS)]) for number, way in enumerate(WAYS)] + [
    Cell(starter, "threads", ENDS[-1 - number]) for number, starter in enumerate(STARTERS[1:])
]


@pytest.mark.parametrize("cell", SOME, ids=" / ".join)
def test_a_program_under_run_behaves_as_alone_and_its_ledger_equals_the_bill(cell: Cell) -> None:
    try:
        python_of(cell)
    except UnavailableError as error:
        pytest.skip(str(error))
    assert problem_of(cell) == ""


# Each kind of worker and each end at least once.
SOME_SERVERS = [
    servers.Cell(servers.WORKERS[number % len(servers.WORKERS)], end)
    for number, end in enumerate(servers.ENDS)
]


@pytest.mark.parametrize("cell", SOME_SERVERS, ids=" / ".join)
def test_a_server_under_run_behaves_as_alone_and_its_ledger_equals_the_bill(
    cell: servers.Cell,
) -> None:
    try:
        environments.prepare("green")
    except UnavailableError as error:
        pytest.skip(str(error))
    assert servers.problem_of(cell) == ""


def test_the_chosen_programs_cover_every_row_and_column() -> None:
    assert set(SOME) <= set(cells())
    assert {cell.end for cell in SOME} == set(ENDS) and {cell.way for cell in SOME} == set(WAYS)
    assert {cell.starter for cell in SOME} == set(STARTERS)
    assert {cell.end for cell in SOME_SERVERS} == set(servers.ENDS)
    assert {cell.worker for cell in SOME_SERVERS} == set(servers.WORKERS)


@pytest.mark.parametrize("language", ["en", "vi"])
def test_the_page_has_every_row(repository: Path, language: str) -> None:
    shown = (repository / "docs" / language / "evidence" / "hosts.md").read_text(encoding="utf-8")
    rows = [line for line in shown.splitlines() if line.startswith("| `")]
    expected = page(language, dict.fromkeys(cells(), ""), dict.fromkeys(servers.cells(), ""))
    assert rows == [line for line in expected.splitlines() if line.startswith("| `")]
