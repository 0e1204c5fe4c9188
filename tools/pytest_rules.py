"""Pytest hooks of this project: in CI a skipped test fails, and each folder's run time is written to a
file.

`tests/conftest.py` imports the hooks. On Linux only the reasons in ALLOWED may skip a test. On Windows
and macOS, tests of another system may skip too.
"""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tools.checkout import in_ci
from tools.layout import COVERAGE_VARIABLE, MINUTES_VARIABLE

if TYPE_CHECKING:
    from coverage import Coverage

ALLOWED = (
    "Windows",
    "macOS",
    "../shared",
    "no second user without root",  # root is needed to become another user
    "3.12 begins to warn",  # older Pythons do not warn
    "this ledger exists only in one object",  # the rule needs two stores on one ledger
)


def may_skip(reason: str, platform: str) -> bool:
    """Whether CI accepts this reason to skip."""
    return platform != "linux" or any(each in reason for each in ALLOWED)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skipped test into a failed one where the reason is not allowed."""
    report = yield
    if not hasattr(report, "wasxfail"):
        _refuse(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Turn a skipped file into a failed one where the reason is not allowed."""
    report = yield
    _refuse(report)
    return report


def _refuse(report: pytest.TestReport | pytest.CollectReport) -> None:
    if not (report.skipped and in_ci()):
        return
    told = report.longrepr
    reason = str(told[2] if isinstance(told, tuple) else told)
    if not may_skip(reason, sys.platform):
        report.outcome = "failed"
        report.longrepr = f"CI does not allow this skip: {reason}"


class Minutes:
    """Adds up the seconds of each folder's tests. Writes them to a file when the session ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seconds: dict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        folders = report.nodeid.partition("::")[0].split("/")[:-1]
        self._seconds["/".join(folders[:2])] += report.duration

    def pytest_sessionfinish(self) -> None:
        self._path.write_text(json.dumps(self._seconds), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Register `Minutes` in the main process of pytest, which gets the reports of all workers."""
    path = os.environ.get(MINUTES_VARIABLE)
    if path and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Minutes(Path(path)), "checkout-minutes")


def measure() -> Coverage | None:
    """Start coverage in a process that runs tests. Call it before the process imports the package."""
    data = os.environ.get(COVERAGE_VARIABLE)
    if not data:
        return None
    from coverage import Coverage

    measuring = Coverage(data_file=data, data_suffix=True, auto_data=True)
    measuring.start()
    return measuring
