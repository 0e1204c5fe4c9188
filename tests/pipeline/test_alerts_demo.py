"""`./dev demo --alerts`: what a phone shows at 80 % and 100 %."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tools import verbs


def test_the_demo_prints_what_a_phone_shows(repository: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONUTF8": "1"}
    ended = subprocess.run(
        [sys.executable, str(repository / "examples" / "demo.py"), "--alerts", "--keep",
         str(tmp_path / "kept")],
        capture_output=True, text=True, encoding="utf-8", env=environment, timeout=120, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "| daily cost: 81.0% used " in ended.stdout
    assert "| daily cost: 100.2% used, further calls are refused " in ended.stdout
    assert "| Used: $4.05 of $5.00. Left: $0.95. " in ended.stdout
    assert "Đã dùng: 4,05 US$ trên 5,00 US$. Còn lại: 0,95 US$. " in ended.stdout
    assert "NOT SO" not in ended.stdout and ended.stderr == ""
    assert "demo --alerts" in verbs.HELP
