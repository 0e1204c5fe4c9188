"""Makes the development environment `.venv` from the hashed lock, and notes in a stamp what it was made
from.

The stamp has three keys, so that a change repeats only the work it needs:
- A new `interpreter` (its version, its folder, the checkout's folder) makes the whole environment
  again.
- A new `lock` installs the libraries again.
- A new `project` installs the checkout again, as editable and without network.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

EXIT_UNAVAILABLE = 69
STAMP_NAME = ".checkout-stamp.json"
# Variables that a user may set for other installations. Here they would change what is installed,
# or where.
NOT_INHERITED = (
    "PYTHONPATH",
    "PYTHONHOME",
    "VIRTUAL_ENV",
    "PIP_CONSTRAINT",
    "PIP_PREFIX",
    "PIP_REQUIRE_HASHES",
    "PIP_REQUIRE_VIRTUALENV",
    "PIP_TARGET",
    "PIP_USER",
)
OFFLINE_SIGNS = (
    "name resolution",
    "getaddrinfo",
    "dns error",
    "Connection",
    "connect error",
    "Network is unreachable",
    "Max retries exceeded",
    "(from versions: none)",
    "Offline",
    "offline",
)


class CheckoutError(Exception):
    """The environment cannot be made. The message is one line for the screen."""


class Checkout(NamedTuple):
    """The paths of a checkout. `folder` is the name of its environment's folder."""

    root: Path
    folder: str = ".venv"

    @property
    def venv(self) -> Path:
        return self.root / self.folder

    @property
    def python(self) -> Path:
        return self.scripts / ("python.exe" if os.name == "nt" else "python")

    @property
    def scripts(self) -> Path:
        return self.venv / ("Scripts" if os.name == "nt" else "bin")

    @property
    def lock(self) -> Path:
        return self.root / "requirements" / "dev.lock"

    @property
    def optional_locks(self) -> dict[Path, str]:
        """The locks that a machine can go without, and what each is for."""
        named = {
            "extras": "optional libraries (exact, language, apsw, postgres)",
            "servers": "the PostgreSQL server of tests",
            "browser": "the browser driver of tests",
            "sockets": "the conformance suite of WebSockets",
        }
        return {self.root / "requirements" / f"{name}.lock": why for name, why in named.items()}

    @property
    def stamp(self) -> Path:
        return self.venv / STAMP_NAME


def in_ci() -> bool:
    """Whether CI runs this.

    In CI a missing optional part is an error; on a developer's machine it is not.
    """
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def wanted_stamp(checkout: Checkout) -> dict[str, str]:
    """The stamp that an up-to-date environment has."""
    return {
        "interpreter": _digest(f"{sys.version}|{sys.base_prefix}|{checkout.root}".encode()),
        "lock": _digest(
            b"".join(lock.read_bytes() for lock in (checkout.lock, *checkout.optional_locks))
        ),
        "project": _digest((checkout.root / "pyproject.toml").read_bytes()),
    }


def read_stamp(checkout: Checkout) -> dict[str, str]:
    """The stamp of the environment; empty if the environment or a readable stamp is missing."""
    try:
        found = json.loads(checkout.stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    usable = isinstance(found, dict) and checkout.python.exists()
    return {str(key): str(value) for key, value in found.items()} if usable else {}


def prepare(checkout: Checkout) -> Path:
    """Return the path of the environment's Python. Makes or updates the environment first if needed."""
    wanted = wanted_stamp(checkout)
    if read_stamp(checkout) == wanted:
        return checkout.python
    with _only_one(checkout):
        done = read_stamp(checkout)
        if done != wanted:
            _refresh(checkout, done, wanted)
    return checkout.python


def child_environment(checkout: Checkout) -> dict[str, str]:
    """The environment variables for everything `./dev` starts."""
    path = os.pathsep.join([str(checkout.scripts), os.environ.get("PATH", os.defpath)])
    inherited = dict(os.environ)
    # Without bytecode files, every program that a test starts compiles all that it imports.
    inherited.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**inherited, "PYTHONUTF8": "1", "PATH": path}


