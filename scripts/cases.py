"""Runs the cases of `../shared/cases`, and prints the expected and the actual result of each.

    python -m scripts.cases [NAME ...]

The exit code is 1 if a result differs. For each kind of case there is also a test that does not need
that folder.
"""

from __future__ import annotations

import gzip
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from quotakeeper import Keeper
from quotakeeper.errors import LedgerCorruptError
from quotakeeper.pipeline.media import exact_milliseconds
from quotakeeper.providers import Request, adapter_named
from quotakeeper.providers.audio import read_sound
from quotakeeper.providers.gemini.errors import read_fault
from scripts import run_cases
from tests.providers.support import post, read

ROOT = Path(__file__).resolve().parents[1]
CASES = ROOT.parent / "shared" / "cases"
_GEMINI = "https://generativelanguage.googleapis.com/v1beta/models/{}:generateContent"


class Case(NamedTuple):
    """One case: the name of its folder, the expected result, and the function that runs it."""

    name: str
    expected: str
    look: Callable[[Path], tuple[bool, str]]


def run(program: Path, *arguments: str) -> str:
    """Run a program of a case with this checkout's package.

    Returns its output, stdout and stderr together.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONWARNINGS": "ignore"}
    ran = subprocess.run(
        [sys.executable, str(program), *arguments], env=environment, cwd=program.parent,
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    return ran.stdout + ran.stderr


def stopped_lease(folder: Path) -> tuple[bool, str]:
    """Two processes draw on leases, and one of them is stopped. Counts the calls that both admit."""
    said = run(folder / "lease_stop.py", "11")
    found = re.search(r"used \[\((\d+), (\d+)\)\]", said)
    first, second = (re.search(rf"{name} admitted (\d+)", said) for name in "AB")
    if not (found and first and second):
        return False, said[-300:]
    admitted = int(first[1]) + int(second[1])
    right = admitted <= 100 and found.groups() == ("100", "0") and "verify []" in said
    return right, f"admitted {first[1]} + {second[1]}, used {found[1]}, reserved {found[2]}"


def bound_of(body: bytes, model: str) -> int:
    """The upper bound of a Gemini request, in input tokens."""
    adapter = adapter_named("gemini")
    assert adapter is not None
    call = adapter.recognise(Request("POST", _GEMINI.format(model), {}, body))
    assert call is not None
    return sum(amount for meter, amount in call.bound.items() if "input" in meter)


def signature(folder: Path) -> tuple[bool, str]:
    """The upper bounds of a 6,000-character signature and of an image, compared with the bills."""
    signed = bound_of(run(folder / "make.py", "6000").encode(), "gemini-2.5-flash")
    image = bound_of(run(folder / "make.py", "0", "540x360").encode(), "gemini-2.0-flash")
    return signed >= 1_200 and image >= 1_806, f"signature: {signed}, image: {image}"


def raw_sound(folder: Path) -> tuple[bool, str]:
    """The bound of ten seconds of raw sound at 8 kHz is at least 320 tokens."""
    bound = bound_of((folder / "request.json").read_bytes(), "gemini-2.5-flash")
    return bound >= 320, f"{bound} tokens"


def warning(folder: Path) -> tuple[bool, str]:
    """A released reservation causes no warning; real use does."""
    lines = run(folder / "warn.py").splitlines()
    after = [line for line in lines if line.startswith("after real")]
    return bool(after) and "85" in after[0].partition("]")[0], " | ".join(lines)


def damaged(_: Path) -> tuple[bool, str]:
    """A stored quantity has one wrong letter: what `verify` and `events` report."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place, "ledger.db")
        with Keeper(path) as keeper:
            for _number in range(3):
                keeper.record("gemini", model="gemini-2.5-flash", input_tokens=99, output_tokens=9)
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        data = path.read_bytes()
        assert data.count(b"i99o9") >= 1
        path.write_bytes(data.replace(b"i99o9", b"z99o9", 1))
        with Keeper(path) as keeper:
            problems = keeper.verify()
            try:
                list(keeper.events())
                told = "events() raised nothing"
            except LedgerCorruptError as error:
                told = f"events(): entry {error.seq}"
    return bool(problems) and "entry" in told, f"verify: {len(problems)} problem(s); {told}"


def lost_spool(folder: Path) -> tuple[bool, str]:
    """The disk is full for the ledger and for the spool: the last line names the lost calls."""
    said = run(folder / "spool_exit.py")
    left = re.search(r"ledger (/\S+)/l\.db", said)
    if left and os.path.ismount(left[1]):  # unmounts the program's small disk if it ended early
        subprocess.run(["umount", left[1]], check=False)
    lines = [line for line in said.splitlines() if "quotakeeper: lost: " in line]
    return bool(lines), lines[-1][:160] if lines else said[-300:]


def long_answer(folder: Path) -> tuple[bool, str]:
    """Deepgram's answer for eight hours of audio by URL, uncompressed and compressed."""
    answer = run(folder / "make.py", "8").encode()
    request = post("https://api.deepgram.com/v1/listen?model=nova-3", {"url": "https://a.vn/b.mp3"})
    told = []
    for body, headers in ((answer, {}), (gzip.compress(answer), {"content-encoding": "gzip"})):
        pieces = [body[start : start + 65_536] for start in range(0, len(body), 65_536)]
        usage = read(request, pieces, headers=headers)
        told.append((usage.quantities.get("audio_milliseconds"), str(usage.provenance)))
    return told == [(28_800_000, "reported")] * 2, f"{len(answer):,} bytes: {told}"


