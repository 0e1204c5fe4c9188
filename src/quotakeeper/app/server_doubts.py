"""Why hard limits refuse calls on a server's ledger, and the acceptance by a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing

from quotakeeper.app.setup_checks import Finding
from quotakeeper.clocks import SystemClock
from quotakeeper.config import Settings
from quotakeeper.domain.ledger.order_commands import AcceptLedger
from quotakeeper.domain.server_doubts import LedgerDoubt, ServerClockDoubt, WentBack
from quotakeeper.domain.usage import check_label
from quotakeeper.engine.outcomes import raise_if_failed
from quotakeeper.identifiers import user_at_host
from quotakeeper.server_store import server_store
from quotakeeper.wiring import open_server


def server_doubts(settings: Settings) -> tuple[LedgerDoubt, ...]:
    """Return why hard limits of this machine refuse calls. Raises LedgerError and ConfigError."""
    with closing(server_store(settings, None)) as store:
        return store.doubts(SystemClock().now())


def doubt_findings(doubts: Iterable[LedgerDoubt]) -> Iterator[Finding]:
    """Yield a finding for each doubt, and one about the history if the ledger did not go back."""
    found = list(doubts)
    for each in found:
        name = "history" if isinstance(each, WentBack) else "failover"
        name = "clock" if isinstance(each, ServerClockDoubt) else name
        yield Finding(name, "fail", each.explain(), each.fix)
    if not any(isinstance(each, WentBack) for each in found):
        yield Finding("history", "ok", "the ledger has every commit that this machine has seen",
                      values={})  # fmt: skip


def missing_findings(seen: int) -> Iterator[Finding]:
    """Yield a finding if this machine has `seen` commits of a ledger that the server does not have."""
    if seen:
        text = (
            "the server has no such ledger any more: this machine has seen commit {seen} of it. The "
            "database was lost, replaced, or restored to an earlier state"
        )
        fix = (
            "restore the newest backup before a program makes a new ledger; without one: quotakeeper "
            "reconcile, then: quotakeeper ledger accept"
        )
        yield Finding("history", "fail", text, fix, {"seen": seen})


def accept_ledger(settings: Settings, why: str) -> WentBack | None:
    """Write to the journal that the ledger is right although it lacks commits.

    Returns what this machine noticed before; None if it noticed nothing, and then nothing is
    written. Hard limits of every machine then admit calls again. Raises InvalidInputError if the
    ledger is not on a server, and LedgerError.
    """
    open_server(settings)  # raises for a ledger file
    why = check_label(why, "why", empty=True)
    with closing(server_store(settings, None)) as store:
        now = SystemClock().now()
        for doubt in store.doubts(now):
            if isinstance(doubt, WentBack):
                lost = max(0, doubt.seen - doubt.found)
                (outcome,) = store.apply([AcceptLedger(lost, why, user_at_host())], now)
                raise_if_failed(outcome)
                store.doubts(now)  # writes down that this machine knows the acceptance
                return doubt
    return None
