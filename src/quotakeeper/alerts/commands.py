"""The channel "command": starts a program. Its arguments are not read by a shell."""

from __future__ import annotations

import json
import subprocess

from quotakeeper.alerts.message import AlertMessage, Receipt, printable
from quotakeeper.config.alert_settings import ChannelSettings

_PATIENCE_SECONDS = 30


class AlertCommand:
    """Starts the program of a channel for each message. It gets the payload on its standard input."""

    def __init__(self, channel: ChannelSettings) -> None:
        self._command = channel.command

    def send(self, message: AlertMessage) -> Receipt:
        """Start the program once, and wait for its end; see Channel. Exit code 0 means: taken."""
        program, *arguments = self._command
        filled = [
            each.replace("{title}", message.title).replace("{text}", message.text)
            for each in arguments
        ]
        try:
            ended = subprocess.run(
                [program, *filled], input=json.dumps(message.payload).encode(),
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=_PATIENCE_SECONDS,
                check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return Receipt(False, f"{program} did not end within {_PATIENCE_SECONDS} seconds")
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            return Receipt(False, printable(f"{program} cannot be started: {reason}"))
        said = printable(ended.stdout.decode("utf-8", "replace"))
        text = f"exit code {ended.returncode}"
        return Receipt(ended.returncode == 0, f"{text}: {said}" if said else text)
