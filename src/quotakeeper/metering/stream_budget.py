"""Watches a stream that may use more than its reservation: reserves more while it runs, or cuts it.

The answer is parsed as seldom as possible. A token has at least one byte, so the rest of the
reservation determines how many bytes may pass before the next look. If no more can be reserved, the
stream ends after a whole document with an error in the provider's format, which the SDK raises. A
compressed answer breaks off instead.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import TYPE_CHECKING
from weakref import WeakMethod

from quotakeeper.errors import LedgerError, LimitExceeded
from quotakeeper.keeper import engine_of
from quotakeeper.metering.event_loops import run_in_thread
from quotakeeper.metering.refusal import DENIED, Denied
from quotakeeper.metering.steps import adrive, drive
from quotakeeper.providers.contract import Adapter, Call, UsageReader
from quotakeeper.value_classes import dataclass

if TYPE_CHECKING:
    from quotakeeper.engine.reservation import Reservation
    from quotakeeper.metering.call_host import CallHost

# Kinds of tokens that share a bound: cached tokens count as input, reasoning tokens as output.
_KIN = {"cached_input_tokens": "input_tokens", "thought_tokens": "output_tokens"}
_PARTS = (1, 4, 16)  # divisors of the extra amount that is reserved beside what is missing
_LEAST_SPARE = 256
_MOST_UNSEEN = 16 * 1024  # bytes; reasoning is not among them
_PACKED = 16  # the factor by which a compressed answer may grow
_MOST_PENDING = 64 * 1024  # bytes sent on while a document is unfinished
_ENDS = (b"\r\n\r\n", b"\n\n")

# A generator: yields what to add to the reservation, and receives the refusal or None. Threads and
# event loops share it.
Plan = Generator[dict[str, int], Denied | None, None]
Reading = Callable[[], tuple[Call, UsageReader] | None]


@dataclass(frozen=True, slots=True)
class StreamCut:
    """Where to cut a stream: after `keep` bytes of the last piece, followed by `ending`.

    Without an `ending`, the stream breaks off as if the connection were lost.
    """

    keep: int
    ending: bytes
    reason: str


def is_growing(call: Call, status: int) -> bool:
    """Return whether an answer is streamed and billed, so that it can be watched and cut."""
    return call.streaming and call.billed and 200 <= status < 300


class StreamBudget:
    """The reservation of one stream, and how much of the stream it covers.

    Call a method after each piece was fed: `after`, `aafter` on a loop, or `after_in_background`,
    which never waits. No method raises. `reading` returns the reader, after it has parsed
    everything.
    """

    def __init__(
        self, meter: CallHost, adapter: Adapter, reservation: Reservation, reading: Reading
    ) -> None:
        self._meter = meter
        self._adapter = adapter
        self._reservation = reservation
        self._reading = WeakMethod(reading)  # weak: a dropped attempt must be collected at once
        self._covered = _summed(reservation.hold.quantities)
        self._spare = {name: max(_LEAST_SPARE, n // 4) for name, n in self._covered.items()}
        self._denied: Denied | None = None
        self._off = self._is_asking = self._noted = False
        self._unseen = 0  # bytes that have passed since the last look
        self._room = 0  # bytes that may pass before the next look; 0: look at the first piece
        self._pending = 0  # bytes that have passed since the refusal

    @property
    def reason(self) -> str:
        """Why the stream was cut, or ""."""
        return f"quotakeeper: {self._denied}" if self._denied is not None else ""

    def after(self, chunk: bytes, *, splits: bool) -> StreamCut | None:
        """Return where to cut the stream after this piece; None: let it continue.

        `splits`: the cut may be in the middle of the piece.
        """
        try:
            if lacking := self._lacking(chunk):
                drive(self._plan(lacking), self._extend)
            return self._cut(chunk, splits)
        except Exception as error:  # noqa: BLE001 - must not stop the program
            self._give_up(error)
            return None

    async def aafter(self, chunk: bytes) -> StreamCut | None:
        """Do the same as `after`, on an event loop."""
        try:
            if lacking := self._lacking(chunk):
                plan = self._plan(lacking)
                if self._meter.on_asyncio():
                    await adrive(plan, self._aextend)
                else:
                    await run_in_thread(lambda: drive(plan, self._extend))
            return self._cut(chunk, True)
        except Exception as error:  # noqa: BLE001 - as above
            self._give_up(error)
            return None

    def after_in_background(self, chunk: bytes) -> StreamCut | None:
        """Do the same as `after`, without waiting: the background thread reserves more."""
        try:
            if lacking := self._lacking(chunk):
                self._is_asking = True
                self._meter.settler.put_at_once(lambda: self._ask(lacking))
            return self._cut(chunk, True)
        except Exception as error:  # noqa: BLE001 - as above
            self._give_up(error)
            return None

    # -- inside

    def _read(self) -> tuple[Call, UsageReader] | None:
        reading = self._reading()
        return None if reading is None else reading()

    def _lacking(self, chunk: bytes) -> dict[str, int]:
        """Return the use that exceeds the reservation; {} while the reservation certainly covers
        it."""
        self._unseen += len(chunk)
        if self._off or self._is_asking or self._denied or self._unseen <= self._room:
            return {}
        found = self._read()
        if found is None:
            self._off = True
            return {}
        reader = found[1]
        used = _summed(reader.so_far())
        left = self._covered.get("output_tokens", 0) - used.get("output_tokens", 0)
        room = max(left, 0) if reader.is_plain else max(left, 0) // _PACKED
        self._unseen, self._room = 0, min(room, _MOST_UNSEEN)
        amounts = {name: amount - self._covered.get(name, 0) for name, amount in used.items()}
        return {name: more for name, more in amounts.items() if more > 0}

    def _plan(self, lacking: Mapping[str, int]) -> Plan:
        """The steps that reserve what is missing, with an extra amount if the limit has room."""
        denied: Denied | None = None
        for part in (*_PARTS, 0):
            size = dict(lacking)
            for name in size if part else ():
                size[name] += self._spare.get(name, _LEAST_SPARE) // part
            denied = yield size
            if denied is None:
                for name, more in size.items():
                    self._covered[name] = self._covered.get(name, 0) + more
                return
            if not isinstance(denied, LimitExceeded):
                break
        self._denied = denied

    def _extend(self, size: dict[str, int]) -> Denied | None:
        try:
            self._reservation.grow(quantities=size)
        except DENIED as error:
            return self._unless_allowed(error)
        return None

    async def _aextend(self, size: dict[str, int]) -> Denied | None:
        try:
            await self._reservation.agrow(quantities=size)
        except DENIED as error:
            return self._unless_allowed(error)
        return None

    def _ask(self, lacking: dict[str, int]) -> None:
        try:
            drive(self._plan(lacking), self._extend)
        except Exception as error:  # noqa: BLE001 - as above
            self._give_up(error)
        finally:
            self._is_asking = False

    def _unless_allowed(self, error: Denied) -> Denied | None:
        """Return None if `on_store_failure` lets the stream go on without the ledger, else the
        error.
        """
        if not isinstance(error, LedgerError):
            return error
        try:
            failure = engine_of(self._meter.keeper).parts.failure
            failure.let_through("the stream goes on", error)
        except LedgerError:
            return error
        return None

    def _cut(self, chunk: bytes, splits: bool) -> StreamCut | None:
        """Return where a refused stream ends, if that is in this piece."""
        found = self._read() if self._denied is not None else None
        if found is None:
            return None
        if not self._noted:
            self._noted = True
            if isinstance(self._denied, LimitExceeded):
                self._meter.note("refused", self._denied.limit.name)
        call, reader = found
        keep = self._end_in(chunk, reader, splits)
        if keep is not None:
            ending = self._adapter.interruption(call, message=self.reason)
            return StreamCut(keep, ending, self.reason)
        self._pending += len(chunk)
        if reader.is_plain and self._pending <= _MOST_PENDING:
            return None
        return StreamCut(len(chunk), b"", self.reason)

    def _end_in(self, chunk: bytes, reader: UsageReader, splits: bool) -> int | None:
        """Return the last place in a piece, in bytes, where a document ends; None if there is none."""
        if not reader.is_plain:
            return None
        if reader.is_between:
            return len(chunk)
        if not (splits and reader.in_events):
            return None
        ends = [at + len(end) for end in _ENDS if (at := chunk.rfind(end)) >= 0]
        return max(ends, default=None)

    def _give_up(self, error: Exception) -> None:
        # A call that was ended meanwhile needs no reservation.
        if not self._off and self._reservation.is_open:
            self._meter.fault("a stream goes on, but its use is no longer checked", error)
        self._off = True


def _summed(quantities: Mapping[str, int]) -> dict[str, int]:
    """Sum the quantities by meter, over all modalities; kinds that share a bound are one meter."""
    summed: dict[str, int] = {}
    for key, amount in quantities.items():
        meter = key.partition("@")[0]
        name = _KIN.get(meter, meter)
        summed[name] = summed.get(name, 0) + amount
    summed.pop("requests", None)
    return summed
