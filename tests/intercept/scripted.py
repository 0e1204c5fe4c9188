"""A loopback server that sends exactly the bytes that a test chooses."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType


@dataclass
class Got:
    """A request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int


class Line:
    """The server's end of one connection."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line

    def send(self, data: bytes) -> None:
        self._line.sendall(data)

    def hang_up(self) -> None:
        """Close the connection at once."""
        self._line.shutdown(socket.SHUT_RDWR)


Script = Callable[[Got, Line], None]


class ScriptedServer:
    """Calls `script(request, line)` for each request, and keeps the requests."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.got: list[Got] = []
        self.connections = 0
        self._lines: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> ScriptedServer:
        self._start(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for line in (self._listener, *self._lines):
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()
        for thread in self._threads:
            thread.join(10)

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            self._lines.append(line)
            self.connections += 1
            self._start(self._serve, line, self.connections)

    def _serve(self, line: socket.socket, number: int) -> None:
        with suppress(OSError), line, line.makefile("rb") as file:
            while (request := _read(file, number)) is not None:
                self.got.append(request)
                self._script(request, Line(line))


def _read(file, number: int) -> Got | None:  # type: ignore[no-untyped-def]
    first = file.readline().split()
    if len(first) < 3:
        return None
    headers = {}
    while (text := file.readline().strip()) != b"":
        name, _, value = text.partition(b":")
        headers[name.decode().lower()] = value.strip().decode("latin-1")
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while size := int(file.readline() or b"-1", 16):
            if size < 0:
                return None  # the request was incomplete
            body += file.read(size)
            file.readline()
        file.readline()
    else:
        body = file.read(int(headers.get("content-length", "0")))
    return Got(first[0].decode(), first[1].decode(), headers, body, number)


# -- Gemini's answers


def snapshot(text: str, output: int, *, last: bool = False) -> dict[str, object]:
    """One document of a Gemini stream, with the usage so far."""
    candidate: dict[str, object] = {"content": {"parts": [{"text": text}], "role": "model"}}
    if last:
        candidate["finishReason"] = "STOP"
    usage = {
        "promptTokenCount": 7,
        "candidatesTokenCount": output,
        "totalTokenCount": 7 + output,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 7}],
    }
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "gemini-2.5-flash"}


def event(document: dict[str, object]) -> bytes:
    return b"data: " + json.dumps(document).encode() + b"\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def head(*headers: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode()


def whole(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """A complete answer with a Content-Length."""
    return head(f"Content-Length: {len(body)}", *headers, status=status) + body


STREAMED = head("Content-Type: text/event-stream", "Transfer-Encoding: chunked")
JSON = "Content-Type: application/json"
FIRST, SECOND = event(snapshot("Xin ", 2)), event(snapshot("chào", 5, last=True))
ANSWER = json.dumps(snapshot("Xin chào", 5, last=True)).encode()
USED = (("input_tokens", 7), ("output_tokens", 5), ("requests", 1))
