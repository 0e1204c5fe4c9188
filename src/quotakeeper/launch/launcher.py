"""Starts a program with the hooks on its PYTHONPATH, forwards signals to it, and waits for its end.

The program uses this process's streams and process group. This process forwards only signals.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import quotakeeper
from quotakeeper.value_classes import dataclass, field

NOT_FOUND, NOT_RUNNABLE = 127, 126
INJECTED = Path(__file__).parent / "inject"
PACKAGE = Path(quotakeeper.__file__).parent
# Variables for the injected file. config/child_environment.py has the variables for the meter.
VARIABLE_PACKAGE = "QUOTAKEEPER_RUN_PACKAGE"
VARIABLE_HOOKS = "QUOTAKEEPER_RUN_HOOKS"
VARIABLE_NOTES = "QUOTAKEEPER_RUN_NOTES"
VARIABLE_HOSTS = "QUOTAKEEPER_RUN_HOSTS"
_FORWARDED = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")
_BY_KEYBOARD = ("SIGINT", "SIGQUIT")
_LOOK_AGAIN_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended: its exit code, or the signal that ended it. `error` says why it did not
    start."""

    code: int
    signal: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """A program to start, and the settings for its hooks.

    `variables` are added to `environ`. `hosts` are the hosts to watch: "host", "host:port", or the
    end of a name (".ending", "-ending"). `notes` is the file for the summary of the run.
    """

    command: Sequence[str]
    environ: Mapping[str, str]
    hooks: Sequence[str]
    notes: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    hosts: Sequence[str] = ()


def child_environment(run: Run) -> dict[str, str]:
    """Return the environment of the program: `environ` with the hooks' folder first on
    PYTHONPATH."""
    environ = {**run.environ, **run.variables}
    injected = str(INJECTED)
    paths = environ.get("PYTHONPATH", "").split(os.pathsep)
    others = [each for each in paths if each and each != injected]
    environ["PYTHONPATH"] = os.pathsep.join([injected, *others])
    environ[VARIABLE_PACKAGE] = str(PACKAGE)
    environ[VARIABLE_HOOKS] = ",".join(run.hooks)
    environ[VARIABLE_NOTES] = str(run.notes)
    environ[VARIABLE_HOSTS] = ",".join(run.hosts)
    environ["QUOTAKEEPER_RUN_TAGS"] = json.dumps(dict(run.tags))
    return environ


def _nothing() -> None:
    pass


def launch(run: Run, meanwhile: Callable[[], None] = _nothing) -> Ended:
    """Run the program until it ends, and forward the signals that this process receives.

    `meanwhile` runs in a thread of its own while the program runs.
    """
    environ = child_environment(run)
    name = run.command[0]
    file = shutil.which(name, path=environ.get("PATH"))
    if file is None:
        found = os.path.dirname(name) and os.path.exists(name)
        return Ended(NOT_RUNNABLE if found else NOT_FOUND, error="EACCES" if found else "ENOENT")
    try:
        if sys.platform == "win32":
            return _wait_on_windows([file, *run.command[1:]], environ)
        return _wait_on_posix(file, list(run.command), environ, meanwhile)
    except OSError as error:
        return Ended(NOT_RUNNABLE, error=error.strerror or str(error))


def die_like(ended: Ended) -> int:
    """End this process by the signal that ended the program, so that a shell gets the same status.

    Returns the exit code to use if there was no signal, or if the signal does not end this process.
    """
    if not ended.signal or sys.platform == "win32":
        return ended.code
    import resource  # noqa: PLC0415 - POSIX only

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the program has already dumped core
    if ended.signal not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(ended.signal, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {ended.signal})
    os.kill(os.getpid(), ended.signal)
    return ended.code


def _wait_on_windows(command: list[str], environ: dict[str, str]) -> Ended:
    # A console sends Ctrl-C to both processes; the program decides what to do.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return Ended(subprocess.call(command, env=environ))
    finally:
        signal.signal(signal.SIGINT, before)


def _wait_on_posix(
    file: str, command: list[str], environ: dict[str, str], meanwhile: Callable[[], None]
) -> Ended:
    with _held_back() as (numbers, before):
        try:
            child = _spawn(file, command, environ, before)
        except OSError as error:
            if error.errno != 8:  # ENOEXEC: a script without a shebang, which shells run
                raise
            child = _spawn("/bin/sh", ["sh", file, *command[1:]], environ, before)
        # Started here, so that no signal that this thread waits for can go to the new thread.
        with suppress(RuntimeError):
            threading.Thread(target=meanwhile, daemon=True).start()
        while True:
            number, by_keyboard = _next_signal(numbers)
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                code = os.waitstatus_to_exitcode(status)
                return Ended(code) if code >= 0 else Ended(128 - code, -code)
            # The program is in the same group, so the terminal has already sent the signal to it.
            if number not in (0, signal.SIGCHLD) and not by_keyboard:
                _send(child, number)


def _spawn(file: str, command: list[str], environ: dict[str, str], mask: set[Any]) -> int:
    # Python ignores these two signals; the program expects their default action.
    restored = [signal.SIGPIPE, signal.SIGXFSZ]
    return os.posix_spawn(file, command, environ, setsigmask=mask, setsigdef=restored)


@contextmanager
def _held_back() -> Iterator[tuple[set[int], set[Any]]]:
    """Block the signals to forward inside the `with` block, so that `_next_signal` can wait for
    them.

    Yields the signals, and the signals that were blocked before.
    """
    numbers = {getattr(signal, name) for name in (*_FORWARDED, "SIGCHLD")}
    child_handler = signal.signal(signal.SIGCHLD, lambda number, frame: None)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield numbers, before
    finally:
        signal.signal(signal.SIGCHLD, child_handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _next_signal(numbers: set[int]) -> tuple[int, bool]:
    """Wait for a signal. Returns its number, and whether the terminal sent it for a key such as
    Ctrl-C.

    The number is 0 if no signal came in time.
    """
    timed = getattr(signal, "sigtimedwait", None)
    if timed is not None:
        info = timed(numbers, _LOOK_AGAIN_SECONDS)
        return (0, False) if info is None else (info.si_signo, info.si_code > 0)
    number = int(signal.sigwait(numbers))
    keys = {getattr(signal, name) for name in _BY_KEYBOARD}
    return number, number in keys and _is_in_front()


def _is_in_front() -> bool:
    """Return whether this process is in the terminal's foreground group."""
    try:
        with open("/dev/tty", "rb") as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:
        return False


def _send(child: int, number: int) -> None:
    try:
        os.kill(child, number)
    except ProcessLookupError:  # the program has just ended
        return
    except PermissionError:  # the program runs as another user
        return
