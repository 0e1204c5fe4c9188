"""Seeded faults: every row still fits the source, and a few of them are put in at every test run."""

from __future__ import annotations

import pytest

from tests.proof import mutants
from tests.proof.mutant_rows import ROWS, Mutant

# All of them take minutes: `./dev proof --only mutants`. These few are quick to be caught.
FEW = [row for row in ROWS if row.catcher == "memory"][:3] + [
    row for row in ROWS if row.catcher == "file"
][:1]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.new[:40])
def test_the_text_to_be_replaced_occurs_once(row: Mutant) -> None:
    text = (mutants.PACKAGE / row.file).read_text(encoding="utf-8")
    assert text.count(row.old) == 1
    assert row.new != row.old


def test_there_are_many_and_each_is_another() -> None:
    assert len(ROWS) >= 80
    assert len(set(ROWS)) == len(ROWS)


@pytest.mark.slow
@pytest.mark.parametrize("row", FEW, ids=lambda row: row.new[:40])
def test_a_fault_is_noticed(row: Mutant) -> None:
    assert mutants.survives(row) == ""


def test_what_changes_nothing_is_reported_as_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutants, "_COMMANDS", {"memory": 500})
    harmless = Mutant("domain/ledger/admission.py", '"""Admission:', '"""Letting in:')
    part = mutants.hunt([harmless], 1, lambda: False, lambda _: None)
    assert part.cases == 1
    assert part.found and part.found[0].endswith("lives: all was green")
