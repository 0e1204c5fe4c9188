"""A dashboard for tests, over a ledger in memory, and a client that signs in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from quotakeeper import Keeper
from quotakeeper.app.overview.reading import KeyList
from quotakeeper.dashboard.live import LiveSettings
from quotakeeper.dashboard.running import RunningDashboard, start_dashboard
from quotakeeper.testing import FakeClock

SECONDS = 20.0  # a hang fails the test after this time
QUICK = LiveSettings(look_seconds=0.02, renew_seconds=3_600.0, beat_seconds=0.3)


def run(test: Callable[[], Awaitable[None]]) -> None:
    """Run an asynchronous test, and fail if it hangs."""
    asyncio.run(asyncio.wait_for(test(), SECONDS))


@dataclass
class Served:
    """A running dashboard. `url` has no path; `token` opens a session."""

    dashboard: RunningDashboard
    client: aiohttp.ClientSession
    keeper: Keeper
    clock: FakeClock

    @property
    def url(self) -> str:
        """The address of the page, without a path."""
        return self.dashboard.url.partition("/#")[0]

    @property
    def token(self) -> str:
        """The token that was printed."""
        return self.dashboard.url.partition("#")[2]

    async def sign_in(self, token: str | None = None, **headers: str) -> aiohttp.ClientResponse:
        """Post a token, as the page does."""
        asked = {"Origin": self.url, **headers}
        given = {"token": self.token if token is None else token}
        return await self.client.post(f"{self.url}/api/session", json=given, headers=asked)


@asynccontextmanager
async def serving(
    keeper: Keeper, clock: FakeClock, *, keys: KeyList = tuple, settings: LiveSettings = QUICK,
) -> AsyncIterator[Served]:  # fmt: skip
    """Serve a dashboard on a free port. Closes the keeper at the end."""
    dashboard = await start_dashboard(keeper, keys, clock=clock, settings=settings)
    jar = aiohttp.CookieJar(unsafe=True)  # cookies of an address without a name
    async with aiohttp.ClientSession(cookie_jar=jar) as client:
        try:
            yield Served(dashboard, client, keeper, clock)
        finally:
            await dashboard.stop()
            await asyncio.to_thread(keeper.close)
