"""Opens the alerts in the database of a ledger. No other module chooses their store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quotakeeper.clocks import zone_named
from quotakeeper.config import Settings
from quotakeeper.errors import InvalidInputError
from quotakeeper.wiring import is_on_server, ledger_path

if TYPE_CHECKING:
    from quotakeeper.domain.alerts.alert_store import AlertStore
    from quotakeeper.engine.assembly import Engine


def open_alerts(settings: Settings) -> AlertStore:
    """Return the alerts of the ledger. Nothing is opened before their first use.

    Raises InvalidInputError for a ledger in memory or on a server, and ConfigError.
    """
    path = ledger_path(settings)
    if path is None:
        where = "on a server" if is_on_server(settings) else "in memory"
        raise InvalidInputError(
            "ledger", f"is {where}, where alerts are not kept yet", "name a file: --ledger PATH"
        )
    from quotakeeper.stores.sqlite.alert_store import SqliteAlerts  # noqa: PLC0415 - as key_wiring

    group = None
    if settings.ledger_group:
        from quotakeeper.file_sharing import group_id  # noqa: PLC0415 - few ledgers are shared

        group = group_id(settings.ledger_group)
    return SqliteAlerts(path, zone_named, durability=settings.durability, group=group)


def with_refusal_notes(engine: Engine, settings: Settings) -> Engine:
    """Make an engine store an alert for each limit that refuses a call, if the settings want that.

    A ledger in memory or on a server has no alerts. Returns the engine.
    """
    wanted = settings.alerts
    if wanted is None or not wanted.channels or "refused" not in wanted.rules:
        return engine
    if ledger_path(settings) is None:
        return engine
    from quotakeeper.alerts.refusal_notes import RefusalNotes  # noqa: PLC0415 - few configs have it

    now = engine.parts.ledger_clock.now
    engine.observers.note_refusal = RefusalNotes(open_alerts(settings), settings, wanted, now)
    return engine
