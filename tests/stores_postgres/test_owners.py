"""Which processes have ended: by their rows in the ledger, and by their files on one host."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from quotakeeper.clocks import zone_named
from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger.reservations import LEASE_PREFIX, ProcessRow
from quotakeeper.stores.local_processes import MarkedProcesses
from quotakeeper.stores.postgres.dsn import ServerAddress
from quotakeeper.stores.postgres.owners import HostIdentity
from quotakeeper.stores.postgres.store import PostgresStore
from quotakeeper.testing import FakeClock
from quotakeeper.testing.ledger_case import HOUR, LABELS, cap, tokens

LIMIT = cap(100)


class Hosts:
    """Stores of several processes on one ledger, with one clock."""

    def __init__(self, address: ServerAddress, folder: Path) -> None:
        self.clock = FakeClock()
        self._address, self._folder = address, folder
        self.stores: dict[str, PostgresStore] = {}

    def __call__(self, owner: str, host: str = "") -> PostgresStore:
        """The store of a process, on a host of its own or on the host that is named."""
        found = self.stores.get(owner)
        if found is None:
            folder = self._folder / (host or owner)
            found = self.stores[owner] = PostgresStore(
                self._address, zone_named, owner=owner,
                identity=HostIdentity(host or f"host of {owner}"),
                local=MarkedProcesses(folder / "ledger"),
            )  # fmt: skip
            self.do(found, c.Watch((LIMIT.account,)))
        return found

    def do(self, store: PostgresStore, command: c.Command) -> Any:
        (outcome,) = store.apply([command], self.clock.now())
        return outcome

    def reserve(
        self, store: PostgresStore, id_: str, amount: int = 1, *, sent: bool = False
    ) -> Any:
        command = c.Reserve(id_, LABELS, tokens(amount), (LIMIT,), store.owner, HOUR, sent)
        return self.do(store, command)

    def sums(self, store: PostgresStore) -> tuple[int, int]:
        (verdict,) = store.verdicts([LIMIT], self.clock.now())
        return verdict.used, verdict.reserved

    def sweep(self, store: PostgresStore, *owners: str, **more: Any) -> c.Swept:
        swept = self.do(store, c.Sweep(frozenset(owners), **more))
        assert isinstance(swept, c.Swept)
        return swept

    def advance(self, seconds: int) -> None:
        """Let time pass. The ledger's time is that of a commit, so one process makes one."""
        self.clock.advance(seconds=seconds)
        self.do(self("of the time"), c.Record(f"at {self.clock.now()}", LABELS, tokens(0)))

    def is_seen(self, store: PostgresStore) -> None:
        """The worker's wake-up, after the server has not answered for a while."""
        store._presence._heard_at = float("-inf")
        store.keep_alive(self.clock.now())


@pytest.fixture
def hosts(ledger: ServerAddress, tmp_path: Path) -> Iterator[Hosts]:
    made = Hosts(ledger, tmp_path)
    yield made
    for store in made.stores.values():
        assert store.verify() == []
        store.close()


def test_a_process_that_is_not_seen_for_30_seconds_has_ended(hosts: Hosts) -> None:
    one, two = hosts("one"), hosts("two")
    hosts.reserve(one, "a", 10)
    hosts.reserve(one, "b", 20, sent=True)
    hosts.advance(29)
    assert two.dead_owners() == frozenset()
    hosts.is_seen(one)
    hosts.advance(29)
    assert two.dead_owners() == frozenset()
    hosts.advance(1)
    assert two.dead_owners() == {"one"} and one.dead_owners() == frozenset()
    swept = hosts.sweep(two, "one")
    assert (swept.expired, swept.assumed) == (1, 1)
    assert hosts.sums(two) == (20, 0)


def test_who_is_seen_again_before_the_commit_has_not_ended(hosts: Hosts) -> None:
    one, two = hosts("one"), hosts("two")
    hosts.reserve(one, "a", 10)
    hosts.advance(31)
    dead = two.dead_owners()
    assert dead == {"one"}
    hosts.is_seen(one)
    assert hosts.sweep(two, *dead) == c.Swept()
    assert hosts.sums(two) == (0, 10)
    assert hosts.reserve(one, "b").hold.owner == "one"


