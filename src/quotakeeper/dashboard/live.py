"""Keeps one newest overview for all viewers. While somebody views it, the journal is followed."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress

from quotakeeper.app.journal_follower import JournalFollower
from quotakeeper.app.overview.reading import OverviewReader
from quotakeeper.app.overview.record import overview_record
from quotakeeper.errors import QuotakeeperError
from quotakeeper.value_classes import dataclass

_FRESH_SECONDS = 4.0
LATE_SECONDS = 15.0  # a read that takes longer is told to the viewers
log = logging.getLogger("quotakeeper.dashboard")


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """Times in seconds.

    - `look_seconds`: the pause between two looks at the journal.
    - `renew_seconds`: the overview is read again after this time even without new entries, because
      forecasts and resets depend on the time.
    - `beat_seconds`: the pause after which a viewer without news gets a sign of life.
    """

    look_seconds: float = 1.0
    renew_seconds: float = 20.0
    beat_seconds: float = 5.0


@dataclass(frozen=True, slots=True)
class News:
    """The newest overview as JSON, and its number. `trouble`: why it cannot be renewed; "" if it can."""

    number: int
    overview: bytes
    trouble: str = ""


class LiveOverview:
    """The newest overview. Make it on the event loop; call `stop` at the end.

    All reads of the ledger are made in one task, one after the other.
    """

    def __init__(
        self, reader: OverviewReader, follower: JournalFollower,
        settings: LiveSettings | None = None,
    ) -> None:  # fmt: skip
        self.settings = settings or LiveSettings()
        self.looks = 0  # how often the journal was read, for tests
        self._reader = reader
        self._follower = follower
        self._news = News(0, b"")
        self._viewers = 0
        self._began_at: float | None = None  # when a read began that has not ended
        self._checked_at: float | None = None  # of the loop's clock; None: never
        self._changed = asyncio.Condition()
        self._task = asyncio.create_task(self._follow())

    async def after(self, number: int) -> News | None:
        """Wait for news after the news with this number; None if nothing came within the beat.

        While this waits, the ledger is followed.
        """
        self._viewers += 1
        try:
            async with self._changed:
                self._changed.notify_all()  # wakes the task if it sleeps without viewers
                async with asyncio.timeout(self.settings.beat_seconds):
                    await self._changed.wait_for(
                        lambda: self._news.number > number and self._is_fresh()
                    )
            return self._news
        except TimeoutError:
            return None
        finally:
            self._viewers -= 1

    def _is_fresh(self) -> bool:
        # Nobody follows the ledger without viewers, so the first viewer waits for the next look.
        if self._checked_at is None:
            return False
        age = asyncio.get_running_loop().time() - self._checked_at
        return age < self.settings.look_seconds + _FRESH_SECONDS

    @property
    def is_late(self) -> bool:
        """Whether a read of the ledger has neither ended nor failed for too long."""
        began = self._began_at
        return began is not None and asyncio.get_running_loop().time() - began > LATE_SECONDS

    @property
    def has_viewers(self) -> bool:
        """Whether somebody waits for news."""
        return self._viewers > 0

    async def stop(self) -> None:
        """Stop following."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _follow(self) -> None:
        loop, renewed = asyncio.get_running_loop(), None
        while True:
            # The first reading reads a month and waits for nobody, so that the first page is quick.
            async with self._changed:
                await self._changed.wait_for(lambda: self.has_viewers or self._checked_at is None)
            self._began_at = began = loop.time()
            is_due = renewed is None or loop.time() - renewed >= self.settings.renew_seconds
            is_first = renewed is None
            try:
                if await asyncio.to_thread(self._look, is_first) or is_due or self._news.trouble:
                    record = await asyncio.to_thread(self._read)
                    renewed = loop.time()
                    await self._publish(record, "")
            except QuotakeeperError as error:
                if not self._news.trouble:
                    log.warning("quotakeeper: the dashboard cannot read the ledger: %s", error)
                await self._publish(self._news.overview, f"{type(error).__name__}: {error}")
            except Exception as error:  # this task must live as long as the dashboard
                log.exception("quotakeeper: the overview could not be read")
                await self._publish(self._news.overview, type(error).__name__)
            self._began_at, self._checked_at = None, loop.time()
            async with self._changed:
                self._changed.notify_all()
            pause = max(
                self.settings.look_seconds, 2 * (loop.time() - began)
            )  # a slow ledger rests
            await asyncio.sleep(pause)

    def _look(self, is_first: bool) -> bool:
        self.looks += 1
        if is_first:
            self._follower.start()
            return True
        change = self._follower.look()
        if change.is_past:
            self._reader.forget_days()
        return change.is_new

    def _read(self) -> bytes:
        record = overview_record(self._reader.read())
        return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()

    async def _publish(self, overview: bytes, trouble: str) -> None:
        if (overview, trouble) == (self._news.overview, self._news.trouble):
            return
        self._news = News(self._news.number + 1, overview, trouble)
        async with self._changed:
            self._changed.notify_all()
