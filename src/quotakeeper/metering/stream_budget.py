"""Watches a stream that may use more than its reservation: reserves more while it runs, or cuts it.

The answer is parsed as seldom as possible. A token has at least one byte. So the remaining
reservation determines how many bytes can pass before the answer is parsed again. Where each event
reports the output so far, this figure is found without parsing the event. If no more can be
reserved, the stream is ended after a whole document. It ends with an error in the provider's
format, which the SDK raises. A compressed answer ends without this error, as if the connection were
lost.
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
_PARTS = (1, 4, 16)  # divisors of the extra amount, which is reserved besides the missing amount
_LEAST_SPARE = 256
_MOST_UNSEEN = 16 * 1024  # bytes between two parses, because reasoning has no visible bytes
_PACKED = 16  # the factor by which a compressed answer may grow
_MOST_PENDING = 64 * 1024  # bytes that may pass after a refusal while a document is unfinished
_ENDS = (b"\r\n\r\n", b"\n\n")

# A generator for threads and event loops. It yields the amounts to add to the reservation, and
# receives the refusal or None.
Plan = Generator[dict[str, int], Denied | None, None]
Reading = Callable[[], tuple[Call, UsageReader] | None]


@dataclass(frozen=True, slots=True)
class StreamCut:
    """Where to cut a stream: after `keep` bytes of the last chunk, followed by the bytes in
    `ending`.

    Without an `ending`, the stream ends as if the connection were lost.
    """

    keep: int
    ending: bytes
    reason: str


def is_growing(call: Call, status: int) -> bool:
    """Return whether an answer is streamed and billed, so that its usage can exceed the
    reservation."""
    return call.streaming and call.billed and 200 <= status < 300


class StreamBudget:
    """The reservation of one stream. It grows with the stream, or the stream is cut.

    Call a method after each chunk was fed: `after`, `aafter` on a loop, or `after_in_background`,
    which never waits. No method raises. `reading` parses all waiting bytes and returns the reader.
    """

    def __init__(
        self, meter: CallHost, adapter: Adapter, call: Call, reservation: Reservation,
        reading: Reading,
    ) -> None:  # fmt: skip
        self._meter = meter
        self._adapter = adapter
        self._reservation = reservation
        self._reading = WeakMethod(reading)  # weak: a dropped attempt must be collected at once
        self._covered = _summed(reservation.hold.quantities)
        self._spare = {name: max(_LEAST_SPARE, n // 4) for name, n in self._covered.items()}
        self._denied: Denied | None = None
        self._off = self._is_asking = self._noted = False
        self._unseen = 0  # bytes that have passed since the answer was last parsed
        # Bytes that may pass before it is parsed again. If the worst case is reserved, the first
        # chunk is not parsed, because this would delay the first byte.
        most, least = _summed(call.bound), self._covered.get("output_tokens", 0)
        is_worst = least >= most.get("output_tokens", 0)
        self._room = min(least, _MOST_UNSEEN) if is_worst else 0
        self._pending = 0  # bytes that have passed since the refusal
        # After the first parse: finds the total in a chunk without parsing, if the provider's reader
        # can. The bytes that were checked only so.
        self._peek: Callable[[bytes], int | None] | None = None
        self._peeked = 0

    @property
    def reason(self) -> str:
        """Why the stream was cut; "" if it was not."""
        return f"quotakeeper: {self._denied}" if self._denied is not None else ""

    def after(self, chunk: bytes, *, splits: bool) -> StreamCut | None:
        """Reserve more if needed. Returns where to cut the stream in this chunk, or None for no
        cut.

        With `splits`, the cut may be inside the chunk.
        """
        try:
            if lacking := self._lacking(chunk):
                drive(self._plan(lacking), self._extend)
            return self._cut(chunk, splits)
        except Exception as error:  # noqa: BLE001 - must not stop the program
            self._give_up(error)
            return None

    async def aafter(self, chunk: bytes) -> StreamCut | None:
        """Awaitable form of `after`."""
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
        """Do the same as `after`, without waiting. The background thread reserves more."""
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
        """Return the usage that exceeds the reservation; {} if the reservation is certainly
        enough."""
        self._unseen += len(chunk)
        if self._off or self._is_asking or self._denied or self._unseen <= self._room:
            return {}
        if self._peek is not None and self._is_enough(self._peek(chunk)):
            return {}
        found = self._read()
        if found is None:
            self._off = True
            return {}
        reader = found[1]
        # A reader of a plug-in may not have this method.
        self._peek, self._peeked = getattr(reader, "told_in", None), 0
        used = _summed(reader.so_far())
        left = self._covered.get("output_tokens", 0) - used.get("output_tokens", 0)
        room = max(left, 0) if reader.is_plain else max(left, 0) // _PACKED
        self._unseen, self._room = 0, min(room, _MOST_UNSEEN)
        amounts = {name: amount - self._covered.get(name, 0) for name, amount in used.items()}
        return {name: more for name, more in amounts.items() if more > 0}

    def _is_enough(self, told: int | None) -> bool:
        """Return whether the reservation is enough for the output that a chunk reports."""
        left = -1 if told is None else self._covered.get("output_tokens", 0) - told
        self._peeked += self._unseen
        if left < 0 or self._peeked > _MOST_UNSEEN:
            return False
        self._unseen, self._room = 0, left
        return True

    def _plan(self, lacking: Mapping[str, int]) -> Plan:
        """Return the steps that reserve the missing amounts, and more if the limits allow it."""
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
        """Return None if `on_store_failure` allows the stream to continue, else `error`."""
        if not isinstance(error, LedgerError):
            return error
        try:
            failure = engine_of(self._meter.keeper).parts.failure
            failure.let_through("the stream goes on", error)
        except LedgerError:
            return error
        return None

    def _cut(self, chunk: bytes, splits: bool) -> StreamCut | None:
        """Return how to end a refused stream in this chunk.

        Returns None if the stream is not refused, or if it must continue to the next chunk.
        """
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
        """Return where in a chunk the stream can end: the position after the last whole document.

        None if no document ends in the chunk.
        """
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
    """Return the sum of the quantities by meter, over all modalities and without requests.

    Cached tokens count as input tokens, and thought tokens as output tokens.
    """
    summed: dict[str, int] = {}
    for key, amount in quantities.items():
        meter = key.partition("@")[0]
        name = _KIN.get(meter, meter)
        summed[name] = summed.get(name, 0) + amount
    summed.pop("requests", None)
    return summed
