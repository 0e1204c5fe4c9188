"""The brief's scripts, called as in the brief, with a bare Python and no installed package."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).resolve().parents[2] / "run"


def run(script: str, tmp_path: Path, **extra: str) -> subprocess.CompletedProcess[str]:
    # -S leaves out site-packages, so the scripts run without any installed package.
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("QUOTAKEEPER_", "PYTHON", "GEMINI", "GOOGLE", "DEEPGRAM"))
    }
    environment |= {
        "HOME": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path),
        "PYTHONUTF8": "1",
    } | extra
    return subprocess.run(
        [sys.executable, "-S", script], cwd=RUN, env=environment, capture_output=True,
        text=True, encoding=extra.get("PYTHONIOENCODING", "utf-8"), errors="replace",
        stdin=subprocess.DEVNULL, timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("script", "shows"),
    [
        ("test_quota_simple.py", "✅ All checks passed"),
        ("demo_quota_tracking.py", "⚠️ Deepgram API approaching daily limits"),
        ("test_quota_integration.py", "✅ the ledger equals the sandbox's bill"),
    ],
)
def test_the_briefs_commands_succeed(script: str, shows: str, tmp_path: Path) -> None:
    done = run(script, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert shows in done.stdout
    assert "Traceback" not in done.stderr
    assert list(tmp_path.rglob("*.db")) == [], "the user's own ledger must not be touched"


@pytest.mark.parametrize("encoding", ["cp1252", "cp1258", "ascii"])
def test_a_console_without_unicode_does_not_stop_a_script(encoding: str, tmp_path: Path) -> None:
    done = run("test_quota_simple.py", tmp_path, PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "TOKEN USAGE & QUOTA SUMMARY" in done.stdout
    assert "Traceback" not in done.stderr and "UnicodeEncodeError" not in done.stderr
