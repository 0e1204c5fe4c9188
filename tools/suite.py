"""`./dev test`: runs every test with this Python and coverage, then the core tests with every other
Python.

At the end it prints a table of minutes: one row for each folder of tests, one column for each run.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tools import floors, interpreters, system
from tools.checkout import Checkout, CheckoutError, child_environment, in_ci, prepare
from tools.interpreters import Interpreter
from tools.layout import (
    CORE_TESTS,
    COVERAGE_VARIABLE,
    DIVIDED_TESTS,
    MINUTES_VARIABLE,
    SKIPPED_FOLDERS,
    TOKENIZER,
    UNMEASURED_TESTS,
)

MAKE_TOKENIZER = """
import sys
from pathlib import Path
from quotakeeper.tokens import exact
exact.install("npm", Path(sys.argv[1]))
"""
OUTSIDER = "nobody"
# These variables name folders of root, so the user without rights must not inherit them.
_NOT_FOR_OUTSIDERS = ("PYENV_", "XDG_", "VIRTUAL_ENV", "TMPDIR", "PYTHON", "PIP_CACHE", "UV_")


class Run(NamedTuple):
    """One run of pytest, or of another step: its exit code and how long it took."""

    name: str
    code: int
    seconds: float
    folders: dict[str, float]


def whole(
    checkout: Checkout,
    check: Callable[[], int],
    *,
    every_python: bool,
    divided: bool = False,
    coverage: bool = False,
) -> int:
    """Run everything.

    Returns 0 if all parts passed. With `every_python`, the other Pythons run the core tests. With
    `divided`, each file of DIVIDED_TESTS runs with one of them only. With `coverage`, also checks the
    coverage minimums.
    """
    system.provide(checkout.root)
    runs = [_timed("check", lambda _: check())]
    python = str(prepare(checkout))
    _provide_tokenizer(checkout, python)
    runs += _measured(checkout, python, coverage=coverage)
    if every_python:
        others = _announced(checkout.root)
        for number, each in enumerate(others):
            part = (number, len(others)) if divided else (0, 1)
            runs.append(_core(checkout, each, core_tests(checkout.root, *part)))
    print(table(runs), flush=True)
    failed = [run.name for run in runs if run.code]
    if failed:
        print(f"dev: failed: {', '.join(failed)}", file=sys.stderr)
    return next((run.code for run in runs if run.code), 0)


def with_interpreter(checkout: Checkout, each: Interpreter, arguments: list[str]) -> int:
    """Run `./dev test` with another Python, in an environment made for that Python."""
    command = [each.program, "dev.py", "--environment", f".cache/pythons/{each.name}"]
    return _code(subprocess.run([*command, "test", *arguments], cwd=checkout.root, check=False))


def core_tests(root: Path, part: int, parts: int) -> list[str]:
    """The folders of CORE_TESTS. Of those in DIVIDED_TESTS, every `parts`-th file from `part` on.

    Files are dealt out by size, so the parts take about the same time.
    """
    divided = _matching(root, DIVIDED_TESTS) if parts > 1 else []
    files = [file for folder in divided for file in sorted(folder.rglob("test_*.py"))]
    files.sort(key=lambda file: file.stat().st_size, reverse=True)
    chosen = [path for path in _matching(root, CORE_TESTS) if path not in divided]
    return sorted(path.relative_to(root).as_posix() for path in chosen + files[part::parts])


def _matching(root: Path, patterns: tuple[str, ...]) -> list[Path]:
    return [path for pattern in patterns for path in root.glob(pattern)]


def table(runs: list[Run]) -> str:
    """The table of minutes by folder and run.

    A folder's minutes are summed over the processes of pytest; a run's minutes are elapsed time.
    """
    folders = sorted({name for run in runs for name in run.folders})
    tested = [run for run in runs if run.folders]
    width = max((len(name) for name in folders), default=0) + 2
    lines = ["", "minutes".ljust(width) + "".join(f"{run.name:>18}" for run in tested)]
    for name in folders:
        cells = (f"{run.folders[name] / 60:.1f}" if name in run.folders else "" for run in tested)
        lines.append(name.ljust(width) + "".join(f"{cell:>18}" for cell in cells))
    lines.append("elapsed".ljust(width) + "".join(f"{run.seconds / 60:>18.1f}" for run in tested))
    others = ", ".join(f"{run.name} {run.seconds / 60:.1f}" for run in runs if not run.folders)
    total = sum(run.seconds for run in runs) / 60
    return "\n".join([*lines, f"besides: {others}; all together {total:.1f} minutes"])


def _timed(name: str, act: Callable[[Path], int]) -> Run:
    with tempfile.TemporaryDirectory(prefix="quotakeeper-minutes-") as folder:
        notes = Path(folder, "minutes.json")
        started = time.perf_counter()
        code = act(notes)
        seconds = time.perf_counter() - started
        told = json.loads(notes.read_text(encoding="utf-8")) if notes.exists() else {}
    return Run(name, code, seconds, told)


def _measured(checkout: Checkout, python: str, *, coverage: bool) -> list[Run]:
    """Run every test in two parts: those that coverage measures, then the rest."""
    data = checkout.root / ".cache" / "coverage" / "data"
    shutil.rmtree(data.parent, ignore_errors=True)
    data.parent.mkdir(parents=True)
    rest = [name for name in UNMEASURED_TESTS if (checkout.root / name).exists()]
    version = interpreters.current().name

    def pytest(arguments: list[str], **more: str) -> int:
        command = [python, "-m", "pytest", "-n", "auto", *arguments]
        environment = {**child_environment(checkout), **more}
        return _code(subprocess.run(command, cwd=checkout.root, env=environment, check=False))

    def first(notes: Path) -> int:
        left_out = [f"--ignore={name}" for name in rest]
        measured = {COVERAGE_VARIABLE: str(data)} if coverage else {}
        return pytest(["tests", *left_out], **{MINUTES_VARIABLE: str(notes)}, **measured)

    runs = [_timed(version, first)]
    if coverage:
        runs.append(_timed("coverage", lambda _: floors.report(checkout.root, python, data)))
    if rest:
        runs.append(
            _timed(f"{version} rest", lambda notes: pytest(rest, **{MINUTES_VARIABLE: str(notes)}))
        )
    return runs


def _provide_tokenizer(checkout: Checkout, python: str) -> None:
    """In CI, write the pinned tokenizer: tests compare exact counts with it."""
    target = checkout.root / TOKENIZER
    if not in_ci() or target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    command = [python, "-c", MAKE_TOKENIZER, str(target)]
    told = ""
    for _ in range(2):  # the download is 41 MB, so it gets a second try
        ran = subprocess.run(
            command, cwd=checkout.root, env=child_environment(checkout), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", check=False,
        )  # fmt: skip
        if ran.returncode == 0:
            return
        told = ran.stdout.strip()[-500:]
    raise CheckoutError(f"the pinned tokenizer can't be made:\n{told}")


# -- the other Pythons


def _announced(root: Path) -> list[Interpreter]:
    """The Pythons to test besides this one. Prints the names of those that this machine lacks."""
    first = interpreters.current()
    there = interpreters.found(root)
    for name in interpreters.missing(root, there):
        print(f"dev: not tested: {name} is not on this machine", flush=True)
    return interpreters.others(there, first, again=_is_root())


def _core(checkout: Checkout, each: Interpreter, asked: list[str]) -> Run:
    if not (each.is_system and _is_root()):
        print(f"\ndev: the core with Python {each.name}", flush=True)
        return _timed(each.name, lambda notes: _elsewhere(checkout, each, asked, notes))
    print(f"\ndev: the core with Python {each.name}, as a user without rights", flush=True)
    return _timed(each.name, lambda notes: _as_outsider(checkout, each, asked, notes))


def _elsewhere(checkout: Checkout, each: Interpreter, asked: list[str], notes: Path) -> int:
    os.environ[MINUTES_VARIABLE] = str(notes)
    try:
        return with_interpreter(checkout, each, asked)
    finally:
        del os.environ[MINUTES_VARIABLE]


def _as_outsider(checkout: Checkout, each: Interpreter, asked: list[str], notes: Path) -> int:
    """Run the tests as a user without rights: root's rights hide permission errors.

    The user gets a copy of the checkout, a home folder and a PATH of its own.
    """
    import pwd

    user = pwd.getpwnam(OUTSIDER)
    with _copied(checkout.root, user.pw_uid, user.pw_gid) as copy:
        told = copy.parent / "minutes.json"
        environment = {
            name: value for name, value in os.environ.items()
            if not name.startswith(_NOT_FOR_OUTSIDERS)
        } | {
            "HOME": str(copy.parent / "home"), "USER": OUTSIDER, "LOGNAME": OUTSIDER,
            "PATH": "/usr/bin:/bin", "PYTHON": each.program, MINUTES_VARIABLE: str(told),
        }  # fmt: skip
        ran = subprocess.run(
            ["./dev", "test", *asked], cwd=copy, env=environment, check=False,
            user=user.pw_uid, group=user.pw_gid, extra_groups=[],
        )  # fmt: skip
        if told.exists():
            shutil.copy(told, notes)
    return _code(ran)


@contextmanager
def _copied(root: Path, user: int, group: int) -> Iterator[Path]:
    """Copy the checkout, and the files that tests need beside it, into a folder that the user owns."""
    with tempfile.TemporaryDirectory(prefix="quotakeeper-outsider-") as folder:
        base = Path(folder)
        copy = base / "checkout"
        shutil.copytree(root, copy, symlinks=True, ignore=lambda where, names: {
            name for name in names
            if name == "__pycache__" or (name in SKIPPED_FOLDERS and Path(where) == root)
        })  # fmt: skip
        (base / "home").mkdir()
        if (root / TOKENIZER).exists():
            (copy / TOKENIZER).parent.mkdir(parents=True)
            shutil.copy(root / TOKENIZER, copy / TOKENIZER)
        if (root.parent / "shared").is_dir():
            shutil.copytree(root.parent / "shared", base / "shared", symlinks=True)
        for path in [base, *base.rglob("*")]:
            os.chown(path, user, group, follow_symlinks=False)
        yield copy


def _code(ran: subprocess.CompletedProcess[bytes]) -> int:
    """The exit code. For a process that a signal ended, 128 plus the signal's number, as in a shell."""
    return ran.returncode if ran.returncode >= 0 else 128 - ran.returncode


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0
