"""Reads the secrets of a channel when they are needed: from a private file or the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping

from quotakeeper.config.alert_settings import ChannelSettings
from quotakeeper.config.private_files import check_private
from quotakeeper.errors import ConfigError


def channel_secrets(
    channel: ChannelSettings, environ: Mapping[str, str] | None = None
) -> tuple[str, ...]:  # fmt: skip
    """Return the secrets of a channel, the newest first; () if the config names none.

    A file has one secret in each line, and only its owner may use it (mode 0600). In an environment
    variable, blanks separate the secrets. Raises ConfigError, which never shows a secret.
    """
    if channel.secret_file is not None:
        shown = str(channel.secret_file)
        try:
            check_private(shown, channel.secret_file.stat().st_mode)
            text = channel.secret_file.read_text(encoding="utf-8")
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise ConfigError(shown, f"cannot be read: {reason}", "check its permissions") from None
        found = tuple(line.strip() for line in text.splitlines() if line.strip())
        if not found:
            raise ConfigError(shown, "is empty", "write the secret in its first line")
        return found
    if channel.secret_variable:
        environment = os.environ if environ is None else environ
        found = tuple(environment.get(channel.secret_variable, "").split())
        if not found:
            raise ConfigError(
                f"environment {channel.secret_variable}", "is not set", "set it to the secret"
            )
        return found
    return ()
