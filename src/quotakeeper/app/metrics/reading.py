"""Reads a ledger, and returns its figures as the text that Prometheus reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from quotakeeper.app.journal_follower import JournalFollower
from quotakeeper.app.metrics.closed_names import ClosedNames
from quotakeeper.app.virtual_keys.key_limits import limits_of_keys
from quotakeeper.config import Settings
from quotakeeper.domain.forecasting.time_buckets import bucket_start
from quotakeeper.domain.keys.virtual_key import KeyState, VirtualKey
from quotakeeper.domain.usage import Provenance
from quotakeeper.domain.windows import Window, period_at
from quotakeeper.errors import QuotakeeperError
from quotakeeper.identifiers import digest
from quotakeeper.telemetry.counter_file import CounterFile
from quotakeeper.telemetry.counters import counter_families
from quotakeeper.telemetry.exposition import Family, exposition
from quotakeeper.telemetry.state_families import (
    health_families,
    known_family,
    last_call_family,
    limit_families,
    status_families,
)
from quotakeeper.telemetry.usage_sums import UsageSums
from quotakeeper.wiring import MEMORY, host_files, is_on_server, ledger_path

if TYPE_CHECKING:
    from quotakeeper import Keeper
    from quotakeeper.domain.forecasting.status import LimitStatus, Status

_MOST_LOOKS = 100
_DAY = Window("day")


def counters_path(settings: Settings) -> Path | None:
    """Return the path of the file with the counters of a ledger; None for a ledger in memory.

    It is in the data folder of this user. None too if there is no such folder.
    """
    if settings.data_folder is None or settings.ledger == MEMORY:
        return None
    if is_on_server(settings):
        files = host_files(settings)
        name = "" if files is None else files.name
    else:
        path = ledger_path(settings)
        name = "" if path is None else digest(str(path.resolve()))
    return settings.data_folder / "metrics" / f"{name}.json" if name else None


class MetricsReader:
    """Reads the figures of a ledger. Several threads may use it; one reads at a time.

    `follows`: keep the sums of the days that have ended, and follow the journal for changes of them.
    A process that reads often needs it; one that reads once does not. `keys` returns the virtual
    keys whose limits are shown.
    """

    def __init__(
        self, keeper: Keeper, counters: CounterFile, *, follows: bool = False,
        keys: Callable[[], Sequence[VirtualKey]] | None = None,
    ) -> None:  # fmt: skip
        self._keeper = keeper
        self._counters = counters
        self._keys = keys
        self._lock = Lock()
        self._follower = JournalFollower(keeper) if follows else None
        self._names: ClosedNames | None = None
        self._ended: UsageSums | None = None  # sums of the slots before `_begins`
        self._begins = 0

    def text(self) -> str:
        """Return all figures. Raises LedgerError, and ConfigError for a price file."""
        with self._lock:
            return exposition(self._families())

    def text_anyway(self) -> tuple[str, QuotakeeperError | None]:
        """Return the figures, and None. If they cannot be read, a text that says so, and the error."""
        try:
            return self.text(), None
        except QuotakeeperError as error:
            return unreadable(), error

    def _families(self) -> list[Family]:
        keeper = self._keeper
        if self._names is None:
            self._names = ClosedNames(keeper)
        with self._counters.counters() as counters:  # read inside: see CounterFile
            status = keeper.status(forecasts=False)
            sums = self._sums()
            both = counters.advance(sums.series)
        newest = next(keeper.events(limit=1, newest_first=True), None)
        known = {str(name): sums.known.get(name, 0) for name in Provenance}
        return [
            *_health(is_readable=True, is_kept=self._counters.is_kept),
            *status_families(status),
            last_call_family(None if newest is None else newest.at),
            known_family(known),
            *limit_families((*status.limits, *self._limits_of_keys(status))),
            *counter_families(both, self._names, tuple(sums.keys)),
        ]

    def _sums(self) -> UsageSums:
        """Return the sums of all slots."""
        keeper = self._keeper
        if self._follower is None:
            return UsageSums().add(keeper.slots())
        today = bucket_start(period_at(_DAY, keeper.zone, keeper.now()).start_at)
        if self._ended is None:
            self._follower.start()
        elif today != self._begins or self._has_old_news(self._follower):
            self._ended = None
        if self._ended is None:
            self._ended = UsageSums().add(keeper.slots(until=today))
            self._begins = today
        return self._ended.copy().add(keeper.slots(since=today))

    def _has_old_news(self, follower: JournalFollower) -> bool:
        """Return whether the days that have ended may have changed."""
        for _ in range(_MOST_LOOKS):
            change = follower.look()
            if change.is_past:
                return True
            if not change.is_new:
                return False
        return True

    def _limits_of_keys(self, status: Status) -> list[LimitStatus]:
        """Return the limits of keys that the status does not have."""
        keys = (
            [each for each in self._keys() if each.state is KeyState.ACTIVE] if self._keys else []
        )
        if not keys:
            return []
        found = {each.limit.name: each for each in status.limits}
        more: dict[str, LimitStatus] = {}
        for limits in limits_of_keys(self._keeper, keys).values():
            for each in limits:
                if each.limit.name not in found:
                    more.setdefault(each.limit.name, each)
        return list(more.values())


def unreadable() -> str:
    """Return the text for a ledger that cannot be read."""
    return exposition(_health(is_readable=False))


def _health(*, is_readable: bool, is_kept: bool = False) -> Iterable[Family]:
    from quotakeeper import __version__  # noqa: PLC0415 - the package loads this module late

    return health_families(__version__, is_readable=is_readable, is_kept=is_kept)
