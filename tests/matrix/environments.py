"""An environment for each SDK: made once from hashed requirements, kept by their hash."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.house import NOT_INHERITED, OFFLINE_SIGNS

ROOT = Path(__file__).resolve().parent.parent.parent
REQUIREMENTS = ROOT / "requirements" / "matrix"
CACHE = ROOT / ".cache" / "matrix"

# What each environment is asked to hold; `python tests/matrix/lock.py` pins it.
WANTED: dict[str, tuple[str, ...]] = {
    "genai3": ("google-genai>=3,<4", "aiohttp"),
    "genai2": ("google-genai>=2,<3",),
    "generativeai": ("google-generativeai",),
    "deepgram3": ("deepgram-sdk>=3,<4",),
    "deepgram4": ("deepgram-sdk>=4,<5",),
    "deepgram6": ("deepgram-sdk>=6,<7",),
    "deepgram7": ("deepgram-sdk>=7,<8",),
    "libraries": ("requests", "urllib3", "httpx", "httpx2", "aiohttp"),
    "openai": ("openai",),
    "anthropic": ("anthropic",),
}


class UnavailableError(Exception):
    """The environment cannot be made here; the message is one line that says why."""


def requirements(name: str) -> Path:
    """The pinned, hashed requirements of an environment."""
    return REQUIREMENTS / f"{name}.txt"


def version(name: str, distribution: str) -> str:
    """The version that an environment pins of a distribution."""
    for line in requirements(name).read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{distribution}=="):
            return line.split("==")[1].split()[0]
    raise LookupError(f"{name} does not pin {distribution}")


def prepare(name: str) -> Path:
    """The Python of an environment, made first where it is not there. Raises UnavailableError."""
    pinned = requirements(name).read_bytes()
    key = hashlib.sha256(pinned + f"{sys.version}|{sys.base_prefix}".encode()).hexdigest()[:16]
    folder = CACHE / f"{name}-{key}"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    made = folder / "made"
    if not made.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with _only_one(CACHE / f"{name}.lock"):
            if not made.exists():
                _make(name, folder, python)
                made.touch()
    return python


def _make(name: str, folder: Path, python: Path) -> None:
    for old in CACHE.glob(f"{name}-*"):
        shutil.rmtree(old)
    base = getattr(sys, "_base_executable", sys.executable)
    uv = shutil.which("uv")
    pins = ["--no-deps", "--require-hashes", "-r", str(requirements(name))]
    if uv:
        _run([uv, "venv", "-q", "--python", base, str(folder)])
        _run([uv, "pip", "install", "-q", "--python", str(python), *pins])
    else:
        _run([base, "-m", "venv", str(folder)])
        _run([str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check",
              "--retries", "2", *pins])  # fmt: skip


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
                "the package index can't be reached, and the environment is not kept"
            )
        raise RuntimeError(f"{' '.join(command[:4])} failed:\n{ran.stdout.strip()[-2000:]}")


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Two test processes at once: the second waits, then finds the work done."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
