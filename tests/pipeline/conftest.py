"""A bench for the pipeline: a sandbox, a ledger of its own, a clock turned by hand."""

from __future__ import annotations

import io
import sys
import wave
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import pytest

from quotakeeper import Keeper, UsageEvent
from quotakeeper.sandbox import Sandbox
from quotakeeper.testing import FakeClock

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "samples"
GEMINI_KEY = "canary-gemini-4b8e77"
DEEPGRAM_KEY = "canary-deepgram-c21f09"
ZONE = "Asia/Ho_Chi_Minh"

for folder in (ROOT / "run", ROOT / "src"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

from all_in_one_backup import AllInOneBackup  # noqa: E402
from quotakeeper.pipeline.console import ProgressConsole, logging_to  # noqa: E402
from quotakeeper.pipeline.http_transport import HttpReply, HttpRequest, send  # noqa: E402
from quotakeeper.pipeline.options import read_options  # noqa: E402
from quotakeeper.pipeline.wording import ENGLISH, Wording  # noqa: E402


@dataclass
class Run:
    """How one run of the script ended and what it said."""

    exit_code: int
    text: str


class Bench:
    """Runs the script in this process against one sandbox after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.media = folder / "media"
        self.out = folder / "out"
        self.media.mkdir()
        self.clock = FakeClock("2026-11-23T10:00:00+07:00")
        self.sandbox: Sandbox = None  # type: ignore[assignment]
        self.limits: list[dict[str, object]] = []
        self.currency: dict[str, object] = {}
        self.stream: TextIO | None = None
        self.transport: Callable[[HttpRequest], HttpReply] = send
        self.words: Wording = ENGLISH

    def wav(self, name: str, milliseconds: int, *, level: int = 3_000) -> Path:
        """A sound file; level 0 is silence."""
        path = self.media / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pair = b"".join(n.to_bytes(2, "little", signed=True) for n in (level, -level))
        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as writer:
            writer.setnchannels(1)
            writer.setsampwidth(2)
            writer.setframerate(8_000)
            writer.writeframes(pair * (milliseconds * 4))
        path.write_bytes(buffer.getvalue())
        return path

    def keeper(self) -> Keeper:
        """A keeper on the bench's ledger, with the limits of the moment."""
        config = {"timezone": ZONE, "default_limits": False, "limit": self.limits}
        config |= {"currency": self.currency} if self.currency else {}
        return Keeper(self.folder / "ledger.db", config, clock=self.clock)

    def limit(self, meter: str, amount: str, provider: str = "deepgram", **more: object) -> None:
        """One hard daily limit."""
        name = f"{provider} daily {meter}"
        self.limits.append(
            {"name": name, "provider": provider, "meter": meter, "window": "day",
             "amount": amount, "mode": "hard", **more}
        )  # fmt: skip

    def environ(self) -> dict[str, str]:
        """Keys, and where the sandbox is."""
        return {
            "GEMINI_API_KEY": GEMINI_KEY,
            "DEEPGRAM_API_KEY": DEEPGRAM_KEY,
            "GOOGLE_GEMINI_BASE_URL": self.sandbox.gemini_url,
            "DEEPGRAM_BASE_URL": self.sandbox.deepgram_url,
        }

    def run(self, *arguments: str, inputs: Sequence[object] = (), ffmpeg: str = "off") -> Run:
        """Run on the media folder, or on the inputs named, with these further arguments."""
        given = [str(one) for one in inputs or [self.media]]
        text = io.StringIO()
        console = ProgressConsole(self.stream or text)
        line = [*given, "--out", str(self.out), "--ffmpeg", ffmpeg, *arguments]
        options = read_options(line, self.environ(), words=self.words)
        with self.keeper() as keeper, logging_to(console):
            script = AllInOneBackup(
                options, console, keeper=keeper, clock=self.clock, transport=self.transport
            )
            return Run(script.run(), text.getvalue())

    def events(self) -> list[UsageEvent]:
        """Everything in the ledger, oldest first."""
        with self.keeper() as keeper:
            return list(keeper.events())

    def totals(self, events: Sequence[UsageEvent] | None = None) -> dict[str, dict[str, int]]:
        """Sums by provider and meter, as the sandbox's bill has them."""
        sums: dict[str, dict[str, int]] = {}
        for event in self.events() if events is None else events:
            meters = sums.setdefault(event.labels.provider, {})
            for meter, amount in event.quantities.items():
                meters[meter] = meters.get(meter, 0) + amount
        return sums

    def problems(self) -> list[Any]:
        """What is wrong with the ledger, and what was left open."""
        with self.keeper() as keeper:
            return [*keeper.verify(), *keeper.reservations()]

    def output(self, name: str) -> str:
        """A file that the run wrote."""
        return (self.out / name).read_text(encoding="utf-8")


BenchWith = Callable[..., Bench]


@pytest.fixture
def bench_with(tmp_path: Path) -> Iterator[BenchWith]:
    """A bench whose sandbox has the faults named."""
    open_now: list[Sandbox] = []
    bench = Bench(tmp_path)

    def make(*faults: str) -> Bench:
        bench.sandbox = Sandbox(faults=faults, clock=bench.clock).start()
        open_now.append(bench.sandbox)
        return bench

    yield make
    for sandbox in open_now:
        sandbox.close()


@pytest.fixture
def bench(bench_with: BenchWith) -> Bench:
    """A bench whose sandbox does everything right."""
    return bench_with()


def every_byte_under(folder: Path) -> Mapping[Path, bytes]:
    """All files there are, whole."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
