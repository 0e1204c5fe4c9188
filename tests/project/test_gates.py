"""Each gate fails on a seeded fault, and the checkout passes all gates."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import gates, layout

DOMAIN = "src/quotakeeper/domain/"
MONEY = DOMAIN + "money.py"
STORE = "src/quotakeeper/stores/sqlite/ledger.py"
ENGINE = "src/quotakeeper/engine/keeper.py"
REGISTRY = "registry: pypi" + ".org"

FAULTS = {
    "file too long": ("size", ENGINE, "x = 1\n" * 301),
    "function too long": ("size", ENGINE, "def f():\n" + "    x = 1\n" * 70),
    "method too long": (
        "size",
        ENGINE,
        "class A:\n    async def f(self):\n" + "        x = 1\n" * 70,
    ),
    "utils": ("vague-name", "src/quotakeeper/utils.py", ""),
    "folder of helpers": ("vague-name", "src/quotakeeper/helpers/text.py", ""),
    "store_manager": ("vague-name", "src/quotakeeper/stores/store_manager.py", ""),
    "float literal": ("float", MONEY, "RATE = 0.1\n"),
    "no waits in the domain": ("float", MONEY, "SECONDS = 0.1\n"),
    "float call": (
        "float",
        DOMAIN + "pricing.py",
        "def f(x: int) -> int:\n    float(x)\n    return x\n",
    ),
    "float argument": ("float", DOMAIN + "ledger.py", "def f(x: float | None) -> None: ...\n"),
    "float field": ("float", DOMAIN + "limits.py", "class A:\n    at: float\n"),
    "float result": (
        "float",
        DOMAIN + "usage.py",
        "def f() -> 'int | None': ...\ndef g() -> float: ...\n",
    ),
    "float in a store": ("float", STORE, "SHARE = 1e-3\n"),
    "sql f-string": ("sql", STORE, "def f(c, t): c.execute(f'select * from {t}')\n"),
    "sql percent": ("sql", STORE, "def f(c, t): c.execute('select %s' % t)\n"),
    "sql plus": ("sql", STORE, "def f(c, t): c.executescript('select ' + t)\n"),
    "sql format": ("sql", STORE, "def f(c, t): c.executemany('select {}'.format(t), [])\n"),
    "sql by way of a name": (
        "sql",
        STORE,
        "def f(c, t):\n    q = f'select {t}'\n    c.execute(q)\n",
    ),
    "to do": ("unfinished", ENGINE, "x = 1  # TODO later\n"),
    "fix me": ("unfinished", "run/demo.py", '"""FIXME."""\n'),
    "not implemented": ("unfinished", ENGINE, "def f():\n    raise NotImplementedError\n"),
    "registry in code": ("host", ENGINE, f'URL = "{REGISTRY}"\n'),
    "registry in a lock": ("host", "requirements/dev.lock", f"--index-url {REGISTRY}\n"),
    "machine path": ("host", "docs/en/start.md", "see " + "/root" + "/project\n"),
    "third party": ("ring-zero", ENGINE, "import rich.table\n"),
    "third party, hidden": ("ring-zero", ENGINE, "def f():\n    from click import echo\n"),
    "eager tokenizer": ("ring-zero", "src/quotakeeper/tokens/exact.py", "import numpy\n"),
}

FINE = {
    "300 lines": (ENGINE, "x = 1\n" * 300),
    "70 lines": (ENGINE, "def f():\n" + "    x = 1\n" * 69),
    "float refused": (MONEY, "def f(x: object) -> bool:\n    return isinstance(x, float)\n"),
    "float elsewhere": (ENGINE, "TIMEOUT_SECONDS = 0.5\n"),
    "a duration": (STORE, "BUSY_SECONDS = 0.5\nclock.sleep(0.002)\nwait(timeout_seconds=1.5)\n"),
    "bound sql": (STORE, "def f(c, t): c.execute('select ?' ' limit 1', (t,))\n"),
    "sql with nothing in it": (STORE, "def f(c): c.execute(f'select 1')\n"),
    "click in the cli": ("src/quotakeeper/cli/app.py", "import click\n"),
    "lazy tokenizer": ("src/quotakeeper/tokens/exact.py", "def f():\n    import sentencepiece\n"),
    "let off with a reason": (STORE, "PAUSE = 0.05  # gate-ok(float): seconds to sleep\n"),
    "a commonplace word": ("src/quotakeeper/domain/commons.py", ""),
}


@pytest.mark.parametrize(("gate", "path", "text"), FAULTS.values(), ids=FAULTS.keys())
def test_a_seeded_fault_is_found(gate: str, path: str, text: str) -> None:
    found = [finding.gate for finding in gates.inspect(path, text)]
    assert found == [gate]


@pytest.mark.parametrize(("path", "text"), FINE.values(), ids=FINE.keys())
def test_correct_code_passes(path: str, text: str) -> None:
    assert gates.inspect(path, text) == []


def test_every_gate_has_a_seeded_fault() -> None:
    seeded = {gates.inspect(path, text)[0].gate for _, path, text in FAULTS.values()}
    assert seeded == {"size", "vague-name", "float", "sql", "unfinished", "host", "ring-zero"}
    assert len(seeded) == len(gates.GATES)


def _exact_files(root: Path) -> Iterator[str]:
    for folder in (layout.DOMAIN, layout.CATALOGUE):
        for path in sorted((root / folder).rglob("*.py")):
            yield path.relative_to(root).as_posix()


@pytest.mark.parametrize(
    "seed", ["SEEDED = 0.1", "SEEDED = float(1)", "SEEDED: float", "def seeded(x: float): ..."]
)
def test_a_float_in_any_file_of_domain_and_catalogue_is_found(repository: Path, seed: str) -> None:
    missed = []
    for path in _exact_files(repository):
        text = (repository / path).read_text(encoding="utf-8")
        line = len(text.splitlines()) + 1
        found = gates.inspect(path, f"{text}{seed}\n")
        if not any((each.gate, each.line) == ("float", line) for each in found):
            missed.append(path)
    assert missed == sorted(layout.INEXACT_FILES)


def test_every_exception_is_an_existing_file_with_a_reason(repository: Path) -> None:
    for path, reason in layout.INEXACT_FILES.items():
        assert (repository / path).is_file() and len(reason.split()) > 3, path


def test_a_named_exception_may_compute_with_floats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(gates.INEXACT_FILES, DOMAIN + "trend.py", "slopes are estimates, not money")
    assert gates.inspect(DOMAIN + "trend.py", "SLOPE = 0.1\n") == []
    assert gates.inspect(DOMAIN + "trends.py", "SLOPE = 0.1\n") != []


def test_an_exemption_needs_a_reason_and_the_right_gate() -> None:
    for comment in ("# gate-ok(float)", "# gate-ok(float): ", "# gate-ok(sql): a reason"):
        assert gates.inspect(MONEY, f"X = 0.1  {comment}\n"), comment


def test_the_command_fails_on_a_fault_and_passes_without(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    module = tmp_path / MONEY
    module.parent.mkdir(parents=True)
    module.write_text("RATE = 1\n", encoding="utf-8")
    assert gates.main([str(tmp_path)]) == 0
    module.write_text("RATE = 0.5\n", encoding="utf-8")
    assert gates.main([str(tmp_path)]) == 1
    assert f"{MONEY}:1: error: float" in capsys.readouterr().out
    module.write_text("RATE = \n", encoding="utf-8")
    assert gates.main([str(tmp_path)]) == 1
    assert "readable" in capsys.readouterr().out


def test_environments_and_caches_are_not_read(tmp_path: Path) -> None:
    for folder in (".venv/lib", ".git", "src/.mypy_cache"):
        place = tmp_path / folder
        place.mkdir(parents=True)
        (place / "utils.py").write_text(f"# {REGISTRY}\n", encoding="utf-8")
    assert gates.inspect_tree(tmp_path) == []
