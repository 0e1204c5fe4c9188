"""`quotakeeper watch`: the limits, their speed and the last calls, live."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from quotakeeper import clocks
from quotakeeper.app.live_frame import LiveFrame, frame_record, look
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.text.table import cut
from quotakeeper.cli.watch.view import frame_lines
from quotakeeper.errors import InvalidInputError, LedgerUnavailableError, MissingExtraError
from quotakeeper.value_classes import dataclass

_CALLS = 8
_BLINK_SECONDS = 0.1
_LEAST_INTERVAL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """How to watch."""

    once: bool = False
    as_json: bool = False
    interval_seconds: float = 2.0


def run_watch(
    session: context.CommandContext, options: WatchOptions, clock: clocks.Clock | None = None
) -> int:
    """Show frames until `q` or Ctrl-C; one frame with `--once`, or where there is no terminal."""
    if not _LEAST_INTERVAL_SECONDS <= options.interval_seconds <= 86_400:
        raise InvalidInputError(
            "--interval", f"{options.interval_seconds} is out of range", "from 0.2 to 86400 seconds"
        )
    clock = clock or clocks.SystemClock()
    with context.open_existing(session) as keeper:
        if options.as_json:
            return _as_json(lambda: look(keeper, calls=_CALLS), options, clock)
        if options.once or not (sys.stdout.isatty() and sys.stdin.isatty()):
            for line in frame_lines(look(keeper, calls=_CALLS), session, console.width()):
                console.say(line)
            return exit_codes.OK
        return _live(lambda: look(keeper, calls=_CALLS), session, options, clock)


def _as_json(take: Callable[[], LiveFrame], options: WatchOptions, clock: clocks.Clock) -> int:
    if options.once:
        console.say(json.dumps(frame_record(take()), indent=2))
        return exit_codes.OK
    while True:
        print(json.dumps(frame_record(take())), flush=True)
        clock.sleep(options.interval_seconds)


class _Screen:
    """The lines of the live screen; while the ledger cannot be reached, those of the last look."""

    def __init__(self, take: Callable[[], LiveFrame], session: context.CommandContext) -> None:
        self._take = take
        self._session = session
        self._last: LiveFrame | None = None

    def lines(self, width: int, height: int) -> list[str]:
        words = self._session.words
        foot = words("q: quit")
        try:
            self._last = self._take()
        except LedgerUnavailableError as error:
            if self._last is None:
                raise
            foot = words("the ledger cannot be reached; still trying: {why}", why=error.problem)
        shown = frame_lines(self._last, self._session, max(40, width))
        if len(shown) >= height:
            shown = [line for line in shown if line]
        return [*shown[: height - 1], cut(foot, width)]


def _live(
    take: Callable[[], LiveFrame],
    session: context.CommandContext,
    options: WatchOptions,
    clock: clocks.Clock,
) -> int:
    try:
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text
    except ImportError:
        raise MissingExtraError("cli", "the live screen") from None

    screen = _Screen(take, session)

    def draw() -> Text:
        size = shutil.get_terminal_size()
        return Text.from_ansi("\n".join(screen.lines(size.columns, size.lines)), no_wrap=True)

    console = Console(no_color=not session.colour)
    # Not redirected: what stands in for stdout would know neither its encoding nor its colours.
    live = Live(
        draw(), console=console, screen=True, auto_refresh=False,
        redirect_stdout=False, redirect_stderr=False,
    )  # fmt: skip
    with _keys() as pressed, live:
        while True:
            until = clock.monotonic() + options.interval_seconds
            while clock.monotonic() < until:
                if pressed() in ("q", "Q", "\x03"):
                    return exit_codes.OK
                clock.sleep(_BLINK_SECONDS)
            live.update(draw(), refresh=True)


@contextmanager
def _keys() -> Iterator[Callable[[], str]]:
    """Give a function that tells the key pressed since it was last asked; it never waits."""
    if sys.platform == "win32":
        import msvcrt

        yield lambda: msvcrt.getwch() if msvcrt.kbhit() else ""
        return
    import select
    import termios
    import tty

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)

    def pressed() -> str:
        ready = select.select([descriptor], [], [], 0)[0]
        if not ready:
            return ""
        # What came at once is one key (an arrow is three bytes); nothing means the terminal went.
        return os.read(descriptor, 64).decode(errors="replace") or "q"

    try:
        tty.setcbreak(descriptor)
        yield pressed
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
