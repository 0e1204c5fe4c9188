"""A stream that outgrows what was reserved for it: more is reserved while it flows, or it is cut.

An answer is read when it is over; this looks in between, as seldom as it may: no token of text is
less than a byte, so what is left of the reservation says how many bytes can pass unseen. What is
refused more room is ended by the provider's own error, where a document ends, so that its SDK
raises what it always raises. An answer that is packed can't be continued by us: it breaks off.
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

# What may stand in for each other in a bound: a cached token for a sent one, a thought for an answer.
_KIN = {"cached_input_tokens": "input_tokens", "thought_tokens": "output_tokens"}
_PARTS = (1, 4, 16)  # of the spare room that is asked for beside what is lacking
_LEAST_SPARE = 256
_MOST_UNSEEN = 16 * 1024  # bytes; what is thought is not among them
_PACKED = 16  # times larger, unpacked
_MOST_PENDING = 64 * 1024  # bytes let through while a document goes on
_ENDS = (b"\r\n\r\n", b"\n\n")

# A plan says what to add to the reservation, and is told what came of it. So there is one for
# threads and event loops alike.
Plan = Generator[dict[str, int], Denied | None, None]
Reading = Callable[[], tuple[Call, UsageReader] | None]


@dataclass(frozen=True, slots=True)
class StreamCut:
    """The stream ends here: `keep` bytes of the last piece still belong to it, `ending` comes after.

    Without an `ending` it is to break off as if the connection had been lost.
    """

    keep: int
    ending: bytes
    reason: str


def is_growing(call: Call, status: int) -> bool:
    """Whether an answer comes bit by bit, so that it can be watched and cut."""
    return call.streaming and call.billed and 200 <= status < 300


class StreamBudget:
    """What is set aside for one stream, and how far that reaches.

    Tell it of each piece, after it was fed: `after`, `aafter` on a loop, or `after_in_background`
    where nobody may wait. None of them raises. `reading` gives the reader, with everything read.
    """

    def __init__(
        self, meter: CallHost, adapter: Adapter, reservation: Reservation, reading: Reading
    ) -> None:
        self._meter = meter
        self._adapter = adapter
        self._reservation = reservation
        self._reading = WeakMethod(reading)  # an attempt that is dropped must end at once
        self._covered = _summed(reservation.hold.quantities)
        self._spare = {name: max(_LEAST_SPARE, n // 4) for name, n in self._covered.items()}
        self._denied: Denied | None = None
        self._off = self._is_asking = self._noted = False
        self._unseen = 0  # bytes that have passed since it was last looked at
        self._room = 0  # bytes that may; none at first: the first totals come with the first piece
        self._pending = 0  # bytes that have passed since it was denied

    @property
    def reason(self) -> str:
        """Why it was cut, or ""."""
        return f"quotakeeper: {self._denied}" if self._denied is not None else ""

    def after(self, chunk: bytes, *, splits: bool) -> StreamCut | None:
        """What becomes of the stream after a piece; None: it goes on.

        `splits`: it may end in the middle of the piece.
        """
        try:
            if lacking := self._lacking(chunk):
                drive(self._plan(lacking), self._extend)
            return self._cut(chunk, splits)
        except Exception as error:  # noqa: BLE001 - the host goes on whatever happens to us
            self._give_up(error)
            return None

    async def aafter(self, chunk: bytes) -> StreamCut | None:
        """`after`, awaited."""
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
        """`after`, but a thread of ours asks for more; a refusal ends the stream a little later."""
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
        """What is used and not set aside; nothing while that can't be."""
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
        """Room for what is lacking, and for more of the same where there is any."""
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
        """A ledger that can't say is a matter of the policy."""
        if not isinstance(error, LedgerError):
            return error
        try:
            failure = engine_of(self._meter.keeper).parts.failure
            failure.let_through("the stream goes on", error)
        except LedgerError:
            return error
        return None

    def _cut(self, chunk: bytes, splits: bool) -> StreamCut | None:
        """Where a stream that was denied more ends, if it does so in this piece."""
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
        """The last place in a piece where a document ends."""
        if not reader.is_plain:
            return None
        if reader.is_between:
            return len(chunk)
        if not (splits and reader.in_events):
            return None
        ends = [at + len(end) for end in _ENDS if (at := chunk.rfind(end)) >= 0]
        return max(ends, default=None)

    def _give_up(self, error: Exception) -> None:
        # A call that was ended meanwhile needs no more.
        if not self._off and self._reservation.is_open:
            self._meter.fault("a stream could not be watched", error)
        self._off = True


def _summed(quantities: Mapping[str, int]) -> dict[str, int]:
    """By meter, whatever the modality, and kin together."""
    summed: dict[str, int] = {}
    for key, amount in quantities.items():
        meter = key.partition("@")[0]
        name = _KIN.get(meter, meter)
        summed[name] = summed.get(name, 0) + amount
    summed.pop("requests", None)
    return summed
