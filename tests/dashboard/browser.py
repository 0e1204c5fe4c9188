"""The distribution's Chromium, driven by Playwright, and a dashboard that it can open."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from quotakeeper import Keeper, Reservation
from quotakeeper.dashboard.live import LiveSettings
from quotakeeper.dashboard.running import RunningDashboard, start_dashboard
from quotakeeper.testing import FakeClock

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
DESKTOP, PHONE = (1360, 900), (390, 844)
SETTINGS = LiveSettings(look_seconds=0.1, renew_seconds=3_600.0, beat_seconds=0.5)


@contextmanager
def chromium() -> Iterator[Any]:
    """Start the browser. Without it the test is skipped; CI on Linux counts that as a failure."""
    path = shutil.which("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sync_playwright = None  # type: ignore[assignment]
    if path is None or sync_playwright is None:
        pytest.skip("needs Chromium and Playwright, which requirements/ names")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


class ServedDashboard:
    """A dashboard on a loop in a thread of its own, because the driver of the browser blocks."""

    def __init__(self, keeper: Keeper, clock: FakeClock) -> None:
        self.keeper = keeper
        self.open_calls: list[Reservation] = []  # they stay open while they are held here
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        started = start_dashboard(keeper, clock=clock, settings=SETTINGS)
        self.dashboard: RunningDashboard = self._asked(started)
        self.url = self.dashboard.url
        self._runs = True

    def stop(self) -> None:
        """Stop the dashboard; the keeper stays open."""
        if self._runs:
            self._runs = False
            self._asked(self.dashboard.stop())

    def close(self) -> None:
        """Stop the dashboard, its loop and the keeper."""
        self.stop()
        self._asked(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self.keeper.close()

    def _asked(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)


@contextmanager
def served_dashboard(keeper: Keeper, clock: FakeClock) -> Iterator[ServedDashboard]:
    """Serve a dashboard for a browser."""
    served = ServedDashboard(keeper, clock)
    try:
        yield served
    finally:
        served.close()


@dataclass
class Seen:
    """What a page asked for and complained about."""

    problems: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@contextmanager
def page_of(
    browser: Any, size: tuple[int, int] = DESKTOP, *, lang: str = "vi", theme: str = "light", **more: Any
) -> Iterator[tuple[Any, Seen]]:  # fmt: skip
    """Open an empty page with an empty profile."""
    locale = {"vi": "vi-VN", "en": "en-US"}[lang]
    viewport = {"width": size[0], "height": size[1]}
    context = browser.new_context(locale=locale, color_scheme=theme, viewport=viewport, **more)
    context.set_default_timeout(10_000)
    page, seen = context.new_page(), Seen()
    page.on(
        "console",
        lambda m: seen.problems.append(m.text) if m.type in ("error", "warning") else None,
    )
    page.on("pageerror", lambda error: seen.problems.append(str(error)))
    page.on("request", lambda request: seen.requests.append(request.url))
    try:
        yield page, seen
    finally:
        context.close()
