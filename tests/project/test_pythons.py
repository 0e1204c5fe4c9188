"""Which Pythons `./dev test` finds on a machine, which it chooses, and which it reports as missing."""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
from pathlib import Path

import pytest

from tools import interpreters
from tools.interpreters import Interpreter

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows: programs here are shell scripts")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout that supports three Pythons."""
    lines = [f'  "Programming Language :: Python :: 3.{minor}",' for minor in (11, 12, 14)]
    (tmp_path / "pyproject.toml").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path


@pytest.fixture
def machine(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with only the programs that a test adds: in `bin`, and pyenv's in `pyenv`."""
    (root / "bin").mkdir()
    monkeypatch.setenv("PATH", str(root / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(root / "pyenv"))
    monkeypatch.setattr(interpreters, "SYSTEM_PREFIX", str(root / "usr"))
    return root


def put(program: Path, version: str, prefix: Path | None = None, level: str = "final") -> Path:
    """Add a program that answers like a Python of this version."""
    home = prefix or program.parent.parent
    numbers = [int(part) for part in version.split(".")]
    told = json.dumps([str(home / "bin" / "python3"), str(home), numbers, level])
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(
        f"#!{shutil.which('sh', path=os.defpath)}\necho '{told}'\n", encoding="utf-8"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def versions(there: list[Interpreter]) -> list[str]:
    return [each.name for each in there]


def test_pythons_are_found_on_the_path_in_pyenv_and_of_the_system(machine: Path) -> None:
    put(machine / "bin" / "python3.12", "3.12.4", machine / "opt")
    put(machine / "pyenv/versions/3.12.9/bin/python3", "3.12.9")
    put(machine / "pyenv/versions/3.10.1/bin/python3", "3.10.1")
    put(machine / "pyenv/versions/3.13.1/bin/python3", "3.13.1")
    put(machine / "usr/bin/python3", "3.11.2")
    there = interpreters.found(machine)
    assert versions(there) == ["3.12.9", "3.12.4", "3.11.2-system"]
    assert interpreters.missing(machine, there) == ["Python 3.14"]


def test_one_installation_found_twice_counts_once(machine: Path) -> None:
    home = machine / "pyenv/versions/3.12.9"
    put(home / "bin" / "python3", "3.12.9")
    put(machine / "bin" / "python3.12", "3.12.9", home)
    assert versions(interpreters.found(machine)) == ["3.12.9"]


@pytest.mark.parametrize("body", ["exit 127", "echo nonsense", "echo []", "kill -9 $$"])
def test_a_program_that_is_no_python_is_skipped(machine: Path, body: str) -> None:
    shim = put(machine / "bin" / "python3.12", "3.12.0")
    shim.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    put(machine / "bin" / "python3.14", "3.14.0", level="candidate")
    there = interpreters.found(machine)
    assert there == []
    assert interpreters.missing(machine, there) == [
        "Python 3.11",
        "Python 3.12",
        "Python 3.14",
        f"a promised Python at {machine}/usr/bin/python3",
    ]


def test_the_newest_of_each_version_is_chosen_and_the_systems_comes_last(machine: Path) -> None:
    for version in ("3.11.7", "3.12.1", "3.12.9", "3.14.0"):
        put(machine / f"pyenv/versions/{version}/bin/python3", version)
    put(machine / "usr/bin/python3", "3.11.2")
    there = interpreters.found(machine)
    first = Interpreter("python3", str(machine / "pyenv/versions/3.11.7"), (3, 11, 7))
    chosen = interpreters.others(there, first, again=False)
    assert versions(chosen) == ["3.12.9", "3.14.0", "3.11.2-system"]
    system = chosen[-1]
    assert versions(interpreters.others(there, system, again=False)) == [
        "3.11.7",
        "3.12.9",
        "3.14.0",
    ]
    assert interpreters.others(there, system, again=True)[-1] == system


def test_a_python_can_be_named_by_version_or_path(machine: Path) -> None:
    for version in ("3.12.1", "3.12.9"):
        put(machine / f"pyenv/versions/{version}/bin/python3", version)
    for wanted, version in {
        "3.12": (3, 12, 9), "3.12.1": (3, 12, 1),
        str(machine / "pyenv/versions/3.12.1/bin/python3"): (3, 12, 1),
    }.items():  # fmt: skip
        chosen = interpreters.resolve(wanted, machine)
        assert chosen and chosen.version == version, wanted
    for wanted in ("3.1", "3.14", "3.12.2", str(machine / "absent")):
        assert interpreters.resolve(wanted, machine) is None, wanted


def test_the_current_python_is_described_correctly(repository: Path) -> None:
    own = interpreters.current()
    assert (own.prefix, own.version) == (sys.base_prefix, sys.version_info[:3])
    assert interpreters.probe(sys.executable) == own
    assert own.minor in interpreters.promised(repository)
