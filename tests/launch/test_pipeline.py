"""The brief's pipeline, counted by itself and counted from outside: one ledger is as the other.

And both are the sandbox's bill: its calls, its quantities and what they cost by hand.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from quotakeeper import Provenance
from quotakeeper.sandbox import Sandbox
from quotakeeper.sandbox.messages import Charge
from tests.launch.conftest import Runner

# Dollars for a million tokens (thoughts are output), for a minute of sound.
INPUT, CACHED, OUTPUT, MINUTE = map(Decimal, ("0.30", "0.03", "2.50", "0.0043"))
PICO = 10**12
# Each of these makes an attempt that is answered, counted and not charged, and another one.
FAULTS = ("500@1=listen", "503@2=generateContent")

Row = tuple[str, str, tuple[tuple[str, int], ...], int]


def cost_pico(charge: Charge) -> int:
    """What a charge costs by the prices above, whatever the catalogue says."""
    said = charge.quantities
    sound = MINUTE / 60_000 * said.get("audio_milliseconds", 0)
    output = said.get("output_tokens", 0) + said.get("thought_tokens", 0)
    tokens = INPUT * said.get("input_tokens", 0) + CACHED * said.get("cached_input_tokens", 0)
    return round((sound + (tokens + OUTPUT * output) / 1_000_000) * PICO)


def on_the_bill(sandbox: Sandbox) -> list[Row]:
    return sorted(
        (each.provider, each.model, tuple(sorted(each.quantities.items())), cost_pico(each))
        for each in sandbox.bill.charges
    )


def in_the_ledger(runner: Runner) -> list[Row]:
    events = runner.events()
    assert {event.provenance for event in events} == {Provenance.REPORTED}
    rows: list[Row] = []
    for event in events:
        labels, cost = event.labels, event.cost_pico
        assert cost is not None
        quantities = tuple(sorted(event.quantities.items()))
        rows.append((labels.provider, labels.model, quantities, cost))
    return sorted(rows)


STARTS = {
    "script": ["run/all_in_one_backup.py"],
    "command": ["-m", "quotakeeper", "translate"],
}


def pipeline(start: str, runner: Runner, sandbox: Sandbox, *arguments: str) -> list[str]:
    samples = runner.repository / "samples"
    begin = [part if part[0] == "-" or "/" not in part else str(runner.repository / part)
             for part in STARTS[start]]  # fmt: skip
    return [sys.executable, *begin, *arguments, str(samples), "--quiet", "--ffmpeg", "off",
            "--out", str(runner.folder / "out"), "--gemini-url", sandbox.gemini_url,
            "--deepgram-url", sandbox.deepgram_url]  # fmt: skip


def outputs(runner: Runner) -> dict[str, bytes]:
    """What it made, but for the notes it keeps for itself, which hold the time."""
    made = (runner.folder / "out").iterdir()
    return {path.name: path.read_bytes() for path in made if path.suffix in (".srt", ".txt")}


@pytest.mark.parametrize(
    ("start", "faults"),
    [("script", ()), ("script", FAULTS), ("command", ())],
    ids=["script", "script, with faults", "command"],
)
def test_counted_by_itself_or_from_outside_it_comes_to_the_same(
    runner: Runner, tmp_path: Path, start: str, faults: Sequence[str]
) -> None:
    keys = {"GEMINI_API_KEY": "any", "DEEPGRAM_API_KEY": "any"}
    own = replace(runner, folder=tmp_path / "own", environ={**runner.environ, **keys})
    watched = replace(own, folder=tmp_path / "watched")
    own.folder.mkdir()
    watched.folder.mkdir()
    with Sandbox(faults=faults) as sandbox:
        done = subprocess.run(
            pipeline(start, own, sandbox), env=own.environment(), cwd=own.folder, capture_output=True,
            check=False, encoding="utf-8", timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        own_bill = on_the_bill(sandbox)
    with Sandbox(faults=faults) as sandbox:
        ran = watched("--", *pipeline(start, watched, sandbox, "--no-tracking"))
        assert ran.returncode == 0, ran.stdout + ran.stderr
        watched_bill = on_the_bill(sandbox)
    assert in_the_ledger(own) == own_bill
    assert in_the_ledger(watched) == watched_bill
    assert own_bill == watched_bill
    assert len(own_bill) == 9 + len(faults)
    assert outputs(own) == outputs(watched) and outputs(own)
