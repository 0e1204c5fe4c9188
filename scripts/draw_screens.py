"""Draws the screens that the pages show: `./dev pictures`.

A small team's day is booked into a ledger in a temporary folder, with a clock that is set by hand.
Then `today` prints its screen, and `watch` draws its live screen, at three terminal sizes and in both
languages. Each becomes an SVG. The same source gives the same pictures; `--check` compares and writes
nothing.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from unittest import mock

from rich.console import Console
from rich.text import Text

from quotakeeper import Keeper, Reservation
from quotakeeper.__main__ import main as command_line
from quotakeeper.app.live_frame import LiveFrame, look
from quotakeeper.cli import context
from quotakeeper.cli.watch.screen import LiveScreen
from quotakeeper.testing import FakeClock
from quotakeeper.value_classes import replace

TARGET = Path(__file__).resolve().parent.parent / "docs" / "images" / "screens"
SIZES = ((80, 24), (120, 40), (40, 15))
LANGUAGES = ("en", "vi")
SCREENS = ("today", "watch")
CALLS = 60
START = "2026-12-01T09:00:00+07:00"


class _Terminal(io.StringIO):
    """Standard output that can show every letter."""

    encoding = "utf-8"


def book_a_day(keeper: Keeper, clock: FakeClock) -> Reservation:
    """Sixteen videos are transcribed, translated and rewritten; the last call is under way."""
    model = "gemini-3.5-flash-lite"
    for number in range(16):
        minutes = 38 + 7 * (number % 5)
        video = {"video": f"tap-{number + 1:02d}"}
        keeper.record("deepgram", model="nova-3", operation="speech_to_text", scope=video,
                      audio_seconds=minutes * 60)  # fmt: skip
        clock.advance(minutes=3)
        keeper.record("gemini", model=model, operation="translate", scope=video,
                      input_tokens=minutes * 1_450, output_tokens=minutes * 2_100)  # fmt: skip
        clock.advance(minutes=9)
        keeper.record("gemini", model=model, operation="rewrite", scope=video,
                      input_tokens=minutes * 240, output_tokens=2_800, provenance="estimated",
                      )  # fmt: skip
        clock.advance(minutes=18)
    return keeper.reserve(
        "deepgram", model="nova-3", operation="speech_to_text", audio_seconds=3_120
    )


def pictures() -> Iterator[tuple[str, str]]:
    """The name and the SVG of each picture."""
    clock = FakeClock(START)
    with tempfile.TemporaryDirectory() as folder:
        settings = {"ledger": str(Path(folder, "ledger.db")), "timezone": "Asia/Ho_Chi_Minh"}

        def opened(session: object = None) -> Keeper:
            return Keeper(config=settings, clock=clock, on_warning=lambda verdict: None)

        with opened() as keeper, mock.patch.object(context, "open_keeper", opened):
            under_way = book_a_day(keeper, clock)
            for name, (columns, lines), language in product(SCREENS, SIZES, LANGUAGES):
                if name == "watch":
                    text = _live(keeper, clock, columns, lines, language)
                else:
                    text = _printed(settings["ledger"], columns, lines, language)
                picture = f"{name}-{columns}x{lines}.{language}"
                yield f"{picture}.svg", _drawn(text, columns, lines, f"quotakeeper {name}", picture)
            under_way.release()


def _live(keeper: Keeper, clock: FakeClock, columns: int, lines: int, language: str) -> str:
    session = context.CommandContext(color="always", lang=language)
    with mock.patch.dict(os.environ, {"NO_COLOR": ""}), contextlib.redirect_stdout(_Terminal()):
        screen = LiveScreen(lambda: _with_short_path(look(keeper, calls=CALLS)), session, clock)
        return "\n".join(screen.lines(columns, lines))


def _with_short_path(frame: LiveFrame) -> LiveFrame:
    # The path of the ledger is shown; the reader's is another one.
    return replace(frame, ledger="~/ledger.db")


def _printed(ledger: str, columns: int, lines: int, language: str) -> str:
    arguments = ["today", "--ledger", ledger]
    size = {"COLUMNS": str(columns), "LINES": str(lines), "NO_COLOR": ""}
    output = _Terminal()
    with mock.patch.dict(os.environ, size), contextlib.redirect_stdout(output):
        code = command_line([*arguments, "--color", "always", "--lang", language])
    if code not in (0, 3, 4):
        raise RuntimeError(f"{arguments} ended with {code}")
    return output.getvalue()


def _drawn(text: str, columns: int, lines: int, title: str, name: str) -> str:
    console = Console(record=True, width=columns, file=io.StringIO(), force_terminal=True)
    for line in text.splitlines()[:lines]:
        console.print(Text.from_ansi(line), no_wrap=True, overflow="crop")
    svg = console.export_svg(title=title, unique_id=name.replace(".", "-"))
    # The reader's own fonts: nothing is loaded from elsewhere when the picture is shown.
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def main(arguments: list[str]) -> int:
    """Write the pictures, or with `--check` name those that are out of date."""
    stale = []
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, svg in pictures():
        path = TARGET / name
        if not path.exists() or path.read_text(encoding="utf-8") != svg:
            stale.append(name)
            if "--check" not in arguments:
                path.write_text(svg, encoding="utf-8", newline="\n")
    print(f"{'out of date' if '--check' in arguments else 'wrote'}: {', '.join(stale) or 'none'}")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
