"""What a command line will start, told from its words and first bytes."""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotakeeper.cli.arguments import asked_language, hoisted
from quotakeeper.launch.preflight import (
    ENVIRONMENT,
    FLAG,
    SHEBANG,
    STATIC,
    Obstacle,
    blocking_flag,
    is_static_binary,
    obstacle,
    shebang,
)
from tests.launch.conftest import Runner, posix


@pytest.mark.parametrize(
    ("command", "flag"),
    [
        ("python -I prog.py", "-I"),
        ("python3.12 -uE prog.py", "-E"),
        ("/usr/bin/python3 -W error -S prog.py", "-S"),
        ("python -Werror -X dev -IS prog.py", "-I"),
        ("python --check-hash-based-pycs never -E -m mod", "-E"),
        ("uv run --with x python -I prog.py", "-I"),
        ("nice -n 5 python3 -E prog.py", "-E"),
        ("env A=b python -S prog.py", "-S"),
        ("env -S python3 -I", "-I"),
        ("pypy3 -E x.py", "-E"),
        ("C:\\Python312\\python.exe -I x.py", "-I"),
        ("python prog.py -I", ""),
        ("python -m mod -I", ""),
        ("python -c pass -S", ""),
        ("python -cI", ""),
        ("python -X importtime -s -P prog.py -E", ""),
        ("python -- -I", ""),
        ("python - -E", ""),
        ("python -u", ""),
        ("env A=b true", ""),
        ("nothing-of-this-name -I", ""),
    ],
)
def test_flags_that_keep_it_out(command: str, flag: str) -> None:
    found = obstacle(command.split(" "))
    assert (found.detail if found else "") == flag
    assert found is None or found.kind == FLAG


@pytest.mark.parametrize(
    ("command", "detail"),
    [
        ("env -i python x.py", "-i"),
        ("env - python x.py", "-"),
        ("sudo python x.py", "sudo"),
        ("sudo -u me python x.py", "sudo"),
        ("sudo -E python x.py", None),
        ("sudo --preserve-env=PYTHONPATH python x.py", None),
        ("env -u HOME python x.py", None),
    ],
)
def test_environments_that_are_not_passed_on(command: str, detail: str | None) -> None:
    found = obstacle(command.split())
    assert (found.detail if found else None) == detail
    assert found is None or found.kind == ENVIRONMENT


@posix
@pytest.mark.parametrize(
    ("first", "flag"),
    [
        ("#!/usr/bin/env -S python3 -I\n", "-I"),
        ("#!/usr/bin/python3 -sE\n", "-E"),
        ("#!/bin/sh\n'''exec' \"/long path/bin/python\" -S \"$0\" \"$@\"\n' '''\n", "-S"),
        ("#!/usr/bin/env python3\n", ""),
        ("#!/usr/bin/python3\r\n", ""),
        ("#! /bin/sh\npython -I x\n", ""),
        ("#!\n", ""),
        ("#!'\n", ""),
        ("import this\n", ""),
    ],
)
def test_the_first_line_of_a_script(tmp_path: Path, first: str, flag: str) -> None:
    script = tmp_path / "tool"
    script.write_text(first)
    script.chmod(0o755)
    expected = Obstacle(SHEBANG, str(script), flag) if flag else None
    assert obstacle([str(script), "-E"]) == expected
    assert obstacle(["tool"], path=str(tmp_path)) == (
        Obstacle(SHEBANG, "tool", flag) if flag else None
    )


def elf(*kinds: int, wide: bool = True) -> bytes:
    """The head of an ELF program with these program headers."""
    head = bytearray(64 if wide else 52)
    head[:6] = b"\x7fELF" + bytes([2 if wide else 1, 1])
    size = 56 if wide else 32
    struct.pack_into("<Q" if wide else "<I", head, 32 if wide else 28, len(head))
    struct.pack_into("<HH", head, 54 if wide else 42, size, len(kinds))
    return bytes(head) + b"".join(struct.pack("<I", kind).ljust(size, b"\0") for kind in kinds)


def test_static_binaries(tmp_path: Path) -> None:
    assert is_static_binary(elf(6, 1, 1, 2))
    assert is_static_binary(elf(1, 1, wide=False))
    assert not is_static_binary(elf(6, 3, 1))
    assert not is_static_binary(elf())
    assert not is_static_binary(elf(1)[:66])
    program = tmp_path / "server"
    program.write_bytes(elf(1, 2))
    program.chmod(0o755)
    if os.name == "posix":
        assert obstacle([str(program)]) == Obstacle(STATIC, str(program))
    assert obstacle([sys.executable, "x.py"]) is None
    assert obstacle([]) is None


@given(st.binary(max_size=300), st.lists(st.text(max_size=8), max_size=5))
def test_nothing_trips_it(head: bytes, words: list[str]) -> None:
    is_static_binary(b"\x7fELF" + head)
    shebang(b"#!" + head)
    blocking_flag(words)
    obstacle([word.replace("\0", "") for word in words], path="")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("run -- a --lang vi", "run -- a --lang vi"),
        ("run a --lang vi -- b", "run -- a --lang vi -- b"),
        ("run --lang vi -- a --lang en", "--lang vi run -- a --lang en"),
        ("run --tag run=x --json f a -x --config c", "run --tag run=x --json f -- a -x --config c"),
        ("--lang vi run --ledger=x a", "--lang vi --ledger=x run -- a"),
        ("run --on-limit warn", "run --on-limit warn"),
        ("run --", "run --"),
        ("run --help", "run --help"),
        ("status --lang vi run", "--lang vi status run"),
        ("--ledger run status", "--ledger run status"),
    ],
)
def test_the_options_of_the_program_stay_its_own(given: str, expected: str) -> None:
    assert hoisted(given.split()) == expected.split()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("run -- a --lang vi", None),
        ("run a --lang vi", None),
        ("run a --lang=vi", None),
        ("run --lang vi -- a --lang en", "vi"),
        ("run --tag a=b a --lang vi", None),
        ("estimate text -- --lang vi", None),
        ("status --lang vi", "vi"),
        ("status --lang=vi", "vi"),
    ],
)
def test_the_language_of_the_program_is_not_ours(given: str, expected: str | None) -> None:
    assert asked_language(hoisted(given.split())) == expected


@pytest.mark.parametrize("separator", [[], ["--"]])
def test_a_program_gets_its_options_and_we_speak_as_before(
    runner: Runner, separator: list[str]
) -> None:
    runner.write("prog.py", "import sys; print(sys.argv[1:])")
    options = ["--lang", "vi", "--ledger", "x", "--help"]
    ran = runner(*separator, sys.executable, "prog.py", *options)
    assert (ran.returncode, ran.stdout) == (0, f"{options}\n")
    assert ran.stderr == "quotakeeper: no call to a known provider was seen\n"
