"""Runs `quotakeeper dashboard`: serves a page with the overview of the ledger on this machine."""

from __future__ import annotations

from quotakeeper.app.overview.reading import KeyList
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.errors import MissingExtraError
from quotakeeper.wiring import MEMORY


def run_dashboard_command(session: context.CommandContext, port: int) -> int:
    """Serve until a signal stops the dashboard. Returns the exit code."""
    try:
        import aiohttp  # noqa: F401 - only whether it is there
    except ImportError:
        raise MissingExtraError("gateway", "quotakeeper dashboard") from None
    from quotakeeper.dashboard.running import run_dashboard
    from quotakeeper.key_wiring import open_keys

    words = session.words

    def announce(url: str) -> None:
        console.tell(words("dashboard on {url} (Ctrl-C stops it)", url=url))
        console.tell(words("the address contains the token: open it on this machine only"))

    with context.open_existing(session) as keeper:
        if keeper.settings.ledger == MEMORY:
            run_dashboard(keeper, tuple, port, announce=announce)
        else:
            store = open_keys(keeper.settings)
            keys: KeyList = store.all_keys
            try:
                run_dashboard(keeper, keys, port, announce=announce)
            finally:
                store.close()
    console.tell(words("the dashboard has stopped"))
    return exit_codes.OK
