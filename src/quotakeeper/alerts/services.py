"""The channel "service": Telegram, Slack, Discord, Zalo and others, through the library Apprise.

The addresses contain tokens. So they are read like secrets, and they are cut out of each answer.
"""

from __future__ import annotations

import logging
import re
from typing import Any

from quotakeeper.alerts.message import AlertMessage, Receipt, printable
from quotakeeper.config.alert_secrets import channel_secrets
from quotakeeper.config.alert_settings import ChannelSettings
from quotakeeper.errors import ConfigError, MissingExtraError

_PARTS = re.compile(r"[/:@?&=,\s]+")
_SHORTEST_SECRET = 4  # characters; a shorter part of an address is not a token


class Services:
    """Sends messages to the services whose addresses a channel's secrets are."""

    def __init__(self, channel: ChannelSettings) -> None:
        self._channel = channel

    def send(self, message: AlertMessage) -> Receipt:
        """Send a message once to each address; see Channel. It is taken if all have taken it."""
        apprise, addresses = _library(), channel_secrets(self._channel)
        services = apprise.Apprise()
        for each in addresses:
            if not services.add(each):
                raise ConfigError(
                    f"channel {self._channel.name!r}", "has an address that Apprise does not know",
                    "write it as the pages of Apprise show it, such as tgram://TOKEN/CHAT",
                )  # fmt: skip
        with apprise.LogCapture(level=logging.WARNING, fmt="%(message)s") as log:
            is_taken = bool(services.notify(title=message.title, body=message.text))
            said = _without(log.getvalue(), addresses)
        names = ", ".join(str(each.service_name) for each in services)
        if is_taken:
            return Receipt(True, printable(f"taken by {names}"))
        return Receipt(False, printable(f"not taken by {names}: {said}"))


def _library() -> Any:
    try:
        import apprise  # noqa: PLC0415 - an extra, and slow to load
    except ImportError:
        raise MissingExtraError("alerts", 'a channel of the kind "service"') from None
    return apprise


def _without(text: str, addresses: tuple[str, ...]) -> str:
    """Return a text in which every part of the addresses is replaced, except the schemes."""
    parts = {part for each in addresses for part in _PARTS.split(each.partition("://")[2])}
    for part in sorted(parts, key=len, reverse=True):
        if len(part) >= _SHORTEST_SECRET:
            text = text.replace(part, "***")
    return text
