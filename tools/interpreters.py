"""The Pythons of this machine: every promised one that is found, and the promised ones that are not.

Promised are the versions that pyproject.toml names. They are looked for on PATH, among pyenv's, and
at /usr/bin/python3, which is the distribution's: it has a build and a `sitecustomize` of its own.
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
    """One Python: its program, where it is installed, and its version."""

    program: str
    prefix: str
    version: tuple[int, int, int]

    @property
    def minor(self) -> tuple[int, int]:
        return self.version[:2]

    @property
    def is_system(self) -> bool:
        """Whether the distribution installed it."""
        return self.prefix == SYSTEM_PREFIX

    @property
    def name(self) -> str:
        """The version, with a mark of the distribution's."""
        return ".".join(map(str, self.version)) + ("-system" if self.is_system else "")


def promised(root: Path) -> list[tuple[int, int]]:
    """The versions that pyproject.toml names, the oldest first."""
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    return sorted((int(major), int(minor)) for major, minor in _PROMISE.findall(text))


def probe(program: str) -> Interpreter | None:
    """What a program says of itself; None unless it is a finished Python."""
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
    """The Python that a person named: a path, a program on PATH, `3.13` or `3.13.0`."""
    if not re.fullmatch(r"\d+(\.\d+){1,2}", wanted):
        return probe(wanted)
    fitting = [
        each for each in found(root) if f"{'.'.join(map(str, each.version))}.".startswith(f"{wanted}.")
    ]  # fmt: skip
    return fitting[0] if fitting else None


def found(root: Path) -> list[Interpreter]:
    """Every promised Python of this machine; of each version the distribution's own comes last."""
    told = [probe(program) for program in dict.fromkeys(_candidates(promised(root)))]
    unique = {each.prefix: each for each in told if each and each.minor in promised(root)}
    return sorted(
        unique.values(), key=lambda each: (each.minor, not each.is_system, each.version), reverse=True
    )  # fmt: skip


def others(there: list[Interpreter], first: Interpreter, *, again: bool) -> list[Interpreter]:
    """The Pythons to try beside the first: the newest of each version, and the distribution's own.

    `again` tries the distribution's too where it is the first: another user's rights are less.
    """
    chosen: dict[tuple[tuple[int, int], bool], Interpreter] = {}
    for each in there:
        chosen.setdefault((each.minor, each.is_system), each)
    if not (again and first.is_system):
        chosen.pop((first.minor, first.is_system), None)
    return sorted(chosen.values(), key=lambda each: (each.is_system, each.version))


def missing(root: Path, there: list[Interpreter]) -> list[str]:
    """The promised versions that none of these has, and the distribution's Python if it is absent."""
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
