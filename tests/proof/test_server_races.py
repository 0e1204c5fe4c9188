"""The short form of the part in which hosts race on a server, and a check that it finds missing guards."""

from __future__ import annotations

import os
import sys
from collections import Counter
from contextlib import closing

import pytest

pytest.importorskip("psycopg")

from quotakeeper.domain.ledger import commands as c
from quotakeeper.stores.postgres.driver import open_connection
from quotakeeper.stores.postgres.dsn import parse_dsn
from tests.proof import server_races
from tests.proof.recording import Operation
from tests.proof.server_races import RACES, Race, raced
from tests.stores_postgres.cluster import wheels
from tests.stores_postgres.test_mutants import FUNCTION, MUTANTS, without
from tools.postgres_server import running

pytestmark = pytest.mark.slow
SEED = int(os.environ.get("QUOTAKEEPER_TEST_SEED") or 0)


def test_hosts_that_race_give_the_results_of_some_order(monkeypatch: pytest.MonkeyPatch) -> None:
    wheels()  # skips where no server can be started
    sys.stdout.write(f"REPRO: QUOTAKEEPER_TEST_SEED={SEED}\n")
    sums = Counter[str]()
    monkeypatch.setattr(server_races, "Counter", lambda: sums)
    part = server_races.run(0, SEED, print)
    print(*part.notes, sep="\n")
    assert part.found == []
    assert sums["rounds"] == len([race for race in RACES if race.is_short])
    assert part.cases == sums["commands"] > 1_000
    happens = ("reserved", "denied", "booked", "conditional", "locked", "guard", "at once")
    assert [each for each in happens if sums[each] < 20] == []
    assert sums["leases"] > 0


def test_guards_of_room_that_are_dropped_are_missed() -> None:
    def drop(url: str) -> None:
        address = parse_dsn(url)
        with closing(open_connection(address.parameters, prepares=False)) as raw:
            (function,) = raw.execute(FUNCTION, (address.schema,)).fetchone()
            for guard in ("most", "most of a window"):
                function = without(MUTANTS[guard][0], function)
            raw.execute(function)

    found, race = list[str](), Race("room for some calls", 5, room=6)
    with running(wheels()) as cluster:
        for seed in range(20):  # the hosts must meet where room ends
            found = raced(race, f"{cluster.url}r{seed}", seed, 12, Counter(), drop)
            if found:
                break
    # The client that was admitted too much finds that its rules say something else.
    assert any(each.startswith(("was not answered", "entry ")) for each in found), found


def test_commands_of_two_hosts_that_meet_are_counted() -> None:
    command = c.Release("a")
    spans = ((0, 10), (20, 30)), ((5, 6), (12, 13), (25, 40))
    one, two = ([Operation(command, a, 0, b) for a, b in host] for host in spans)
    assert server_races._at_once(one, two) == 2
    assert server_races._at_once(one, []) == 0
