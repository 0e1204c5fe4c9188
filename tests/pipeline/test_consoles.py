"""What is shown, on any console: nothing raises, and the display never breaks the run."""

from __future__ import annotations

import io
import logging
import sys
import types
from typing import TYPE_CHECKING

import pytest

from quotakeeper.pipeline.console import ProgressConsole, logging_to

if TYPE_CHECKING:
    from tests.pipeline.conftest import Bench


@pytest.mark.parametrize("encoding", ["cp1252", "cp1258", "ascii", "utf-8", "utf-16"])
def test_a_run_is_shown_on_a_console_that_cannot_write_it_all(bench: Bench, encoding: str) -> None:
    bench.wav("Chợ đêm 夜市.wav", 12_000)
    bench.limit("audio_minutes", "0.2")
    raw = io.BytesIO()
    bench.stream = io.TextIOWrapper(raw, encoding=encoding, errors="strict")
    assert bench.run().exit_code == 0
    bench.stream.flush()
    said = raw.getvalue().decode(encoding)
    assert "TOKEN USAGE & QUOTA SUMMARY" in said
    assert "QUOTA WARNINGS" in said
    if encoding.startswith("utf"):
        assert "Chợ đêm 夜市.wav: done" in said


class Terminal(io.StringIO):
    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_one_line_that_is_rewritten(bench: Bench) -> None:
    bench.wav("a.wav", 5_000)
    bench.stream = Terminal()
    bench.run()
    said = bench.stream.getvalue()
    assert "█" in said and "\r" in said
    lines = [line.rsplit("\r", 1)[-1] for line in said.split("\n")]
    assert [line for line in lines if "a.wav" in line] == [
        "[1/1] a.wav: done: a.txt, a.srt, a.json"
    ]
    last = said.rsplit("\r", 1)[1]
    assert "█" not in last  # nothing half drawn is left behind


@pytest.mark.parametrize("on_errors", ["strict", "replace"])
def test_the_bar_has_plain_glyphs_where_others_cannot_be_written(on_errors: str) -> None:
    class Plain(Terminal):
        encoding = "ascii"  # type: ignore[assignment]
        errors = on_errors  # type: ignore[assignment]

    stream = Plain()
    ProgressConsole(stream).step(1, 2, "a")
    assert stream.getvalue().startswith("[############............] a")


def test_quiet_shows_problems_and_the_summary_only(bench: Bench) -> None:
    bench.wav("a.wav", 5_000)
    (bench.media / "b.wav").write_bytes(b"")

    stream = io.StringIO()
    console = ProgressConsole(stream, quiet=True)
    console.progress("not shown")
    console.line("shown")
    assert stream.getvalue() == "shown\n"


class Gone(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError

    def isatty(self) -> bool:
        raise ValueError("closed")


@pytest.mark.parametrize("stream", [None, Gone()])
def test_a_stream_that_is_gone_is_no_reason_to_stop(
    bench: Bench, stream: io.StringIO | None
) -> None:
    bench.wav("a.wav", 5_000)
    bench.stream = stream
    assert bench.run().exit_code == 0
    console = ProgressConsole(stream)
    console.line("x")
    console.step(1, 2, "x")
    console.close()


def broken_calculator(**methods: object) -> types.ModuleType:
    module = types.ModuleType("token_calculator")

    class TokenCalculator:
        def __init__(self, keeper: object = None) -> None:
            if methods.get("broken") == "init":
                raise RuntimeError("no table")

        def note_event(self, event: object) -> None:
            if methods.get("broken") == "note":
                raise RuntimeError("no notes")

        def log_summary(self) -> None:
            raise RuntimeError("no summary today")

    module.TokenCalculator = TokenCalculator  # type: ignore[attr-defined]
    return module


@pytest.mark.parametrize("broken", ["init", "note", "summary", "import"])
def test_when_the_calculator_fails_there_is_a_plain_display_and_the_limits_hold(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    module = None if broken == "import" else broken_calculator(broken=broken)
    monkeypatch.setitem(sys.modules, "token_calculator", module)  # type: ignore[arg-type]
    for name in ("1.wav", "2.wav"):
        bench.wav(name, 12_000)
    bench.limit("audio_minutes", "0.3")
    run = bench.run()
    assert run.exit_code == 3
    assert "⚠️ The token calculator is not available" in run.text
    assert "🎤 Deepgram: 1 calls, 0.20 minutes" in run.text
    tokens = sum(
        amount for meter, amount in bench.totals()["gemini"].items() if meter.endswith("tokens")
    )
    assert f"🔤 Gemini: 2 calls, {tokens:,} tokens" in run.text


def test_what_a_terminal_would_obey_is_shown_and_not_sent(bench: Bench) -> None:
    bench.wav("a\x1b[2Jb\u202e.wav", 5_000)
    bench.stream = Terminal()
    assert bench.run().exit_code == 0
    said = bench.stream.getvalue()
    assert "\x1b" not in said and "\u202e" not in said
    assert "a\\x1b[2Jb\\u202e.wav" in said


def test_a_run_leaves_the_root_logger_alone() -> None:
    root, heard = logging.getLogger(), io.StringIO()
    before = root.handlers[:], root.level
    during: list[object] = []
    handler = logging.StreamHandler(heard)
    root.addHandler(handler)
    try:
        with logging_to(ProgressConsole(io.StringIO())):
            during.append(handler in root.handlers)
            logging.getLogger("somebody.else").warning("theirs")
            logging.getLogger("quotakeeper").warning("ours")
    finally:
        root.removeHandler(handler)
    assert during == [True]
    assert heard.getvalue() == "theirs\n"
    assert (root.handlers, root.level) == before
    for name in ("quotakeeper", "token_calculator"):
        ours = logging.getLogger(name)
        assert (ours.level, ours.propagate) == (logging.NOTSET, True)
