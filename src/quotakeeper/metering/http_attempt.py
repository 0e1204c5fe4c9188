"""One attempt of a call, from sending the request to settling its reservation."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from quotakeeper.engine.batch_settle import Settlement, note_end, settle_batch
from quotakeeper.metering.guards import with_guards
from quotakeeper.metering.quota_notes import note_reply
from quotakeeper.metering.settled_figures import figures_of
from quotakeeper.metering.stream_budget import StreamBudget, StreamCut, is_growing
from quotakeeper.native_threads import Lock
from quotakeeper.providers.contract import (
    NO_RESPONSE,
    NOTHING,
    Adapter,
    Call,
    Request,
    Usage,
    UsageReader,
)

_MOST_HELD = 64 * 1024

if TYPE_CHECKING:
    from quotakeeper.engine.reservation import Reservation
    from quotakeeper.metering.call_host import CallHost
    from quotakeeper.metering.retries import Link


@with_guards
class HttpAttempt:
    """A request that was sent. Reads the answer and ends the reservation exactly once.

    No method raises. `end`, `failed`, their async forms and `hand_over` end the attempt. Only the
    first call has an effect. An attempt that is garbage collected ends with the usage read so far.
    """

    def __init__(
        self, meter: CallHost, adapter: Adapter, call: Call, reservation: Reservation,
        request: Request, link: Link | None,
    ) -> None:  # fmt: skip
        self.call = call
        # The body to send instead of the program's body; None: send the program's body.
        self.body: bytes | None = None
        self.judge: Callable[[Call, Usage], Usage] | None = None  # of whole answers
        self._meter = meter
        self._adapter = adapter
        self._reservation = reservation
        self._request: Request | None = request
        self._link = link
        self._reader: UsageReader | None = None
        self._held: list[bytes] = []
        self._held_size = 0
        self._budget: StreamBudget | None = None
        self._broken = False
        self._once = Lock()
        self._pid = os.getpid()
        self._began = self._ended = meter.monotonic()

    @property
    def id(self) -> str:
        """The id of the reservation, and of the usage event that it becomes."""
        return self._reservation.id

    @property
    def is_open(self) -> bool:
        """Whether the attempt has not been ended."""
        return not self._once.locked()

    # -- while the answer arrives

    def answered(self, status: int, headers: Mapping[str, str]) -> None:
        """Start to read an answer with this status and these headers (names in lower case)."""
        try:
            self._reader = self._adapter.reader(self.call, status, headers)
            self._note_retry(200 <= status < 300)
            if is_growing(self.call, status):
                self._budget = StreamBudget(
                    self._meter, self._adapter, self.call, self._reservation, self._reading
                )
        except Exception as error:  # noqa: BLE001 - must not stop the program
            self._broke("an answer could not be read; the estimate is counted", error)

    def feed(self, chunk: bytes) -> None:
        """Add the next bytes of the answer, as the program receives them.

        The bytes are parsed at the end, or when more than `_MOST_HELD` bytes wait.
        """
        if self._broken or self._reader is None:
            return
        self._held.append(chunk)
        self._held_size += len(chunk)
        if self._held_size > _MOST_HELD:
            self._read_held()

    def passed(self, chunk: bytes, *, splits: bool = True) -> StreamCut | None:
        """Add the answer's next bytes. Returns where to cut the stream, or None for no cut.

        With `splits`, the cut may be inside this chunk.
        """
        self.feed(chunk)
        return None if self._budget is None else self._budget.after(chunk, splits=splits)

    async def apassed(self, chunk: bytes) -> StreamCut | None:
        """Awaitable form of `passed`."""
        self.feed(chunk)
        return None if self._budget is None else await self._budget.aafter(chunk)

    def passed_in_background(self, chunk: bytes) -> StreamCut | None:
        """Form of `passed` that never waits. A refusal cuts the stream a few chunks later."""
        self.feed(chunk)
        return None if self._budget is None else self._budget.after_in_background(chunk)

    # -- the end

    def end(self, complete: bool = True) -> None:
        """End the attempt, because the answer is over. `complete` is False if it was cut."""
        if self._meter.settler.is_behind:
            if self._may_end():
                self._settle(complete)
        else:
            self.hand_over(complete)
            self._meter.settler.work_off()

    async def aend(self, complete: bool = True) -> None:
        """Awaitable form of `end`."""
        if self._meter.settler.is_behind and self._meter.on_asyncio():
            if self._may_end():
                await self._asettle(complete)
        else:
            self.hand_over(complete)
            self._meter.settler.work_off()

    def failed(self, sent: bool) -> None:
        """End the attempt, because no answer will come.

        An unsent call is released. A sent call is charged its estimate.
        """
        if sent:
            self._note_retry(False)
            self.hand_over(False)
        elif self._may_release():
            self._guarded(self._reservation.release)

    async def afailed(self, sent: bool) -> None:
        """Awaitable form of `failed`."""
        if sent:
            self.failed(True)
        elif self._may_release():
            try:
                if not self._meter.on_asyncio():
                    self._meter.settler.put(lambda: self._guarded(self._reservation.release))
                else:
                    await self._reservation.arelease()
            except Exception as error:  # noqa: BLE001 - as above
                self._meter.fault("a call's reservation could not be ended", error)

    def hand_over(self, complete: bool = False) -> None:
        """End the attempt without waiting for the ledger. The background thread settles it.

        A complete answer is parsed here and its usage is written to a file. So the usage is not
        lost if the process is killed afterwards.
        """
        if not self._may_end():
            return

        def job() -> Settlement | None:
            return self._settlement(complete)

        try:
            if complete:
                job = self._noted()
        finally:  # a signal may interrupt the line above
            self._meter.settler.put(job)

    def give_up(self) -> None:
        """Stop metering this attempt. Its reservation must then be ended by the caller."""
        self._may_end()

    def __del__(self) -> None:
        with suppress(Exception):  # the interpreter may be exiting
            self.hand_over()

    # -- inside

    def _may_end(self) -> bool:  # a forked child must not end its copies of its parent's calls
        if not self._once.acquire(blocking=False) or self._pid != os.getpid():
            return False
        self._ended = self._meter.monotonic()
        return True

    def _read_held(self) -> None:
        data, self._held, self._held_size = b"".join(self._held), [], 0
        if self._broken or self._reader is None or not data:
            return
        try:
            self._reader.feed(data)
        except Exception as error:  # noqa: BLE001 - as above
            self._broke("an answer could not be read; the estimate is counted", error)

    def _reading(self) -> tuple[Call, UsageReader] | None:
        """Parse all waiting bytes. Returns the call and its reader; None if unreadable."""
        self._read_held()
        return None if self._broken or self._reader is None else (self.call, self._reader)

    def _usage(self, complete: bool) -> Usage | None:
        """Return the usage that was read; None if the answer is unreadable."""
        self._request = None
        self._read_held()
        if self._broken:
            return None
        try:
            reader = self._reader or self._adapter.reader(self.call, NO_RESPONSE, NOTHING)
            usage = reader.finish(complete=complete)
            usage = self.judge(self.call, usage) if complete and self.judge else usage
        except Exception as error:  # noqa: BLE001 - as above
            self._broke("an answer could not be read; the estimate is counted", error)
            return None
        note_reply(self._meter, self.call, reader)
        return usage

    def _figures(self, usage: Usage) -> dict[str, Any]:
        took_ms = max(0, round((self._ended - self._began) * 1000))
        notes = (usage.note or self.call.note, self._budget.reason if self._budget else "")
        return figures_of(usage, took_ms, *notes)

    def _settlement(self, complete: bool) -> Settlement | None:
        """Return what to settle. If this fails, charge the estimate and return None."""
        usage = self._usage(complete)
        try:
            if usage is not None:
                return Settlement(self._reservation, self._figures(usage), self._unsettled)
        except Exception as error:  # noqa: BLE001 - as above
            self._meter.fault("a call could not be settled; its estimate is counted", error)
        self._guarded(self._assume)
        return None

    def _noted(self) -> Callable[[], Settlement | None]:
        """Write the usage to a file. Returns the job that settles the call."""
        usage = self._usage(True)
        if usage is None:
            return lambda: self._guarded(self._assume)
        try:
            given = self._figures(usage)
            settlement = note_end(Settlement(self._reservation, given, self._unsettled))
        except Exception as error:  # noqa: BLE001 - as above
            self._meter.fault("a call could not be settled; its estimate is counted", error)
            return lambda: self._guarded(self._assume)
        return lambda: settlement

    def _unsettled(self, error: Exception) -> None:
        self._meter.fault("a call could not be settled; its estimate is counted", error)
        self._guarded(self._assume)

    def _settle(self, complete: bool) -> None:
        settlement = self._settlement(complete)
        if settlement is not None:
            settle_batch([settlement])

    async def _asettle(self, complete: bool) -> None:
        usage = self._usage(complete)
        try:
            if usage is not None:
                await self._reservation.asettle(**self._figures(usage))
                return
        except Exception as error:  # noqa: BLE001 - as above
            self._meter.fault("a call could not be settled; its estimate is counted", error)
        self._meter.settler.put(lambda: self._guarded(self._assume))

    def _assume(self) -> None:
        reason = LookupError("the use is not known")  # so the reservation charges its estimate
        self._reservation.__exit__(LookupError, reason, None)

    def _may_release(self) -> bool:
        if ended := self._may_end():
            self._meter.note("unsent", self.call.provider)
        return ended

    def _note_retry(self, served: bool) -> None:
        request, self._request = self._request, None
        if request is None:
            return
        if served:
            self._meter.retries.served(request)
        else:
            self._meter.retries.failed(request, self.id, self._link, self._meter.monotonic())

    def _guarded(self, verb: Any) -> None:
        try:
            verb()
        except Exception as error:  # noqa: BLE001 - as above
            self._meter.fault("a call's reservation could not be ended", error)

    def _broke(self, what: str, error: Exception) -> None:
        self._broken = True
        self._meter.fault(what, error)
