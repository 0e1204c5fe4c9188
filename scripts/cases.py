"""Run the handed cases of `../shared/cases` and print, for each, what is expected and what came.

    python -m scripts.cases [NAME ...]

Exit code 1 when one differs. The kinds behind the cases are tests of their own, without that folder.
"""

from __future__ import annotations

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
from quotakeeper.providers import Request, adapter_named

ROOT = Path(__file__).resolve().parents[1]
CASES = ROOT.parent / "shared" / "cases"
_GEMINI = "https://generativelanguage.googleapis.com/v1beta/models/{}:generateContent"


class Case(NamedTuple):
    """A folder of the cases: what is expected, and what to look at."""

    name: str
    expected: str
    look: Callable[[Path], tuple[bool, str]]


def run(program: Path, *arguments: str) -> str:
    """What a program of a case prints, on both streams, with this checkout's package."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONWARNINGS": "ignore"}
    ran = subprocess.run(
        [sys.executable, str(program), *arguments], env=environment, cwd=program.parent,
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    return ran.stdout + ran.stderr


def stopped_lease(folder: Path) -> tuple[bool, str]:
    """Two processes, one stopped with a lease: what is admitted in all."""
    said = run(folder / "lease_stop.py", "11")
    found = re.search(r"used \[\((\d+), (\d+)\)\]", said)
    first, second = (re.search(rf"{name} admitted (\d+)", said) for name in "AB")
    if not (found and first and second):
        return False, said[-300:]
    admitted = int(first[1]) + int(second[1])
    right = admitted <= 100 and found.groups() == ("100", "0") and "verify []" in said
    return right, f"admitted {first[1]} + {second[1]}, used {found[1]}, reserved {found[2]}"


def bound_of(body: bytes, model: str) -> int:
    """The bound of a Gemini request, input tokens."""
    adapter = adapter_named("gemini")
    assert adapter is not None
    call = adapter.recognise(Request("POST", _GEMINI.format(model), {}, body))
    assert call is not None
    return sum(amount for meter, amount in call.bound.items() if "input" in meter)


def signature(folder: Path) -> tuple[bool, str]:
    """Bounds of a signature of 6,000 characters and of an image, beside their bills."""
    signed = bound_of(run(folder / "make.py", "6000").encode(), "gemini-2.5-flash")
    image = bound_of(run(folder / "make.py", "0", "540x360").encode(), "gemini-2.0-flash")
    return signed >= 1_200 and image >= 1_806, f"signature: {signed}, image: {image}"


def raw_sound(folder: Path) -> tuple[bool, str]:
    """Ten seconds at 8 kHz are 320 tokens."""
    bound = bound_of((folder / "request.json").read_bytes(), "gemini-2.5-flash")
    return bound >= 320, f"{bound} tokens"


def warning(folder: Path) -> tuple[bool, str]:
    """A reservation that is released warns nobody; the real use does."""
    lines = run(folder / "warn.py").splitlines()
    after = [line for line in lines if line.startswith("after real")]
    return bool(after) and "85" in after[0].partition("]")[0], " | ".join(lines)


def damaged(_: Path) -> tuple[bool, str]:
    """One letter of a stored quantity is another: what verify and events say."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place, "ledger.db")
        with Keeper(path) as keeper:
            for _ in range(3):
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
    """The disk is full for the ledger and for the spool: the last line says what is lost."""
    said = run(folder / "spool_exit.py")
    left = re.search(r"ledger (/\S+)/l\.db", said)
    if left and os.path.ismount(left[1]):  # its small disk, where the program ended early
        subprocess.run(["umount", left[1]], check=False)
    lines = [line for line in said.splitlines() if "quotakeeper: lost: " in line]
    return bool(lines), lines[-1][:160] if lines else said[-300:]


ALL = (
    Case("lease_of_a_stopped_process", "at most 100 of 100 admitted", stopped_lease),
    Case("thought_signature", "bounds of at least 1,200 and 1,806 tokens", signature),
    Case("raw_at_8_khz", "a bound of at least 320 tokens", raw_sound),
    Case("warning_used_up", "a warning at the real 85 %", warning),
    Case("damaged_quantity", "verify lists it; events() names the entry", damaged),
    Case("spool_lost_at_exit", "the last line says what is lost", lost_spool),
)


def main(names: list[str]) -> int:
    """Run the cases of these names, or all."""
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