def _refresh(checkout: Checkout, done: dict[str, str], wanted: dict[str, str]) -> None:
    uv = shutil.which("uv")
    if done.get("interpreter") != wanted["interpreter"]:
        _say(f"making {checkout.folder} with Python {sys.version.split()[0]}")
        done = {}
        _make_venv(checkout, uv)
    # The stamp is written after each step, so that an interrupted run repeats only the step that
    # failed.
    reached = {"interpreter": wanted["interpreter"]}
    if done.get("lock") != wanted["lock"]:
        _say("installing the locked libraries")
        locked = ["--no-deps", "--require-hashes", "-r"]
        if problem := _install(checkout, uv, [*locked, str(checkout.lock)]):
            raise CheckoutError(_why_not(problem))
        for lock, what in checkout.optional_locks.items():
            binary = ["--only-binary", ":all:", *locked, str(lock)]
            if problem := _install(checkout, uv, binary):
                _go_without(what, problem)
        done = {}
    reached["lock"] = wanted["lock"]
    _write_stamp(checkout, reached)
    if done.get("project") != wanted["project"]:
        itself = ["--no-deps", "--no-build-isolation", "-e", str(checkout.root)]
        if problem := _install(checkout, uv, itself):
            raise CheckoutError(_why_not(problem))
    _write_stamp(checkout, wanted)


def _make_venv(checkout: Checkout, uv: str | None) -> None:
    base = getattr(sys, "_base_executable", sys.executable)
    if checkout.venv.exists():
        shutil.rmtree(checkout.venv)
    made = _run([base, "-m", "venv", str(checkout.venv)])
    if made.returncode == 0:
        return
    # Debian without python3-venv has the module venv, but not the pip that venv installs.
    bare = _run([base, "-m", "venv", "--clear", "--without-pip", str(checkout.venv)])
    if bare.returncode == 0 and (uv or _outer_pip() is not None):
        return
    shutil.rmtree(checkout.venv, ignore_errors=True)
    raise CheckoutError(
        "this Python can't make an environment with pip in it (Debian, Ubuntu: apt install python3-venv); "
        "or put uv on PATH, or set PYTHON to another Python >= 3.11"
    )


def _install(checkout: Checkout, uv: str | None, arguments: list[str]) -> str:
    """Install with uv, or with pip without uv. Returns the last error output, or "" on success."""
    attempts = []
    if uv:
        attempts.append(
            [
                uv,
                "pip",
                "install",
                "-q",
                "--compile-bytecode",
                "--python",
                str(checkout.python),
                *arguments,
            ]
        )
    quiet = ["install", "-q", "--disable-pip-version-check", "--retries", "2", *arguments]
    if _run([str(checkout.python), "-m", "pip", "--version"]).returncode == 0:
        attempts.append([str(checkout.python), "-m", "pip", *quiet])
    elif (outer := _outer_pip()) is not None:
        attempts.append([*outer, "--python", str(checkout.python), *quiet])
    output = "there is no pip to install with"
    for command in attempts:
        ran = _run(command)
        if ran.returncode == 0:
            return ""
        output = ran.stdout or f"exit code {ran.returncode}"
    return output


def _go_without(what: str, problem: str) -> None:
    """Continue without something optional.

    On a developer's machine its tests skip; in CI this raises.
    """
    version = ".".join(map(str, sys.version_info[:2]))
    text = f"{what} cannot be installed ready-made for Python {version}"
    if in_ci():
        raise CheckoutError(f"{text}, and CI needs all of them:\n{problem.strip()[-2000:]}")
    _say(f"{text}; their tests skip")


def _why_not(output: str) -> str:
    if any(sign in output for sign in OFFLINE_SIGNS):
        return "can't reach the package index, which is needed once to fill .venv; go online and run it again"
    return "can't install the locked libraries:\n" + output.strip()[-2000:]


def _outer_pip() -> list[str] | None:
    """A pip from outside the new environment that can install into it (pip 22.3 or later); else None."""
    base = getattr(sys, "_base_executable", sys.executable)
    probe = _run([base, "-m", "pip", "--python", base, "--version"])
    return [base, "-m", "pip"] if probe.returncode == 0 else None


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, with both streams in `stdout`. pip does not see the user's pip settings."""
    environment = {**os.environ, "PYTHONUTF8": "1"}
    for name in NOT_INHERITED:
        environment.pop(name, None)
    return subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def _write_stamp(checkout: Checkout, stamp: dict[str, str]) -> None:
    unfinished = checkout.stamp.with_suffix(".part")
    unfinished.write_text(json.dumps(stamp), encoding="utf-8")
    unfinished.replace(checkout.stamp)


@contextmanager
def _only_one(checkout: Checkout) -> Iterator[None]:
    """Hold a file lock while the block runs: a second `./dev` waits, then finds the work done.

    No lock on Windows.
    """
    if sys.platform == "win32":
        yield
        return
    import fcntl

    checkout.venv.parent.mkdir(parents=True, exist_ok=True)
    with checkout.venv.with_name(f"{checkout.venv.name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]


def _say(line: str) -> None:
    print(f"dev: {line}", file=sys.stderr, flush=True)
