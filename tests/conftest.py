"""Settings of every test: repeatable random examples, no network, and the folder of shared facts."""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tools.pytest_rules import (
    measure,
    pytest_configure,
    pytest_make_collect_report,
    pytest_runtest_makereport,
)

__all__ = ["pytest_configure", "pytest_make_collect_report", "pytest_runtest_makereport"]

MEASURING = measure()  # before any import of the package

# pytest explains the failed assertions of the store contract like those of a test.
pytest.register_assert_rewrite("quotakeeper.testing")

# A shell that starts a background job (`./dev test &`) makes it ignore SIGINT, but tests send
# SIGINT.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parent.parent

# Derandomized: each test always has the same examples, so a failed run fails again. Explore with
# `./dev test --hypothesis-profile explore tests/...`, which prints the seed.
settings.register_profile(
    "house", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("ci", settings.get_profile("house"), print_blob=True)
settings.register_profile("explore", derandomize=False, deadline=None, max_examples=1_000)
settings.load_profile("ci" if os.environ.get("CI") else "house")


def pytest_report_header() -> str:
    return "hypothesis seed: derived from each test (derandomized); explore with --hypothesis-profile explore"


class NetworkBlockedError(RuntimeError):
    """A test tried to connect to another machine."""


def _is_local(family: int, address: Any) -> bool:
    if family not in {socket.AF_INET, socket.AF_INET6}:
        return True
    host = str(address[0])
    if host in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(host.split("%")[0]).is_loopback
    except ValueError:
        return False


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Refuse every connection to another machine in every test, before a name is resolved."""
    with pytest.MonkeyPatch.context() as patch:
        for verb in ("connect", "connect_ex", "sendto"):
            patch.setattr(socket.socket, verb, _guarded(getattr(socket.socket, verb)))
        patch.setattr(socket, "getaddrinfo", _guarded_lookup(socket.getaddrinfo))
        yield


def _guarded(original: Any) -> Any:
    def guarded(self: socket.socket, *arguments: Any) -> Any:
        address = arguments[-1]
        if isinstance(address, tuple) and not _is_local(self.family, address):
            raise NetworkBlockedError(f"a test tried to reach {address!r}")
        return original(self, *arguments)

    return guarded


def _guarded_lookup(original: Any) -> Any:
    def guarded(host: Any, *arguments: Any, **options: Any) -> Any:
        if host is not None and not _is_local(socket.AF_INET, (host,)):
            raise NetworkBlockedError(f"a test tried to look up {host!r}")
        return original(host, *arguments, **options)

    return guarded


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of this checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared facts and recordings beside the checkout."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("../shared not present: recorded replies and measured facts can't be compared")
    return folder
