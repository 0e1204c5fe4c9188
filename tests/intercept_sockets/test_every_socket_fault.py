"""A failure put into every function that a WebSocket runs through: none reaches the program."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest

from quotakeeper import Keeper
from quotakeeper.engine.batch_settle import OpenSession
from quotakeeper.engine.journals.usage_note import UsageNote
from quotakeeper.errors import LedgerUnavailableError
from quotakeeper.intercept import socket_gate
from quotakeeper.intercept.hooks import (
    aiohttp_websocket,
    httpx_websocket,
    websocket_client,
    websockets_asyncio,
    websockets_parts,
    websockets_sync,
)
from quotakeeper.metering import progress_note, session_budget, session_opening, socket_attempt
from quotakeeper.metering.background_settler import BackgroundSettler
from quotakeeper.metering.call_meter import CallMeter
from quotakeeper.sandbox import Sandbox
from tests.intercept.test_every_fault import _fails, _places, _played_with_each_broken
from tests.intercept_sockets.conftest import (
    HEADERS,
    LIVE,
    RAW,
    SECOND,
    WAYS,
    Client,
    RefusedError,
    Watched,
    address,
    billed,
    booked,
)

EVERY = (
    socket_gate, socket_gate.Assembler, socket_gate.MeteredSocket, session_budget.SessionBudget,
    socket_attempt.SocketAttempt, socket_attempt, session_opening, progress_note.ProgressNote, progress_note,
    OpenSession, UsageNote, CallMeter,
)  # fmt: skip
BY_WAY: dict[str, tuple[Any, ...]] = {
    "websockets.sync": (*EVERY, websockets_sync, websockets_parts),
    "websockets.asyncio": (*EVERY, websockets_asyncio, websockets_parts),
    "websockets.legacy": (*EVERY, websockets_asyncio, websockets_parts),
    "websocket-client": (*EVERY, websocket_client),
    "aiohttp": (*EVERY, aiohttp_websocket),
    "httpx-ws": (*EVERY, httpx_websocket),
    "httpx-ws async": (*EVERY, httpx_websocket),
}
# What is no function of ours that a session runs through, each kind with its reason.
LEFT_OUT = {
    "the guards themselves": {"open_live", "aopen_live", "after_fault", "frame_received"},
    "installed before the failure": {"install_asyncio", "install_legacy"},
    "stand in for the library's own verbs": {"opening", "sending", "send_handshake",
                                             "receive_answer", "shaking_hands", "_sending",
                                             "_cutting", "_seen"},
}  # fmt: skip
NAMES_LEFT_OUT = frozenset().union(*LEFT_OUT.values())


def session(way: str, sandbox: Sandbox) -> tuple[int, list[str]]:
    """A second of sound, ended as it is to be ended; what came."""
    client: Client
    try:
        client = WAYS[way](address(sandbox, RAW), HEADERS)
    except RefusedError as error:
        return error.status, [error.body.decode("utf-8", "replace")]
    client.send(SECOND)
    if way.startswith("websockets"):
        client.send([SECOND[:10_000], SECOND[10_000:]])  # one message in pieces
    return 101, [str(frame.get("type")) for frame in client.finish()]


@pytest.mark.parametrize("way", BY_WAY)
@pytest.mark.parametrize("policy", ["allow", "deny"])
def test_no_failure_of_ours_reaches_the_program(
    way: str, policy: str, sandbox: Sandbox, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = session(way, sandbox)
    keeper = watched(settings={"on_store_failure": policy})
    assert session(way, sandbox) == bare
    wrong, refused = list[str](), 0
    places = [(part, name) for part, name in _places(BY_WAY[way]) if name not in NAMES_LEFT_OUT]
    play = partial(session, way, sandbox)
    for where, got in _played_with_each_broken(places, play, monkeypatch, wrong):
        if policy == "deny" and got[0] == 402:
            refused += 1
        elif got != bare:
            wrong.append(f"{where}: {got}")
    print(f"{way}, {policy}: {len(places)} functions failed, {refused} sessions refused, "
          f"{len(wrong)} failures reached the program")  # fmt: skip
    assert wrong == []
    assert len(places) > 40
    assert (refused > 0) == (policy == "deny")
    path = watched.folder / "ledger.db"
    watched.close()
    watched.watching = None
    assert keeper is not None
    with Keeper(path, {"default_limits": False}) as other:
        assert other.status().open_reservations == 0
        assert other.verify() == []


def _no_ledger(*_: Any, **__: Any) -> Any:
    raise LedgerUnavailableError("ledger.db", "is locked")


@pytest.mark.parametrize(("policy", "status"), [("deny", 402), ("allow", 101)])
@pytest.mark.parametrize("way", WAYS)
def test_a_ledger_that_does_not_answer_refuses_a_session_or_counts_it_later(
    policy: str, status: int, way: str, sandbox: Sandbox, watched: Watched,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    keeper = watched(settings={"on_store_failure": policy})
    with monkeypatch.context() as patch:
        for verb in ("carry_out", "acarry_out", "carry_out_all"):
            patch.setattr(keeper._engine.worker, verb, _no_ledger)
        assert session(way, sandbox)[0] == status
        assert watched.watching is not None and watched.watching.flush(20)
    assert booked(watched) == ([] if status == 402 else billed(sandbox))
    assert keeper.verify() == []


DENIED = [
    (BackgroundSettler, "start"),
    (socket_attempt, "SessionBudget"),
    (session_opening, "_opened"),
]


@pytest.mark.parametrize(("policy", "status"), [("deny", 402), ("allow", 101)])
def test_the_policy_decides_what_becomes_of_a_session_that_cannot_be_counted(
    policy: str, status: int, sandbox: Sandbox, watched: Watched, monkeypatch: pytest.MonkeyPatch,
    library: Callable[[str, Mapping[str, str]], Client],
) -> None:  # fmt: skip
    (way,) = [name for name, made in WAYS.items() if made is library]
    watched(settings={"on_store_failure": policy})
    assert session(way, sandbox)[0] == 101
    for part, name in DENIED:
        with monkeypatch.context() as patch:
            patch.setattr(part, name, _fails)
            got = session(way, sandbox)[0]
            assert (name, got) == (name, status)
            # One that is no call of HTTP's either.
            try:
                library(address(sandbox, LIVE), HEADERS).close()
                opened = 101
            except RefusedError as error:
                opened = error.status
            assert (name, opened) == (name, status)
    if policy == "allow":  # each is counted, once, the first one as it should be
        events = watched.events()
        assert len(events) == 1 + 2 * len(DENIED)
        assert [str(each.provenance) for each in events].count("assumed") == 2 * len(DENIED)
