"""zsh and fish complete words with the scripts of `quotakeeper completion`, where users put them."""

from __future__ import annotations

import os
import re
import select
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import CommandLine
from tests.cli.test_completion import each_line

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="zsh and fish are POSIX")

_SECONDS = 60
# One key completes, another prints the line that is being edited; nothing is executed.
_ZSHRC = """
PS1='> '
zstyle ':completion:*' insert-tab false
fpath=("$ZDOTDIR" $fpath)
autoload -Uz compinit && compinit -u -D
shown() { zle -I; print -r -- "LINE<$BUFFER>END"; BUFFER='' }
zle -N shown
bindkey '^T' shown
begun() { print READY }
zle -N zle-line-init begun
"""


def program(name: str) -> str:
    """A shell's path. CI has both shells from requirements/system.txt and refuses the skip."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@pytest.fixture
def zsh(cli: CommandLine, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Types into an interactive zsh, presses Tab, and returns the line."""
    import pty

    shell = program("zsh")
    home = tmp_path / "zsh"
    home.mkdir()
    (home / "_quotakeeper").write_text(cli.run("completion", "zsh").out, encoding="utf-8")
    (home / ".zshrc").write_text(_ZSHRC, encoding="utf-8")
    cli.write_config("")
    master, slave = pty.openpty()
    running = subprocess.Popen(
        [shell, "-d", "-i"], stdin=slave, stdout=slave, stderr=slave, cwd=cli.folder,
        env={**os.environ, "ZDOTDIR": str(home), "TERM": "dumb"}, start_new_session=True,
    )  # fmt: skip
    os.close(slave)

    def until(pattern: bytes) -> str:
        told = b""
        while (found := re.search(pattern, told, re.DOTALL)) is None:
            ready, _, _ = select.select([master], [], [], _SECONDS)
            assert ready, told.decode("utf-8", "replace")
            told += os.read(master, 65_536)
        return found[1].decode()

    def completed(line: str) -> str:
        os.write(master, f"quotakeeper {line}\t\x14".encode())
        return until(rb"LINE<(.*?)>END").removeprefix("quotakeeper ")

    try:
        until(b"(READY)")
        yield completed
    finally:
        running.kill()
        running.wait()
        os.close(master)


def test_zsh_completes_a_word(zsh: Callable[[str], str]) -> None:
    typed = {
        "limits t": "limits topup ",  # the first word is completed too, when zsh loads the script
        "sta": "status",  # or statusline
        "--lang vi limits re": "--lang vi limits remove ",
        "status --js": "status --json ",
        "status --color al": "status --color always ",
        "export --format n": "export --format ndjson ",
        "export --out quotak": "export --out quotakeeper.toml ",
        "plan quotak": "plan quotakeeper.toml ",
        "verify --nonsense": "verify --nonsense",
    }
    assert {line: zsh(line) for line in typed} == typed


@each_line
def test_fish_completes_a_word(
    cli: CommandLine, tmp_path: Path, line: str, found: set[str]
) -> None:
    shell = program("fish")
    folder = tmp_path / "config" / "fish" / "completions"
    folder.mkdir(parents=True)
    (folder / "quotakeeper.fish").write_text(cli.run("completion", "fish").out, encoding="utf-8")
    cli.write_config("")
    ran = subprocess.run(
        [shell, "--command", f'complete --do-complete "quotakeeper {line}"'],
        env={**os.environ, "XDG_CONFIG_HOME": str(tmp_path / "config")},
        capture_output=True, text=True, check=False, cwd=cli.folder, timeout=_SECONDS,
    )  # fmt: skip
    assert ran.stderr == ""
    assert {each.split("\t")[0] for each in ran.stdout.splitlines()} == found
