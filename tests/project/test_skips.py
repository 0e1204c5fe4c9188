"""In CI a skip is a failure: a pytest run fails for each way to skip, and passes otherwise."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools import pytest_rules
from tools.layout import COVERAGE_VARIABLE, MINUTES_VARIABLE

CONFTEST = """
from tools.pytest_rules import (
    pytest_configure, pytest_make_collect_report, pytest_runtest_makereport
)
"""
WAYS = {
    "in the test": "def test_it(): pytest.skip('no such program')",
    "by a mark": "@pytest.mark.skipif(True, reason='no such program')\ndef test_it(): ...",
    "in a fixture": (
        "@pytest.fixture\ndef tool(): pytest.skip('no such program')\ndef test_it(tool): ..."
    ),
    "by an import": "def test_it(): pytest.importorskip('no_such_module')",
    "the whole file": "pytest.skip('no such program', allow_module_level=True)",
}


def run_pytest(folder: Path, body: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run pytest with this project's rules over one file in a new folder."""
    (folder / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (folder / "parts").mkdir()
    (folder / "parts" / "test_it.py").write_text(f"import pytest\n{body}\n", encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(Path(pytest_rules.__file__).parents[1]), **more}
    environment.pop(COVERAGE_VARIABLE, None)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "parts"],
        cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="Windows, macOS: there every skip is allowed")
@pytest.mark.parametrize("body", WAYS.values(), ids=WAYS.keys())
def test_a_skip_fails_in_ci(tmp_path: Path, body: str) -> None:
    ran = run_pytest(tmp_path, body, CI="true")
    assert ran.returncode in {1, 2}, ran.stdout
    assert "CI does not allow this skip: " in ran.stdout
    assert "no such program" in ran.stdout or "no_such_module" in ran.stdout


def test_a_skip_passes_on_a_developers_machine(tmp_path: Path) -> None:
    ran = run_pytest(tmp_path, WAYS["by a mark"], CI="")
    assert ran.returncode == 0 and "1 skipped" in ran.stdout, ran.stdout


def test_allowed_reasons_and_expected_failures_pass_in_ci(tmp_path: Path) -> None:
    body = (
        "@pytest.mark.parametrize('reason', ['Windows: no modes', 'macOS', '../shared not present'])\n"
        "def test_allowed(reason): pytest.skip(reason)\n"
        "@pytest.mark.xfail(reason='known', strict=True)\n"
        "def test_known(): raise AssertionError\n"
    )
    ran = run_pytest(tmp_path, body, CI="true")
    assert ran.returncode == 0 and "3 skipped, 1 xfailed" in ran.stdout, ran.stdout


@pytest.mark.parametrize(
    ("reason", "platform", "allowed"),
    [
        ("no ffmpeg here", "linux", False),
        ("shared", "linux", False),
        ("../shared/recorded not present", "linux", True),
        ("no ffmpeg here", "win32", True),
        ("no ffmpeg here", "darwin", True),
    ],
)
def test_the_allowed_reasons_depend_on_the_system(
    reason: str, platform: str, allowed: bool
) -> None:
    assert pytest_rules.may_skip(reason, platform) is allowed


def test_the_minutes_of_each_folder_are_written(tmp_path: Path) -> None:
    notes = tmp_path / "minutes.json"
    body = "def test_one(): ...\ndef test_two(): ..."
    ran = run_pytest(tmp_path, body, **{MINUTES_VARIABLE: str(notes)})
    assert ran.returncode == 0, ran.stdout
    (told,) = json.loads(notes.read_text(encoding="utf-8")).items()
    assert told[0] == "parts" and 0 < told[1] < 60


def test_nothing_is_measured_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(COVERAGE_VARIABLE, raising=False)
    assert pytest_rules.measure() is None
