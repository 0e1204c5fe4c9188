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
from typing import Any, cast


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


class _MailSession(socketserver.StreamRequestHandler):
    """One connection to a mailbox."""

    box: Mailbox
    inside: ssl.SSLSocket | None = None

    def handle(self) -> None:
        try:
            self._talk()
        except OSError:  # the client has gone, or does not trust the certificate
            pass
        finally:
            if self.inside is not None:
                self.inside.close()

    def _talk(self) -> None:
        if self.box.is_tls:
            self._begin_tls()
        while self.box.is_endless:
            self.wfile.write(b"220-slow\r\n" * 100)
        self.wfile.write(b"220 test\r\n")
        while line := self.rfile.readline():
            verb = line.split(b" ")[0].strip().upper()
            self.box.spoken.append(("*" if self.inside else "") + verb.decode())
            self.box.before(verb)
            if verb == b"DATA":
                self._take_mail()
                continue
            self.wfile.write(self._answer(verb, line) + b"\r\n")
            if verb == b"STARTTLS":
                self._begin_tls()
            elif verb == b"QUIT":
                return

    def _answer(self, verb: bytes, line: bytes) -> bytes:
        box = self.box
        if verb == b"RCPT" and box.unknown and b"chi@" in line:
            return box.unknown
        if verb == b"MAIL" and box.refuses:
            return box.refuses
        if verb == b"EHLO" and box.context is not None:
            return b"250-test\r\n250-STARTTLS\r\n250 AUTH PLAIN"
        return {b"QUIT": box.farewell, b"STARTTLS": b"220 go on", b"AUTH": b"235 welcome"}.get(
            verb, b"250 ok"
        )

    def _take_mail(self) -> None:
        self.wfile.write(b"354 go on\r\n")
        lines = []
        while (part := self.rfile.readline()) != b".\r\n":
            if not part:  # the client has gone, so this is no mail
                return
            lines.append(part)
        self.box.mails.append(message_from_bytes(b"".join(lines)))
        self.box.before(b".")
        self.wfile.write(b"250 ok\r\n")

    def _begin_tls(self) -> None:
        assert self.box.context is not None
        self.inside = self.box.context.wrap_socket(
            self.request, server_side=True, do_handshake_on_connect=False
        )
        self.inside.do_handshake()
        self.rfile = self.inside.makefile("rb")
        self.wfile = cast(Any, self.inside.makefile("wb", buffering=0))


@contextmanager
def mail_receiver() -> Iterator[Mailbox]:
    found = Mailbox()
    session = type("Session", (_MailSession,), {"box": found})
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), session)
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
