"""A command line with a clock that stands still, on a ledger of its own, in an empty home."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from quotakeeper import Keeper
from quotakeeper.__main__ import main
from quotakeeper.cli import context
from quotakeeper.testing import FakeClock

GOLDEN = Path(__file__).parent / "golden"


@dataclass(frozen=True)
class Result:
    """What a run of the command line left behind."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class CommandLine:
    """Runs commands in this process; `keeper()` opens the same ledger with the same clock."""

    clock: FakeClock
    folder: Path
    environment: pytest.MonkeyPatch
    run: Callable[..., Result]

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger.db"

    def keeper(self, **given: object) -> Keeper:
        return Keeper(ledger=self.ledger, clock=self.clock, **given)  # type: ignore[arg-type]

    def write_config(self, text: str) -> Path:
        path = self.folder / "quotakeeper.toml"
        path.write_text(text, encoding="utf-8")
        return path


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock("2026-11-23T12:00:00+00:00")


@pytest.fixture
def cli(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    clock: FakeClock,
) -> CommandLine:
    for name in ("CONFIG", "LANG", "TIMEZONE", "DURABILITY", "ON_LIMIT", "WARN_AT", "PLAN"):
        monkeypatch.delenv(f"QUOTAKEEPER_{name}", raising=False)
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "home"
    home.mkdir()
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name, value in {
        "HOME": home,
        "XDG_CONFIG_HOME": home / "config",
        "XDG_DATA_HOME": home / "data",
        "APPDATA": home / "config",
        "LOCALAPPDATA": home / "data",
        "QUOTAKEEPER_LEDGER": folder / "ledger.db",
        "QUOTAKEEPER_TIMEZONE": "UTC",
        "LANG": "C.UTF-8",
        "COLUMNS": "100",
    }.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setattr(
        context, "open_keeper", lambda session: Keeper(config=session.settings(), clock=clock)
    )

    monkeypatch.setattr(context, "now", clock.now)
    monkeypatch.setattr(context, "alert_clock", lambda: clock)

    def run(*arguments: object) -> Result:
        capsys.readouterr()
        code = main([str(each) for each in arguments])
        found = capsys.readouterr()
        return Result(code, found.out, found.err)

    return CommandLine(clock, folder, monkeypatch, run)


@pytest.fixture
def busy(cli: CommandLine) -> CommandLine:
    """A day with a bit of everything: calls of all kinds, one unpriced, one limit passed."""
    with cli.keeper(on_warning=lambda verdict: None) as keeper:
        keeper.record(
            "gemini", model="gemini-2.5-flash", operation="translate", event_id="e1",
            scope={"project": "phim-01"}, input_tokens=12_000_000, output_tokens=300_000,
        )  # fmt: skip
        cli.clock.advance(minutes=20)
        keeper.record(
            "deepgram", model="nova-2", operation="speech_to_text", event_id="e2",
            audio_seconds=120.5,
        )  # fmt: skip
        keeper.record(
            "gemini", model="gemini-9-argon", operation="dịch lại", event_id="e3",
            input_tokens=1200, output_tokens=800, outcome="error",
        )  # fmt: skip
        cli.clock.advance(minutes=20)
        keeper.record(
            "deepgram", model="nova-3", operation="=cmd()", event_id="e4",
            audio_seconds=60_060, provenance="estimated",
        )  # fmt: skip
        cli.clock.advance(minutes=5)
        call = keeper.reserve(
            "gemini", model="gemini-2.5-flash", operation="rewrite", event_id="e5",
            input_tokens=5_000, output_tokens=5_000,
        )  # fmt: skip
        cli.clock.advance(seconds=3)
        call.settle(input_tokens=4_000, output_tokens=1_000, duration_ms=3_000)
    return cli


def golden(name: str, text: str) -> None:
    """Hold a text to a file beside the tests; to renew it, delete the file and run twice."""
    path = GOLDEN / name
    if not path.exists():
        path.write_text(text, encoding="utf-8", newline="\n")
        pytest.fail(f"{path.name} was not there and has been written: look at it, then run again")
    assert text == path.read_text(encoding="utf-8")
