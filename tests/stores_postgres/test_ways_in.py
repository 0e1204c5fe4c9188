"""Every way in uses a ledger in PostgreSQL as it uses one in a file."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from quotakeeper import Keeper, UsageEvent
from quotakeeper.calculator import TokenCalculator
from quotakeeper.sandbox import Sandbox
from tests.launch.test_calls import PROGRAM
from tests.stores_postgres.conftest import CANARY

NO_LIMITS = {"default_limits": False}
LOADED = """
import sys
from quotakeeper import Keeper
with Keeper(sys.argv[1]) as keeper:
    keeper.record("gemini", model="gemini-2.0-flash", input_tokens=7)
print([each for each in sys.modules if "psycopg" in each or "stores.postgres" in each])
"""


@pytest.fixture
def environ(tmp_path: Path, server: str) -> dict[str, str]:
    """The environment of a program, in an empty home, that finds its ledger by a variable."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("QUOTAKEEPER_", "PYTHON", "COVERAGE", "LC_"))
    }
    source = Path(__file__).resolve().parents[2] / "src"
    url = f"{server}{tmp_path.name}".replace("postgres@", f"postgres:{CANARY}@", 1)
    return {
        **kept, "HOME": str(tmp_path), "LANG": "C.UTF-8", "PYTHONPATH": str(source),
        "PYTHONUTF8": "1", "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_DATA_HOME": str(tmp_path / "data"), "QUOTAKEEPER_TIMEZONE": "UTC",
        "QUOTAKEEPER_LEDGER": url,
    }  # fmt: skip


def start(environ: dict[str, str], *words: object) -> subprocess.CompletedProcess[str]:
    """A process that ends by itself, with the canary in nothing that it says."""
    done = subprocess.run(
        [sys.executable, *map(str, words)], env=environ, cwd=environ["HOME"], encoding="utf-8",
        capture_output=True, check=False, timeout=120,
    )  # fmt: skip
    assert CANARY not in done.stdout + done.stderr
    return done


def events(environ: dict[str, str]) -> list[UsageEvent]:
    """What was booked; the ledger has no problem and nothing open."""
    with Keeper(environ["QUOTAKEEPER_LEDGER"], NO_LIMITS) as keeper:
        assert (keeper.verify(), list(keeper.reservations())) == ([], [])
        return list(keeper.events())


def totals(booked: Iterable[UsageEvent]) -> dict[str, dict[str, int]]:
    sums: dict[str, Counter[str]] = {}
    for event in booked:
        sums.setdefault(event.labels.provider, Counter()).update(event.quantities)
    return {provider: dict(sum_) for provider, sum_ in sums.items()}


def test_a_program_under_run_is_booked_and_summed_up(
    environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "prog.py").write_text(PROGRAM, encoding="utf-8")
    words = ("-m", "quotakeeper", "run", "--project", "phim-01", "--", sys.executable, "prog.py")
    with Sandbox() as sandbox:
        ran = start(environ, *words, sandbox.base_url)
        bill = sandbox.bill.totals()
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr.startswith("quotakeeper: 3 calls, $")
    assert totals(events(environ)) == {"gemini": bill["gemini"]}


def test_a_program_under_run_meets_a_limit(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "prog.py").write_text(PROGRAM, encoding="utf-8")
    (tmp_path / "quotakeeper.toml").write_text(
        '[[limit]]\nname = "two"\nmeter = "requests"\nwindow = "none"\namount = 2\n',
        encoding="utf-8",
    )
    words = ("-m", "quotakeeper", "run", "--", sys.executable, "prog.py")
    with Sandbox() as sandbox:
        ran = start(environ, *words, sandbox.base_url)
        bill = sandbox.bill.totals()
    assert ran.stdout.splitlines()[-1] == "402 RESOURCE_EXHAUSTED"
    assert "refused by a limit: 1" in ran.stderr
    booked = events(environ)
    assert len(booked) == 2
    assert totals(booked) == {"gemini": bill["gemini"]}


def test_the_pipeline_books_what_the_provider_bills(
    environ: dict[str, str], repository: Path, tmp_path: Path
) -> None:
    with Sandbox() as sandbox:
        environ |= {
            "GEMINI_API_KEY": "any",
            "DEEPGRAM_API_KEY": "any",
            "GOOGLE_GEMINI_BASE_URL": sandbox.gemini_url,
            "DEEPGRAM_BASE_URL": sandbox.deepgram_url,
        }
        words = ("translate", repository / "samples", "--out", tmp_path / "out", "--ffmpeg", "off")
        ran = start(environ, "-m", "quotakeeper", *words)
        bill = sandbox.bill.totals()
    assert ran.returncode == 0, ran.stderr + ran.stdout
    assert set(bill) == {"gemini", "deepgram"}
    assert totals(events(environ)) == bill


def test_the_calculator_counts_on_it(environ: dict[str, str], tmp_path: Path) -> None:
    calculator = TokenCalculator(environ["QUOTAKEEPER_LEDGER"], NO_LIMITS)
    usage = calculator.track_api_call("translate", "xin chào", "hello", api_type="gemini")
    calculator.close()
    (booked,) = events(environ)
    counted = booked.quantities
    assert counted["input_tokens"] + counted["output_tokens"] == usage["total_tokens"] > 0


def test_whoever_uses_a_file_loads_nothing_of_it(environ: dict[str, str], tmp_path: Path) -> None:
    for ledger in (tmp_path / "ledger.db", "memory:"):
        done = start(environ, "-c", LOADED, ledger)
        assert (done.stdout, done.stderr) == ("[]\n", "")
    done = start(environ, "-c", LOADED, environ["QUOTAKEEPER_LEDGER"])
    assert "'psycopg'" in done.stdout
