"""Fixtures with file systems that only one test sees."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

_NEW_MOUNTS, _NEW_USER = 0x00020000, 0x10000000
_SKIPPED = 77


def _mount(*arguments: str | Path) -> None:
    command = ["mount", *map(str, arguments)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        os._exit(_SKIPPED)


def _enter_namespaces() -> None:
    """Enter a new mount namespace.

    An ordinary user first becomes root of a new user namespace, if allowed.
    """
    user, group = os.geteuid(), os.getegid()
    if ctypes.CDLL(None).unshare(_NEW_MOUNTS | (_NEW_USER if user else 0)) != 0:
        os._exit(_SKIPPED)
    if user:
        for name, text in (
            ("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1"),
        ):  # fmt: skip
            Path("/proc/self", name).write_text(text, encoding="ascii")


class Mounts:
    """Runs a test in a process with private mounts, which vanish when the process ends."""

    def small_disk(self, folder: Path, size: str, act: Callable[[], None]) -> None:
        """Run with a file system of this size mounted over a folder."""
        self._run(lambda: _mount("-t", "tmpfs", "-o", f"size={size}", "none", folder), act)

    def frozen(self, folder: Path, act: Callable[[], None]) -> None:
        """Run with a folder that is read-only for everybody, including root."""

        def mount() -> None:
            _mount("--bind", folder, folder)
            _mount("-o", "remount,bind,ro", folder)

        self._run(mount, act)

    def _run(self, mount: Callable[[], None], act: Callable[[], None]) -> None:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                _enter_namespaces()
                _mount("--make-rprivate", "/")
                mount()
                act()
                code = 0
            except BaseException:  # noqa: BLE001 - a forked child must not return into pytest
                traceback.print_exc()
                sys.stderr.flush()
            finally:
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code == _SKIPPED:
            pytest.skip("no file system can be mounted here")
        assert code == 0, "see the traceback of the child in the captured stderr"


@pytest.fixture
def mounts() -> Mounts:
    """Private file systems for this test. Needs Linux."""
    if not sys.platform.startswith("linux"):
        pytest.skip("Windows, macOS: mounts of a test's own are of Linux")
    return Mounts()
