"""Reads the config again when its file changes or the process gets SIGHUP.

A changed config is read, checked, and put in force in one step. If it is not valid, the old one
stays in force, and `problem` says why.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from pathlib import Path

from quotakeeper.app.records.instants import rfc3339
from quotakeeper.config import Settings
from quotakeeper.errors import ConfigError, QuotakeeperError
from quotakeeper.gateway.limit_book import LimitBook
from quotakeeper.keeper import Keeper
from quotakeeper.keeper_limits import check_config

log = logging.getLogger("quotakeeper.gateway")
Stamps = tuple[tuple[int, int, int] | None, ...]
POLL_SECONDS = 1.0


class ConfigWatch:
    """Keeps a gateway's limits and prices like its config. Make it on the event loop.

    - `load`: reads the settings as at the start. May raise ConfigError.
    - `told`: called after each attempt with the problem; "" if the config is in force.
    """

    def __init__(
        self, keeper: Keeper, book: LimitBook, load: Callable[[], Settings],
        told: Callable[[str], None] | None = None,
    ) -> None:  # fmt: skip
        self.problem = ""
        self.where = ""  # the key of the config that is not valid, without its value
        self._keeper = keeper
        self._book = book
        self._load = load
        self._told = told
        self._loaded_at = self._tried_at = keeper.now()
        self._asked = asyncio.Event()
        self._in_force = self._last = self._stamps()

    def state(self) -> dict[str, object]:
        """Return the state of the config file, for the admin API."""
        file = self._keeper.settings.config_file
        return {
            "file": None if file is None else str(file), "loaded_at": rfc3339(self._loaded_at),
            "tried_at": rfc3339(self._tried_at), "problem": self.problem,
        }  # fmt: skip

    def ask(self) -> None:
        """Read the config again soon, as after SIGHUP."""
        self._asked.set()

    async def run(self) -> None:
        """Watch until this task is cancelled."""
        while True:
            try:
                await asyncio.wait_for(self._asked.wait(), POLL_SECONDS)
                self._asked.clear()
                await self.reload()
            except TimeoutError:
                await self.look()

    async def look(self) -> None:
        """Read the config again if its files have changed, and are the same as at the last look.

        So a file that is still being written is not read.
        """
        stamps, before = self._stamps(), self._last
        self._last = stamps
        if stamps == before and stamps != self._in_force:
            await self.reload()

    async def reload(self) -> None:
        """Read and check the config, and put it in force. Does not raise: see `problem`."""
        self._tried_at = self._keeper.now()
        self._in_force = self._last = self._stamps()
        try:
            settings = await asyncio.to_thread(self._load)
            checked = await asyncio.to_thread(check_config, self._keeper, settings)
            await self._book.use(checked)
        except Exception as error:
            if not isinstance(error, QuotakeeperError):
                log.exception("quotakeeper: the config could not be read again")
            self.problem = str(error) or type(error).__name__
            self.where = error.where if isinstance(error, ConfigError) else type(error).__name__
        else:
            self.problem = self.where = ""
            self._loaded_at = self._tried_at
            self._in_force = self._last = self._stamps()  # price files may be other ones now
        if self._told is not None:
            self._told(self.problem)

    def _stamps(self) -> Stamps:
        settings = self._keeper.settings
        files = [*settings.price_files, *([settings.config_file] if settings.config_file else [])]
        return tuple(map(_stamp, files))


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
