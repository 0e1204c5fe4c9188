"""`quotakeeper translate` is the brief's script: same options, same outputs, same ledger, same codes."""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest

from quotakeeper import Keeper
from quotakeeper.calculator import TokenCalculator
from quotakeeper.cli import bare
from quotakeeper.cli.text.words import Words
from quotakeeper.cli.translate.options import translate
from quotakeeper.pipeline import TranslationRun, read_options
from quotakeeper.pipeline.console import ProgressConsole
from quotakeeper.pipeline.option_table import ENVIRONMENT, EXIT_CODES, OPTIONS, add_arguments
from quotakeeper.sandbox import Sandbox

if TYPE_CHECKING:
    from tests.pipeline.conftest import Bench, BenchWith

# -I -S: no environment variable for Python and no site-packages.
BARE = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from quotakeeper.__main__ import main; sys.exit(main())"
)
FRONTS = ("script", "bare command", "command")

_HALF_MADE = re.compile(
    rb"Exception ignored in: <(socket\.SocketIO|http\.client\.HTTPResponse) [^\n]*\n"
    rb"Traceback[^\n]*\n(  [^\n]*\n)*AttributeError: [^\n]*\n"
)


def started_by(front: str, repository: Path) -> list[str]:
    """The beginning of a command line that starts the pipeline."""
    source = str(repository / "src")
    return {
        "script": [sys.executable, "-I", "-S", str(repository / "run" / "all_in_one_backup.py")],
        "bare command": [sys.executable, "-I", "-S", "-c", BARE, source, "translate"],
        "command": [sys.executable, "-c", BARE, source, "translate"],
    }[front]


Start = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(params=FRONTS)
def start(request: pytest.FixtureRequest, bench: Bench, repository: Path) -> Start:
    """Runs one of the three fronts on the bench's folder and sandbox."""

    def run(*arguments: object, **environ: str) -> subprocess.CompletedProcess[str]:
        return run_front(request.param, bench, repository, *arguments, **environ)

    return run


def run_front(
    front: str, bench: Bench, repository: Path, *arguments: object, **environ: str
) -> subprocess.CompletedProcess[str]:
    whole = {**os.environ, **bench.environ(), "PYTHONUTF8": "1", "LANG": "C.UTF-8",
             "QUOTAKEEPER_LEDGER": str(bench.folder / "ledger.db"), **environ}  # fmt: skip
    line = [*started_by(front, repository), *map(str, arguments)]
    return subprocess.run(
        line, env=whole, cwd=bench.folder, capture_output=True, encoding="utf-8", check=False
    )


def booked(ledger: Path) -> list[tuple[object, ...]]:
    with Keeper(ledger, {"default_limits": False}) as keeper:
        assert keeper.verify() == []
        return [
            (e.labels, dict(e.quantities), e.cost_pico, e.provenance, e.outcome, e.model_served)
            for e in keeper.events()
        ]


def test_each_front_has_the_same_output_files_and_ledger_on_the_samples(
    bench: Bench, repository: Path
) -> None:
    found: dict[str, tuple[object, ...]] = {}
    for front in FRONTS:
        with Sandbox() as sandbox:
            bench.sandbox = sandbox
            out, ledger = bench.folder / f"out-{front}", bench.folder / f"{front}.db"
            done = run_front(
                front, bench, repository, repository / "samples", "--out", out, "--ffmpeg", "off",
                "--scope", "project=phim-01", "--export", bench.folder / "usage.json",
                QUOTAKEEPER_LEDGER=str(ledger),
            )  # fmt: skip
            assert (done.returncode, done.stderr) == (0, ""), done.stdout
            files = {path.name: path.read_bytes() for path in sorted(out.iterdir())}
            said = re.sub(r"Date: \S+ \S+", "Date: DAY TIME", done.stdout)
            found[front] = (said, files, booked(ledger), sandbox.bill.totals())
    script = found["script"]
    assert len(script[1]) == 9 and len(script[2]) == 9  # type: ignore[arg-type]
    assert "TOKEN USAGE & QUOTA SUMMARY" in str(script[0])
    assert found["bare command"] == script
    assert found["command"] == script


