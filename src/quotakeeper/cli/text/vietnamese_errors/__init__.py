"""Vietnamese translations of messages whose values the rest of the package has already filled in."""

from __future__ import annotations

from quotakeeper.cli.text.vietnamese_errors import (
    alerts,
    calls,
    commands,
    exports,
    gateway,
    keys,
    ledger,
    prices,
    servers,
    settings,
    summary,
)

FINISHED = {
    **alerts.TEXTS,
    **commands.TEXTS,
    **settings.TEXTS,
    **calls.TEXTS,
    **keys.TEXTS,
    **ledger.TEXTS,
    **prices.TEXTS,
    **servers.TEXTS,
    **exports.TEXTS,
    **gateway.TEXTS,
    **summary.TEXTS,
}
