"""Answers `/metrics` with the figures of the ledger and of the gateway."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable

from quotakeeper.app.metrics.reading import MetricsReader, unreadable
from quotakeeper.telemetry.exposition import Family, exposition

METRICS_PATH = "/metrics"
_READ_SECONDS = 8.0  # less than the usual timeout of a scrape, 10 s
log = logging.getLogger("quotakeeper.gateway")


class MetricsPage:
    """The figures. `own` returns those of the gateway, which need no ledger."""

    def __init__(
        self, reader: MetricsReader, own: Callable[[], Iterable[Family]],
        read_seconds: float = _READ_SECONDS,
    ) -> None:  # fmt: skip
        self._reader = reader
        self._own = own
        self._read_seconds = read_seconds
        self._reading: asyncio.Task[str] | None = None
        self._is_told = False

    async def text(self) -> str:
        """Return the figures. If the ledger cannot be read in time, the text says so.

        Requests at the same time share one read, so a ledger that hangs holds one thread.
        """
        reading = self._reading
        if reading is None or reading.done():
            reading = self._reading = asyncio.create_task(asyncio.to_thread(self._read))
        try:
            text = await asyncio.wait_for(asyncio.shield(reading), self._read_seconds)
        except TimeoutError:
            text = unreadable()
        return text + exposition(self._own())

    def _read(self) -> str:
        text, error = self._reader.text_anyway()
        if error is not None and not self._is_told:
            log.warning("quotakeeper: the metrics cannot read the ledger: %s", error)
        self._is_told = error is not None
        return text
