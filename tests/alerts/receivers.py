"""Receivers of alerts for tests: a web server and an SMTP server, each in a thread of its own."""

from __future__ import annotations

import socketserver
import ssl
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

    `unknown` is the answer to RCPT TO for chi@example.org, and `farewell` the one to QUIT. `before` is
    called before each answer, with the command or "." for the end of a mail. With `is_endless`, the
    greeting has no end. With a `context`, the server knows STARTTLS, or with `is_tls` begins with TLS.
    `spoken` has the commands, with * before those inside TLS.
    """

    port: int = 0
    mails: list[Message] = field(default_factory=list)
    refuses: bytes = b""
    unknown: bytes = b""
    spoken: list[str] = field(default_factory=list)
    farewell: bytes = b"221 bye"
    before: Callable[[bytes], None] = lambda command: None
    is_endless: bool = False
    context: ssl.SSLContext | None = None
    is_tls: bool = False


@contextmanager
def mail_receiver() -> Iterator[Mailbox]:
    found = Mailbox()

    class Handler(socketserver.StreamRequestHandler):
        is_inside = False

        def begin_tls(self) -> None:
            assert found.context is not None
            self.request = found.context.wrap_socket(self.request, server_side=True)
            self.rfile = self.request.makefile("rb")
            self.wfile = self.request.makefile("wb", buffering=0)
            self.is_inside = True

        def handle(self) -> None:
            try:
                if found.is_tls:
                    self.begin_tls()
                while found.is_endless:
                    self.wfile.write(b"220-slow\r\n" * 100)
            except OSError:  # the client has gone, or does not trust the certificate
                return
            self.wfile.write(b"220 test\r\n")
            while line := self.rfile.readline():
                verb = line.split(b" ")[0].strip().upper()
                found.spoken.append(("*" if self.is_inside else "") + verb.decode())
                found.before(verb)
                if verb == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    lines = []
                    while (part := self.rfile.readline()) != b".\r\n":
                        lines.append(part)
                    found.mails.append(message_from_bytes(b"".join(lines)))
                    found.before(b".")
                    self.wfile.write(b"250 ok\r\n")
                elif verb == b"EHLO" and found.context is not None:
                    self.wfile.write(b"250-test\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n")
                elif verb == b"STARTTLS":
                    self.wfile.write(b"220 go on\r\n")
                    try:
                        self.begin_tls()
                    except OSError:
                        return
                elif verb == b"AUTH":
                    self.wfile.write(b"235 welcome\r\n")
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
