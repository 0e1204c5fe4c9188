"""Several processes use one limit up, by the server's clock: it is met exactly."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from quotakeeper.clocks import zone_named
from quotakeeper.domain.ledger import commands as c
from quotakeeper.stores.postgres.dsn import parse_dsn
from quotakeeper.stores.postgres.store import PostgresStore
from quotakeeper.testing.ledger_case import cap

ROOT = Path(__file__).resolve().parents[2]
PROCESSES, AMOUNT = 4, int(os.environ.get("QUOTAKEEPER_STORM_AMOUNT", "400"))


@pytest.mark.parametrize("way", ["guards", "locked", "by turns"])
def test_a_limit_is_met_exactly(server: str, way: str) -> None:
    url = f"{server}storm_{os.getpid()}_{way.replace(' ', '_')}"
    limits = (cap(AMOUNT), cap(10**9, "rolling", window="rolling 1h"))
    with closing(PostgresStore(parse_dsn(url), zone_named, owner="judge")) as judge:
        judge.apply([c.Watch(tuple(limit.account for limit in limits))], 0)
        started = []
        for number in range(PROCESSES):
            locked = way == "locked" or (way == "by turns" and number % 2)
            words = [url, f"p{number}", str(AMOUNT), *(["locked"] if locked else [])]
            started.append(
                subprocess.Popen(
                    [sys.executable, "-m", "tests.stores_postgres.storm", *words],
                    cwd=ROOT, stdout=subprocess.PIPE, text=True,
                )
            )  # fmt: skip
        said = [json.loads(each.communicate(timeout=300)[0]) for each in started]
        assert sum(each["admitted"] for each in said) == AMOUNT
        ways = sum((Counter(each["ways"]) for each in said), Counter[str]())
        print(f"{way}: {dict(ways)}")
        assert (ways["conditional"] > 0) == (way != "locked")
        assert ways["not decided again"] == 0
        (verdict,) = judge.verdicts(limits[:1], 0)
        assert (verdict.used, verdict.reserved) == (AMOUNT, 0)
        assert judge.verify() == []
        entries = list(judge.entries())
        assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
