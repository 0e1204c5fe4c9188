"""The short forms of the parts about system calls, and a check that each of them can fail.

The long forms need more minutes: `python -m tests.proof.apart tests.proof.kills 5 0`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from tests.proof import tzif
from tests.proof.apart import ROOT, apart
from tests.proof.broken import BREAKAGES

pytestmark = pytest.mark.slow
if os.name == "nt":
    pytest.skip(
        "the machine parts fork and trace: POSIX, most of them Linux", allow_module_level=True
    )
SEED = int(os.environ.get("QUOTAKEEPER_TEST_SEED") or 0)
# Parts, and the least number of cases in their short forms.
PARTS = {
    "kills": 150, "faults": 150, "power_loss": 500, "interleaved": 50, "migrations": 50,
    "civil_days": 450_000, "interruptions": 40, "forks": 97, "endings": 48,
    "stopped_holders": 5, "server_kills": 20,
}  # fmt: skip


@pytest.mark.parametrize("name", PARTS)
def test_the_short_form_of_a_part_finds_nothing(name: str) -> None:
    sys.stdout.write(f"REPRO: QUOTAKEEPER_TEST_SEED={SEED}\n")
    part = import_module(f"tests.proof.{name}").run(0, SEED, print)
    if part.notes and part.notes[0].startswith("skipped"):
        pytest.skip(part.notes[0])
    assert part.found == []
    assert part.cases >= PARTS[name]
    assert (part.seed, part.seconds > 0) == (SEED, True)


@pytest.mark.parametrize("name", BREAKAGES)
def test_a_part_finds_a_broken_store(name: str) -> None:
    part = apart("tests.proof.broken", 0, list(BREAKAGES).index(name), print)
    if part.notes and part.notes[0].startswith("skipped"):
        pytest.skip(part.notes[0])
    assert len(part.found) == 1, f"nothing was found of: {name}"


# -- the tools of the parts


@pytest.mark.parametrize(
    ("date", "days"),
    [((1970, 1, 1), 0), ((1969, 12, 31), -1), ((2000, 3, 1), 11_017), ((2037, 12, 31), 24_836)],
)
def test_the_oracle_counts_the_days_of_zones(date: tuple[int, int, int], days: int) -> None:
    assert tzif.days_before(*date) == days


@pytest.mark.parametrize(
    ("rule", "year", "expected"),
    [
        ("M3.2.0", 2027, (2027, 3, 14, 2)),  # the second Sunday of March, at two
        ("M11.1.0/1", 2027, (2027, 11, 7, 1)),
        ("M10.5.0/-1", 2027, (2027, 10, 31, -1)),  # the last Sunday
        ("M12.5.5", 2027, (2027, 12, 31, 2)),
        ("J60", 2028, (2028, 3, 1, 2)),  # 29 February is not counted
        ("59/0", 2028, (2028, 2, 29, 0)),  # here it is counted
    ],
)
def test_a_posix_rule_gives_its_moment(rule: str, year: int, expected: tuple[int, ...]) -> None:
    assert tzif._moment(rule, year) == tzif.days_before(*expected[:3]) * tzif.DAY + (
        expected[3] * 3_600
    )


def test_the_tracer_sees_fails_and_kills(tmp_path: Path) -> None:
    """It runs in a process with one thread, because the tracer forks."""
    code = """
import errno, os
from tests.proof.tracer import Fault, say, trace, why_not
if why_not():
    print("skipped:", why_not())
    raise SystemExit
def act():
    say("begin")
    fd = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    os.pwrite(fd, b"0123456789", 5)
    os.fsync(fd)
    os.rename(path, path + ".new")
    say("end")
path = os.path.join(os.environ["FOLDER"], "file")
whole = trace(act, record=True, begins="begin")
assert [call.name for call in whole.calls] == ["openat", "pwrite64", "fsync", "rename"], whole
assert whole.calls[0].text == path and whole.calls[3].other == path + ".new"
assert whole.calls[1].data == b"0123456789" and whole.calls[1].arguments[3] == 5
assert (whole.said, whole.status, whole.count) == (["begin", "end"], 0, 4)
os.unlink(path + ".new")
for number, name in enumerate(("openat", "pwrite64", "fsync", "rename"), 1):
    failed = trace(act, Fault(number, errno.EIO), begins="begin")
    assert failed.struck == name and failed.status == 1, failed
    assert failed.said[1].startswith("raised OSError: [Errno 5]"), failed
    killed = trace(act, Fault(number, kill=True), begins="begin")
    assert (killed.struck, killed.status, killed.said) == (name, -9, ["begin"]), killed
    later = trace(act, Fault(number, errno.EINTR, calls_after=1), begins="begin")
    assert later.status in (-9, 1), later
    if name == "pwrite64":
        assert os.path.getsize(path) == 0
    for left in os.listdir(os.environ["FOLDER"]):
        os.unlink(os.path.join(os.environ["FOLDER"], left))
short = trace(act, Fault(2, short=True), record=True, begins="begin")
assert short.calls[1].data == b"01234" and short.calls[1].result == 5, short
seen = []
trace(act, Fault(2, meanwhile=lambda: seen.append(os.path.getsize(path))), begins="begin")
assert seen == [0], seen  # it stood still after the file was made and before it was written
"""
    paths = f"{ROOT / 'src'}{os.pathsep}{ROOT}"
    environment = {**os.environ, "PYTHONPATH": paths, "FOLDER": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", code], env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as child:  # fmt: skip
        out, err = child.communicate(timeout=60)
    if out.startswith("skipped"):
        pytest.skip(out.strip())
    assert (child.returncode, err) == (0, "")
