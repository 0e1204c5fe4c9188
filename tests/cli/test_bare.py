"""Without any third-party package, and as a real process: codes, streams, pipes."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import click
import pytest

from quotakeeper import __main__
from quotakeeper.cli import bare
from quotakeeper.cli.app import COMMANDS
from quotakeeper.cli.text.words import Words
from tests.cli.conftest import CommandLine

# -I -S: no environment, no site-packages; only the source and the standard library are there.
BARE = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from quotakeeper.__main__ import main; "
    "code = main(); "
    "third = {'click', 'rich', 'tomlkit', 'platformdirs'} & set(sys.modules); "
    "assert not third, third; "
    "sys.exit(code)"
)


def run_bare(
    repository: Path, cli: CommandLine, *arguments: str, **environ: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", BARE, str(repository / "src"), *arguments],
        capture_output=True, check=False, cwd=cli.folder, env={**os.environ, **environ},
    )  # fmt: skip


def full(
    repository: Path, cli: CommandLine, *arguments: str, **environ: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "quotakeeper", *arguments],
        capture_output=True, check=False, cwd=cli.folder,
        env={**os.environ, "PYTHONPATH": str(repository / "src"), **environ},
    )  # fmt: skip


def test_status_export_and_verify_need_nothing_installed(
    busy: CommandLine, repository: Path
) -> None:
    ran = run_bare(repository, busy, "status", "--json")
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["schema"] == 1
    ran = run_bare(repository, busy, "export", "--format", "ndjson")
    assert [json.loads(line)["id"] for line in ran.stdout.splitlines()] == [
        "e1", "e2", "e3", "e4", "e5",
    ]  # fmt: skip
    ran = run_bare(repository, busy, "verify")
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert b"no problems" in ran.stdout


def test_other_commands_say_what_to_install(cli: CommandLine, repository: Path) -> None:
    ran = run_bare(repository, cli, "watch", "--once")
    assert ran.returncode == 69
    assert ran.stderr.count(b"\n") == 3
    assert b"pip install" in ran.stderr
    assert set(COMMANDS) == set(bare.BARE) | bare._with_packages()
    assert bare.BARE.keys() < set(COMMANDS)
    assert run_bare(repository, cli, "nonsense").returncode == 2
    assert b".[cli]" in run_bare(repository, cli, "--help").stdout


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--lang", "vi"),
        ("--version",),
        ("status", "--version"),
        ("statusline", "--json"),
        ("status",),
        ("status", "--json"),
        ("status", "--check", "--lang", "vi"),
        ("export",),
        ("export", "--format", "csv", "--last", "10m"),
        ("export", "--format", "json"),
        ("verify", "--all", "--json"),
        ("--config", "absent.toml", "status"),
        ("status", "--config", "absent.toml"),
        ("export", "--since", "soon"),
    ],
)
def test_both_fronts_say_the_same(
    busy: CommandLine, capsys: pytest.CaptureFixture[str], arguments: Sequence[str]
) -> None:
    with_click = busy.run(*arguments)
    code = bare.main(arguments)
    without = capsys.readouterr()
    assert (code, without.out, without.err) == (with_click.code, with_click.out, with_click.err)


def of_argparse(name: str) -> dict[str, argparse.Action]:
    (commands,) = (
        action
        for action in bare._parser(Words("en"))._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    parser: argparse.ArgumentParser = commands.choices[name]
    return {
        action.option_strings[-1]: action for action in parser._actions if action.option_strings
    }


def of_click(name: str) -> dict[str, click.Option]:
    module, _, attribute = COMMANDS[name].partition(":")
    command: click.Command = getattr(import_module(module), attribute)
    return {each.opts[-1]: each for each in command.params if isinstance(each, click.Option)}


@pytest.mark.parametrize("name", sorted(bare.BARE))
def test_both_fronts_have_the_same_options_and_help(name: str) -> None:
    simple, full_front = of_argparse(name), of_click(name)
    assert list(simple) == ["--help", *full_front]
    for flag, option in full_front.items():
        action = simple[flag]
        text = str(action.help).removesuffix(" [default: %(default)s]")
        assert (text, action.dest, action.option_strings) == (option.help, option.name, option.opts)
        choices = option.type.choices if isinstance(option.type, click.Choice) else None
        assert action.choices == (None if choices is None else tuple(choices))
        if not option.multiple:
            assert action.default == option.default
            assert (text != action.help) == (option.show_default is True)


def test_usage_errors_end_with_2_in_both_fronts(
    cli: CommandLine, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments in (("bogus",), ("status", "--bogus"), ("export", "--format", "xlsx")):
        assert bare.main(arguments) == 2
        assert cli.run(*arguments).code == 2
    assert cli.run("--help").code == 0
    assert bare.main(["--help"]) == 0


def test_exit_codes_of_a_process(busy: CommandLine, repository: Path) -> None:
    # The process has the machine's clock: long after the day in the ledger, which then rules.
    assert full(repository, busy, "status").returncode == 0
    assert full(repository, busy, "status", "--config", "absent.toml").returncode == 78
    assert full(repository, busy, "nonsense").returncode == 2
    (busy.folder / "bad.db").write_bytes(b"this is no ledger" * 1000)
    ran = full(repository, busy, "status", "--ledger", "bad.db")
    assert ran.returncode == 1
    assert ran.stderr.count(b"\n") == 3
    assert b"Traceback" not in ran.stderr


@pytest.mark.parametrize("encoding", ["cp1252", "cp1258", "ascii", "utf-8"])
@pytest.mark.parametrize("lang", ["en", "vi"])
def test_no_stream_is_too_poor_for_the_output(
    busy: CommandLine, repository: Path, encoding: str, lang: str
) -> None:
    for command in (["status"], ["events"], ["watch", "--once"], ["--help"], ["report"]):
        ran = full(
            repository, busy, *command, "--lang", lang, PYTHONIOENCODING=encoding, PYTHONUTF8="0"
        )
        assert ran.returncode == 0, ran.stderr
        assert b"Traceback" not in ran.stderr
        if command != ["--help"]:  # click writes UTF-8 where a stream claims to be ASCII
            ran.stdout.decode(encoding)
    if encoding == "ascii":
        # The day of the fixture is over by the real clock, so the bars are empty.
        shown = full(repository, busy, "watch", "--once", PYTHONIOENCODING=encoding).stdout
        assert b"........" in shown


def test_data_on_a_pipe_is_utf8_whatever_the_locale(busy: CommandLine, repository: Path) -> None:
    ran = full(repository, busy, "export", "--format", "csv", PYTHONIOENCODING="cp1252")
    assert "dịch lại" in ran.stdout.decode("utf-8")
    assert ran.stdout.count(b"\r\n") == 6
    assert b"\r\r\n" not in ran.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end otherwise there")
def test_a_reader_that_has_enough_is_no_error(cli: CommandLine, repository: Path) -> None:
    with cli.keeper() as keeper:
        for number in range(400):
            keeper.record("openai", event_id=f"{number:04}", operation="o" * 200)
    command = f"{sys.executable} -m quotakeeper export | head -n 1"
    ran = subprocess.run(
        ["sh", "-c", command], capture_output=True, check=False, cwd=cli.folder,
        env={**os.environ, "PYTHONPATH": str(repository / "src")},
    )  # fmt: skip
    assert json.loads(ran.stdout)["id"] == "0000"
    assert ran.stderr == b""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_ctrl_c_ends_with_130_and_no_traceback(cli: CommandLine, repository: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "quotakeeper", "watch", "--json", "--interval", "0.2"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=cli.folder,
        env={**os.environ, "PYTHONPATH": str(repository / "src")},
    )  # fmt: skip
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["schema"] == 1
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert errors == b""


def test_status_as_json_does_not_wait_for_rich(cli: CommandLine, repository: Path) -> None:
    program = (
        "import sys; from quotakeeper.__main__ import main; main(['status', '--json']); "
        "loaded = {'rich', 'tomlkit', 'platformdirs'} & set(sys.modules); assert not loaded, loaded"
    )
    subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, cwd=cli.folder,
        env={**os.environ, "PYTHONPATH": str(repository / "src")},
    )  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="a shell closes streams otherwise there")
@pytest.mark.parametrize("command", ["--help", "today", "watch --once", "statusline", "doctor"])
@pytest.mark.parametrize("closed", [">&-", "<&- >&-", "| true"])
def test_a_stream_that_is_closed_is_no_error(
    busy: CommandLine, repository: Path, command: str, closed: str
) -> None:
    ran = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m quotakeeper {command} {closed}"],
        capture_output=True, check=False, cwd=busy.folder,
        env={**os.environ, "PYTHONPATH": str(repository / "src")},
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, b"")


@pytest.mark.parametrize(
    "words",
    [
        ["status"], ["status", "--json"], ["--lang", "vi", "status"], ["status", "--lang=vi"],
        ["status", "--check"], ["status", "--bogus"], ["status", "--help"], ["status", "-h"],
        ["status", "extra"], ["status", "--color", "never"], ["status", "--color", "pink"],
        ["--version", "status"], ["run"], ["run", "--"], ["run", "--help"], ["run", "--on-limit", "x"],
        ["run", "--tag", "nothing", "--", "true"], ["run", "--on-lim", "stop", "--", "true"],
    ],
)  # fmt: skip
def test_a_quick_command_answers_like_the_full_command_line(
    words: list[str], busy: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = busy.run(*words)
    monkeypatch.setattr(__main__, "_QUICK", ())
    assert quick == busy.run(*words)


def test_status_and_run_start_without_click(busy: CommandLine, repository: Path) -> None:
    code = BARE.replace("code = main(); ", "code = main(); assert 'click' not in sys.modules; ")
    for words in (["status"], ["run", "--summary", "off", "--", sys.executable, "-c", "pass"]):
        ran = subprocess.run(
            [sys.executable, "-c", code, str(repository / "src"), *words],
            capture_output=True, check=False, cwd=busy.folder,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
