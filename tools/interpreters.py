"""Finds the Pythons of this machine that pyproject.toml promises to support, and names the missing ones.

It looks on PATH, in pyenv's folder, and at /usr/bin/python3. That one is the distribution's Python,
which has a build and a `sitecustomize` of its own.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

SYSTEM_PREFIX = "/usr"
TELL = """
import json, sys
print(json.dumps([getattr(sys, "_base_executable", sys.executable), sys.base_prefix,
                  list(sys.version_info[:3]), sys.version_info.releaselevel]))
"""
_PROMISE = re.compile(r'"Programming Language :: Python :: (3)\.(\d+)"')


class Interpreter(NamedTuple):
    """One Python: the path of its program, where it is installed, and its version."""

    program: str
    prefix: str
    version: tuple[int, int, int]

    @property
    def minor(self) -> tuple[int, int]:
        return self.version[:2]

    @property
    def is_system(self) -> bool:
        """Whether this is the distribution's Python."""
        return self.prefix == SYSTEM_PREFIX

    @property
    def name(self) -> str:
        """The version, with the suffix `-system` for the distribution's Python."""
        return ".".join(map(str, self.version)) + ("-system" if self.is_system else "")


def promised(root: Path) -> list[tuple[int, int]]:
    """The versions that pyproject.toml names, oldest first."""
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    return sorted((int(major), int(minor)) for major, minor in _PROMISE.findall(text))


def probe(program: str) -> Interpreter | None:
    """Ask a program for its version. Returns None unless it is a released Python."""
    try:
        ran = subprocess.run(
            [program, "-I", "-c", TELL], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, encoding="utf-8", timeout=60, check=True,
        )  # fmt: skip
        base, prefix, (major, minor, patch), level = json.loads(ran.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return Interpreter(base, prefix, (major, minor, patch)) if level == "final" else None


def current() -> Interpreter:
    """The Python that runs this."""
    major, minor, patch = sys.version_info[:3]
    base = getattr(sys, "_base_executable", sys.executable)
    return Interpreter(base, sys.base_prefix, (major, minor, patch))


def resolve(wanted: str, root: Path) -> Interpreter | None:
    """Find the Python that `wanted` names: a path, a program on PATH, or a version such as `3.13` or
    `3.13.0`.
    """
    if not re.fullmatch(r"\d+(\.\d+){1,2}", wanted):
        return probe(wanted)
    fitting = [
        each for each in found(root) if f"{'.'.join(map(str, each.version))}.".startswith(f"{wanted}.")
    ]  # fmt: skip
    return fitting[0] if fitting else None


def found(root: Path) -> list[Interpreter]:
    """Every supported Python on this machine, newest first.

    The distribution's own comes last of its version.
    """
    told = [probe(program) for program in dict.fromkeys(_candidates(promised(root)))]
    unique = {each.prefix: each for each in told if each and each.minor in promised(root)}
    return sorted(
        unique.values(), key=lambda each: (each.minor, not each.is_system, each.version), reverse=True
    )  # fmt: skip


def others(there: list[Interpreter], first: Interpreter, *, again: bool) -> list[Interpreter]:
    """The Pythons to test besides `first`: the newest of each version, and the distribution's own.

    With `again`, the result has the distribution's Python even if it is `first`: a user without rights
    runs it.
    """
    chosen: dict[tuple[tuple[int, int], bool], Interpreter] = {}
    for each in there:
        chosen.setdefault((each.minor, each.is_system), each)
    if not (again and first.is_system):
        chosen.pop((first.minor, first.is_system), None)
    return sorted(chosen.values(), key=lambda each: (each.is_system, each.version))


def missing(root: Path, there: list[Interpreter]) -> list[str]:
    """The supported versions that are not on this machine, and the distribution's Python if it is
    missing.
    """
    minors = {each.minor for each in there}
    absent = [each for each in promised(root) if each not in minors]
    names = [f"Python {major}.{minor}" for major, minor in absent]
    if os.name == "posix" and not any(each.is_system for each in there):
        names.append(f"a promised Python at {SYSTEM_PREFIX}/bin/python3")
    return names


def _candidates(versions: list[tuple[int, int]]) -> Iterator[str]:
    for name in [*(f"python{major}.{minor}" for major, minor in versions), "python3", "python"]:
        program = shutil.which(name)
        if program:
            yield program
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from map(str, sorted((root / "versions").glob("*/bin/python3")))
    if os.name == "posix":
        yield f"{SYSTEM_PREFIX}/bin/python3"
