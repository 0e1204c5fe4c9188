"""`python -m quotakeeper run` as a process of its own, in an empty home, on a ledger of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from quotakeeper import Keeper, UsageEvent

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and shebangs are POSIX")


@dataclass(frozen=True)
class Runner:
    """Runs commands; `events()` is what they left in the ledger."""

    repository: Path
    folder: Path
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger.db"

    def line(self, *arguments: object) -> list[str]:
        return [sys.executable, "-m", "quotakeeper", "run", *map(str, arguments)]

    def environment(self, **more: str) -> dict[str, str]:
        return {**self.environ, "QUOTAKEEPER_LEDGER": str(self.ledger), **more}

    def __call__(self, *arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
        more, seconds = options.pop("environ", {}), options.pop("timeout", 120)
        return subprocess.run(
            self.line(*arguments), capture_output=True, check=False, text=True, timeout=seconds,
            cwd=self.folder, env=self.environment(**more), encoding="utf-8", **options,
        )  # fmt: skip

    def start(self, *arguments: object, **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.line(*arguments), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, cwd=self.folder, env=self.environment(), **options,
        )  # fmt: skip

    def write(self, name: str, text: str, *, mode: int = 0o644) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return path

    def limit(self, **limit: object) -> None:
        entries = "".join(f"{name} = {value!r}\n" for name, value in limit.items())
        self.write("quotakeeper.toml", f"[[limit]]\n{entries}".replace("'", '"'))

    def events(self) -> list[UsageEvent]:
        with Keeper(self.ledger, {"default_limits": False}) as keeper:
            return list(keeper.events())


@pytest.fixture
def runner(tmp_path: Path, repository: Path) -> Runner:
    folder = tmp_path / "project"
    folder.mkdir()
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("QUOTAKEEPER_", "PYTHON", "COVERAGE", "LC_"))
    }
    environ = {
        **kept, "HOME": str(tmp_path), "LANG": "C.UTF-8", "PYTHONPATH": str(repository / "src"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"), "XDG_DATA_HOME": str(tmp_path / "data"),
        "QUOTAKEEPER_TIMEZONE": "UTC", "QUOTAKEEPER_DURABILITY": "process",
    }  # fmt: skip
    return Runner(repository, folder, environ)
