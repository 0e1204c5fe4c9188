"""Makes and caches environments of other libraries, apart from `.venv`.

Each environment contains only its pinned, hashed requirements. A change of the requirements or of the
interpreter makes it again. Tests run the real SDKs in such environments; benchmarks run other
libraries.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tools.checkout import NOT_INHERITED, OFFLINE_SIGNS


class UnavailableError(Exception):
    """The environment cannot be made on this machine. The message says why in one line."""


class Shelf(NamedTuple):
    """Environments of one kind: the folder of their requirements, and the folder that contains them."""

    requirements: Path
    cache: Path

    def pins(self, name: str) -> Path:
        """The pinned, hashed requirements of an environment."""
        return self.requirements / f"{name}.txt"

    def version(self, name: str, distribution: str) -> str:
        """The version of a distribution that an environment pins. Raises LookupError if it pins none."""
        for line in self.pins(name).read_text(encoding="utf-8").splitlines():
            if line.startswith(f"{distribution}=="):
                return line.split("==")[1].split()[0]
        raise LookupError(f"{name} does not pin {distribution}")

    def prepare(self, name: str) -> Path:
        """Return the path of an environment's Python; makes the environment if it is missing.

        Raises UnavailableError.
        """
        pinned = self.pins(name).read_bytes()
        key = hashlib.sha256(pinned + f"{sys.version}|{sys.base_prefix}".encode()).hexdigest()[:16]
        folder = self.cache / f"{name}-{key}"
        python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        made = folder / "made"
        if not made.exists():
            self.cache.mkdir(parents=True, exist_ok=True)
            with only_one(self.cache / f"{name}.lock"):
                if not made.exists():
                    for old in self.cache.glob(f"{name}-{'?' * 16}"):
                        shutil.rmtree(old)
                    _make(folder, python, self.pins(name))
                    made.touch()
        return python


def _make(folder: Path, python: Path, pins: Path) -> None:
    base = getattr(sys, "_base_executable", sys.executable)
    uv = shutil.which("uv")
    asked = ["--no-deps", "--require-hashes", "-r", str(pins)]
    if uv:
        _run([uv, "venv", "-q", "--python", base, str(folder)])
        _run([uv, "pip", "install", "-q", "--python", str(python), *asked])
    else:
        _run([base, "-m", "venv", str(folder)])
        _run([str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check",
              "--retries", "2", *asked])  # fmt: skip


def _run(command: list[str]) -> None:
    environment = {**os.environ, "PYTHONUTF8": "1"}
    for name in NOT_INHERITED:
        environment.pop(name, None)
    ran = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, encoding="utf-8", errors="replace", check=False,
    )  # fmt: skip
    if ran.returncode:
        if any(sign in ran.stdout for sign in OFFLINE_SIGNS):
            raise UnavailableError(
                "cannot reach the package index, and the environment was not made before"
            )
        raise RuntimeError(f"{' '.join(command[:4])} failed:\n{ran.stdout.strip()[-2000:]}")


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold a file lock while the block runs: a second process waits, then finds the work done."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
