"""Predicts whether a command starts a Python process that will load the hooks that `run` injects.

The hooks are injected by PYTHONPATH. The injection fails with Python's flags -I, -E and -S, with a
clean environment, and for a program that is not Python. The words of the command, and the first
bytes of its program file, show these cases before the start.
"""

from __future__ import annotations

import re
import shlex
import shutil
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath

from quotakeeper.value_classes import dataclass

FLAG, SHEBANG, STATIC, ENVIRONMENT = "flag", "shebang", "static", "environment"
_PYTHON = re.compile(r"(?:python|pypy)[0-9.]*[tdmw]*|py")
_BLOCKING = "ISE"
_WITH_VALUE = "WXQ"  # flags with a value: -W error, -X dev
_HEAD_BYTES = 4_096
_MOST_STEPS = 8  # a shebang may name a script whose shebang names a script
# Programs that start another program in the same environment.
_RUNNERS = frozenset((
    "conda", "coverage", "ddtrace-run", "doas", "elasticapm-run", "env", "exec", "hatch", "ionice",
    "mamba", "micromamba", "newrelic-admin", "nice", "nohup", "opentelemetry-instrument", "pdm",
    "pipenv", "pixi", "poetry", "rye", "setsid", "stdbuf", "strace", "sudo", "time", "timeout", "uv",
    "xargs",
))  # fmt: skip
_CLEANING = frozenset(("sudo", "doas"))
_KEEPING = ("-E", "--preserve-env")
_PT_INTERP = 3


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a program cannot be metered: the kind of reason, the program, and the flag or argument."""

    kind: str
    program: str
    detail: str = ""


def obstacle(command: Sequence[str], path: str | None = None) -> Obstacle | None:
    """Return the first known reason why a command cannot be metered; None if no reason was found.

    None does not prove that the program is Python. `path` is the PATH for finding programs.
    """
    words, script = list(command), ""
    for _ in range(_MOST_STEPS):
        if not words:
            return None
        name = _name(words[0])
        if _PYTHON.fullmatch(name):
            flag = blocking_flag(words[1:])
            if not flag:
                return None
            return Obstacle(SHEBANG if script else FLAG, script or words[0], flag)
        if name in _RUNNERS:
            found = _cleaned(name, words[1:])
            if found:
                return Obstacle(ENVIRONMENT, words[0], found)
            words = _inner(name, words[1:])
            continue
        file = shutil.which(words[0], path=path)
        head = _head(file) if file else b""
        if not head.startswith(b"#!"):
            return Obstacle(STATIC, words[0]) if is_static_binary(head) else None
        script = script or words[0]
        words = shebang(head)
    return None


def blocking_flag(arguments: Sequence[str]) -> str:
    """Return the first flag in Python's own arguments that disables sitecustomize; "" if there is
    none."""
    remaining = iter(arguments)
    for word in remaining:
        if not word.startswith("-") or word in ("-", "--"):
            return ""
        if word.startswith("--"):
            if word == "--check-hash-based-pycs":
                next(remaining, None)
            continue
        for index, letter in enumerate(word[1:], 2):
            if letter in _BLOCKING:
                return f"-{letter}"
            if letter in "cm":
                return ""
            if letter in _WITH_VALUE:
                if index == len(word):
                    next(remaining, None)
                break
    return ""


def shebang(head: bytes) -> list[str]:
    """Return the words of a script's shebang.

    Some installers write "#!/bin/sh" and name Python in the second line. In such a script, the
    second line is read.
    """
    lines = head[2:].decode("utf-8", "replace").splitlines()
    words = _split(lines[0]) if lines else []
    if words and _name(words[0]) == "sh" and len(lines) > 1 and lines[1].startswith("'''exec' "):
        return [word for word in _split(lines[1].removeprefix("'''exec' ")) if word != "$0"]
    return words


def is_static_binary(head: bytes) -> bool:
    """Return whether `head` begins an ELF program that loads no shared library."""
    if head[:4] != b"\x7fELF" or len(head) < 64:
        return False
    order = "<" if head[5] == 1 else ">"
    wide = head[4] == 2
    try:
        (table,) = struct.unpack_from(order + ("Q" if wide else "I"), head, 32 if wide else 28)
        size, count = struct.unpack_from(order + "HH", head, 54 if wide else 42)
        kinds = [
            struct.unpack_from(order + "I", head, table + index * size)[0] for index in range(count)
        ]
    except struct.error:
        return False
    return bool(kinds) and _PT_INTERP not in kinds


def _name(word: str) -> str:
    return PurePath(word.replace("\\", "/")).name.lower().removesuffix(".exe")


def _split(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()


def _cleaned(name: str, arguments: Sequence[str]) -> str:
    """Return the argument that makes the program `name` clear the environment; "" if there is none.

    `name` is a program that starts another program, such as `env` or `sudo`.
    """
    options = list(_leading_options(arguments))
    if name in _CLEANING:
        return "" if any(word.startswith(_KEEPING) for word in options) else name
    if name != "env":
        return ""
    cleaning = ("-", "-i", "--ignore-environment")
    return next((word for word in options if word in cleaning), "")


def _leading_options(arguments: Sequence[str]) -> Iterator[str]:
    for word in arguments:
        if not word.startswith("-"):
            return
        yield word


def _inner(name: str, arguments: Sequence[str]) -> list[str]:
    """Return the command that the program `name` starts, such as `python a.py` for `uv run python
    a.py`.

    The command begins at the first Python in `arguments`. If `arguments` names no Python, the
    result is empty, except for `env`. The command of `env` is all words that are neither variables
    nor options.
    """
    words = list(arguments)
    if name == "env" and words[:1] and words[0].startswith(("-S", "--split-string")):
        words = _split(" ".join(words).partition("-S")[2] or " ".join(words[1:]))
    for index, word in enumerate(words):
        if _PYTHON.fullmatch(_name(word)):
            return words[index:]
    if name == "env":
        return [word for word in words if "=" not in word and not word.startswith("-")]
    return []


def _head(file: str) -> bytes:
    try:
        with Path(file).open("rb") as stream:
            return stream.read(_HEAD_BYTES)
    except OSError:
        return b""
