"""Hosts that write to a pair of servers while the standby takes over, and what they were told."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from quotakeeper.clocks import SystemClock, zone_named
from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.server_doubts import FailoverDoubt, WentBack
from quotakeeper.errors import LedgerUnavailableError, OutcomeUnknownError
from quotakeeper.stores.postgres.dsn import parse_dsn
from quotakeeper.stores.postgres.server_watch import Demands
from quotakeeper.stores.postgres.store import PostgresStore
from quotakeeper.testing.ledger_case import HOUR, LABELS, tokens
from tools.postgres_server import Cluster

IN_BATCH = 3
_RETRY_SECONDS = 0.02
_clock = SystemClock()


class Tally:
    """How many calls were acknowledged to all hosts. `reaches` waits for a number."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.count = 0

    def add(self, count: int) -> None:
        """Add acknowledged calls."""
        with self._changed:
            self.count += count
            self._changed.notify_all()

    def reaches(self, count: int) -> None:
        """Wait until so many calls are acknowledged."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.count >= count, timeout=60), self.count


class Host:
    """A host: its thread makes calls until the limit is full, the ledger went back, or it is stopped.

    - `acknowledged`: the ids of its admitted calls; `unknown`: those without an answer.
    - `noticed`: it was told that the ledger went back.
    """

    def __init__(self, url: str, name: str, limit: Limit, demands: Demands, tally: Tally) -> None:
        self.name = name
        self.acknowledged: list[str] = []
        self.unknown: list[str] = []
        self.noticed = False
        self._limit, self._tally = limit, tally
        self._is_over = threading.Event()
        self._store = PostgresStore(parse_dsn(url), zone_named, owner=name, demands=demands)
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def stop(self) -> None:
        """Let the host end, and wait until it has."""
        self._is_over.set()
        self._thread.join(timeout=60)
        assert not self._thread.is_alive(), self.name

    def ends(self) -> None:
        """Wait until the host ends by itself, because it is refused."""
        self._thread.join(timeout=60)
        assert not self._thread.is_alive(), self.name

    def _work(self) -> None:
        number = 0
        with closing(self._store) as store:
            while not self._is_over.is_set():
                number += 1
                ids = [f"{self.name}-{number}-{n}" for n in range(IN_BATCH)]
                try:
                    outcomes = store.apply(
                        [asking(each, self._limit, self.name) for each in ids], _clock.now()
                    )
                except OutcomeUnknownError:
                    self.unknown += ids
                except LedgerUnavailableError:
                    self._is_over.wait(_RETRY_SECONDS)  # the other server is not ready yet
                else:
                    if not self._goes_on(ids, outcomes):
                        return

    def _goes_on(self, ids: Sequence[str], outcomes: Sequence[c.Outcomes]) -> bool:
        admitted = [
            each for each, outcome in zip(ids, outcomes, strict=True)
            if isinstance(outcome, c.Reserved)
        ]  # fmt: skip
        self.acknowledged += admitted
        self._tally.add(len(admitted))
        denied = [each.decision.doubt for each in outcomes if isinstance(each, c.Denied)]
        self.noticed = self.noticed or any(isinstance(each, WentBack) for each in denied)
        return not denied


def asking(event_id: str, limit: Limit, owner: str) -> c.Reserve:
    """A call of one token."""
    return c.Reserve(event_id, LABELS, tokens(1), (limit,), owner, HOUR, sent=True)


def is_refused_unless_waived(cluster: Cluster, limit: Limit) -> bool:
    """Whether a host without a waiver is refused, because a failover could lose calls."""
    address = parse_dsn(cluster.url + "team")
    with closing(PostgresStore(address, zone_named, owner="strict")) as store:
        (outcome,) = store.apply([asking("strict", limit, "strict")], _clock.now())
        return isinstance(outcome, c.Denied) and isinstance(outcome.decision.doubt, FailoverDoubt)


def notices(cluster: Cluster, limit: Limit, name: str, seen: Path) -> bool:
    """Whether the next process of a host is told that the ledger went back. `seen` is the host's record."""
    address, demands = parse_dsn(cluster.url + "team"), Demands(admits_loss=True, seen=seen)
    owner = f"{name}-next"
    with closing(PostgresStore(address, zone_named, owner=owner, demands=demands)) as store:
        (outcome,) = store.apply([asking(owner, limit, owner)], _clock.now())
        assert isinstance(outcome, c.Denied), outcome  # the limit is full
        return isinstance(outcome.decision.doubt, WentBack)


def begin(cluster: Cluster, limit: Limit) -> None:
    """Make the ledger."""
    with closing(
        PostgresStore(parse_dsn(cluster.url + "team"), zone_named, owner="first")
    ) as store:
        store.apply([c.Watch((limit.account,))], _clock.now())


def fill(cluster: Cluster, limit: Limit) -> tuple[list[str], set[str], list[str]]:
    """A new host uses up the limit. Returns what it was admitted, all ids there, and what verify finds."""
    demands = Demands(admits_loss=True)
    address = parse_dsn(cluster.url + "team")
    admitted: list[str] = []
    with closing(PostgresStore(address, zone_named, owner="new", demands=demands)) as store:
        for number in range(limit.amount + 1):
            ids = [f"new-{number}-{n}" for n in range(50)]
            outcomes = store.apply([asking(each, limit, "new") for each in ids], _clock.now())
            told = zip(ids, outcomes, strict=True)
            admitted += [each for each, outcome in told if isinstance(outcome, c.Reserved)]
            if not all(isinstance(outcome, c.Reserved) for outcome in outcomes):
                break
        there = {entry.id for entry in store.entries() if entry.id}
        return admitted, there, [str(each) for each in store.verify()]