def test_one_front_continues_what_another_began(bench: Bench, repository: Path) -> None:
    bench.wav("a.wav", 5_000)
    line = (bench.media, "--out", bench.out, "--ffmpeg", "off")
    assert run_front("script", bench, repository, *line).returncode == 0
    paid = len(bench.sandbox.bill.charges)
    for front in ("bare command", "command"):
        again = run_front(front, bench, repository, *line)
        assert again.returncode == 0 and "nothing was paid" in again.stdout
    assert len(bench.sandbox.bill.charges) == paid


# -- exit codes


def test_a_limit_ends_it_with_3(bench: Bench, start: Start) -> None:
    for name in ("1.wav", "2.wav"):
        bench.wav(name, 12_000)
    config = bench.folder / "small.toml"
    config.write_text(
        '[[limit]]\nname = "small"\nprovider = "deepgram"\nmeter = "audio_minutes"\n'
        'window = "month"\namount = "0.3"\n', "utf-8",
    )  # fmt: skip
    done = start(bench.media, "--ffmpeg", "off", QUOTAKEEPER_CONFIG=str(config))
    assert done.returncode == 3, done.stdout + done.stderr
    assert "STOPPED AT A LIMIT: limit 'small'" in done.stdout
    assert "1 of 2 file(s) are finished" in done.stdout


def test_a_config_that_is_not_valid_ends_it_with_78(bench: Bench, start: Start) -> None:
    bench.wav("a.wav", 5_000)
    config = bench.folder / "bad.toml"
    config.write_text(
        '[[limit]]\nname = "x"\nmeter = "bananas"\nwindow = "day"\namount = 1\n', "utf-8"
    )
    done = start(bench.media, "--ffmpeg", "off", QUOTAKEEPER_CONFIG=str(config))
    assert done.returncode == 78
    assert done.stderr.startswith("error: ") and "bananas" in done.stderr
    assert bench.sandbox.bill.charges == ()


