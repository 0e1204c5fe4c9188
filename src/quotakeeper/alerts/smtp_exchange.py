"""An exchange with an SMTP server that ends at a deadline, however slowly the server answers."""

from __future__ import annotations

import smtplib
import socket
import ssl
from io import BufferedReader
from typing import Any

from quotakeeper.alerts.deadlines import Deadline, Received
from quotakeeper.alerts.reach import Resolve

_NAME_SECONDS = 5.0  # for the name of this machine, which a mail can do without
_NAMELESS = "[127.0.0.1]"


class SmtpExchange(smtplib.SMTP):
    """A connection to a server. `is_tls` says whether TLS begins before the first word."""

    def __init__(
        self, host: str, port: int, deadline: Deadline, resolve: Resolve, *, is_tls: bool
    ) -> None:  # fmt: skip
        self._deadline = deadline
        self._resolve = resolve
        self._is_tls = is_tls
        super().__init__(host, port, local_hostname=_own_name(deadline), timeout=deadline.left())

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        # smtplib calls this, as it does in its own class for TLS. Each address has what is left.
        last: OSError = OSError(f"{host} has no address")
        for address in self._deadline.within(lambda: self._resolve(host, port)):
            try:
                connection = socket.create_connection((address, port), self._deadline.left())
            except OSError as error:
                last = error
                continue
            if not self._is_tls:
                return connection
            try:
                self._deadline.limit(connection)
                return ssl.create_default_context().wrap_socket(connection, server_hostname=host)
            except BaseException:
                connection.close()
                raise
        raise last

    def send(self, s: Any) -> None:
        """Send bytes, within the deadline. Raises SMTPServerDisconnected."""
        if self.sock is not None:
            try:
                self.sock.settimeout(self._deadline.left())
            except OSError as error:  # it is too late, or a failed handshake has closed the socket
                self.close()
                raise smtplib.SMTPServerDisconnected(str(error)) from None
        super().send(s)

    def getreply(self) -> tuple[int, bytes]:
        """Return the code and the text of a reply that came within the deadline; else raise."""
        if self.file is None and self.sock is not None:
            received: Any = Received(self.sock, self._deadline)
            self.file = BufferedReader(received)
        reply = super().getreply()
        # No error here: this reply may say that the server has the mail. The next step ends.
        if self.sock is not None:
            self._deadline.limit(self.sock)
        return reply


def _own_name(deadline: Deadline) -> str:
    try:
        name = Deadline(min(_NAME_SECONDS, deadline.left())).within(socket.getfqdn)
    except OSError:
        return _NAMELESS
    return name if "." in name else _NAMELESS
