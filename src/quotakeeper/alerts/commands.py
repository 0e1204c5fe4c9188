"""The channel "command": starts a program. Its arguments are not read by a shell."""

from __future__ import annotations

import json
import re
import subprocess
from tempfile import TemporaryFile

from quotakeeper.alerts.message import AlertMessage, Receipt, printable
from quotakeeper.config.alert_settings import ChannelSettings

COMMAND_SECONDS = 30.0
_MOST_SAID = 2_000  # bytes of the output that are read
_PLACES = re.compile(r"\{(title|text)\}")


class AlertCommand:
    """Starts the program of a channel for each message. It gets the payload on its standard input."""

    def __init__(self, channel: ChannelSettings) -> None:
        self._command = channel.command

    def send(self, message: AlertMessage) -> Receipt:
        """Start the program once, and wait for its end; see Channel. Exit code 0 means: taken."""
        program, *arguments = self._command
        # In one pass: a model or a label value may itself contain "{text}".
        texts = {"title": message.title, "text": message.text}
        filled = [_PLACES.sub(lambda found: texts[found[1]], each) for each in arguments]
        try:
            # Files, not pipes: a pipe stays open while a process that the program started has it.
            with TemporaryFile() as document, TemporaryFile() as output:
                document.write(json.dumps(message.payload).encode())
                document.seek(0)
                ended = subprocess.run(
                    [program, *filled], stdin=document, stdout=output, stderr=subprocess.STDOUT,
                    timeout=COMMAND_SECONDS, check=False,
                )  # fmt: skip
                output.seek(0)
                said = printable(output.read(_MOST_SAID).decode("utf-8", "replace"))
        except subprocess.TimeoutExpired:
            return Receipt(False, f"{program} did not end within {COMMAND_SECONDS:g} seconds")
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            return Receipt(False, printable(f"{program} cannot be started: {reason}"))
        text = f"exit code {ended.returncode}"
        return Receipt(ended.returncode == 0, f"{text}: {said}" if said else text)
