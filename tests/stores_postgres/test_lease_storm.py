"""Hosts that admit calls on leases use one limit up together: it is met exactly."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from quotakeeper import Keeper
from quotakeeper.domain.ledger.reservations import is_lease_id
from tests.stores_postgres.lease_limits import config

ROOT = Path(__file__).resolve().parents[2]
HOSTS, CALLERS = 4, 8
AMOUNT = int(os.environ.get("QUOTAKEEPER_LEASE_STORM_AMOUNT", "10000"))


@pytest.mark.parametrize(
    ("lease", "ms"),
    [("default", 0), ("default", 1), ("default", 5), ("off", 0), ("off", 1), ("off", 5)],
)
def test_hosts_with_leases_meet_a_limit_exactly(
    server: str, tmp_path: Path, lease: str, ms: int
) -> None:
    url = f"{server}leases_{os.getpid()}_{lease}_{ms}"
    amount = AMOUNT if lease == "default" else AMOUNT // 20  # each call waits for the server
    with Keeper(url, config(amount, str(tmp_path / "judge"))) as judge:
        judge.status()  # makes the ledger
        started = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.stores_postgres.lease_host", url,
                 str(tmp_path / f"host{number}"), str(CALLERS), str(amount), str(ms),
                 "" if lease == "default" else lease],
                cwd=ROOT, stdout=subprocess.PIPE, text=True,
            )
            for number in range(HOSTS)
        ]  # fmt: skip
        said = [json.loads(each.communicate(timeout=300)[0])["admitted"] for each in started]
        print(f"lease {lease}, {ms} ms: {said}")
        assert sum(said) == amount
        (limit,) = judge.status().limits
        assert (limit.used, limit.reserved) == (amount, 0)
        leases = [entry for entry in judge.entries() if entry.id and is_lease_id(entry.id)]
        assert bool(leases) == (lease == "default")
        assert judge.verify() == []
