"""`on_store_failure = "allow"`: a session that is let through without a ledger counts when it is back."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from quotakeeper import Keeper
from quotakeeper.sandbox import Sandbox
from tests.intercept_sockets.conftest import RAW, address, billed
from tests.intercept_sockets.test_sockets import KILLED, PROGRAM

_NO_LEDGER = b"not a database, but long enough to look like one" * 99


@pytest.mark.parametrize(("end", "code"), {"": 0, "sys.exit(3)": 3, **KILLED}.items())
def test_a_session_counts_once_however_its_program_ends(
    sandbox: Sandbox, tmp_path: Path, repository: Path, end: str, code: int
) -> None:
    program, ledger = tmp_path / "live.py", tmp_path / "ledger.db"
    program.write_text(f"import quotakeeper\nquotakeeper.watch()\n{PROGRAM}")
    (tmp_path / "quotakeeper.toml").write_text('on_store_failure = "allow"\n')
    ledger.write_bytes(_NO_LEDGER)
    environ = {**os.environ, "PYTHONPATH": str(repository / "src"), "HOME": str(tmp_path),
               "QUOTAKEEPER_LEDGER": str(ledger)}  # fmt: skip
    ran = subprocess.run(
        [sys.executable, str(program), address(sandbox, RAW), end],
        capture_output=True, check=False, text=True, cwd=tmp_path, env=environ, timeout=60,
    )  # fmt: skip
    assert ran.returncode == code, ran.stderr
    assert ledger.read_bytes() == _NO_LEDGER
    ledger.unlink()
    for _ in range(2):
        with Keeper(ledger, {"default_limits": False}) as keeper:
            keeper.status()
            keeper.status()
            (event,) = keeper.events()
            assert [dict(event.quantities)] == billed(sandbox)
            assert str(event.provenance) == ("estimated" if end else "reported")
            assert (keeper.reservations(), keeper.verify()) == ([], [])
    left = [path.name for path in tmp_path.iterdir()]
    assert not [name for name in left if ".ended-" in name or ".spool-" in name]