@pytest.mark.parametrize(
    "arguments",
    [
        [], ["x.wav", "--no-such-option"], ["x.wav", "--attempts", "0"], ["x.wav", "--timeout", "x"],
        ["x.wav", "--scope", "phim"], ["empty-folder"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage_ends_it_with_2(bench: Bench, start: Start, arguments: list[str]) -> None:
    (bench.folder / "empty-folder").mkdir()
    done = start(*arguments, "--ffmpeg", "off")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_file_that_fails_ends_it_with_1_and_a_missing_key_with_2(
    bench: Bench, start: Start
) -> None:
    (bench.media / "a.wav").write_bytes(b"")
    assert start(bench.media, "--ffmpeg", "off").returncode == 1
    done = start(bench.media, "--ffmpeg", "off", DEEPGRAM_API_KEY="")
    assert done.returncode == 2
    assert done.stderr.startswith("error: no key: set DEEPGRAM_API_KEY in the environment")
    done = start(bench.media, "--ffmpeg", "off", DEEPGRAM_API_KEY="", GEMINI_API_KEY="")
    assert "set DEEPGRAM_API_KEY, GOOGLE_API_KEY or GEMINI_API_KEY in" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("front", FRONTS)
def test_sigterm_ends_it_with_130_and_books_the_call_under_way(
    bench_with: BenchWith, repository: Path, front: str
) -> None:
    bench = bench_with("slow:600@1=generateContent")
    bench.wav("a.wav", 5_000)
    line = [*started_by(front, repository), str(bench.media), "--ffmpeg", "off"]
    ledger = bench.folder / "ledger.db"
    environ = {**os.environ, **bench.environ(), "QUOTAKEEPER_LEDGER": str(ledger)}
    with subprocess.Popen(
        line, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as running:
        while len(bench.sandbox.bill.charges) < 2:
            assert running.poll() is None
        running.send_signal(signal.SIGTERM)
        _, errors = running.communicate(timeout=30)
    # Of an object of its own that the signal finds half made, Python 3.13 says so itself.
    errors = _HALF_MADE.sub(b"", errors)
    assert (running.returncode, errors) == (130, b"")
    assert [str(row[3]) for row in booked(ledger)] == ["reported", "assumed"]


@pytest.mark.parametrize("front", ["bare command", "command"])
def test_the_ledger_and_the_config_of_the_command_line_are_used(
    bench: Bench, repository: Path, front: str
) -> None:
    bench.wav("a.wav", 5_000)
    (bench.folder / "own.toml").write_text("default_limits = false\n", "utf-8")
    done = run_front(
        front, bench, repository, bench.media, "--ledger", bench.folder / "own.db",
        "--config", bench.folder / "own.toml", "--ffmpeg", "off",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (bench.folder / "ledger.db").exists()
    assert len(booked(bench.folder / "own.db")) == len(bench.sandbox.bill.charges) == 3


# -- options and help


def argparse_shape(parser: argparse.ArgumentParser) -> dict[str, tuple[object, ...]]:
    return {
        action.dest: (
            tuple(action.option_strings), action.nargs != 0, action.default or None,
            isinstance(action, argparse._AppendAction),
        )
        for action in parser._actions if action.option_strings and action.dest != "help"
    }  # fmt: skip


def click_shape(command: click.Command) -> dict[str, tuple[object, ...]]:
    return {
        str(param.name): (
            tuple(param.opts), not param.is_flag, param.default or None, param.multiple
        )
        for param in command.params if isinstance(param, click.Option)
    }  # fmt: skip


def test_every_front_has_the_options_of_the_table_and_no_others() -> None:
    table = {
        option.name: (
            option.flags, option.kind is not bool, option.default or None, option.is_repeatable
        )
        for option in OPTIONS
    }  # fmt: skip
    script = argparse.ArgumentParser()
    add_arguments(script)
    (choices,) = (
        action.choices
        for action in bare._parser(Words("en"))._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    assert len(table) == 19
    assert argparse_shape(script) == table
    assert argparse_shape(choices["translate"]) == table
    assert click_shape(translate) == table


def test_both_parsers_give_the_same_values() -> None:
    line = ["-r", "-o", "out", "--scope", "a=1", "--scope", "b=2", "--language", "vi",
            "--timeout", "5", "--thinking-budget", "-1", "--", "x.wav", "-y.wav"]  # fmt: skip
    for arguments in (line, ["x.wav"]):
        parser = argparse.ArgumentParser()
        add_arguments(parser)
        ours: dict[str, Any] = vars(parser.parse_args(arguments))
        theirs = translate.make_context("translate", list(arguments)).params
        listed = {name: list(v) if isinstance(v, tuple) else v for name, v in theirs.items()}
        assert listed == ours


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_the_help_has_every_option_variable_and_exit_code(
    bench: Bench, start: Start, lang: str
) -> None:
    done = start("--help", QUOTAKEEPER_LANG=lang)
    assert (done.returncode, done.stderr) == (0, "")
    words = Words(lang)
    said = " ".join(done.stdout.split())
    for option in OPTIONS:
        assert option.flags[-1] in said
        assert words(option.help) in said
    for term, text in (*ENVIRONMENT, *EXIT_CODES):
        assert term in said and words(text) in said


# -- importable


@pytest.mark.parametrize("kind", ["package", "script"])
def test_a_run_has_the_briefs_calculator_on_the_same_ledger(bench: Bench, kind: str) -> None:
    from all_in_one_backup import AllInOneBackup

    bench.wav("a.wav", 5_000)
    options = read_options([str(bench.media), "--ffmpeg", "off"], bench.environ())
    run_class = TranslationRun if kind == "package" else AllInOneBackup
    with bench.keeper() as keeper:
        run = run_class(options, ProgressConsole(None), keeper=keeper, clock=bench.clock)
        assert isinstance(run.token_calculator, TokenCalculator)
        assert run.run() == 0
        usage = run.token_calculator.track_api_call(
            operation="translate", input_text="Chinese text", output_text="Vietnamese text",
            api_type="gemini",
        )  # fmt: skip
    assert "error" not in usage
    assert len(bench.events()) == len(bench.sandbox.bill.charges) + 1 == 4
