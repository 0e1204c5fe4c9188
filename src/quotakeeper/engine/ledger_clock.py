"""The clock of a ledger: the wall clock, checked against the boot clock.

The ledger stores the first reading of both clocks after each boot. If the wall clock has since
advanced more than the boot clock plus a bound, it was set ahead, and its time is doubted. Then
`now` stays at the newest trusted time: no period begins, nothing expires, and hard limits admit no
call. This ends when the clock is set right, or when the kernel's time service or a person confirms
the clock. A clock that is set back needs no check, because ledger time never goes back.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from quotakeeper.clocks import Clock, SystemClock
from quotakeeper.domain.clock_readings import ClockDoubt, ClockReading
from quotakeeper.domain.ledger.commands import Command, Outcomes
from quotakeeper.domain.ledger.order_commands import AcceptClock
from quotakeeper.errors import LedgerUnavailableError
from quotakeeper.identifiers import boot_frame

BOUND_SECONDS = 300
_SERVICE = "the kernel's time service"
_UNKNOWN = 2**63

log = logging.getLogger("quotakeeper.engine")


class ClockedStore(Protocol):
    """The parts of a store that the clock uses; see ClockKeeping in domain/ports.py."""

    def apply(self, commands: list[Command], now: int) -> list[Outcomes]:
        """Execute commands in one commit, at the instant `now`."""

    def first_reading(self, reading: ClockReading) -> tuple[ClockReading, int]:
        """Return the stored reading with the same `frame` (see `boot_frame`), and the instant of
        the newest entry.

        Stores `reading` if no reading with this frame is stored.
        """

    def trust_reading(self, reading: ClockReading) -> None:
        """Store `reading`. Later readings are compared with it."""

    def set_doubt(self, doubt: ClockDoubt | None) -> None:
        """Store that the clock is doubted; with None, that it is not. While the clock is doubted,
        hard limits refuse calls."""


class LedgerClock:
    """The clock for all ledger entries. Any thread may call `now`. Only the worker calls methods
    with a store.

    `clock` is checked only if it has a method `boot` (see SystemClock) that does not return None.
    """

    def __init__(self, clock: Clock, bound_us: int = BOUND_SECONDS * 1_000_000) -> None:
        self._clock = clock
        self.monotonic = clock.monotonic  # seconds that never decrease, to measure durations
        self.bound = bound_us
        boot = getattr(clock, "boot", None)
        self._boot = boot if boot is not None and boot() is not None else None
        self._wall_ns, self._boot_ns = _in_nanoseconds(clock, self._boot)
        self._frame: str | None = getattr(clock, "boot_frame", None)
        self._first: ClockReading | None = None  # as this process last read it
        self._most = _UNKNOWN  # the largest trusted difference of wall time and boot time
        self._trusted_at = 0
        self.doubt: ClockDoubt | None = None

    @property
    def can_tell(self) -> bool:
        """Whether a clock jump can be detected: the system has a boot clock."""
        return self._boot is not None

    @property
    def outlives_process(self) -> bool:
        """Whether a clock jump can also be detected if it happens between two runs of a program."""
        return self.can_tell and bool(self._named_frame())

    def now(self) -> int:
        """The trusted wall time, in microseconds since 1970 UTC."""
        wall = self._wall_ns() // 1_000
        if self._boot_ns is None or wall - self._boot_ns() // 1_000 <= self._most:
            return wall
        return self._trusted_at or wall

    def sleep(self, seconds: float) -> None:
        """Sleep for this many seconds."""
        self._clock.sleep(seconds)

    # -- for the worker

    def begin(self, store: ClockedStore) -> None:
        """Read the first clock reading of this boot from the store. Raises LedgerError."""
        reading = self._reading()
        if reading is not None:
            self._learn(store, reading)

    def now_for(self, store: ClockedStore) -> int:
        """Return `now` for a batch that will be written to this store.

        If the wall clock seems to have jumped ahead, checks it first against the store and the
        kernel's time service.
        """
        wall = self._wall_ns() // 1_000
        if self._boot_ns is not None and wall - self._boot_ns() // 1_000 > self._most:
            return self._questioned(store)
        if self.doubt is not None:
            return self._trusted(store, wall)
        self._trusted_at = wall
        return wall

    def accept(self, store: ClockedStore, by: str, why: str) -> int:
        """Confirm that the wall clock is right although it jumped ahead.

        Writes a journal entry and stores the present reading. Returns how many microseconds the
        clock was ahead.
        """
        reading = self._reading()
        if reading is None:
            return 0
        ahead = reading.ahead_of(self._learn(store, reading))
        if ahead > self.bound:
            store.apply([AcceptClock(ahead, why, by)], reading.wall)
            self._trust(store, reading)
        return max(0, ahead)

    def begin_anew(self, store: ClockedStore) -> None:
        """Trust the present clock reading and store it. Called after the ledger was moved to the
        present."""
        reading = self._reading()
        if reading is not None:
            self._trust(store, reading)

    @property
    def is_confirmed(self) -> bool:
        """Whether the kernel's time service confirms this clock."""
        reading = self._reading()
        return reading is not None and self._is_confirmed(reading)

    def _reading(self) -> ClockReading | None:
        if self._boot is None:
            return None
        wall = self._clock.now()
        return ClockReading(wall, self._boot(), self._named_frame())

    def _named_frame(self) -> str:
        if self._frame is None:
            self._frame = boot_frame()
        return self._frame

    def _learn(self, store: ClockedStore, reading: ClockReading) -> ClockReading:
        first, newest_at = self._first or reading, 0
        if reading.frame:
            first, newest_at = store.first_reading(first)
        self._first = first
        self._most = first.wall - first.boot + self.bound
        self._trusted_at = self._trusted_at or max(first.wall, newest_at)
        return first

    def _trust(self, store: ClockedStore, reading: ClockReading) -> None:
        if reading.frame:
            store.trust_reading(reading)
        self._first = reading
        self._most = reading.wall - reading.boot + self.bound
        self._trusted(store, reading.wall)

    def _trusted(self, store: ClockedStore, wall: int) -> int:
        if self.doubt is not None:
            store.set_doubt(None)
            self.doubt = None
            log.info("quotakeeper: the clock of this machine is trusted again")
        self._trusted_at = wall
        return wall

    def _questioned(self, store: ClockedStore) -> int:
        """Check a wall clock that is ahead of the boot clock by more than the bound.

        Returns the time to use: the wall time if the clock is trusted, else the newest trusted
        time.
        """
        reading = self._reading()
        assert reading is not None
        first = self._learn(store, reading)  # another process may have accepted the clock
        ahead = reading.ahead_of(first)
        if ahead <= self.bound:
            return self._trusted(store, reading.wall)
        if self._is_confirmed(reading):
            with suppress(LedgerUnavailableError):  # the ledger is read-only
                store.apply(
                    [AcceptClock(ahead, "it keeps the clock and confirms it", _SERVICE)],
                    reading.wall,
                )
            self._trust(store, reading)
            log.warning(
                "quotakeeper: the clock jumped ahead by %d s; %s confirms that it is right",
                ahead // 1_000_000, _SERVICE,
            )  # fmt: skip
            return self._trusted_at
        doubt = ClockDoubt(ahead, self.bound, reading.wall, self._trusted_at)
        if self.doubt is None:
            log.warning("quotakeeper: %s", doubt.explain())
        self.doubt = doubt
        store.set_doubt(doubt)
        return self._trusted_at

    def _is_confirmed(self, reading: ClockReading) -> bool:
        asked = getattr(self._clock, "confirmed", None)
        told = asked() if asked is not None else None
        return told is not None and abs(told - reading.wall) <= self.bound


def _in_nanoseconds(
    clock: Clock, boot: Callable[[], int | None] | None
) -> tuple[Callable[[], int], Callable[[], int] | None]:
    """Return functions that read the wall clock and the boot clock, in nanoseconds.

    For the system's clock, they are functions of the standard library, because every call reads
    both clocks.
    """
    if type(clock) is SystemClock:
        return SystemClock.wall_ns, SystemClock.boot_ns
    if boot is None:
        return lambda: clock.now() * 1_000, None
    return lambda: clock.now() * 1_000, lambda: (boot() or 0) * 1_000
