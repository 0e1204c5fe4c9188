"""A run that kills servers finds a lost batch, and says when it has not met what it is about."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

import pytest

pytest.importorskip("psycopg")

from tests.proof import server_kills
from tests.proof.server_kills import Told
from tests.stores_postgres.cluster import wheels
from tools import postgres_server


def idle(_: object, __: str, told: Told, begun: threading.Semaphore, ended: object) -> None:
    """A writer that asks for nothing."""
    for _ in range(300):
        begun.release()
    assert isinstance(ended, threading.Barrier)
    ended.wait(60)


def lying(
    cluster: object, name: str, told: Told, begun: threading.Semaphore, ended: object
) -> None:
    """A writer that takes a batch for acknowledged which it never sent."""
    told.acknowledged.append((name,))
    idle(cluster, name, told, begun, ended)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("writer", "found"),
    [(idle, "only 0 batches were under way at a kill"), (lying, "acknowledged batches are lost")],
)
def test_a_run_that_lost_something_or_met_nothing_is_no_success(
    writer: Callable[..., None], found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = wheels()
    monkeypatch.setattr(server_kills, "installed", lambda: [programs])
    monkeypatch.setattr(server_kills, "_write", writer)
    monkeypatch.setattr(server_kills, "SHORT_KILLS", 1)
    monkeypatch.setattr(server_kills, "MOST_KILLS", 1)
    part = server_kills.run(0, 1, print)
    assert any(found in each for each in part.found), part.found


@pytest.mark.parametrize(
    ("there", "absent", "kills", "minutes", "missing"),
    [
        (1, 9, 1, 0, []),
        (1, 9, 10, 1, []),
        (1, 8, 1, 0, ["only 9 batches"]),
        (0, 30, 10, 1, ["0 were there, 30 were not"]),
        (30, 0, 10, 1, ["30 were there, 0 were not"]),
        (5, 5, 9, 1, ["only 9 kills"]),
    ],
)
def test_a_run_must_meet_commits_under_way_in_both_states(
    there: int, absent: int, kills: int, minutes: int, missing: list[str]
) -> None:
    sums = Counter({"there": there, "absent": absent, "in flight": kills})
    found = list(server_kills._too_little(sums, minutes))
    assert len(found) == len(missing)
    assert all(what in said for what, said in zip(missing, found, strict=True)), found


def test_servers_that_are_here_are_used_and_their_lack_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none() -> None:
        raise postgres_server.PostgresMissingError("nothing")

    monkeypatch.setattr(postgres_server, "debian", none)
    monkeypatch.setattr(postgres_server, "wheel", none)
    part = server_kills.run(0, 1, print)
    assert (part.cases, part.notes) == (0, ("skipped: nothing",))
