"""A primary and its standby: what survives when the standby takes over, and what is refused.

FLEET's table of promotions in a short form. Servers of the tests' own, made with pg_basebackup.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from quotakeeper.__main__ import main
from quotakeeper.clocks import SystemClock, zone_named
from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.server_doubts import FailoverDoubt, WentBack
from quotakeeper.engine.outcomes import doubted
from quotakeeper.errors import FailoverUnsafeError, LedgerUnavailableError, OutcomeUnknownError
from quotakeeper.stores.postgres.driver import open_connection
from quotakeeper.stores.postgres.dsn import parse_dsn
from quotakeeper.stores.postgres.server_watch import Demands
from quotakeeper.stores.postgres.store import PostgresStore
from quotakeeper.testing.ledger_case import HOUR, LABELS, cap, tokens
from tests.proof.promotions import wait_for
from tests.stores_postgres.cluster import wheels
from tools.postgres_server import Cluster, running

LIMIT = cap(100_000)
SYNCHRONOUS = "synchronous_standby_names = '*'"
PLAIN, ALLOWED = Demands(), Demands(admits_loss=True)
_now = SystemClock().now


@pytest.fixture
def primary() -> Iterator[Cluster]:
    """A server that a standby may follow."""
    with running(wheels(), "wal_level = replica") as cluster:
        yield cluster


def store_on(cluster: Cluster, demands: Demands = PLAIN, owner: str = "one") -> PostgresStore:
    return PostgresStore(parse_dsn(cluster.url + "team"), zone_named, owner=owner, demands=demands)


def asking(event_id: str, amount: int = 1) -> c.Reserve:
    return c.Reserve(event_id, LABELS, tokens(amount), (LIMIT,), "one", HOUR, sent=True)


def execute(cluster: Cluster, sql: str) -> Any:
    """The first row that a statement gives."""
    with closing(
        open_connection(parse_dsn(cluster.url + "none").parameters, prepares=False)
    ) as raw:
        found = raw.execute(sql)
        return found.fetchone() if found.description else None


def test_a_server_that_takes_no_writes_is_told(
    primary: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(cluster: Cluster, *words: str) -> tuple[int, str]:
        code = main(["--ledger", f"{cluster.url}team", *words])
        found = capsys.readouterr()
        return code, " ".join((found.out + found.err).split())

    with closing(store_on(primary)) as store:
        store.apply([asking("a")], _now())
    standby = primary.standby()
    execute(primary, "ALTER DATABASE postgres SET default_transaction_read_only = on")
    for cluster, why in ((standby, "is a standby"), (primary, "is set to read-only")):
        code, text = said(cluster, "ledger", "check")
        assert (code, f"{why}: quotakeeper cannot write calls to it" in text) == (1, True), text
        code, text = said(cluster, "doctor")
        plainly = "the server takes no writes: it is a standby, or it is set to read-only"
        assert (code, plainly in text) == (1, True), text
    standby.stop()
    code, text = said(standby, "ledger", "check")  # a server that is not there is not asked twice
    assert (code, "cannot be reached" in text) == (69, True), text


def make_synchronous(primary: Cluster) -> Cluster:
    standby = primary.standby()
    primary.configure(SYNCHRONOUS)
    primary.reload()
    wait_for(primary, "SELECT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync')")
    return standby


class Writers:
    """Threads that count calls until the server ends, and what was acknowledged to them."""

    def __init__(self, cluster: Cluster, demands: Demands, count: int = 4) -> None:
        self.acknowledged: list[str] = []
        self._threads = [
            threading.Thread(target=self._write, args=(cluster, demands, n)) for n in range(count)
        ]
        self._is_over = threading.Event()
        for each in self._threads:
            each.start()

    def _write(self, cluster: Cluster, demands: Demands, number: int) -> None:
        with closing(store_on(cluster, demands, f"writer-{number}")) as store:
            for n in range(100_000):
                names = [f"{number}-{n}-{k}" for k in range(3)]
                try:
                    outcomes = store.apply([asking(name) for name in names], _now())
                except (LedgerUnavailableError, OutcomeUnknownError):
                    return
                self.acknowledged += [
                    name for name, outcome in zip(names, outcomes, strict=True)
                    if isinstance(outcome, c.Reserved)
                ]  # fmt: skip
                if self._is_over.is_set():
                    return

    def wait_for(self, count: int) -> None:
        until = time.monotonic() + 60
        while len(self.acknowledged) < count:
            assert time.monotonic() < until
            time.sleep(0.01)

    def join(self) -> None:
        self._is_over.set()
        for each in self._threads:
            each.join(timeout=60)
            assert not each.is_alive()


def lost(standby: Cluster, acknowledged: list[str]) -> set[str]:
    with closing(store_on(standby, ALLOWED)) as store:
        there = {entry.id for entry in store.entries()}
        assert store.verify() == []
    return set(acknowledged) - there


def begin(primary: Cluster) -> None:
    with closing(store_on(primary, ALLOWED)) as store:
        store.apply([c.Watch((LIMIT.account,))], _now())


def test_a_standby_that_confirms_has_every_acknowledged_call(primary: Cluster) -> None:
    begin(primary)
    standby = make_synchronous(primary)
    writers = Writers(primary, Demands(must_be_replicated=True))
    writers.wait_for(300)
    primary.stop()
    writers.join()
    standby.promote()
    missing = lost(standby, writers.acknowledged)
    print(f"synchronous: acknowledged {len(writers.acknowledged)}, lost {len(missing)}")
    assert missing == set()


def test_a_primary_that_lives_on_acknowledges_nothing(primary: Cluster) -> None:
    begin(primary)
    standby = make_synchronous(primary)
    writers = Writers(primary, Demands())
    writers.wait_for(100)
    standby.promote()
    # One writer waits for the standby, and the others for its lock.
    wait_for(primary, "SELECT count(*) = 4 FROM pg_stat_activity WHERE backend_type = "
                      "'client backend' AND (wait_event = 'SyncRep' OR wait_event_type = 'Lock')"
                      " AND NOT EXISTS (SELECT FROM pg_stat_replication)")  # fmt: skip
    before = len(writers.acknowledged)
    primary.stop()
    writers.join()
    assert len(writers.acknowledged) == before
    assert lost(standby, writers.acknowledged) == set()


def test_a_standby_that_lags_loses_calls_and_every_writer_notices(
    primary: Cluster, tmp_path: Path
) -> None:
    seen = Demands(admits_loss=True, seen=tmp_path / "a.seen")
    begin(primary)
    standby = primary.standby()
    with closing(store_on(primary, seen)) as store:
        store.apply([asking("both")], _now())
        wait_for(primary, "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) = 0 "
                          "FROM pg_stat_replication")  # fmt: skip
        standby.run("pg_ctl", "stop", "--pgdata", str(standby.data), "--wait")
        outcomes = store.apply([asking(f"lost {n}") for n in range(50)], _now())
        assert all(isinstance(each, c.Reserved) for each in outcomes)
    primary.stop()
    standby.start()
    standby.promote()
    assert len(lost(standby, [f"lost {n}" for n in range(50)])) == 50
    with closing(store_on(standby, seen)) as store:
        (denied,) = store.apply([asking("more")], _now())
        assert isinstance(denied, c.Denied)
        assert isinstance(denied.decision.doubt, WentBack)
        assert not denied.decision.doubt.is_other  # the same cluster, on a later timeline


def test_hard_limits_are_refused_without_a_standby_that_confirms(primary: Cluster) -> None:
    begin(primary)
    with closing(store_on(primary)) as store:
        assert isinstance(store.apply([asking("alone")], _now())[0], c.Reserved)
    primary.standby()
    with closing(store_on(primary)) as store:
        (denied,) = store.apply([asking("a")], _now())
        assert isinstance(denied, c.Denied)
        assert store.doubts(_now()) == (FailoverDoubt(),)
        decision = denied.decision
        assert isinstance(doubted(decision, decision.explain()), FailoverUnsafeError)
        (booked,) = store.apply([c.Record("made", LABELS, tokens(1), (LIMIT,))], _now())
        assert isinstance(booked, c.Booked)
    with closing(store_on(primary, ALLOWED)) as store:
        assert isinstance(store.apply([asking("waived")], _now())[0], c.Reserved)
    with (
        closing(store_on(primary, Demands(must_be_replicated=True))) as store,
        pytest.raises(LedgerUnavailableError, match="no standby confirms commits"),
    ):
        store.apply([asking("b")], _now())
    primary.configure(SYNCHRONOUS)
    primary.reload()
    wait_for(primary, "SELECT current_setting('synchronous_standby_names') <> ''")
    with closing(store_on(primary, Demands(must_be_replicated=True))) as store:
        assert store.doubts(_now()) == ()
        assert isinstance(store.apply([asking("c")], _now())[0], c.Reserved)


def test_a_url_with_several_hosts_expects_a_failover(primary: Cluster) -> None:
    begin(primary)
    url = primary.url.replace(f"host={primary.folder}", f"host={primary.folder},{primary.folder}")
    with closing(PostgresStore(parse_dsn(url + "team"), zone_named, owner="one")) as store:
        assert store.doubts(_now()) == (FailoverDoubt(),)


@pytest.mark.parametrize("is_conditional", [True, False])
def test_a_commit_that_is_cancelled_while_it_waits_is_not_acknowledged(
    primary: Cluster, is_conditional: bool
) -> None:
    begin(primary)
    standby = make_synchronous(primary)
    with closing(store_on(primary)) as store:
        store.is_conditional = is_conditional
        for n in range(3):
            store.apply([asking(f"warm {n}")], _now())
        standby.run("pg_ctl", "stop", "--pgdata", str(standby.data), "--wait")
        outcomes: list[object] = []

        def write() -> None:
            outcomes.extend(store.apply([asking("a")], _now()))

        waiting = (
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep' "
            "AND backend_type = 'client backend' AND pid <> {pid})"
        )
        writer = threading.Thread(target=write)
        writer.start()
        wait_for(primary, waiting.format(pid=0))
        (pid,) = execute(primary, "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
        assert execute(primary, f"SELECT pg_cancel_backend({pid})") == (True,)
        # The server says success, with a warning. The retry writes, so it waits for the standby too.
        wait_for(primary, waiting.format(pid=pid))
        assert outcomes == []
        standby.start()
        writer.join(timeout=60)
        assert [type(each) for each in outcomes] == [c.Reserved]
        assert store.verify() == []
    primary.stop()
    standby.promote()
    with closing(store_on(standby, ALLOWED)) as store:
        assert [entry.id for entry in store.entries()].count("a") == 1
