"""Every WebSocket library behind one small face, and a sandbox under a watching meter."""

from __future__ import annotations

import asyncio
import gc
import json
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import httpx_ws
import pytest
import websocket
import websockets.asyncio.client
import websockets.exceptions
import websockets.sync.client
from wsproto.utilities import LocalProtocolError

import quotakeeper
from quotakeeper import Keeper, UsageEvent
from quotakeeper.intercept import import_hook
from quotakeeper.intercept.watch import Watching
from quotakeeper.sandbox import Sandbox

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import websockets.legacy.client
    import websockets.legacy.exceptions

SECRET = "dg-a-key-that-nobody-may-keep-1234567"
HEADERS = {"Authorization": f"Token {SECRET}"}
RAW = "model=nova-3&encoding=linear16&sample_rate=16000"
SECOND = b"\x11\x22" * 16_000
CLOSE = json.dumps({"type": "CloseStream"})
LIVE = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent?key=" + SECRET


class RefusedError(Exception):
    """The handshake was answered by an error."""

    def __init__(self, status: int, body: bytes = b"") -> None:
        super().__init__(status)
        self.status = status
        self.body = body


class ClosedError(Exception):
    """There is nothing more to read, or nobody to send to."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class Client:
    """One open socket of some library."""

    # Whether `close` waits for the provider's close frame; else nobody knows what came after it.
    waits_for_close = True

    def send(self, data: Any) -> None:
        raise AssertionError

    def recv(self) -> Any:
        raise AssertionError

    def close(self) -> None:
        raise AssertionError

    def drop(self) -> None:
        """Lose the connection without a word."""
        raise AssertionError

    def rest(self) -> list[dict[str, Any]]:
        """Everything until the end."""
        frames = []
        while True:
            try:
                frames.append(json.loads(self.recv()))
            except ClosedError:
                return frames

    def finish(self) -> list[dict[str, Any]]:
        """End a Deepgram session as it is to be ended."""
        self.send(CLOSE)
        frames = self.rest()
        self.close()
        return frames

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _closed(error: websockets.exceptions.ConnectionClosed) -> ClosedError:
    ours = error.sent if error.rcvd is None else error.rcvd
    return ClosedError(ours.code if ours else 1006, ours.reason if ours else "")


class SyncClient(Client):
    """websockets.sync"""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        connect: Any = websockets.sync.client.connect
        try:
            self.connect = connect(url, additional_headers=dict(headers), proxy=None)
            self.socket = self.connect.__enter__()
        except websockets.exceptions.InvalidStatus as error:
            raise RefusedError(
                error.response.status_code, bytes(error.response.body or b"")
            ) from None

    def send(self, data: Any) -> None:
        try:
            self.socket.send(data)
        except websockets.exceptions.ConnectionClosed as error:
            raise _closed(error) from None

    def recv(self) -> Any:
        try:
            return self.socket.recv(timeout=20)
        except websockets.exceptions.ConnectionClosed as error:
            raise _closed(error) from None

    def close(self) -> None:
        self.connect.__exit__(None, None, None)

    def drop(self) -> None:
        self.socket.socket.shutdown(2)
        self.socket.recv_events_thread.join(20)


class AsyncClient(Client):
    """websockets.asyncio"""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self.runner = asyncio.Runner()
        self.over = False
        try:
            self.socket = self.run(self.opened(url, dict(headers)))
        except websockets.legacy.exceptions.InvalidStatusCode as error:
            self.runner.close()
            raise RefusedError(error.status_code) from None
        except Exception as error:
            self.runner.close()
            if isinstance(error, websockets.exceptions.InvalidStatus):
                body = bytes(error.response.body or b"")
                raise RefusedError(error.response.status_code, body) from None
            raise

    def run(self, work: Any) -> Any:
        async def limited() -> Any:
            return await asyncio.wait_for(work, 20)

        return self.runner.run(limited())

    async def opened(self, url: str, headers: dict[str, str]) -> Any:
        connect: Any = websockets.asyncio.client.connect
        return await connect(url, additional_headers=headers, proxy=None)

    def send(self, data: Any) -> None:
        try:
            self.run(self.socket.send(data))
        except websockets.exceptions.ConnectionClosed as error:
            raise _closed(error) from None

    def recv(self) -> Any:
        try:
            return self.run(self.socket.recv())
        except websockets.exceptions.ConnectionClosed as error:
            raise _closed(error) from None

    def close(self) -> None:
        if not self.over:
            self.over = True
            self.run(self.socket.close())
            self.runner.close()

    def drop(self) -> None:
        self.socket.transport.abort()
        self.run(self.socket.wait_closed())


class LegacyClient(AsyncClient):
    """websockets.legacy"""

    async def opened(self, url: str, headers: dict[str, str]) -> Any:
        return await websockets.legacy.client.connect(url, extra_headers=headers)


class AiohttpClient(AsyncClient):
    """aiohttp"""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self.runner = asyncio.Runner()
        self.over = False
        try:
            self.socket = self.run(self.opened(url, dict(headers)))
        except aiohttp.WSServerHandshakeError as error:
            self.close_session()
            raise RefusedError(error.status) from None
        except BaseException:
            self.close_session()
            raise

    async def opened(self, url: str, headers: dict[str, str]) -> Any:
        self.session = aiohttp.ClientSession()
        return await self.session.ws_connect(url, headers=headers)

    def send(self, data: Any) -> None:
        send = self.socket.send_bytes if isinstance(data, bytes) else self.socket.send_str
        try:
            self.run(send(data))
        except aiohttp.ClientConnectionResetError as error:
            raise ClosedError(self.socket.close_code or 1006, str(error)) from None

    def recv(self) -> Any:
        message = self.run(self.socket.receive())
        if message.type is aiohttp.WSMsgType.CLOSE:
            # Of the message itself: aiohttp's `close_code` is 1006 where the server has hung up
            # before a program reads the message, metered or not.
            raise ClosedError(message.data or 1005, str(message.extra or ""))
        if message.type is aiohttp.WSMsgType.CLOSED:
            raise ClosedError(self.socket.close_code or 1006, str(message.extra or ""))
        return message.data

    def close(self) -> None:
        if not self.over:
            self.over = True
            self.run(self.socket.close())
            self.close_session()

    def close_session(self) -> None:
        self.run(self.session.close())
        self.runner.close()

    def drop(self) -> None:
        async def lost() -> None:
            self.socket._response.connection.transport.abort()
            await self.socket.receive()

        self.run(lost())


class WebSocketClient(Client):
    """websocket-client"""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self.socket: Any = websocket.WebSocket()  # untyped in parts
        self.socket.settimeout(20)
        try:
            connect: Any = self.socket.connect
            connect(url, header=dict(headers))
        except websocket.WebSocketBadStatusException as error:
            raise RefusedError(error.status_code, error.resp_body or b"") from None

    def send(self, data: Any) -> None:
        try:
            if isinstance(data, bytes):
                self.socket.send_binary(data)
            else:
                self.socket.send(data)
        except websocket.WebSocketConnectionClosedException as error:
            raise ClosedError(1006, str(error)) from None

    def recv(self) -> Any:
        try:
            opcode, data = self.socket.recv_data()
        except websocket.WebSocketConnectionClosedException as error:
            raise ClosedError(1006, str(error)) from None
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            raise ClosedError(int.from_bytes(data[:2], "big"), data[2:].decode())
        return data

    def close(self) -> None:
        self.socket.close()
        self.socket.shutdown()

    def drop(self) -> None:
        assert self.socket.sock is not None
        self.socket.sock.close()
        self.socket.shutdown()


class HttpxClient(Client):
    """httpx-ws"""

    waits_for_close = False

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self.connect: Any = httpx_ws.connect_ws(url, headers=dict(headers))
        with _httpx_refusals():
            self.socket = self.connect.__enter__()

    def send(self, data: Any) -> None:
        send: Any = self.socket.send_bytes if isinstance(data, bytes) else self.socket.send_text
        with _httpx_closings():
            send(data)

    def recv(self) -> Any:
        with _httpx_closings():
            return _httpx_message(self.socket.receive(timeout=20))

    def close(self) -> None:
        self.connect.__exit__(None, None, None)

    def drop(self) -> None:
        self.socket.stream.get_extra_info("socket").shutdown(2)
        self.socket._background_receive_task.join(20)


class AsyncHttpxClient(AsyncClient):
    """httpx-ws, async"""

    waits_for_close = False

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self.runner = asyncio.Runner()
        self.over = False
        self.ending: asyncio.Event
        try:
            with _httpx_refusals():
                self.socket = self.run(self.opened(url, dict(headers)))
        except BaseException:
            self.runner.close()
            raise

    async def opened(self, url: str, headers: dict[str, str]) -> Any:
        self.ending = asyncio.Event()
        opened: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.task = asyncio.create_task(self.live(url, headers, opened))
        return await opened

    async def live(self, url: str, headers: dict[str, str], opened: asyncio.Future[Any]) -> None:
        """A session, all in one task: its cancel scope asks for that."""
        try:
            connect: Any = httpx_ws.aconnect_ws(url, headers=headers)
            async with connect as socket:
                opened.set_result(socket)
                await self.ending.wait()
        except Exception as error:
            if opened.done():
                raise
            opened.set_exception(error)

    def send(self, data: Any) -> None:
        send = self.socket.send_bytes if isinstance(data, bytes) else self.socket.send_text
        with _httpx_closings():
            self.run(send(data))

    def recv(self) -> Any:
        with _httpx_closings():
            return _httpx_message(self.run(self.socket.receive()))

    def close(self) -> None:
        if not self.over:
            self.over = True
            self.run(self.left())
            self.runner.close()

    async def left(self) -> None:
        self.ending.set()
        await self.task

    def drop(self) -> None:
        async def lost() -> None:
            self.socket.stream.get_extra_info("socket").shutdown(2)
            with pytest.raises(httpx_ws.WebSocketNetworkError):
                while True:
                    await self.socket.receive()

        self.run(lost())


@contextmanager
def _httpx_refusals() -> Iterator[None]:
    try:
        yield
    except httpx_ws.WebSocketUpgradeError as error:
        body = b""
        with suppress(httpx.ResponseNotRead):
            body = error.response.content
        raise RefusedError(error.response.status_code, body) from None
    except httpx.ConnectError as error:
        raise ConnectionRefusedError(str(error)) from None


@contextmanager
def _httpx_closings() -> Iterator[None]:
    try:
        yield
    except httpx_ws.WebSocketDisconnect as error:
        raise ClosedError(error.code, error.reason or "") from None
    except (httpx_ws.WebSocketNetworkError, LocalProtocolError) as error:
        raise ClosedError(1006, str(error)) from None


def _httpx_message(event: Any) -> Any:
    return event.data if isinstance(event.data, str) else bytes(event.data)


Open = Callable[[str], Client]
WAYS: dict[str, Callable[[str, Mapping[str, str]], Client]] = {
    "websockets.sync": SyncClient,
    "websockets.asyncio": AsyncClient,
    "websockets.legacy": LegacyClient,
    "websocket-client": WebSocketClient,
    "aiohttp": AiohttpClient,
    "httpx-ws": HttpxClient,
    "httpx-ws async": AsyncHttpxClient,
}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture(params=list(WAYS))
def library(request: pytest.FixtureRequest) -> Callable[[str, Mapping[str, str]], Client]:
    """One library after the other."""
    return WAYS[request.param]


def address(sandbox: Sandbox, path: str) -> str:
    path = path if path.startswith("/") else f"/v1/listen?{path}"
    return sandbox.base_url.replace("http:", "ws:") + path


@pytest.fixture
def connect(sandbox: Sandbox, library: Callable[..., Client]) -> Open:
    """Open a socket on the sandbox: Deepgram's by its query, another by its path."""
    return lambda path: library(address(sandbox, path), HEADERS)


