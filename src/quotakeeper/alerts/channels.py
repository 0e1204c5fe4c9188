"""Makes the channels that a config names."""

from __future__ import annotations

from quotakeeper.alerts.commands import AlertCommand
from quotakeeper.alerts.message import Channel
from quotakeeper.alerts.services import Services
from quotakeeper.clocks import Clock
from quotakeeper.config.alert_settings import ChannelSettings


def make_channel(settings: ChannelSettings, clock: Clock) -> Channel:
    """Return the channel of these settings. Nothing is connected yet."""
    if settings.kind == "command":
        return AlertCommand(settings)
    if settings.kind == "service":
        return Services(settings)
    if settings.kind == "email":
        from quotakeeper.alerts.email import Email  # noqa: PLC0415 - slow to load

        return Email(settings, clock)
    from quotakeeper.alerts.webhook import Webhook  # noqa: PLC0415 - slow to load

    return Webhook(settings, clock)
