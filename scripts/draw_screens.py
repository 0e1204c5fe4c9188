"""Draw the picture of the live monitor that the README shows: `python scripts/draw_monitor.py`.

A day of a small team, told to a ledger in memory with a clock turned by hand; then one real frame
of `quotakeeper watch`, as an SVG. The same input gives the same picture.
"""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

from quotakeeper import Keeper, Reservation
from quotakeeper.app.live_frame import look
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.watch.view import frame_lines
from quotakeeper.testing import FakeClock

TARGET = Path(__file__).resolve().parent.parent / "docs" / "images" / "watch.svg"
WIDTH = 92


def tell_a_day(keeper: Keeper, clock: FakeClock) -> Reservation:
    """Sixteen videos: heard, translated, rewritten; the last one is under way."""
    model = "gemini-2.5-flash"
    for number in range(16):
        minutes = 38 + 7 * (number % 5)
        video = {"video": f"tap-{number + 1:02d}"}
        keeper.record("deepgram", model="nova-2", operation="speech_to_text", scope=video,
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
        "deepgram", model="nova-2", operation="speech_to_text", audio_seconds=3_120
    )


def main() -> int:
    """Write the picture."""
    clock = FakeClock("2026-11-23T09:00:00+07:00")
    config = {"timezone": "Asia/Ho_Chi_Minh"}
    with Keeper("memory:", config, clock=clock, on_warning=lambda verdict: None) as keeper:
        under_way = tell_a_day(keeper, clock)
        frame = look(keeper, calls=6)
        lines = frame_lines(frame, CommandContext(color="always", lang="en"), WIDTH)
        under_way.release()
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    for line in lines:
        console.print(Text.from_ansi(line), no_wrap=True, overflow="crop")
    svg = console.export_svg(title="quotakeeper watch", unique_id="watch")
    # Fonts are the reader's own: nothing is fetched from anywhere when the picture is shown.
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(svg, encoding="utf-8")
    print(f"wrote {TARGET.name}: {len(lines)} lines")
    return 0


if __name__ == "__main__":
    sys.exit(main())
