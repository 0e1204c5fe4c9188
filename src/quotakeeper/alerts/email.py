"""The channel "email": one message through an SMTP server."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from email.utils import format_datetime

from quotakeeper.alerts.deadlines import Deadline
from quotakeeper.alerts.message import AlertMessage, Receipt, printable
from quotakeeper.alerts.reach import Resolve, resolved
from quotakeeper.alerts.smtp_exchange import SmtpExchange
from quotakeeper.clocks import Clock
from quotakeeper.config.alert_secrets import channel_secrets
from quotakeeper.config.alert_settings import ChannelSettings
from quotakeeper.domain.windows import moment

EMAIL_SECONDS = 60.0  # for the whole exchange
_FINAL = 500  # the lowest SMTP code that says: do not try again


class Email:
    """Sends messages through the server of a channel. `now` is the clock of the deadline, in seconds."""

    def __init__(
        self, channel: ChannelSettings, clock: Clock, resolve: Resolve = resolved,
        patience_seconds: float = EMAIL_SECONDS, now: Callable[[], float] | None = None,
    ) -> None:  # fmt: skip
        self._channel = channel
        self._clock = clock
        self._resolve = resolve
        self._patience = patience_seconds
        self._now = now

    def send(self, message: AlertMessage) -> Receipt:
        """Send a message once; see Channel. A retry has the same Message-ID."""
        channel = self._channel
        passwords = channel_secrets(channel)
        mail = EmailMessage()
        mail["Subject"] = message.title
        mail["From"] = channel.sender
        mail["To"] = ", ".join(channel.to)
        mail["Date"] = format_datetime(moment(self._clock.now()))
        mail["Message-ID"] = f"<{message.id}@quotakeeper.invalid>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no automatic replies
        mail.set_content(message.text)
        receipt: Receipt | None = None
        deadline = Deadline(self._patience, self._now)
        try:
            with self._connected(deadline) as server:
                if channel.tls == "starttls":
                    server.starttls(context=ssl.create_default_context())
                if channel.user and passwords:
                    server.login(channel.user, passwords[0])
                receipt = self._receipt(server.send_message(mail))
        except (OSError, smtplib.SMTPException, ValueError) as error:
            # After the server has accepted the message, a failure of QUIT changes nothing.
            said = "the server did not answer in time" if deadline.is_over else _said(error)
            return receipt or Receipt(False, printable(said))
        return receipt

    def _receipt(self, refused: Mapping[str, tuple[int, bytes]]) -> Receipt:
        """Return the receipt of a message that was accepted for one address at least.

        It is sent again only if that can help: a code of 500 or more is final (RFC 5321, 4.2.1).
        """
        accepted = f"accepted by {self._channel.server}"
        if not refused:
            return Receipt(True, printable(accepted))
        is_final = all(code >= _FINAL for code, _ in refused.values())
        return Receipt(
            is_final, printable(f"{accepted}, refused for: {', '.join(sorted(refused))}")
        )

    def _connected(self, deadline: Deadline) -> SmtpExchange:
        channel = self._channel
        return SmtpExchange(
            channel.server, channel.port, deadline, self._resolve, is_tls=channel.tls == "tls"
        )


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"the server refuses the user name or password ({error.smtp_code})"
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        return f"SMTP {error.smtp_code}: {text}"
    if isinstance(error, TimeoutError):
        return "the server did not answer in time"
    return str(error) or type(error).__name__
