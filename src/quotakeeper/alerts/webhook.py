"""The channel "webhook": one signed POST with JSON. Redirects are not followed."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Sequence
from contextlib import closing
from http.client import HTTPException, HTTPResponse
from io import BufferedReader
from typing import Any
from urllib.parse import urlsplit

from quotakeeper.alerts.deadlines import Deadline, Received
from quotakeeper.alerts.message import AlertMessage, Receipt, printable
from quotakeeper.alerts.reach import Resolve, reach, resolved
from quotakeeper.alerts.signing import signature, signing_key
from quotakeeper.clocks import Clock
from quotakeeper.config.alert_secrets import channel_secrets
from quotakeeper.config.alert_settings import ChannelSettings
from quotakeeper.domain.windows import SECOND

WEBHOOK_SECONDS = 10.0  # for the whole exchange
# Request Timeout and Too Many Requests: the same request can succeed later (RFC 9110, RFC 6585).
_TRIED_AGAIN = frozenset({408, 429})
_MOST_ANSWERED = 2_000  # bytes of the answer's body that are read


class Webhook:
    """Sends messages to the address of a channel. `clock` gives the time that is signed."""

    def __init__(
        self, channel: ChannelSettings, clock: Clock, resolve: Resolve = resolved,
        patience_seconds: float = WEBHOOK_SECONDS,
    ) -> None:  # fmt: skip
        self._channel = channel
        self._clock = clock
        self._resolve = resolve
        self._patience = patience_seconds

    def send(self, message: AlertMessage) -> Receipt:
        """Send a message once; see Channel."""
        body = json.dumps(message.payload, ensure_ascii=False).encode()
        request = self._request(message.id, body)
        deadline = Deadline(self._patience)
        try:
            with closing(self._connected(deadline)) as connection:
                connection.settimeout(deadline.left())
                connection.sendall(request)
                return _answer(connection, deadline)
        except (OSError, HTTPException, ValueError) as error:
            return Receipt(False, printable(_said(error)))

    def _request(self, message_id: str, body: bytes) -> bytes:
        parts = urlsplit(self._channel.url)
        seconds = self._clock.now() // SECOND
        where = f"channel {self._channel.name!r}"
        keys = [signing_key(each, where) for each in channel_secrets(self._channel)]
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [
            f"POST {target} HTTP/1.1",
            f"Host: {parts.netloc}",
            "User-Agent: quotakeeper",
            "Content-Type: application/json; charset=utf-8",
            f"Content-Length: {len(body)}",
            "Connection: close",
            f"webhook-id: {message_id}",
            f"webhook-timestamp: {seconds}",
        ]
        if keys:
            lines.append(f"webhook-signature: {signature(keys, message_id, seconds, body)}")
        return "\r\n".join([*lines, "", ""]).encode("ascii", "replace") + body

    def _connected(self, deadline: Deadline) -> socket.socket:
        parts = urlsplit(self._channel.url)
        host, is_secure = str(parts.hostname), parts.scheme == "https"
        port = parts.port or (443 if is_secure else 80)
        last: OSError = OSError(f"{host} has no address")

        def resolve(name: str, at_port: int) -> Sequence[str]:
            return deadline.within(lambda: self._resolve(name, at_port))

        for found in reach(host, port, self._channel.networks, resolve):
            if not is_secure and not found.is_named:
                raise OSError(
                    f"{host} is public, and http does not protect what is sent; use https"
                )
            try:
                connection = socket.create_connection((found.address, port), deadline.left())
            except OSError as error:
                last = error
                continue
            if not is_secure:
                return connection
            try:
                return ssl.create_default_context().wrap_socket(connection, server_hostname=host)
            except BaseException:
                connection.close()
                raise
        raise last


class _AnswerSource:
    """What HTTPResponse needs of a socket."""

    def __init__(self, received: Received) -> None:
        self._received = received

    def makefile(self, mode: str) -> BufferedReader:
        """Return the answer as a file."""
        return BufferedReader(self._received)


def _answer(connection: socket.socket, deadline: Deadline) -> Receipt:
    source: Any = _AnswerSource(Received(connection, deadline))
    with closing(HTTPResponse(source, method="POST")) as response:
        response.begin()
        status = f"HTTP {response.status} {response.reason}"
        if 300 <= response.status < 400:
            return Receipt(False, printable(f"{status}: redirects are not followed"))
        try:
            text = response.read(_MOST_ANSWERED).decode("utf-8", "replace")
        except (OSError, HTTPException):  # the status has come, so the message was taken or not
            text = ""
    return Receipt(
        200 <= response.status < 300, printable(f"{status}: {text}" if text else status),
        is_refused=400 <= response.status < 500 and response.status not in _TRIED_AGAIN,
    )  # fmt: skip


def _said(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "the receiver did not answer in time"
    if isinstance(error, HTTPException):
        return "the receiver's answer is not HTTP"
    return str(error) or type(error).__name__
