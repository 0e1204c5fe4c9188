"""What can happen around a socket: cancelled tasks, threads, pieces, processes, our own faults."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import websocket
import websockets.asyncio.client
import websockets.sync.client
import websockets.sync.connection

from quotakeeper import Keeper
from quotakeeper.intercept.hooks import (
    aiohttp_websocket,
    httpx_websocket,
    websocket_client,
    websockets_asyncio,
    websockets_parts,
    websockets_sync,
)
from quotakeeper.intercept.hooks.aiohttp_websocket import MeteredWriter
from quotakeeper.intercept.socket_gate import Assembler, MeteredSocket
from quotakeeper.metering.socket_attempt import SocketAttempt
from quotakeeper.sandbox import Sandbox
from quotakeeper.testing import FakeClock
from tests.intercept_sockets.conftest import (
    CLOSE,
    HEADERS,
    RAW,
    SECOND,
    WAYS,
    AsyncClient,
    SyncClient,
    Watched,
    WebSocketClient,
    address,
    billed,
    booked,
)

LIMIT = {"name": "sound", "provider": "deepgram", "meter": "audio_seconds", "window": "day"}


def length(quantities: dict[str, int]) -> int:
    return quantities.get("audio_milliseconds", 0)


def sync_connect(url: str) -> Any:
    connect: Any = websockets.sync.client.connect
    return connect(url, additional_headers=HEADERS, proxy=None)


def async_connect(url: str) -> Any:
    connect: Any = websockets.asyncio.client.connect
    return connect(url, additional_headers=HEADERS, proxy=None)


def test_a_cancelled_task_is_settled(sandbox: Sandbox, watched: Watched) -> None:
    watched()

    async def talk(sent: asyncio.Event) -> None:
        async with async_connect(address(sandbox, RAW)) as socket:
            await socket.send(SECOND)
            sent.set()
            async for _ in socket:
                pass

    async def main() -> None:
        sent = asyncio.Event()
        task = asyncio.create_task(talk(sent))
        await sent.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert booked(watched) == billed(sandbox) == [{"requests": 1, "audio_milliseconds": 1_000}]


def test_a_message_cancelled_while_it_waits_for_room_is_not_counted(
    sandbox: Sandbox, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = watched()
    reserve = keeper.areserve
    asked = asyncio.Event()

    async def forever(*given: Any, **named: Any) -> Any:
        asked.set()
        await asyncio.Event().wait()

    async def main() -> None:
        async with async_connect(address(sandbox, RAW)) as socket:
            await socket.send(SECOND * 30)
            monkeypatch.setattr(keeper, "areserve", forever)
            task = asyncio.create_task(socket.send(SECOND * 31))
            await asked.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            monkeypatch.setattr(keeper, "areserve", reserve)
            await socket.send(SECOND)
            await socket.send(CLOSE)
            async for _ in socket:
                pass

    asyncio.run(main())
    assert booked(watched) == billed(sandbox) == [{"requests": 1, "audio_milliseconds": 31_000}]


def test_the_loop_goes_on_while_room_is_asked_for(
    sandbox: Sandbox, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = watched()
    carry_out = keeper._engine.worker.carry_out

    def blocking(command: Any) -> Any:
        with pytest.raises(RuntimeError):
            asyncio.get_running_loop()  # only threads without a loop may wait so
        return carry_out(command)

    monkeypatch.setattr(keeper._engine.worker, "carry_out", blocking)

    async def main() -> None:
        async with async_connect(address(sandbox, RAW)) as socket:
            for _ in range(3):
                await socket.send(SECOND * 30)
            await socket.send(CLOSE)
            async for _ in socket:
                pass

    asyncio.run(main())
    assert booked(watched) == billed(sandbox)


def test_many_sockets_at_once(sandbox: Sandbox, watched: Watched) -> None:
    watched({**LIMIT, "amount": "30"})

    async def talk() -> None:
        try:
            async with async_connect(address(sandbox, RAW)) as socket:
                for _ in range(8):
                    await socket.send(SECOND[:16_000])
        except (
            websockets.exceptions.ConnectionClosed,
            websockets.exceptions.InvalidStatus,
        ):
            return

    async def main() -> None:
        await asyncio.gather(*(talk() for _ in range(12)))

    asyncio.run(main())
    events = watched.events()
    bills = billed(sandbox, len(events))
    assert sum(bill.get("audio_milliseconds", 0) for bill in bills) <= 30_000
    assert sorted(booked(watched), key=length) == sorted(bills, key=length)


def test_threads_on_one_socket(sandbox: Sandbox, watched: Watched) -> None:
    watched()
    with sync_connect(address(sandbox, RAW)) as socket:
        threads = [
            threading.Thread(target=lambda: [socket.send(SECOND[:3_200]) for _ in range(20)])
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        socket.send(CLOSE)
        for _ in socket:
            pass
    assert booked(watched) == billed(sandbox) == [{"requests": 1, "audio_milliseconds": 8_000}]


def test_messages_in_pieces(sandbox: Sandbox, watched: Watched) -> None:
    watched({**LIMIT, "amount": "9"})

    def pieces() -> Iterator[bytes]:
        for _ in range(4):
            yield SECOND

    async def apieces() -> AsyncIterator[bytes]:
        for piece in pieces():
            yield piece

    with sync_connect(address(sandbox, RAW)) as socket:
        socket.send(pieces())
        socket.send(iter([CLOSE[:7], CLOSE[7:]]))
        for _ in socket:
            pass

    async def main() -> None:
        async with async_connect(address(sandbox, RAW)) as socket:
            await socket.send(apieces())
            await socket.send([CLOSE])
            async for _ in socket:
                pass

    asyncio.run(main())
    quantities = {"requests": 1, "audio_milliseconds": 4_000}
    assert booked(watched) == billed(sandbox, 2) == [quantities, quantities]
    with (
        sync_connect(address(sandbox, RAW)) as socket,
        pytest.raises(websockets.exceptions.ConnectionClosed, match="sound"),
    ):
        socket.send(pieces())
    assert sum(each.get("audio_milliseconds", 0) for each in booked(watched)) <= 9_000


# The app leaves its socket open when the other side closes, with or without us.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_the_app_of_websocket_client(sandbox: Sandbox, watched: Watched) -> None:
    watched()
    frames: list[dict[str, Any]] = []

    def opened(app: Any) -> None:
        app.send(SECOND, websocket.ABNF.OPCODE_BINARY)
        app.send(CLOSE)

    app = websocket.WebSocketApp(
        address(sandbox, RAW), header=lambda: dict(HEADERS), on_open=opened,
        on_message=lambda app, message: frames.append(json.loads(message)),
    )  # fmt: skip
    app.run_forever()
    assert [frame["type"] for frame in frames] == ["Results", "Metadata"]
    assert booked(watched) == billed(sandbox) == [{"requests": 1, "audio_milliseconds": 1_000}]


@pytest.mark.parametrize("client", [SyncClient, AsyncClient, WebSocketClient])
def test_a_fault_of_ours_does_not_touch_the_program(
    sandbox: Sandbox, watched: Watched, monkeypatch: pytest.MonkeyPatch, client: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    watched()

    def broken(*given: Any) -> Any:
        raise RuntimeError("ours")

    monkeypatch.setattr(SocketAttempt, "_need", broken)
    with client(address(sandbox, RAW), HEADERS) as socket:
        socket.send(SECOND)
        assert socket.finish()[-1]["duration"] == 1.0
    (event,) = watched.events()
    assert str(event.provenance) == "assumed"  # what was set aside: nothing is lost
    assert caplog.text.count("could not be read") == 1


READERS: dict[str, tuple[Any, str]] = {
    "websockets.sync": (websockets_parts, "as_sent"),
    "websockets.asyncio": (websockets_parts, "as_sent"),
    "websockets.legacy": (websockets_parts, "as_sent"),
    "websocket-client": (Assembler, "feed"),
    "aiohttp": (aiohttp_websocket, "_as_sent"),
    "httpx-ws": (httpx_websocket, "_sent_with"),
    "httpx-ws async": (httpx_websocket, "_sent_with"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_message_that_cannot_be_read_leaves_all_that_is_set_aside(
    sandbox: Sandbox, watched: Watched, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    watched()

    def broken(*given: Any) -> Any:
        raise RuntimeError("ours")

    with WAYS[way](address(sandbox, RAW), HEADERS) as socket:
        with monkeypatch.context() as patch:
            patch.setattr(*READERS[way], broken)
            socket.send(SECOND)
        socket.send(SECOND)
        assert socket.finish()[-1]["duration"] == 2.0
    (event,) = watched.events()
    assert str(event.provenance) == "assumed"
    assert event.quantities["audio_milliseconds"] == 60_000


def test_a_long_session_stays_reserved(sandbox: Sandbox, watched: Watched) -> None:
    clock = FakeClock("2026-11-23T12:00:00+00:00")
    keeper = watched(clock=clock)
    watching = watched.watching
    assert watching is not None
    watching.meter._clock = clock
    with sync_connect(address(sandbox, RAW)) as socket:
        for _ in range(8):  # two hours
            clock.advance(minutes=16)
            socket.send(SECOND)
        (hold,) = keeper.reservations()
        assert hold.expires_at > clock.now()
        socket.send(CLOSE)
        for _ in socket:
            pass
    (event,) = watched.events()
    assert event.quantities["audio_milliseconds"] == 8_000
    assert str(event.provenance) == "reported"
    assert event.duration_ms == 8 * 16 * 60_000


def test_hooks_are_taken_back(watched: Watched) -> None:
    shared = websockets.sync.connection.Connection
    send = shared.send
    watched()
    assert shared.send is not send
    websockets_sync.uninstall()
    websockets_asyncio.uninstall()
    websocket_client.uninstall()
    assert shared.send is send


def test_frames_become_messages() -> None:
    assembler = Assembler()
    assert assembler.feed(1, b"\xc4", False) is None
    assert assembler.feed(9, b"ping", True) is None
    assert assembler.feed(0, b"\x91", True) == "đ"
    assert assembler.feed(2, memoryview(b"ab"), True) == b"ab"
    assert assembler.feed(1, "text", True) == "text"
    assert assembler.feed(8, b"", True) is None
    assert assembler.close_code == 1005


PROGRAM = """
import json, os, signal, sys
from websockets.sync.client import connect
with connect(sys.argv[1], additional_headers={"Authorization": "Token x"}, proxy=None) as socket:
    socket.send(bytes(32_000))
    socket.send(bytes(32_000))
    exec(sys.argv[2])
    socket.send(json.dumps({"type": "CloseStream"}))
    for message in socket:
        print(json.loads(message)["type"])
