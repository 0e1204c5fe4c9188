"""Seeded faults: every row still fits the source, and every test run inserts a few of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.proof import mutants
from tests.proof.mutant_rows import ROWS, Mutant

# All of them take minutes: `./dev proof --only mutants`. These few are found quickly.
FEW = [row for row in ROWS if row.catcher == "memory"][:3] + [
    row for row in ROWS if row.catcher == "file"
][:1]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.new[:40])
def test_the_text_that_a_fault_replaces_occurs_once(row: Mutant) -> None:
    text = (mutants.PACKAGE / row.file).read_text(encoding="utf-8")
    assert text.count(row.old) == 1
    assert row.new != row.old


@pytest.mark.parametrize("catcher", sorted({row.catcher for row in ROWS if " -k " in row.catcher}))
def test_the_tests_that_notice_a_fault_are_there(catcher: str, repository: Path) -> None:
    files, _, wanted = catcher.partition(" -k ")
    texts = "".join((repository / file).read_text(encoding="utf-8") for file in files.split())
    # A renamed test would leave `-k` without any test, and pytest ends with 5.
    assert [word for word in re.split(r" (?:or|and) ", wanted) if word not in texts] == []


def test_there_are_many_faults_and_all_differ() -> None:
    assert len(ROWS) >= 80
    assert len(set(ROWS)) == len(ROWS)


@pytest.mark.slow
@pytest.mark.parametrize("row", FEW, ids=lambda row: row.new[:40])
def test_a_seeded_fault_makes_a_test_fail(row: Mutant) -> None:
    assert mutants.survives(row) == ""


def test_a_change_without_effect_is_reported_as_unnoticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutants, "_COMMANDS", {"memory": 500})
    harmless = Mutant("domain/ledger/admission.py", '"""Admission:', '"""Letting in:')
    part = mutants.hunt([harmless], 1, lambda: False, lambda _: None)
    assert part.cases == 1
    assert part.found and part.found[0].endswith("lives: all was green")
