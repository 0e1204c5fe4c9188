"""One host of `./dev demo --team`: it runs the brief's pipeline, and stops after each counted call.

    python team_host.py LEDGER CONFIG MEDIA OUT SANDBOX

It prints one JSON object a line: each counted call, what the pipeline says about a limit, and the exit
code. After a counted call, it waits for a line on standard input.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
for _folder in (ROOT / "run", ROOT / "src"):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))

from all_in_one_backup import AllInOneBackup  # noqa: E402
from quotakeeper import Keeper, UsageEvent  # noqa: E402
from quotakeeper.engine.leases import lease_table  # noqa: E402
from quotakeeper.pipeline.console import ProgressConsole, logging_to  # noqa: E402
from quotakeeper.pipeline.options import read_options  # noqa: E402

# With these labels on every call, all files of a host share its leases.
LABELS = ("--scope", "job=team", "--scope", "media_seconds=11")
STOPPED = "STOPPED AT A LIMIT: "


def tell(**said: Any) -> None:
    """Tell the demo something."""
    print(json.dumps(said), file=sys.__stdout__, flush=True)


class Heard(io.StringIO):
    """A stream for the pipeline: the demo gets only the line about the limit."""

    def write(self, text: str, /) -> int:
        """Take a part of the output."""
        if text.startswith(STOPPED):
            tell(stopped=text.removeprefix(STOPPED).strip())
        return len(text)


def counted(event: UsageEvent) -> None:
    """Tell about a counted call, and wait for the demo."""
    labels, quantities = event.labels, event.quantities
    tokens = sum(amount for key, amount in quantities.items() if "tokens" in key)
    tell(provider=labels.provider, operation=labels.operation, tokens=tokens,
         milliseconds=quantities.get("audio_milliseconds", 0),
         known=str(event.provenance))  # fmt: skip
    if not sys.stdin.readline():
        sys.exit(1)  # the demo has ended


def main(ledger: str, config: str, media: str, out: str, sandbox: str) -> None:
    """Run the pipeline over the folder `media`."""
    # A program that pauses this long would give its leases back. The demo is slow on purpose.
    lease_table._IDLE_SECONDS = 600.0
    environ = {
        "DEEPGRAM_API_KEY": "any",
        "GEMINI_API_KEY": "any",
        "DEEPGRAM_BASE_URL": sandbox,
        "GOOGLE_GEMINI_BASE_URL": sandbox,
    }
    options = read_options([media, "--out", out, "--ffmpeg", "off", *LABELS], environ)
    console = ProgressConsole(Heard())
    with Keeper(ledger, config, on_warning=lambda _: None) as keeper, logging_to(console):
        code = AllInOneBackup(options, console, keeper=keeper, on_event=counted).process()
    tell(ended=code)


if __name__ == "__main__":
    main(*sys.argv[1:])