class Watched:
    """A meter over a ledger of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.watching: Watching | None = None

    def __call__(self, *limits: Mapping[str, Any], **options: Any) -> Keeper:
        """Watch from here on, under these limits."""
        settings = options.pop("settings", {})
        keeper = Keeper(
            self.folder / "ledger.db",
            {"limit": list(limits), "default_limits": False, **settings},
            durability="process",
            clock=options.pop("clock", None),
        )
        self.watching = quotakeeper.watch(keeper, **options)
        return keeper

    def events(self) -> list[UsageEvent]:
        """What is in the ledger, once all that has ended is in; and nothing is set aside."""
        assert self.watching is not None
        gc.collect()
        assert self.watching.flush(20)
        assert self.watching.keeper.reservations() == []
        return list(self.watching.keeper.events())

    def close(self) -> None:
        if self.watching is not None:
            self.watching.close()
            self.watching.keeper.close()


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(tmp_path)
    try:
        yield watched
    finally:
        watched.close()
        import_hook.uninstall()
        gc.collect()


def billed(sandbox: Sandbox, charges: int = 1) -> list[dict[str, int]]:
    """What is on the bill, session by session."""
    assert sandbox.bill.wait_for(charges)
    return [dict(charge.quantities) for charge in sandbox.bill.charges]


def booked(watched: Watched) -> list[dict[str, int]]:
    """What is in the ledger, session by session."""
    return [dict(event.quantities) for event in watched.events()]
