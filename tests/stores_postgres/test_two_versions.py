"""Programs of two versions on one ledger, through each step of a migration."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

import pytest

from quotakeeper.clocks import SystemClock, zone_named
from quotakeeper.domain.ledger import commands as c
from quotakeeper.errors import InvalidInputError, LedgerVersionError
from quotakeeper.stores.postgres.dsn import parse_dsn
from quotakeeper.stores.postgres.migrating import Migrated
from quotakeeper.stores.postgres.store import PostgresStore
from quotakeeper.testing.ledger_case import cap
from tests.stores_postgres.cluster import debians, pgbouncer, wheels
from tests.stores_postgres.lease_limits import MakeHost, assumed, call, kill, sums, sweep, use_up
from tests.stores_postgres.next_version import migrate, next_version, rows
from tools.postgres_server import running

ROOT = Path(__file__).resolve().parents[2]
AMOUNT = 100_000


@pytest.fixture(params=["oldest", "newest", "pooled"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a ledger that is not there yet, on PostgreSQL 15 (Debian) and 18 (the wheel), and
    through pgbouncer.
    """
    pooled = request.param == "pooled"
    with (
        running(wheels() if request.param == "newest" else debians()) as cluster,
        pgbouncer(cluster) if pooled else nullcontext(cluster.url) as there,
    ):
        yield f"{there}two_versions"


class Programs:
    """Processes of both versions on one ledger."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.started: dict[str, subprocess.Popen[str]] = {}

    def start(self, version: str) -> None:
        """Start one process for each way to commit."""
        for way in ("guards", "locked"):
            owner = f"{version} {way}"
            words = (self.url, owner, str(AMOUNT), way, version)
            self.started[owner] = subprocess.Popen(
                [sys.executable, "-m", "tests.stores_postgres.next_version.program", *words],
                cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip

    def wait_for_more(self) -> None:
        """Return when each process has reserved something since this was called."""
        before, began = self._calls(), SystemClock().monotonic()
        while any(self._calls()[owner] <= before[owner] for owner in self.started):
            assert SystemClock().monotonic() - began < 120
            assert all(each.poll() is None for each in self.started.values())

    def _calls(self) -> Counter[str]:
        sql = "SELECT regexp_replace(id, ' [0-9]+ [0-9]+$', ''), count(*) FROM SCHEMA.entry GROUP BY 1"
        return Counter(dict(rows(self.url, sql)))

    def ended(self, version: str) -> list[dict[str, Any]]:
        """End the input of the processes of a version. Returns what they print."""
        found = [each for owner, each in self.started.items() if owner.startswith(version)]
        for each in found:
            assert each.stdin is not None
            each.stdin.close()
            each.stdin = None
        return [json.loads(each.communicate(timeout=300)[0]) for each in found]


@pytest.fixture
def programs(url: str) -> Iterator[Programs]:
    made = Programs(url)
    yield made
    for each in made.started.values():
        each.kill()
        each.communicate()


def test_two_versions_write_through_each_step(url: str, programs: Programs) -> None:
    limits = (cap(AMOUNT),)
    with closing(PostgresStore(parse_dsn(url), zone_named, owner="maker")) as maker:
        maker.apply([c.Watch((limits[0].account,))], 0)
    programs.start("this")
    programs.wait_for_more()
    assert migrate(url) == Migrated(4, 5, is_held_back=True)
    programs.wait_for_more()  # programs of this version go on
    programs.start("next")
    programs.wait_for_more()
    with pytest.raises(InvalidInputError, match=r"older programs still use the ledger"):
        migrate(url, contract=True)
    programs.wait_for_more()
    assert migrate(url, contract=True, anyway=True) == Migrated(5, 6)
    this, following = programs.ended("this"), programs.ended("next")
    for each in this:
        assert "with version 3 of its functions or newer" in each["refused"]
    assert [each["refused"] for each in following] == ["", ""]
    with next_version(), closing(PostgresStore(parse_dsn(url), zone_named, owner="j")) as judge:
        (verdict,) = judge.verdicts(limits, 0)
        assert verdict.used + verdict.reserved == AMOUNT
        assert sum(each["admitted"] for each in (*this, *following)) == AMOUNT
        assert judge.verify() == []
        entries = list(judge.entries())
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    # What either version says that it has posted is there under its name.
    posted = dict(rows(url, "SELECT functions, count(*) FROM SCHEMA.batch GROUP BY 1"))
    ways = [Counter[str](each["ways"]) for each in following]
    print(f"batches by version: {posted}; next version: {[dict(each) for each in ways]}")
    assert posted[3] == sum(each["conditional"] for each in ways) > 0
    assert any(each["ways"].get("conditional") for each in this)


def test_what_an_old_program_did_on_its_lease_is_booked_by_the_next_version(
    host: MakeHost, ledger_url: str
) -> None:
    one = host("one", "18")
    call(one, 8)
    assert sums(one) == (8, 10)
    migrate(ledger_url, contract=True, anyway=True)
    call(one, 3)  # in its memory and its journal
    with pytest.raises(LedgerVersionError):
        one.status()
    kill(one)
    with next_version():
        following = host("one")
        sweep(following)  # reads the journal
        assert (sums(following), assumed(following)) == ((11, 0), [])
        assert use_up(following) == 89
        assert following.verify() == []
        following.close()
