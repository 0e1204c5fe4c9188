"""The channel "service": Telegram, Slack, Discord, Zalo and others, through the library Apprise.

The address contains tokens. So it is read like a secret, and it is cut out of each answer.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from tempfile import TemporaryFile

from quotakeeper.alerts.message import AlertMessage, Receipt, printable
from quotakeeper.config.alert_secrets import channel_secrets
from quotakeeper.config.alert_settings import ChannelSettings
from quotakeeper.errors import ConfigError, MissingExtraError

SERVICE_SECONDS = 60.0  # for the whole delivery
# -P: the folder in which the command was started has no modules for this process.
_PROGRAM = (sys.executable, "-P", "-m", "quotakeeper.alerts.service_process")


class Services:
    """Sends messages to the service whose address a channel's secret is."""

    def __init__(
        self, channel: ChannelSettings, patience_seconds: float = SERVICE_SECONDS
    ) -> None:  # fmt: skip
        self._channel = channel
        self._patience = patience_seconds

    def send(self, message: AlertMessage) -> Receipt:
        """Send a message once; see Channel.

        Apprise has no deadline for a delivery, so another process sends, which this one can end.
        """
        where = f"channel {self._channel.name!r}"
        addresses = channel_secrets(self._channel)
        if len(addresses) > 1:
            # If one of several receivers fails, a retry would repeat the message to the others.
            raise _several(where, len(addresses))
        if find_spec("apprise") is None:
            raise MissingExtraError("alerts", 'a channel of the kind "service"')
        found = self._said(addresses[0], message)
        if isinstance(found, Receipt):
            return found
        if found.get("problem") == "unknown":
            raise ConfigError(
                where, "has an address that Apprise does not know",
                "write it as the pages of Apprise show it, such as tgram://TOKEN/CHAT",
            )  # fmt: skip
        if found.get("problem") == "several":
            raise ConfigError(
                where, "has an address with several receivers",
                "write a channel for each receiver; each is then tried again on its own",
            )  # fmt: skip
        return Receipt(bool(found["taken"]), printable(str(found["text"])))

    def _said(self, address: str, message: AlertMessage) -> Receipt | dict[str, object]:
        """Return the answer of the process, or a receipt if it gave none."""
        given = {"address": address, "title": message.title, "text": message.text,
                 "seconds": self._patience}  # fmt: skip
        try:
            # A file, not a pipe: a pipe stays open while a process that Apprise started has it.
            with TemporaryFile() as output:
                ended = subprocess.run(
                    _PROGRAM, input=json.dumps(given).encode(), stdout=output,
                    stderr=subprocess.DEVNULL, timeout=self._patience, check=False,
                )  # fmt: skip
                output.seek(0)
                lines = output.read().splitlines()
        except subprocess.TimeoutExpired:
            return Receipt(False, f"Apprise did not end within {self._patience:g} seconds")
        except OSError as error:
            return Receipt(False, printable(f"Apprise cannot be started: {error.strerror}"))
        if ended.returncode or not lines:
            # Its errors are not shown: they can contain the address.
            return Receipt(False, f"Apprise failed with exit code {ended.returncode}")
        found: dict[str, object] = json.loads(lines[-1])
        return found


def _several(where: str, n: int) -> ConfigError:
    return ConfigError(
        where, f"has {n} addresses",
        "write a channel for each receiver; each is then tried again on its own",
    )  # fmt: skip
