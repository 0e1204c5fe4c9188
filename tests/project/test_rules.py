"""The table of rules: every symbol exists, both pages show the table, and seeded faults make tests fail."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.draw_layers import PICTURE, layers, svg
from tests.project.rules import RULES, Rule
from tests.proof import mutants
from tests.proof.mutant_rows import Mutant

PAGES = {lang: f"docs/{lang}/explanation/architecture.md" for lang in ("en", "vi")}
BEGIN, END = "<!-- rules -->", "<!-- end of rules -->"
WITH_FAULT = [rule for rule in RULES if rule.test]
# These rows are tested in every run; `QUOTAKEEPER_ALL_RULES=1` tests all rows.
QUICK = ("tests/domain/", "tests/stores/test_contract.py::TestMemoryStore")


def _chosen() -> list[Rule]:
    quick = [rule for rule in WITH_FAULT if rule.test.startswith(QUICK)]
    return WITH_FAULT if os.environ.get("QUOTAKEEPER_ALL_RULES") else quick[:16]


def _spans(text: str, symbol: str) -> list[tuple[int, int]]:
    """The first and last lines of a symbol, counted from 1: one pair for each definition."""
    bodies: list[list[ast.stmt]] = [ast.parse(text).body]
    found: list[ast.stmt] = []
    for name in symbol.split("."):
        found = [node for body in bodies for node in _flat(body) if name in _names(node)]
        bodies = [getattr(node, "body", []) for node in found]
    return [
        (
            min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))]),
            node.end_lineno or 0,
        )
        for node in found
    ]


def _flat(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a block, including those inside `if` branches (one per platform, for example)."""
    for node in body:
        yield node
        if isinstance(node, ast.If):
            yield from _flat([*node.body, *node.orelse])


def _names(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Assign):
        return {target.id for target in node.targets if isinstance(target, ast.Name)}
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return {node.target.id}
    return set()


def table(lang: str) -> str:
    """The table of rules in one language."""
    head = {"en": "| rule | file | symbol |", "vi": "| quy tắc | tệp | ký hiệu |"}[lang]
    rows = [
        f"| {rule.vi if lang == 'vi' else rule.en} "
        f"| [`{rule.file}`](../../../src/quotakeeper/{rule.file}) | `{rule.symbol}` |"
        for rule in RULES
    ]
    return "\n".join([head, "|---|---|---|", *rows])


def test_there_are_many_rules_and_each_has_one_row() -> None:
    assert len(RULES) >= 30
    assert len({rule.en for rule in RULES}) == len({rule.vi for rule in RULES}) == len(RULES)
    assert len(WITH_FAULT) >= 15


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.en[:60])
def test_the_symbol_of_a_rule_exists_and_contains_its_fault(repository: Path, rule: Rule) -> None:
    text = (repository / "src" / "quotakeeper" / rule.file).read_text(encoding="utf-8")
    spans = _spans(text, rule.symbol)
    assert spans, f"{rule.file} has no {rule.symbol}"
    if rule.test:
        assert text.count(rule.old) == 1
        first = text[: text.index(rule.old)].count("\n") + 1
        inside = [each for each in spans if each[0] <= first <= each[1]]
        assert inside, f"the fault lies outside of {rule.symbol}"


@pytest.mark.parametrize("lang", PAGES)
def test_the_page_shows_the_table(repository: Path, lang: str) -> None:
    page = (repository / PAGES[lang]).read_text(encoding="utf-8")
    shown = page.partition(BEGIN)[2].partition(END)[0].strip()
    assert shown == table(lang), "python -m tests.project.test_rules writes it"


@pytest.mark.slow
@pytest.mark.parametrize("rule", _chosen(), ids=lambda rule: rule.en[:60])
def test_a_fault_in_the_symbol_makes_its_test_fail(rule: Rule) -> None:
    assert mutants.survives(Mutant(rule.file, rule.old, rule.new, rule.test)) == ""


def test_the_picture_matches_the_contract(repository: Path) -> None:
    text = (repository / "pyproject.toml").read_text(encoding="utf-8")
    assert PICTURE.read_text(encoding="utf-8") == svg(layers(text))
    assert ["domain"] in layers(text)


def write() -> None:
    """Write the table into both pages."""
    for lang, name in PAGES.items():
        path = mutants.ROOT / name
        before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
        _, _, after = rest.partition(END)
        path.write_text(f"{before}{BEGIN}\n\n{table(lang)}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    write()
