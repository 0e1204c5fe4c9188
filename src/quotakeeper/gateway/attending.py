"""What runs beside a gateway: the watch of its config, its admin API, and a page."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import Protocol

from quotakeeper.app.metrics.reading import MetricsReader, counters_path
from quotakeeper.config import Settings
from quotakeeper.errors import LedgerError
from quotakeeper.gateway.access_log import AccessLog
from quotakeeper.gateway.admin.listening import AdminListening, AdminServer, start_admin
from quotakeeper.gateway.admin.metrics_page import MetricsPage
from quotakeeper.gateway.admin.parts import AdminParts
from quotakeeper.gateway.config_watch import ConfigWatch
from quotakeeper.gateway.service import Gateway
from quotakeeper.keeper import Keeper
from quotakeeper.telemetry.counter_file import CounterFile
from quotakeeper.value_classes import dataclass

_CONFIG_PROBLEM = "the changed config is not valid, so the old one stays in force; see the log"


class PageBeside(Protocol):
    """A page on this machine that shows the gateway's ledger."""

    @property
    def url(self) -> str:
        """Its address, with the token that opens it."""
        ...

    async def stop(self) -> None:
        """Close its connections, and stop reading the ledger."""
        ...


@dataclass(frozen=True, slots=True)
class Attending:
    """What runs beside a gateway.

    - `load`: reads the settings as at the start, for a config that changes.
    - `reloaded`: called after each attempt to read it again, with the problem or "".
    - `admin`: where the admin API listens; None without one. `announce_admin` gets its URL.
    - `start_page`: starts a page; None without one. `announce_page` gets its URL.
    - `forget_keys`: makes a change of a key visible in this process at once.
    """

    load: Callable[[], Settings]
    reloaded: Callable[[str], None]
    forget_keys: Callable[[], None]
    admin: AdminListening | None = None
    announce_admin: Callable[[str], None] | None = None
    start_page: Callable[[Keeper], Awaitable[PageBeside]] | None = None
    announce_page: Callable[[str], None] | None = None


@asynccontextmanager
async def attended(
    gateway: Gateway, keeper: Keeper, attending: Attending | None, access_log: AccessLog,
    hung_up: Callable[[], None] | None = None,
) -> AsyncIterator[Callable[[], None]]:  # fmt: skip
    """Watch the config, and serve the admin API and the page, inside the `with` block.

    Yields a function that announces them. SIGHUP reads the config again, and calls `hung_up`.
    Raises InvalidInputError if one of them cannot listen.
    """
    if attending is None:
        yield lambda: None
        return

    def told(problem: str) -> None:
        where = watch.where.replace("\\", "/").rpartition("/")[2]  # not where the file is
        gateway.config_problem = f"{_CONFIG_PROBLEM}: {where}" if problem else ""
        attending.reloaded(problem)

    watch = ConfigWatch(keeper, gateway.limits, attending.load, told)
    async with AsyncExitStack() as beside:
        announcing: list[tuple[Callable[[str], None] | None, str]] = []
        if attending.admin is not None:
            server = await _start_admin(
                gateway, keeper, attending, attending.admin, watch, access_log
            )
            beside.push_async_callback(server.stop)
            announcing.append((attending.announce_admin, server.url))
        if attending.start_page is not None:
            page = await attending.start_page(keeper)
            beside.push_async_callback(page.stop)
            announcing.append((attending.announce_page, page.url))

        def ask() -> None:
            watch.ask()
            if hung_up is not None:
                hung_up()

        loop, number = asyncio.get_running_loop(), getattr(signal, "SIGHUP", None)
        if number is not None:
            loop.add_signal_handler(number, ask)
        task = asyncio.create_task(watch.run())
        try:
            yield partial(_announce, announcing)
        finally:
            if number is not None:
                loop.remove_signal_handler(number)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _start_admin(
    gateway: Gateway, keeper: Keeper, attending: Attending, listening: AdminListening,
    watch: ConfigWatch, access_log: AccessLog,
) -> AdminServer:  # fmt: skip
    with suppress(LedgerError):  # a new ledger is created by its first use
        await keeper.astatus(forecasts=False)
    store = listening.store
    counters = CounterFile(counters_path(keeper.settings))
    reader = MetricsReader(keeper, counters, follows=True, keys=store.all_keys)
    page = MetricsPage(reader, gateway.families)
    parts = AdminParts(keeper, store, watch, attending.forget_keys, page)
    return await start_admin(listening, parts, access_log)


def _announce(announcing: Sequence[tuple[Callable[[str], None] | None, str]]) -> None:
    for announce, url in announcing:
        if announce is not None:
            announce(url)
