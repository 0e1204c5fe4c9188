"""Runs `quotakeeper watch`: shows limits, their rate of use and the newest calls, and updates them."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable

from quotakeeper import clocks
from quotakeeper.app.live_frame import LiveFrame, frame_record, look
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.text import figures
from quotakeeper.cli.watch.keys import Key, pressed_keys
from quotakeeper.cli.watch.screen import LiveScreen
from quotakeeper.cli.watch.view import frame_lines
from quotakeeper.config.terminal import draws_screens
from quotakeeper.domain.windows import SECOND
from quotakeeper.errors import InvalidInputError, LedgerUnavailableError, MissingExtraError
from quotakeeper.value_classes import dataclass

_CALLS = 8
_MOST_CALLS = 60  # enough for the lines of a tall screen
_BLINK_SECONDS = 0.1
_REDRAW_SECONDS = 1.0  # ages and remaining times change even if the ledger is not read again
_LEAST_INTERVAL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """The options of the command `watch`."""

    once: bool = False
    as_json: bool = False
    interval_seconds: float = 2.0


def run_watch(
    session: context.CommandContext, options: WatchOptions, clock: clocks.Clock | None = None
) -> int:
    """Show the limits until the user presses `q` or Ctrl-C; with `once`, print them once. Returns
    the exit code.

    Without a terminal, or on a terminal that cannot draw screens, plain text is printed.
    """
    if not _LEAST_INTERVAL_SECONDS <= options.interval_seconds <= 86_400:
        raise InvalidInputError(
            "--interval", f"{options.interval_seconds} is out of range", "give 0.2 to 86400 seconds"
        )
    clock = clock or clocks.SystemClock()
    with context.open_existing(session) as keeper:
        session = session.in_currency_of(keeper.settings)
        if options.as_json:
            return _as_json(lambda: look(keeper, calls=_CALLS), options, clock)
        if options.once:
            for line in frame_lines(look(keeper, calls=_CALLS), session, console.width()):
                console.say(line)
            return exit_codes.OK
        if not (sys.stdout.isatty() and sys.stdin.isatty() and draws_screens()):
            return _plain(lambda: look(keeper, calls=_CALLS), session, options, clock)
        return _live(lambda: look(keeper, calls=_MOST_CALLS), session, options, clock)


def _as_json(take: Callable[[], LiveFrame], options: WatchOptions, clock: clocks.Clock) -> int:
    if options.once:
        console.say(json.dumps(frame_record(take()), indent=2))
        return exit_codes.OK
    while True:
        print(json.dumps(frame_record(take())), flush=True)
        clock.sleep(options.interval_seconds)


def _plain(
    take: Callable[[], LiveFrame], session: context.CommandContext, options: WatchOptions,
    clock: clocks.Clock,
) -> int:  # fmt: skip
    """Print plain text at each interval, until Ctrl-C or until the reader closes the pipe."""
    frame, taken_at = take(), clock.monotonic()
    while True:
        age = int((clock.monotonic() - taken_at) * SECOND)
        for line in frame_lines(frame, session, console.width(), frame.status.as_of + age):
            console.say(line)
        console.say("")
        sys.stdout.flush()
        clock.sleep(options.interval_seconds)
        try:
            frame, taken_at = take(), clock.monotonic()
        except LedgerUnavailableError as error:
            text = "the ledger does not answer: {why}; the figures are from {age}"
            since = figures.age(int((clock.monotonic() - taken_at) * SECOND), session.lang)
            why = session.words.finished(error.problem)
            console.tell(session.words(text, why=why, age=since))


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

    screen = LiveScreen(take, session, clock)
    screen.look()

    def draw() -> Text:
        size = shutil.get_terminal_size()
        return Text.from_ansi("\n".join(screen.lines(size.columns, size.lines)), no_wrap=True)

    console = Console(no_color=not session.colour)
    # rich must not replace stdout: the replacement lacks the encoding and colours of stdout.
    live = Live(
        draw(), console=console, screen=True, auto_refresh=False,
        redirect_stdout=False, redirect_stderr=False,
    )  # fmt: skip
    with pressed_keys() as pressed, live:
        looks_at = clock.monotonic() + options.interval_seconds
        draws_at = clock.monotonic() + _REDRAW_SECONDS
        while True:
            key = pressed()
            if key is Key.QUIT:
                return exit_codes.OK
            screen.press(key)
            now = clock.monotonic()
            if now >= looks_at:
                screen.look()
                looks_at = now + options.interval_seconds
            elif key is Key.NONE and now < draws_at:
                clock.sleep(_BLINK_SECONDS)
                continue
            live.update(draw(), refresh=True)
            draws_at = now + _REDRAW_SECONDS
