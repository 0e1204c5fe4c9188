"""`quotakeeper completion`: the scripts know every command and option, and bash uses its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from quotakeeper.cli.app import COMMANDS
from tests.cli.conftest import CommandLine

SHELLS = ("bash", "zsh", "fish")


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_has_every_command_and_says_where_it_goes(cli: CommandLine, shell: str) -> None:
    result = cli.run("completion", shell)
    assert (result.code, result.err) == (0, "")
    assert f"quotakeeper completion {shell} >" in result.out
    for name in (*COMMANDS, "topup", "accuracy"):
        assert name in result.out
    for flag in ("--ledger", "--repair-clock", "--on-limit"):
        assert flag.removeprefix("--") in result.out


def test_another_shell_is_a_usage_error(cli: CommandLine) -> None:
    assert cli.run("completion", "powershell").code == 2
    assert cli.run("completion").code == 2


# What is typed after `quotakeeper `, and what a shell offers for its last word.
each_line = pytest.mark.parametrize(
    ("line", "found"),
    [
        ("sta", {"status", "statusline"}),
        ("limits t", {"topup"}),
        ("--lang vi limits re", {"remove"}),
        ("status --js", {"--json"}),
        ("status --color ", {"auto", "always", "never"}),
        ("--lang ", {"en", "vi"}),
        ("export --format n", {"ndjson"}),
        ("limits set x --mode s", {"soft", "shadow"}),
        ("export --out quotak", {"quotakeeper.toml"}),
        ("plan quotak", {"quotakeeper.toml"}),
        ("verify --nonsense", set()),
    ],
)


@pytest.mark.skipif(sys.platform == "win32", reason="bash is POSIX")
@each_line
def test_bash_completes_a_word(cli: CommandLine, line: str, found: set[str]) -> None:
    bash = shutil.which("bash")
    assert bash, "bash is on every machine that runs these tests"
    cli.write_config("")
    script = cli.folder / "script.bash"
    script.write_text(cli.run("completion", "bash").out, encoding="utf-8")
    words = f"quotakeeper {line}".split(" ")
    code = (
        'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _quotakeeper; '
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    ran = subprocess.run(
        [bash, "--norc", "-c", code, "bash", str(script), *words],
        capture_output=True, text=True, check=True, cwd=cli.folder,
    )  # fmt: skip
    assert set(ran.stdout.split()) == found, ran.stderr
    assert ran.stderr == ""


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_read_their_script(cli: CommandLine, shell: str, tmp_path: Path) -> None:
    script = tmp_path / f"script.{shell}"
    script.write_text(cli.run("completion", shell).out, encoding="utf-8")
    program = shutil.which(shell)
    if program is None:  # not on every machine: what the text must have is held above
        assert script.read_text(encoding="utf-8").count("\n") > len(COMMANDS)
        return
    ran = subprocess.run([program, "-n", str(script)], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
