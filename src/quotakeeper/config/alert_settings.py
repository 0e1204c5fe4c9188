"""The settings of alerts, as the [alerts] table of a config file gives them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from quotakeeper.domain.alerts.quiet_hours import QuietHours
from quotakeeper.value_classes import dataclass


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """One [[alerts.channel]]: where alerts are sent. Which fields are set depends on `kind`.

    - `url`, `networks`: of a webhook. It may reach these private networks.
    - `secret_file`, `secret_variable`: where the secrets of a webhook, the password of an e-mail
      server or the addresses of services are. It is a file of its owner alone, or an environment
      variable.
    - `command`: the program and its arguments. `{title}` and `{text}` are replaced.
    - `server`, `port`, `tls`, `user`, `sender`, `to`: of e-mail. `tls` is "starttls", "tls" or
      "none".
    """

    name: str
    kind: str
    url: str = ""
    networks: tuple[str, ...] = ()
    secret_file: Path | None = None
    secret_variable: str = ""
    command: tuple[str, ...] = ()
    server: str = ""
    port: int = 0
    tls: str = "starttls"
    user: str = ""
    sender: str = ""
    to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """The table [alerts].

    - `language`: of the texts, "en" or "vi"; "" for the language of the messages.
    - `rules`: the names of the rules in force; see `domain.alerts.alert.RULE_NAMES`.
    - `thresholds`: the parts of a limit to tell about; empty: all thresholds of each limit.
    - `quiet`: when only alerts that block calls are sent; the others come in a digest after it.
    - `channels`: where alerts are sent.
    """

    language: str
    rules: tuple[str, ...]
    thresholds: tuple[Decimal, ...]
    channels: tuple[ChannelSettings, ...]
    quiet: QuietHours | None = None