def quota_answers(folder: Path) -> tuple[bool, str]:
    """Gemini's 429 in three forms: whether the daily quota is used up, and how long to wait."""
    told = {}
    for path in sorted(folder.glob("*.json")):
        fault = read_fault(429, {}, path.read_bytes())
        told[path.stem] = (fault.per_day, fault.retry_after_seconds)
    expected = {
        "day_then_minute": (True, 26.66),
        "message_only": (False, 26.660853464),
        "reset_delay": (False, 35_477.2),
    }
    right = all(
        told[name][0] is per_day and abs((told[name][1] or 0) - wait) < 1
        for name, (per_day, wait) in expected.items()
    )
    return right, str(told)


def sounds(lengths: dict[str, tuple[float, int]]) -> Callable[[Path], tuple[bool, str]]:
    """Lengths of files in seconds, and their channels; 0 s means that the file has no sound."""

    def look(folder: Path) -> tuple[bool, str]:
        right, told = True, []
        for name, (seconds, channels) in lengths.items():
            sound = read_sound((folder / name).read_bytes())
            found = (0.0, 0) if sound is None else (sound.microseconds / 1e6, sound.channels)
            right &= abs(found[0] - seconds) <= 0.06 and channels in (0, found[1])
            told.append(f"{name} {found[0]:.3f} s, {found[1]} channels")
        return right, "; ".join(told)

    return look


def pipeline_wav(folder: Path) -> tuple[bool, str]:
    """The lengths that the pipeline reads from telephony WAV files without ffmpeg."""
    told = {path.name: exact_milliseconds(path) for path in sorted(folder.glob("*.wav"))}
    return told == {"adpcm_ima_wav.wav": 10_205, "adpcm_ms.wav": 10_180}, f"{told} ms"


ALL = (
    # limits that must hold
    Case("lease_of_a_stopped_process", "at most 100 of 100 admitted", stopped_lease),
    Case("thought_signature", "bounds of at least 1,200 and 1,806 tokens", signature),
    Case("raw_at_8_khz", "a bound of at least 320 tokens", raw_sound),
    Case("warning_used_up", "a warning at the real 85 %", warning),
    Case("damaged_quantity", "verify lists it; events() names the entry", damaged),
    Case("spool_lost_at_exit", "the last line says what is lost", lost_spool),
    # calls that must be seen
    Case(
        "silent_bypass",
        "3 billed: metered, or named and exit 6 by --strict",
        run_cases.silent_bypass,
    ),
    Case("deepgram_answer_over_16_mb", "28,800,000 ms reported, plain and packed", long_answer),
    Case("gemini_429", "the day's quota; 26.66 s; 26.66 s; 35,477.2 s", quota_answers),
    # programs that must not fail
    Case("signal_while_loading", "ok 1; billed 2, in the ledger 2", run_cases.signal_while_loading),
    Case("signal_with_leases", "no error, verify []", run_cases.signal_with_leases),
    Case("call_at_exit", "exit 0; billed 2, in the ledger 2", run_cases.at_exit),
    Case(
        "ended_right_after", "billed 80, in the ledger 80, 0 assumed", run_cases.ended_right_after
    ),
    Case("green_threads", "exit 0; billed, and in the ledger", run_cases.green),
    Case("subinterpreter", "exit 0; billed, and in the ledger", run_cases.subinterpreter),
    # lengths of sound
    Case("five_one_channels", "1 s, 6 channels", sounds({"ac3.mp4": (1.0, 6)})),
    Case("fragmented_mp4", "20.4 s, as ffprobe says", sounds({"film.mp4": (20.4, 0)})),
    Case("joined_aac_segments", "20.096 s, as decoded", sounds({"joined.aac": (20.096, 0)})),
    Case("joined_mp3", "12.1 s, as decoded", sounds({"with_cover.mp3": (12.099, 0)})),
    Case("ogg_that_starts_late", "10 s", sounds({"late.opus": (10.0, 0)})),
    Case("taken_for_mp3", "no sound", sounds({"noise.bin": (0.0, 0)})),
    Case(
        "unread_formats",
        "10, 10 and 10.112 s, as decoded",
        sounds({"pipe.flac": (10.0, 0), "ten.aiff": (10.0, 0), "ten.ts": (10.112, 0)}),
    ),
    Case("pipeline_wav_codecs", "10,205 and 10,180 ms, as decoded", pipeline_wav),
)


def main(names: list[str]) -> int:
    """Run the named cases, or all."""
    if not CASES.is_dir():
        sys.stderr.write(f"{CASES} is not there: no case was run\n")
        return 1
    wrong = 0
    for case in ALL:
        if names and case.name not in names:
            continue
        right, got = case.look(CASES / case.name)
        wrong += not right
        sys.stdout.write(
            f"{'ok   ' if right else 'WRONG'} {case.name}\n      expected: {case.expected}\n"
            f"      got: {got}\n"
        )
        sys.stdout.flush()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