@pytest.mark.parametrize("is_conditional", [True, False])
def test_who_was_counted_as_ended_is_told_and_takes_a_new_name(
    hosts: Hosts, is_conditional: bool, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = hosts("one"), hosts("two")
    one.is_conditional = is_conditional
    hosts.reserve(one, "a", 10)
    hosts.reserve(one, "b", 10)
    hosts.advance(31)
    before = one.recalls(60_000, hosts.clock.now())
    hosts.sweep(two, "one")
    with caplog.at_level(logging.WARNING):
        assert hosts.reserve(one, "c", 5).hold.owner == "one~2"
    assert "it continues as one~2 instead of one" in caplog.text
    assert one.owner == "one", "the engine's files keep their name"
    assert one.recalls(60_000, hosts.clock.now()) != before, "its leases are given back"
    assert hosts.do(one, c.MarkSent("a")).error.state == "expired"
    assert two.dead_owners() == frozenset() and hosts.sums(two) == (0, 5)
    rows = {row.name: row.is_alive for row in two.process_rows(hosts.clock.now())}
    assert rows == {"one": False, "one~2": True, "of the time": True, "two": True}
    # It ends its own reservations under each of its names.
    assert hosts.sweep(one, "one").expired == 1 and hosts.sums(two) == (0, 0)


def test_the_wake_up_tells_it_too(hosts: Hosts, caplog: pytest.LogCaptureFixture) -> None:
    one, two = hosts("one"), hosts("two")
    hosts.reserve(one, "a", 10)
    hosts.advance(31)
    hosts.sweep(two, "one")
    hosts.is_seen(one)
    assert "one~2" in caplog.text
    hosts.is_seen(one)  # it has no row yet, and nothing to say
    assert hosts.reserve(one, "b").hold.owner == "one~2"
    hosts.advance(31)
    assert two.dead_owners() == {"one~2"}
    hosts.sweep(two, "one~2")
    assert hosts.reserve(one, "c").hold.owner == "one~3"


def test_who_was_seen_in_a_wrong_future_ends_when_the_ledger_is_set_back(hosts: Hosts) -> None:
    one, two = hosts("one"), hosts("two")
    right = hosts.clock.now()
    hosts.advance(365 * 86_400)
    hosts.reserve(one, "a")
    hosts.clock.advance(seconds=-365 * 86_400)
    two.set_back(right, "a user", "the clock was a year ahead")
    hosts.advance(31)
    assert two.dead_owners() == {"one"}


def test_a_wake_up_is_sent_only_after_a_silence(hosts: Hosts) -> None:
    one = hosts("one")
    hosts.advance(20)
    one.keep_alive(hosts.clock.now())  # the server has just answered
    row = _row(one, hosts)
    assert hosts.clock.now() - row.seen_at == 20_000_000
    hosts.is_seen(one)
    row = _row(one, hosts)
    assert (row.name, row.host, row.seen_at) == ("one", "host of one", hosts.clock.now())


def _row(store: PostgresStore, hosts: Hosts) -> ProcessRow:
    """The row of this process."""
    rows = {row.name: row for row in store.process_rows(hosts.clock.now())}
    return rows[store.owner]


def test_a_killed_process_is_noticed_at_once_by_its_host_only(hosts: Hosts) -> None:
    one, beside, far = hosts("one", "here"), hosts("beside", "here"), hosts("far")
    hosts.reserve(one, "a", 10)
    assert beside.dead_owners() == beside.ended(frozenset({"one"})) == frozenset()
    _kill(hosts, "one")
    assert far.dead_owners() == far.ended(frozenset({"one"})) == frozenset()
    assert beside.dead_owners() == beside.ended(frozenset({"one"})) == {"one"}
    assert hosts.sweep(far, "one").expired == 0
    assert hosts.sweep(beside, "one").expired == 1
    beside.bury(frozenset({"one"}))
    assert beside.ended(frozenset({"one"})) == frozenset()


def _kill(hosts: Hosts, owner: str) -> None:
    """End a process without a word: the server drops its connection, and the system its lock."""
    store = hosts.stores.pop(owner)
    store._disconnect()
    local: Any = store._local
    os.close(local._mark._fd)


@pytest.mark.parametrize("leaves", [True, False])
def test_a_process_that_leaves_tells_the_ledger(hosts: Hosts, leaves: bool) -> None:
    one, two = hosts("one"), hosts("two")
    hosts.reserve(two, "mine")
    if leaves:
        hosts.reserve(one, "a", 10)
    hosts.stores.pop("one").close()
    assert two.dead_owners() == (frozenset({"one"}) if leaves else frozenset())
    rows = {row.name: row.is_alive for row in two.process_rows(hosts.clock.now())}
    assert rows == ({"one": False, "two": True} if leaves else {"two": True})
    assert hosts.sweep(two, "one").expired == leaves


def test_a_forked_child_has_a_row_of_its_own(hosts: Hosts) -> None:
    one = hosts("one")
    one.before_fork()
    hosts.reserve(one, "a")
    assert one._connection is not None
    raw = one._connection.raw  # the parent's, which the child leaves open
    child = hosts.stores["child"] = one.after_fork()
    assert not raw.closed
    raw.close()
    assert child.owner != "one"
    hosts.reserve(child, "b")
    names = {row.name for row in child.process_rows(hosts.clock.now())}
    assert names == {"one", child.owner}


def test_leases_under_a_limit_are_found_and_recalled(hosts: Hosts) -> None:
    one, two = hosts("one"), hosts("two")
    for number in range(3):
        hosts.reserve(one, f"call {number}")
    hosts.reserve(one, f"{LEASE_PREFIX}a", 20)
    for store in (one, two):
        assert [hold.id for hold in store.leases_in([LIMIT])] == [f"{LEASE_PREFIX}a"]
        assert store.leases_in([]) == []
    before = one.recalls(60_000, hosts.clock.now())
    two.recall()
    hosts.reserve(one, "tells")
    assert one.recalls(60_000, hosts.clock.now()) == before + 1
    two.recall()
    assert one.recalls(0, hosts.clock.now()) == before + 2, "asked, as no commit told it"
    hosts.do(one, c.Release(f"{LEASE_PREFIX}a"))
    assert two.leases_in([LIMIT]) == []


def test_a_lease_of_another_host_stays_until_its_term_and_is_then_assumed(hosts: Hosts) -> None:
    one, two = hosts("one"), hosts("two")
    lease = f"{LEASE_PREFIX}a"
    hosts.reserve(one, lease, 40)
    hosts.do(one, c.Draw("drawn", lease, tokens(10), "one", HOUR))
    hosts.advance(60)
    swept = hosts.sweep(two, "one")
    assert [hold.id for hold in swept.leases] == [lease] and swept.assumed == 1
    away = frozenset({lease})
    assert hosts.sweep(two, "one", away=away) == c.Swept() and hosts.sums(two) == (10, 30)
    hosts.advance(3_600)
    assert hosts.sweep(two, away=away).assumed == 1 and hosts.sums(two) == (40, 0)
    hosts.do(one, c.Draw("late", lease, tokens(10), "one", HOUR))
    assert hosts.sums(two) == (30, 10)
    hosts.do(one, c.Release(lease))
    assert hosts.sums(two) == (10, 10), "only what was drawn counts, once"