"""


KILLED = {
    "os.kill(os.getpid(), signal.SIGKILL)": -9, "os.kill(os.getpid(), signal.SIGTERM)": -15,
    "os._exit(4)": 4, "os.execv(sys.executable, [sys.executable, '-c', ''])": 0,
}  # fmt: skip


@pytest.mark.parametrize("lease", ["off", "auto"])
@pytest.mark.parametrize(("end", "code"), {"": 0, "sys.exit(3)": 3, **KILLED}.items())
def test_an_unchanged_program_under_run(
    sandbox: Sandbox, tmp_path: Path, repository: Path, end: str, code: int, lease: str
) -> None:
    program = tmp_path / "live.py"
    program.write_text(PROGRAM)
    environ = {**os.environ, "PYTHONPATH": str(repository / "src"), "HOME": str(tmp_path),
               "QUOTAKEEPER_LEDGER": str(tmp_path / "ledger.db"),
               "QUOTAKEEPER_LEASE": lease}  # fmt: skip
    ran = subprocess.run(
        [sys.executable, "-m", "quotakeeper", "run", "--", sys.executable, str(program),
         address(sandbox, RAW), end],
        capture_output=True, check=False, text=True, cwd=tmp_path, env=environ, timeout=60,
    )  # fmt: skip
    assert ran.returncode == code, ran.stderr
    assert ran.stderr.startswith("quotakeeper: 1 call, $")
    with Keeper(tmp_path / "ledger.db", {"default_limits": False}) as keeper:
        (event,) = keeper.events()
        assert [dict(event.quantities)] == billed(sandbox)
        assert str(event.provenance) == ("estimated" if end else "reported")
        assert ("its process ended" in event.note) is (end in KILLED)
        assert (keeper.reservations(), keeper.verify()) == ([], [])
    assert [path.name for path in tmp_path.iterdir() if ".ended-" in path.name] == []


def test_every_way_to_send_through_aiohttp(sandbox: Sandbox, watched: Watched) -> None:
    watched({**LIMIT, "amount": "3"})
    url = address(sandbox, RAW)

    async def main() -> list[str]:
        async with (
            aiohttp.ClientSession(headers=HEADERS) as session,
            session.ws_connect(url.replace("ws:", "http:")) as socket,
        ):
            await socket.ping()
            await socket.send_frame(SECOND, aiohttp.WSMsgType.BINARY)
            await socket.send_bytes(memoryview(SECOND))
            await socket.send_json({"type": "KeepAlive"})
            with pytest.raises(aiohttp.ClientConnectionResetError, match="sound"):
                await socket.send_bytes(SECOND * 2)
            await socket.send_json({"type": "KeepAlive"})  # costs nothing
            with pytest.raises(aiohttp.ClientConnectionResetError, match="sound"):
                await socket.send_bytes(SECOND)
            return [json.loads(message.data)["type"] async for message in socket]

    assert asyncio.run(main())[-1] == "Metadata"
    (event,) = watched.events()
    assert billed(sandbox) == [dict(event.quantities)]
    assert dict(event.quantities) == {"requests": 1, "audio_milliseconds": 2_000}
    assert str(event.provenance) == "reported"


def test_a_socket_of_aiohttp_that_is_closed_unread_is_booked_as_reported(
    sandbox: Sandbox, watched: Watched
) -> None:
    watched()

    async def main() -> None:
        async with aiohttp.ClientSession(headers=HEADERS) as session:
            async with session.ws_connect(address(sandbox, RAW)) as socket:
                await socket.send_bytes(SECOND * 4)
                await socket.send_str(CLOSE)
            assert socket.close_code == 1000
            assert len(watched.events()) == 1  # it waits for the ledger like the others

    asyncio.run(main())
    (event,) = watched.events()
    assert dict(event.quantities) == {"requests": 1, "audio_milliseconds": 4_000}
    assert str(event.provenance) == "reported"


@pytest.mark.parametrize("message", [SECOND * 2, CLOSE])
def test_the_writer_of_an_older_aiohttp_is_metered(message: bytes | str) -> None:
    passed: list[Any] = []

    class Older:
        async def send(self, message: Any, binary: bool = False, compress: Any = None) -> None:
            passed.append((message, binary, compress))

    class Attempt:
        async def asent(self, data: Any) -> None:
            passed.append(data)

    attempt: Any = Attempt()
    writer: Any = MeteredWriter(Older(), Attempt(), MeteredSocket(attempt))
    asyncio.run(writer.send(message, isinstance(message, bytes), 9))
    assert passed == [message, (message, isinstance(message, bytes), 9)]
