"""The architecture contracts of pyproject.toml go red on seeded faults, on a skeleton of the tree."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SKELETON = {
    "__init__": "",
    "__main__": "def main():\n    import quotakeeper.cli\n",
    "cli/app": "import click\nimport quotakeeper.wiring\n",
    "sandbox/server": "import socket\n",
    "app/csv": "import quotakeeper.wiring\n",
    "testing/contract": "import quotakeeper.stores.memory\n",
    "wiring": "import quotakeeper.stores.sqlite\nimport quotakeeper.engine\n",
    "engine/worker": "import quotakeeper.domain.ledger.apply\n",
    "stores/memory": "import quotakeeper.domain.ledger.apply\n",
    "stores/sqlite": "import sqlite3\nimport quotakeeper.clocks\n",
    "catalogue/loader": "import tomllib\n",
    "tokens/exact": "def load():\n    import sentencepiece\n",
    "config/loader": "import os\n",
    "clocks": "import time\n",
    "identifiers": "import secrets\n",
    "domain/ledger": "import quotakeeper.domain.money\n",
    "domain/money": "import quotakeeper.errors\n",
    "errors": "",
}

FAULTS = {
    "upwards": ("Layers point downwards", {"clocks": "import quotakeeper.engine\n"}),
    "siblings": ("Layers point downwards", {"tokens/exact": "import quotakeeper.catalogue\n"}),
    "use case to cli": ("Layers point downwards", {"app/csv": "import quotakeeper.cli\n"}),
    "undeclared folder": ("Layers point downwards", {"gateway/app": "import quotakeeper.wiring\n"}),
    "store to store": (
        "Stores never know each other",
        {"stores/memory": "import quotakeeper.stores.sqlite\n"},
    ),
    "domain reads the clock": (
        "Domain touches no outside world",
        {"domain/money": "import time\n"},
    ),
    "domain opens a file": (
        "Domain touches no outside world",
        {"domain/money": "from os import open\n"},
    ),
    "rich in the core": ("Ring 0 imports only", {"engine/worker": "import rich.table\n"}),
    "numpy in the engine": ("Ring 0 imports only", {"engine/worker": "import numpy\n"}),
    "engine picks a store": (
        "Only wiring picks a store",
        {"engine/worker": "import quotakeeper.stores.memory\n"},
    ),
    "worker to leases": (
        "Layers of the engine point downwards",
        {"engine/worker": "import quotakeeper.engine.leases\n", "engine/leases": ""},
    ),
    "undeclared part of the engine": (
        "Layers of the engine point downwards",
        {"engine/toy": ""},
    ),
    "cycle": (
        "No cycles among siblings",
        {"domain/money": "import quotakeeper.domain.ledger.apply\n"},
    ),
}


def _lint(
    root: Path, repository: Path, changes: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    package = root / "src" / "quotakeeper"
    for name, text in {**SKELETON, **changes}.items():
        module = package / f"{name}.py"
        module.parent.mkdir(parents=True, exist_ok=True)
        (module.parent / "__init__.py").touch()
        module.write_text(text, encoding="utf-8")
    shutil.copy(repository / "pyproject.toml", root)
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as run; run()",
            "--no-cache",
        ],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root / "src"), "PYTHONUTF8": "1", "NO_COLOR": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_the_intended_shape_is_green(tmp_path: Path, repository: Path) -> None:
    ran = _lint(tmp_path, repository, {})
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert " 0 broken" in ran.stdout


@pytest.mark.parametrize(("contract", "changes"), FAULTS.values(), ids=FAULTS.keys())
def test_a_seeded_fault_breaks_its_contract(
    tmp_path: Path, repository: Path, contract: str, changes: dict[str, str]
) -> None:
    ran = _lint(tmp_path, repository, changes)
    broken = [line for line in ran.stdout.splitlines() if "BROKEN" in line]
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert any(line.startswith(contract) for line in broken), broken
