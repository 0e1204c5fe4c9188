"""Pytest hooks of this project: in CI a skip is a failure, and each folder's minutes are noted.

`tests/conftest.py` imports the hooks. On Linux only ALLOWED reasons may skip; Windows and macOS may
skip what is not theirs.
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
    "no second user without root",  # a user cannot become another one
    "3.12 begins to warn",  # there is nothing to see before that Python
    "this ledger lives in one object",  # a rule of the contract about two stores on one ledger
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
    """The same for a whole file."""
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
        report.longrepr = f"CI skips nothing that can run: {reason}"


class Minutes:
    """Adds up how long the tests of each folder took, and writes it when the session ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seconds: dict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        folders = report.nodeid.partition("::")[0].split("/")[:-1]
        self._seconds["/".join(folders[:2])] += report.duration

    def pytest_sessionfinish(self) -> None:
        self._path.write_text(json.dumps(self._seconds), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Note the minutes in the process that hears of every test."""
    path = os.environ.get(MINUTES_VARIABLE)
    if path and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Minutes(Path(path)), "checkout-minutes")


def measure() -> Coverage | None:
    """Start measuring coverage in a process that runs tests, before it imports the package."""
    data = os.environ.get(COVERAGE_VARIABLE)
    if not data:
        return None
    from coverage import Coverage

    measuring = Coverage(data_file=data, data_suffix=True, auto_data=True)
    measuring.start()
    return measuring
