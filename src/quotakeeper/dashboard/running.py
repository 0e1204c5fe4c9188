"""Runs a dashboard on loopback until a signal stops it."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable

from quotakeeper.app.journal_follower import JournalFollower
from quotakeeper.app.overview.reading import KeyList, OverviewReader
from quotakeeper.clocks import Clock, SystemClock
from quotakeeper.dashboard.live import LiveOverview, LiveSettings
from quotakeeper.dashboard.service import Dashboard
from quotakeeper.dashboard.sign_in import SignIn
from quotakeeper.errors import InvalidInputError
from quotakeeper.http_server.aiohttp_server import GuardedServer
from quotakeeper.http_server.server_settings import HttpServerSettings
from quotakeeper.keeper import Keeper

HOST, DEFAULT_PORT = "127.0.0.1", 8_788
HOSTS = frozenset((HOST, "localhost"))
_END_SECONDS = 0.2  # open streams do not end by themselves


class RunningDashboard:
    """A dashboard that listens on loopback. `url` ends with the token, which is shown only here."""

    def __init__(
        self, url: str, listener: asyncio.Server, server: GuardedServer, service: Dashboard,
        live: LiveOverview,
    ) -> None:  # fmt: skip
        self.url = url
        self.service = service
        self.live = live
        self._listener = listener
        self._server = server

    async def stop(self) -> None:
        """Close all connections, and stop following the ledger."""
        self._listener.close()
        await self._server.shutdown(_END_SECONDS)
        await self.live.stop()


async def start_dashboard(
    keeper: Keeper, keys: KeyList = tuple, *, port: int = 0, clock: Clock | None = None,
    settings: LiveSettings | None = None, option: str = "--port",
) -> RunningDashboard:  # fmt: skip
    """Listen on a port of 127.0.0.1; 0: any free port.

    Raises InvalidInputError if it is in use; `option` is where the user gave the port.
    """
    sign_in = SignIn((clock or SystemClock()).monotonic)
    live = LiveOverview(OverviewReader(keeper, keys), JournalFollower(keeper), settings)
    handlers: list[Dashboard] = []
    server = GuardedServer(lambda exchange: handlers[0](exchange), HttpServerSettings(hosts=HOSTS))
    try:
        listener = await server.start(HOST, port)
    except OSError as error:
        await live.stop()
        raise InvalidInputError(
            option, f"{HOST}:{port} cannot be used: {error.strerror or error}",
            "use another port, or port 0",
        ) from None  # fmt: skip
    port = int(listener.sockets[0].getsockname()[1])
    service = Dashboard(live, sign_in, frozenset(f"http://{host}:{port}" for host in HOSTS))
    handlers.append(service)
    url = f"http://{HOST}:{port}/#{sign_in.new_token()}"
    return RunningDashboard(url, listener, server, service, live)


def run_dashboard(
    keeper: Keeper, keys: KeyList, port: int, *, announce: Callable[[str], None]
) -> None:
    """Serve until SIGTERM or SIGINT. `announce` gets the URL with the token. Raises InvalidInputError."""
    asyncio.run(_run(keeper, keys, port, announce))


async def _run(keeper: Keeper, keys: KeyList, port: int, announce: Callable[[str], None]) -> None:
    dashboard = await start_dashboard(keeper, keys, port=port)
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    try:
        if sys.platform != "win32":  # there, Ctrl-C interrupts the loop
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, stopped.set)
        announce(dashboard.url)
        await stopped.wait()
    finally:
        await dashboard.stop()
