"""npm's packages are installed once, without their scripts; without Node or npm, one line says why."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tools import javascript
from tools.environments import UnavailableError

_NPM = """\
import pathlib, sys
folder = pathlib.Path.cwd()
assert sys.argv[1:] == ["ci"], sys.argv
if not (folder / "package-lock.json").read_text().startswith("{"):
    print("npm warn a package is old\\nnpm error code EINTEGRITY")
    sys.exit(1)
(folder / "node_modules").mkdir()
"""


@pytest.fixture
def locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a lock. A small program stands in for npm."""
    folder = tmp_path / "requirements"
    folder.mkdir()
    for name in javascript.FILES:
        (folder / name).write_text("{}", encoding="utf-8")
    program = tmp_path / "npm.py"
    program.write_text(_NPM, encoding="utf-8")
    found = (Path(sys.executable), (sys.executable, str(program)))
    monkeypatch.setattr(javascript, "REQUIREMENTS", folder)
    monkeypatch.setattr(javascript, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(javascript, "_found", lambda: found)
    return folder


def test_the_packages_are_installed_once_for_each_lock(locked: Path) -> None:
    """A changed lock installs them again, and the old ones are removed."""
    first = javascript.prepare().modules
    (first / "kept").touch()
    assert javascript.prepare().modules == first and (first / "kept").exists()
    (locked / "package-lock.json").write_text("{ }", encoding="utf-8")
    second = javascript.prepare().modules
    assert second != first and second.is_dir() and not first.exists()


def test_npm_that_fails_leaves_nothing_and_says_why(locked: Path, tmp_path: Path) -> None:
    (locked / "package-lock.json").write_text("broken", encoding="utf-8")
    with pytest.raises(UnavailableError, match="npm error code EINTEGRITY") as caught:
        javascript.prepare()
    assert "warn" not in str(caught.value)
    assert [each.name for each in (tmp_path / "cache").iterdir()] == ["javascript.lock"]


@pytest.mark.skipif(os.name == "nt", reason="Windows runs no file for its first line")
@pytest.mark.parametrize("version", ["", "v20.20.2"])
def test_without_a_new_node_one_line_names_the_lock(
    version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no Node at all, or an old one."""
    monkeypatch.setattr(javascript.importlib.util, "find_spec", lambda _: None)
    node = tmp_path / "node"
    node.write_text(f"#!/bin/sh\necho {version}\n", encoding="utf-8")
    node.chmod(0o755)
    monkeypatch.setattr(javascript.shutil, "which", lambda _: str(node) if version else None)
    with pytest.raises(UnavailableError, match=r"Node 22 .* requirements/dev\.lock"):
        javascript.prepare()
