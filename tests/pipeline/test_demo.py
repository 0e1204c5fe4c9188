"""`./dev demo`: it shows what it promises, checks itself, and says so when it is not so."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def demo(repository: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-S", "-X", "dev", str(repository / "examples" / "demo.py")]
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("QUOTAKEEPER") and not name.endswith("_API_KEY")
    }
    return subprocess.run(
        [*command, *arguments], env=clean | environ, capture_output=True, check=False, timeout=60
    )


@pytest.mark.parametrize("encoding", ["utf-8", "cp1258", "ascii"])
def test_a_newcomer_sees_it_all_on_any_console(
    repository: Path, tmp_path: Path, encoding: str
) -> None:
    done = demo(repository, "--keep", str(tmp_path / "d"), PYTHONIOENCODING=f"{encoding}:strict")
    said = done.stdout.decode(encoding)
    assert (done.returncode, done.stderr) == (0, b""), said
    for part in (
        "counted deepgram speech_to_text: 11.181 s, $0.000801 [reported]",
        "deepgram daily minutes: 81 % of today's limit",
        "STOPPED AT A LIMIT",
        "LimitExceeded",
        "resets at  2026-11-24 00:00 Asia/Ho_Chi_Minh",
        "Midnight (simulated)",
        "nothing was paid",
        "TOKEN USAGE & QUOTA SUMMARY",
        "ok: every figure is equal",
        "Demo: all of it happened as it should.",
    ):
        assert part in said, part
    assert "NOT SO" not in said and "DIFFERENT" not in said and "Traceback" not in said
    assert len(list((tmp_path / "d" / "out").glob("*.srt"))) == 3


def test_a_folder_in_use_is_not_touched(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    assert demo(repository, "--keep", str(tmp_path)).returncode == 2
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_bill_that_differs_is_said_and_ends_in_failure(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io
    import runpy

    from quotakeeper.pipeline.console import ProgressConsole
    from quotakeeper.sandbox import Bill

    module = runpy.run_path(str(repository / "examples" / "demo.py"))
    real = Bill.totals

    def off_by_one(self: Bill) -> dict[str, dict[str, int]]:
        totals = real(self)
        totals["gemini"]["output_tokens"] += 1
        return totals

    monkeypatch.setattr(Bill, "totals", off_by_one)
    stream = io.StringIO()
    assert module["Demo"](tmp_path, ProgressConsole(stream)).run() == 1
    assert "DIFFERENT" in stream.getvalue()
    assert "NOT SO: every figure is equal" in stream.getvalue()
