"""`quotakeeper watch`: frames as text and as JSON, and the live screen itself."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from quotakeeper.app.live_frame import LiveFrame, look
from quotakeeper.cli import context
from quotakeeper.cli.watch.command import WatchOptions, _Screen, run_watch
from quotakeeper.errors import LedgerUnavailableError
from quotakeeper.testing import FakeClock
from tests.cli.conftest import CommandLine, golden


@pytest.mark.parametrize("width", [60, 100])
@pytest.mark.parametrize("lang", ["en", "vi"])
def test_one_frame(busy: CommandLine, width: int, lang: str) -> None:
    busy.environment.setenv("COLUMNS", str(width))
    result = busy.run("watch", "--once", "--lang", lang, "--ledger", "ledger.db")
    assert (result.code, result.err) == (0, "")
    frame = result.out.replace(str(busy.folder), "FOLDER")
    head, _, body = frame.partition("\n")
    assert head.startswith("quotakeeper · 2026-11-23 12:45:03 · UTC")
    golden(f"watch-{lang}-{width}.txt", body)
    assert max(map(len, result.out.splitlines())) <= width


def test_one_frame_where_nothing_happened_yet(cli: CommandLine) -> None:
    out = cli.run("watch", "--once").out
    assert "No calls yet." in out
    assert out.count("nothing to foresee it by") == 4
    limits = json.loads(cli.run("watch", "--once", "--json").out)["limits"]
    assert [(each["per_hour"], each["forecast"]) for each in limits] == [
        ("0", None), ("0.00", None), ("0", None), ("0.00", None),
    ]  # fmt: skip


def test_one_frame_as_json(busy: CommandLine) -> None:
    record = json.loads(busy.run("watch", "--once", "--json").out)
    assert record["schema"] == 1
    assert record["as_of"] == "2026-11-23T12:45:03Z"
    tokens, cost, minutes, _ = record["limits"]
    assert tokens["per_hour"] == "16391120", "12,307,000 in 45 minutes and 3 seconds"
    assert tokens["exhausts_at"] is None, "one huge call is no pace"
    assert tokens["forecast"] == {
        "per_hour": "16391120", "burn_rate": "26.23", "projected": "12426857",
        "projected_low": "12307000", "projected_high": "196823331", "interval_percent": 80,
        "exhausts_at": None, "exhausts_from": "2026-11-23T12:54:54.050237Z", "exhausts_until": None,
        "method": "since_first_call", "provenance": "estimated",
    }  # fmt: skip
    assert cost["per_hour"] == cost["forecast"]["per_hour"] == "5.798490566037"
    assert minutes["exhausts_at"] == record["as_of"]
    assert [call["id"] for call in record["calls"]] == ["e5", "e4", "e3", "e2", "e1"]
    assert record["calls"][1]["provenance"] == "estimated"


def test_repeated_frames_are_lines_of_json_until_ctrl_c(busy: CommandLine) -> None:
    class Patience(FakeClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            if len(self.slept) == 3:
                raise KeyboardInterrupt

    clock = Patience()

    def command(*arguments: str) -> int:
        return run_watch(
            context.CommandContext(), WatchOptions(as_json=True, interval_seconds=5), clock
        )

    busy.environment.setattr("quotakeeper.cli.watch.command.run_watch", lambda s, o: command())
    result = busy.run("watch", "--json", "--interval", 5)
    assert result.code == 130
    assert clock.slept == [5, 5, 5]
    frames = [json.loads(line) for line in result.out.splitlines()]
    assert [frame["as_of"] for frame in frames] == ["2026-11-23T12:45:03Z"] * 3


@pytest.mark.parametrize("interval", ["0", "-1", "nan", "1e9"])
def test_an_interval_that_makes_no_sense_is_refused(cli: CommandLine, interval: str) -> None:
    result = cli.run("watch", "--json", f"--interval={interval}")
    assert result.code == 2
    assert "--interval" in result.err


def test_the_screen_stays_while_the_ledger_cannot_be_reached(busy: CommandLine) -> None:
    session = context.CommandContext(lang="en")
    with busy.keeper() as keeper:
        frame = look(keeper, calls=3)
    looks: list[LiveFrame | None] = [frame, None]
    answers = iter(looks)

    def take() -> LiveFrame:
        answer = next(answers)
        if answer is None:
            raise LedgerUnavailableError("l.db", "is locked")
        return answer

    screen = _Screen(take, session)
    first = screen.lines(80, 24)
    assert first[-1] == "q: quit"
    stale = screen.lines(80, 24)
    assert stale[:-1] == first[:-1]
    assert "is locked" in stale[-1]
    dense = [line for line in first if line]
    low = _Screen(lambda: frame, session).lines(80, 10)
    assert low == [*dense[:9], "q: quit"], "a low terminal shows the top, without empty lines"


def test_a_ledger_that_was_never_reached_is_an_error(cli: CommandLine) -> None:
    def take() -> LiveFrame:
        raise LedgerUnavailableError("l.db", "is locked")

    with pytest.raises(LedgerUnavailableError):
        _Screen(take, context.CommandContext(lang="en")).lines(80, 24)


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are POSIX")
def test_the_live_screen_ends_with_q_and_leaves_the_terminal_as_it_was(
    busy: CommandLine, repository: Path
) -> None:
    import pty

    child, terminal = pty.fork()
    if child == 0:
        environ = {
            **os.environ, "PYTHONPATH": str(repository / "src"), "TERM": "xterm-256color",
            "PYTHONIOENCODING": "utf-8",
        }  # fmt: skip
        command = [sys.executable, "-m", "quotakeeper", "watch", "--interval", "0.2"]
        os.execve(sys.executable, command, environ)
    seen = b""
    pressed = False
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            part = os.read(terminal, 65_536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        seen += part
        if not pressed and b"gemini daily tokens" in seen:
            os.write(terminal, b"q")
            pressed = True
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0, seen.decode(errors="replace")
    assert pressed
    assert seen.index(b"\x1b[?1049h") < seen.index(b"\x1b[?1049l"), "the alternate screen"
    assert b"\x1b[?25h" in seen, "the cursor is back"
    assert "░".encode() in seen
    assert b"\x1b[32m" in seen, "a terminal gets colours"
