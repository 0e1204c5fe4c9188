"""No bill exceeds its bound, for requests like 237 that were billed."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.providers import bills


@pytest.fixture(scope="module")
def facts(shared: Path) -> Path:
    path = shared / "recorded" / bills.FACTS.name
    if not path.is_file():
        pytest.skip(f"../shared/recorded/{bills.FACTS.name} not present: no bills to compare with")
    return path


@pytest.fixture(scope="module")
def found(facts: Path) -> Callable[[str], list[bills.Compared]]:
    made: dict[str, list[bills.Compared]] = {}

    def of(shape: str) -> list[bills.Compared]:
        if shape not in made:
            made[shape] = list(bills.compared(bills.SHAPES[shape], facts))
        return made[shape]

    return of


@pytest.mark.parametrize("shape", bills.SHAPES)
def test_no_bill_exceeds_its_bound(
    shape: str, found: Callable[[str], list[bills.Compared]]
) -> None:
    looked, held = bills.halves(found(shape))
    print(f"seed {bills.SEED}", bills.table(found(shape)), sep="\n")
    assert [each for each in looked if each.is_passed] == []
    assert [each for each in held if each.is_passed] == []  # the half that no rule was made from
    assert {each.row.kind for each in looked + held} == set(bills.KINDS)


def test_the_test_would_notice_a_bill_above_its_bound(facts: Path) -> None:
    row = next(row for row in bills.rows(facts) if row.kind == "signatures")
    assert bills.Compared(row, row.billed_input - 1, 0, 65_536).is_passed
    assert bills.Compared(row, row.billed_input, 0, row.billed_output - 1).is_passed
    assert not bills.Compared(row, row.billed_input, 0, row.billed_output).is_passed


def test_bounds_without_text_are_below_three_times_the_bill(facts: Path) -> None:
    """This is half of each bill. Another test covers the bound of the text."""
    every = bills.compared(bills.SHAPES["described"], facts, bills.exactly)
    told = [each for each in every if each.row.kind not in bills.UNTOLD and each.row.billed_input]
    assert statistics.median(each.bound / each.row.billed_input for each in told) < 3


def test_a_typical_figure_is_within_the_bound_and_near_the_bill(
    found: Callable[[str], list[bills.Compared]],
) -> None:
    told = [
        each
        for each in found("described")
        if each.row.kind not in bills.UNTOLD and each.row.billed_input
    ]
    assert all(each.typical <= each.bound for each in told)
    assert 0.7 < statistics.median(each.typical / each.row.billed_input for each in told) < 1.6
