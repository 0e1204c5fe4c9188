"""WebSockets to a gateway on the same ledger: the gateway counts the session, and the program does not."""

from __future__ import annotations

import json

from quotakeeper import Keeper
from quotakeeper.sandbox import Sandbox
from tests.gateways import gateway
from tests.intercept_sockets.conftest import LIVE, RAW, SECOND, Open, Watched, billed, booked

_DEEPGRAM = {"name": "sound", "provider": "deepgram", "meter": "audio_seconds", "window": "day"}


def test_a_running_gateway_counts_the_session(
    connect: Open, watched: Watched, sandbox: Sandbox
) -> None:
    keeper = watched({**_DEEPGRAM, "amount": 1})  # the gateway may refuse; the program does not
    ledger = watched.folder / "ledger.db"
    with gateway(ledger, sandbox.base_url):
        with connect(RAW) as socket:
            for _ in range(3):
                socket.send(SECOND)
            frames = socket.finish()
        assert frames[-1]["type"] == "Metadata"
        assert watched.events() == [] and keeper.reservations() == []
        (used,) = billed(sandbox)
        with Keeper(ledger, {"default_limits": False}) as own:  # the gateway's
            own.record("deepgram", quantities=used)
    assert booked(watched) == billed(sandbox)
    assert keeper.verify() == []


def test_the_session_counts_here_when_the_gateway_is_gone(
    connect: Open, watched: Watched, sandbox: Sandbox
) -> None:
    watched()
    with gateway(watched.folder / "ledger.db", sandbox.base_url) as mark:
        mark.close(kept=True)  # as the operating system leaves it after a kill
        with connect(RAW) as socket:
            socket.send(SECOND)
            socket.finish()
    assert booked(watched) == billed(sandbox)


def test_a_session_that_began_at_a_gateway_is_the_gateways_to_its_end(
    connect: Open, watched: Watched, sandbox: Sandbox
) -> None:
    watched()
    with gateway(watched.folder / "ledger.db", sandbox.base_url) as mark, connect(LIVE) as socket:
        socket.send(json.dumps({"setup": {"model": "models/gemini-2.5-flash-live"}}))
        socket.recv()
        mark.close()
        socket.send(json.dumps({"clientContent": {"turns": [], "turnComplete": True}}))
    assert watched.events() == []
