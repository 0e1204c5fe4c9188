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
from quotakeeper.cli.text.table import columns_of
from quotakeeper.cli.watch.command import WatchOptions, run_watch
from quotakeeper.cli.watch.keys import Key, key_of
from quotakeeper.cli.watch.screen import LiveScreen
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
    assert out.count("no data for a forecast") == 4
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

    clock = FakeClock()
    screen = LiveScreen(take, session, clock)
    screen.look()
    first = screen.lines(80, 24)
    assert first[-1] == "q: quit"
    screen.look()
    stale = screen.lines(80, 24)
    assert stale[:-1] == first[:-1]
    assert stale[-1] == "the ledger does not answer: is locked; the figures are from just now"
    clock.advance(minutes=3)
    assert screen.lines(80, 24)[-1].endswith("figures are from 3 minutes ago")


def test_a_ledger_that_was_never_reached_is_an_error(cli: CommandLine) -> None:
    def take() -> LiveFrame:
        raise LedgerUnavailableError("l.db", "is locked")

    with pytest.raises(LedgerUnavailableError):
        LiveScreen(take, context.CommandContext(lang="en"), FakeClock()).look()


FIVE = """
default_limits = true

[[limit]]
name = "each user"
per = "user"
meter = "cost"
window = "day"
amount = 3
"""


@pytest.fixture
def crowded(busy: CommandLine) -> CommandLine:
    """The busy day, and eight people with a limit each."""
    busy.write_config(FIVE)
    with busy.keeper(on_warning=lambda verdict: None) as keeper:
        for number in range(8):
            keeper.record(
                "deepgram", model="nova-3", audio_seconds=600 * (number + 1),
                scope={"user": f"người {number}"},
            )  # fmt: skip
    return busy


def screen_of(cli: CommandLine, lang: str = "en", clock: FakeClock | None = None) -> LiveScreen:
    with cli.keeper() as keeper:
        frame = look(keeper, calls=60)
    screen = LiveScreen(
        lambda: frame, context.CommandContext(lang=lang, color="never"), clock or FakeClock()
    )
    screen.look()
    return screen


@pytest.mark.parametrize("lang", ["en", "vi"])
@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40), (40, 15)])
def test_the_screen_fits_its_terminal(
    crowded: CommandLine, lang: str, width: int, height: int
) -> None:
    lines = screen_of(crowded, lang).lines(width, height)
    assert len(lines) <= height
    assert max(map(columns_of, lines)) <= width
    golden(f"screen-{lang}-{width}x{height}.txt", "\n".join(lines[1:]) + "\n")


def test_a_usual_terminal_has_five_limits_and_the_latest_calls(crowded: CommandLine) -> None:
    lines = screen_of(crowded).lines(80, 24)
    states = [line.split()[0] for line in lines if line.startswith(("OVER", "WARN", "UNKN", "OK"))]
    assert len(states) >= 5
    assert states == sorted(states, key=["OVER", "WARN", "UNKNOWN", "OK"].index)
    assert sum("nova-3" in line or "gemini-" in line for line in lines) >= 3, "calls"
    assert any("more limits" in line for line in lines)


def test_keys_scroll_the_limits_and_stop_at_the_ends(crowded: CommandLine) -> None:
    screen = screen_of(crowded)

    def names() -> list[str]:
        lines = screen.lines(80, 24)
        return [line for line in lines if line.startswith(("OVER", "WARN", "UNKN", "OK"))]

    top = names()
    screen.press(Key.UP)
    assert names() == top
    screen.press(Key.DOWN)
    assert names()[:-1] == top[1:]
    screen.press(Key.UP)
    assert names() == top
    screen.press(Key.PAGE_DOWN)
    assert set(names()).isdisjoint(top)
    screen.press(Key.LAST)
    end = names()
    screen.press(Key.PAGE_DOWN)
    assert names() == end
    screen.press(Key.UP)
    assert names()[1:] == end[:-1], "one step back is one step"
    assert "above" in "\n".join(screen.lines(80, 24))
    screen.press(Key.FIRST)
    assert names() == top


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("q", Key.QUIT), ("\x03", Key.QUIT), ("j", Key.DOWN), ("\x1b[B", Key.DOWN),
        ("\x1bOA", Key.UP), (" ", Key.PAGE_DOWN), ("\x1b[5~", Key.PAGE_UP), ("g", Key.FIRST),
        ("G", Key.LAST), ("\xe0P", Key.DOWN), ("x", Key.NONE), ("", Key.NONE),
    ],
)  # fmt: skip
def test_what_a_key_does(typed: str, key: Key) -> None:
    assert key_of(typed) is key


def test_times_go_on_between_two_looks(cli: CommandLine) -> None:
    cli.write_config('[[limit]]\nname = "a"\nmeter = "requests"\nwindow = "day"\namount = 100\n')
    with cli.keeper() as keeper:
        for _ in range(60):
            keeper.record("gemini")
            cli.clock.advance(seconds=30)
    clock = FakeClock()
    screen = screen_of(cli, clock=clock)
    first = "\n".join(screen.lines(80, 24))
    assert "12:30:00" in first
    assert "exhausted 12:50, in 20 min" in first
    clock.advance(minutes=5)
    later = "\n".join(screen.lines(80, 24))
    assert "12:35:00" in later
    assert "exhausted 12:50, in 15 min" in later
    assert "ledger last read: 5 minutes ago" in later
    clock.advance(minutes=20)
    assert "exhausted about now" in "\n".join(screen.lines(80, 24))


@pytest.mark.parametrize("piped", [True, False])
def test_without_a_screen_frames_are_plain_text(busy: CommandLine, piped: bool) -> None:
    class Patience(FakeClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            if len(self.slept) == 2:
                raise KeyboardInterrupt

    if not piped:  # a terminal that cannot move its cursor
        busy.environment.setenv("TERM", "dumb")
        busy.environment.setattr("sys.stdout.isatty", lambda: True, raising=False)
        busy.environment.setattr("sys.stdin.isatty", lambda: True, raising=False)
    clock = Patience()
    busy.environment.setattr(
        "quotakeeper.cli.watch.command.run_watch", lambda s, o: run_watch(s, o, clock)
    )
    result = busy.run("watch", "--interval", 5)
    assert (result.code, result.err) == (130, "")
    assert clock.slept == [5, 5]
    assert result.out.count("deepgram daily minutes") == 2
    assert "\x1b" not in result.out


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
