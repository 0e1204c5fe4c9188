"""Receivers of alerts for tests: a web server and an SMTP server, each in a thread of its own."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Receiver:
    """What arrived. `answer` returns the status, the body and the headers of the next answer."""

    port: int = 0
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    answer: Callable[[], tuple[int, bytes, dict[str, str]]] = lambda: (204, b"", {})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?a=1"

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for _, headers, _ in self.requests]


@contextmanager
def web_receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            found.requests.append((self.path, headers, body))
            status, text, more = found.answer()
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *given: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.port = server.server_address[1]
    with _served(server):
        yield found


@dataclass
class Mailbox:
    """The mails that arrived. With `refuses`, the server answers MAIL FROM with this line.

    `unknown` is the answer to RCPT TO for chi@example.org, and `farewell` the one to QUIT.
    """

    port: int = 0
    mails: list[Message] = field(default_factory=list)
    refuses: bytes = b""
    unknown: bytes = b""
    farewell: bytes = b"221 bye"


@contextmanager
def mail_receiver() -> Iterator[Mailbox]:
    found = Mailbox()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 test\r\n")
            while line := self.rfile.readline():
                verb = line.split(b" ")[0].strip().upper()
                if verb == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    lines = []
                    while (part := self.rfile.readline()) != b".\r\n":
                        lines.append(part)
                    found.mails.append(message_from_bytes(b"".join(lines)))
                    self.wfile.write(b"250 ok\r\n")
                elif verb == b"QUIT":
                    self.wfile.write(found.farewell + b"\r\n")
                    return
                elif verb == b"RCPT" and found.unknown and b"chi@" in line:
                    self.wfile.write(found.unknown + b"\r\n")
                elif verb == b"MAIL" and found.refuses:
                    self.wfile.write(found.refuses + b"\r\n")
                else:
                    self.wfile.write(b"250 ok\r\n")

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.port = server.server_address[1]
    with _served(server):
        yield found


@contextmanager
def _served(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
