"""Debian packages that tests need, listed in requirements/system.txt.

With CI=true and root, this module installs the missing packages. On a developer's machine it prints the
command to type.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools.checkout import CheckoutError, in_ci

_QUERY = ["dpkg-query", "--show", "--showformat", "${Status}"]
_APT = ["apt-get", "-q", "-y"]


def wanted(root: Path) -> list[str]:
    """The names in requirements/system.txt."""
    lines = (root / "requirements" / "system.txt").read_text(encoding="utf-8").splitlines()
    return [name for line in lines if (name := line.partition("#")[0].strip())]


def provide(root: Path) -> None:
    """Install the missing packages, or print the command to type.

    Raises CheckoutError if apt-get fails.
    """
    if sys.platform != "linux" or shutil.which("dpkg-query") is None:
        return
    absent = [name for name in wanted(root) if not _is_installed(name)]
    if not absent:
        return
    line = f"apt-get install {' '.join(absent)}"
    if not (in_ci() and os.geteuid() == 0):
        print(
            f"dev: some tests need more packages of the system: sudo {line}",
            file=sys.stderr,
            flush=True,
        )
        return
    print(f"dev: {line}", file=sys.stderr, flush=True)
    _run([*_APT, "update"])
    _run([*_APT, "install", "--no-install-recommends", *absent])


def _is_installed(name: str) -> bool:
    asked = subprocess.run(
        [*_QUERY, name], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, encoding="utf-8", check=False,
    )  # fmt: skip
    return asked.stdout == "install ok installed"


def _run(command: list[str]) -> None:
    ran = subprocess.run(
        command, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        encoding="utf-8", errors="replace", check=False,
    )  # fmt: skip
    if ran.returncode:
        raise CheckoutError(f"{' '.join(command)} failed:\n{ran.stdout.strip()[-2000:]}")
