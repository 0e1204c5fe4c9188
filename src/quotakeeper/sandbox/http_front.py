"""The HTTP server of the sandbox: REST and WebSockets on loopback, with the standard library."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR
from typing import Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from quotakeeper.sandbox import accounts
from quotakeeper.sandbox.bill import Bill
from quotakeeper.sandbox.faults import CUTS, Fault
from quotakeeper.sandbox.messages import Reply, SandboxRequest, json_reply
from quotakeeper.sandbox.sockets import Opening, converse, is_live
from quotakeeper.sandbox.websocket import WebSocket, wants_websocket

MOST_BODY_BYTES = 256 * 1024 * 1024
_IDLE_SECONDS = 60


class Answering(Protocol):
    """The attributes of the sandbox that the server uses."""

    bill: Bill
    log: Callable[[str], None] | None
    stopping: threading.Event
    live_idle_seconds: float

    def answer(self, request: SandboxRequest) -> tuple[Reply, Fault | None]:
        """Return the reply to a request, and the fault to apply to the connection or None."""

    def open_socket(self, request: SandboxRequest) -> tuple[Opening, Fault | None]:
        """Return the answer to a WebSocket handshake, and the fault to apply to the connection or
        None."""


class LoopbackServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], sandbox: Answering) -> None:
        self.sandbox = sandbox
        super().__init__(address, _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore the error that occurs when a client closes its connection early."""


class _Handler(BaseHTTPRequestHandler):
    server: LoopbackServer
    protocol_version = "HTTP/1.1"
    server_version = "quotakeeper-sandbox"
    sys_version = ""
    timeout = _IDLE_SECONDS

    def do_POST(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing, because the query of a request may hold a key."""

    def _answer(self) -> None:
        body = self._read_body()
        if body is None:
            return
        parts = urlsplit(self.path)
        headers: Mapping[str, str] = {key.lower(): value for key, value in self.headers.items()}
        query = tuple(parse_qsl(parts.query, keep_blank_values=True))
        request = SandboxRequest(self.command, unquote(parts.path), query, headers, body)
        sandbox = self.server.sandbox
        if wants_websocket(headers) and is_live(request):
            self._converse(request)
            return
        try:
            reply, fault = sandbox.answer(request)
        except ValueError as error:
            reply, fault = json_reply(400, {"error": {"code": 400, "message": str(error)}}), None
        self._noted(request, reply, fault)
        self._send(reply, cut=fault is not None and fault.kind in CUTS)

    def _noted(self, request: SandboxRequest, reply: Reply, fault: Fault | None) -> None:
        sandbox = self.server.sandbox
        if sandbox.log is not None:
            ending = f" ({fault.kind})" if fault else ""
            sandbox.log(f"{request.method} {request.path} -> {reply.status}{ending}")
        if fault is not None and fault.kind == "slow":
            sandbox.stopping.wait(fault.seconds)

    def _converse(self, request: SandboxRequest) -> None:
        """Run the connection as a WebSocket. If the handshake is refused, send only the refusal."""
        sandbox = self.server.sandbox
        opening, fault = sandbox.open_socket(request)
        self._noted(request, opening.reply, fault)
        self.close_connection = True
        if opening.session is None:
            self._send(opening.reply, cut=False)
            return
        self.send_response(opening.reply.status)
        for name, value in opening.reply.headers:
            self.send_header(name, value)
        self.end_headers()
        self.connection.settimeout(sandbox.live_idle_seconds)
        socket = WebSocket(self.rfile.read, self.wfile.write)
        noted = partial(accounts.noted, request=request, turn=opening.turn)
        converse(opening, socket, sandbox.bill, fault, cut=self._hang_up, noted=noted)

    def _hang_up(self) -> None:
        self.connection.shutdown(SHUT_RDWR)

    def _read_body(self) -> bytes | None:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._read_chunks()
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > MOST_BODY_BYTES:
            self.send_error(413 if length.isdigit() else 400)
            return None
        return self.rfile.read(int(length))

    def _read_chunks(self) -> bytes | None:
        body = bytearray()
        while True:
            try:
                size = int(self.rfile.readline(64).split(b";")[0], 16)
            except ValueError:
                self.send_error(400)
                return None
            if len(body) + size > MOST_BODY_BYTES:
                self.send_error(413)
                return None
            if size == 0:
                while self.rfile.readline(65_536).strip():
                    pass
                return bytes(body)
            body += self.rfile.read(size)
            self.rfile.readline(64)

    def _send(self, reply: Reply, *, cut: bool) -> None:
        chunked = len(reply.chunks) > 1
        self.send_response(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        chunks = reply.chunks
        if cut:
            chunks = chunks[:-1] if chunked else (reply.body[: len(reply.body) // 2],)
        for chunk in chunks:
            framed = f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n" if chunked else chunk
            self.wfile.write(framed)
            self.wfile.flush()
        if cut:
            self.close_connection = True
            self._hang_up()
        elif chunked:
            self.wfile.write(b"0\r\n\r\n")
