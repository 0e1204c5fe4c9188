"""One WebSocket session: counts messages, reserves enough for them, decides when to end it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

from quotakeeper.domain.usage import Provenance
from quotakeeper.errors import LimitExceeded
from quotakeeper.metering.call_origin import CallOrigin
from quotakeeper.metering.event_loops import after_queued_jobs
from quotakeeper.metering.guards import with_guards
from quotakeeper.metering.progress_note import ProgressNote, copied
from quotakeeper.metering.quota_notes import note_reply
from quotakeeper.metering.refusal import Denied
from quotakeeper.metering.session_budget import EXTEND_SECONDS, ExtendStep, Plan, SessionBudget
from quotakeeper.metering.settled_figures import figures_of
from quotakeeper.native_threads import Lock
from quotakeeper.providers.adapter import farewell_of
from quotakeeper.providers.contract import Adapter, LiveSession, Usage
from quotakeeper.value_classes import dataclass

if TYPE_CHECKING:
    from quotakeeper.metering.call_host import CallHost

_MOST_LAG_MS = 5_000  # the most by which results lag behind the audio that was sent
_MOST_PER_BYTE = 20  # the most milliseconds of audio per byte
_MOST_PER_MESSAGE = 300  # the most tokens besides those of its bytes: a picture has 258
_ENDED_MIDWAY = "its process ended before the session did"

Data = bytes | str


@dataclass(frozen=True, slots=True)
class SocketCut:
    """The refusal of a message, and how to end the session.

    - `farewell`: the message to send to the provider instead. If "", close with code 1008.
    - `again`: True if an earlier message was already refused.
    - `silent`: True to drop the message without an error, because it would cost nothing.
    """

    reason: str
    farewell: str = ""
    again: bool = False
    silent: bool = False


@with_guards
class SocketAttempt:
    """A session that was opened. `origin`: see `CallMeter.begin`.

    No method raises. Call `sent` before a message is sent, and `received` for each received one.
    `end`, `unsent` or `hand_over` (which never waits) ends the session once. A session that is
    garbage collected ends with the usage counted so far.
    """

    def __init__(
        self, meter: CallHost, adapter: Adapter, session: LiveSession,
        origin: CallOrigin | None = None,
    ) -> None:  # fmt: skip
        self.budget = SessionBudget(meter.keeper, origin or CallOrigin(meter.scope), session.call)
        self._progress = ProgressNote(meter, self.budget)
        self._meter = meter
        self._adapter = adapter
        self._session = session
        self._before: LiveSession | None = None  # a copy from before the current message
        self._needed: dict[str, int] = {}
        self._usage: Usage | None = None  # so far
        self._cut: SocketCut | None = None
        self._broken = False
        self._refusal: Usage | None = None
        self._session_lock = Lock()
        self._send_lock = Lock()  # messages are checked one at a time
        self._async_send_lock: Any = None
        self._once = Lock()
        self._pid = os.getpid()
        self._began = self._extended = meter.monotonic()

    def opens(self) -> None:
        """Before the session opens, save the usage so far, so that a kill does not lose it."""
        with self._session_lock:
            self._note(self._session.finish(complete=False))

    def sent(self, data: Data) -> SocketCut | None:
        """Count a message before it is sent. Returns None if it may be sent, else the refusal."""
        try:
            with self._send_lock, closing(self._passing(data)) as plan:
                return self._verdict(data, self.budget.drive(plan))
        except Exception as error:  # noqa: BLE001 - must not stop the program
            self._broke(error)
            return None

    async def asent(self, data: Data) -> SocketCut | None:
        """Awaitable form of `sent`."""
        try:
            if self._async_send_lock is None:
                import asyncio  # noqa: PLC0415 - a caller on asyncio has imported it

                self._async_send_lock = asyncio.Lock()
            async with self._async_send_lock:
                with closing(self._passing(data)) as plan:  # it may be cancelled midway
                    return self._verdict(data, await self.budget.adrive(plan))
        except Exception as error:  # noqa: BLE001 - as above
            self._broke(error)
            return None

    def received(self, data: Data) -> None:
        """Count a message that the provider sent. Never waits."""
        try:
            with self._session_lock:
                if self._before is not None:
                    self._before.received(data, elapsed_ms=self._elapsed())
                usage = self._session.received(data, elapsed_ms=self._elapsed())
                self._usage, self._needed = usage, self._need(self._session, usage)
                self._note(usage)
        except Exception as error:  # noqa: BLE001 - as above
            self._broke(error)

    def lost_count(self, error: Exception) -> None:
        """Stop counting: a message could not be read. The reserved amount is then charged."""
        self._broke(error)

    def answered(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Read the usage from the answer of a provider that refused to open the session."""
        try:
            reader = self._adapter.reader(self.budget.call, status, headers)
            reader.feed(body)
            self._refusal = reader.finish(complete=True)
            note_reply(self._meter, self.budget.call, reader)
        except Exception as error:  # noqa: BLE001 - as above
            self._broke(error)

    def end(self, complete: bool) -> None:
        """End the session and wait for the ledger. `complete` is True if it was closed normally."""
        if self._may_end():
            self._settle(self._figures(complete))

    def unsent(self) -> None:
        """End the session and release its reservations: the provider was not reached."""
        if self._may_end():
            self._meter.settler.put(self._release)

    def hand_over(self, complete: bool = False) -> None:
        """End the session without waiting for the ledger. `complete`: it was closed normally."""
        if self._may_end():
            figures = self._figures(complete)
            self._meter.settler.put(lambda: self._settle(figures))

    async def settled(self) -> None:
        """Wait until the ended session is in the ledger."""
        await after_queued_jobs(self._meter.settler.put_at_once)

    def __del__(self) -> None:
        with suppress(Exception):  # the interpreter may be exiting
            self.hand_over()

    # -- inside

    def _passing(self, data: Data) -> Plan:
        """Return the steps that count a message and reserve enough for it. A refused message is not
        counted."""
        if self._broken or self._cut is not None or not self.budget.is_open:
            return None
        is_free, needed = self._counted(data)
        leaves = False
        try:
            denied = yield from self._reserving(needed)
            leaves = denied is None or is_free
        finally:
            self._keep_or_undo(leaves)
        return None if leaves else denied

    def _reserving(self, needed: dict[str, int]) -> Plan:
        now, then = self._session.call, self.budget.call
        if (now.model, now.operation) != (then.model, then.operation):
            return (yield from self.budget.renamed(now, needed))
        if not self.budget.covers(needed):
            return (yield from self.budget.growing(needed))
        if self._meter.monotonic() - self._extended > EXTEND_SECONDS:
            self._extended = self._meter.monotonic()
            yield ExtendStep()
        return None

    def _keep_or_undo(self, leaves: bool) -> None:
        """Keep the count of a sent message; restore the count before a message that is not sent."""
        with self._session_lock:
            before, self._before = self._before, None
            if before is not None and not leaves:
                self._session = before
                self._usage = before.finish(complete=False)
                self._needed = self._need(before, self._usage)
            if self._usage is not None:
                self._note(self._usage)

    def _counted(self, data: Data) -> tuple[bool, dict[str, int]]:
        """Count a message. Returns whether it is free, and the quantities that the session needs.

        If the message may be refused, a copy of the session is made before the message is counted.
        """
        with self._session_lock:
            covered = self.budget.covered
            needed = self._needed
            rooms = [covered[name] - needed.get(name, 0) for name in covered if name != "requests"]
            most = len(data) * _MOST_PER_BYTE + _MOST_PER_MESSAGE
            self._before = copied(self._session) if min(rooms, default=0) < most else None
            usage = self._session.sent(data, elapsed_ms=self._elapsed())
            self._usage, self._needed = usage, self._need(self._session, usage)
            return self._needed == needed, self._needed

    def _need(self, session: LiveSession, usage: Usage) -> dict[str, int]:
        needed = {**usage.quantities}
        if "audio_milliseconds" in session.call.bound:
            heard = needed.get("audio_milliseconds", 0)
            sent = session.audio_milliseconds_sent
            if heard and not getattr(session, "is_timed_by_bytes", True):
                # The size of compressed audio does not determine its length.
                sent = min(sent, heard + _MOST_LAG_MS)
            needed["audio_milliseconds"] = max(heard, sent)
        return needed

    def _quantities(self, usage: Usage) -> dict[str, int]:
        """Return the usage to settle, with the audio sent, which is billed before results come."""
        exact = getattr(self._session, "is_timed_by_bytes", False)
        if usage.provenance is Provenance.REPORTED or not exact:
            return dict(usage.quantities)
        return {name: n for name, n in self._need(self._session, usage).items() if n}

    def _verdict(self, data: Data, denied: Denied | None) -> SocketCut | None:
        if self._cut is not None:
            silent = isinstance(data, str) and self._is_free(data)
            return SocketCut(self._cut.reason, self._cut.farewell, again=True, silent=silent)
        if denied is None:
            return None
        if isinstance(denied, LimitExceeded):
            self._meter.note("refused", denied.limit.name)
        farewell = farewell_of(self._adapter, self.budget.call)
        self._cut = SocketCut(f"quotakeeper: {denied}", farewell)
        return self._cut

    def _is_free(self, data: Data) -> bool:
        with self._session_lock:
            trial = copied(self._session)
            if trial is None:
                return False
            before = self._need(trial, trial.finish(complete=False))
            return self._need(trial, trial.sent(data)) == before

    def _elapsed(self) -> int:
        return max(0, round((self._meter.monotonic() - self._began) * 1000))

    def _may_end(self) -> bool:
        # A forked child has copies of its parent's sockets, and must not end them.
        return self._once.acquire(blocking=False) and self._pid == os.getpid()

    def _figures(self, complete: bool) -> dict[str, Any] | None:
        """Save and return the figures to settle at; None if the session is unreadable."""
        if self._broken:
            return None
        try:
            with self._session_lock:
                usage = self._refusal or self._session.finish(
                    complete=complete, elapsed_ms=self._elapsed()
                )
                figures = self._figures_by(usage)
            self._progress.write(figures)  # now, so that the note never contradicts the spool
            return figures
        except Exception as error:  # noqa: BLE001 - as above
            self._broke(error)
            return None

    def _figures_by(self, usage: Usage, *notes: str) -> dict[str, Any]:
        quantities = dict(usage.quantities) if self._refusal else self._quantities(usage)
        cut = self._cut.reason if self._cut else ""
        figures = figures_of(usage, self._elapsed(), *notes, usage.note, cut)
        return {**figures, "quantities": quantities}

    def _note(self, usage: Usage) -> None:
        if not self._broken:
            midway = () if usage.complete else (_ENDED_MIDWAY,)
            self._progress.write(self._figures_by(usage, *midway))

    def _settle(self, figures: dict[str, Any] | None) -> None:
        try:
            self.budget.settle(figures)
        except Exception as error:  # noqa: BLE001 - as above
            self._meter.fault("a live session could not be settled", error)

    def _release(self) -> None:
        try:
            self.budget.release()
        except Exception as error:  # noqa: BLE001 - as above
            self._meter.fault("a live session's reservations could not be released", error)

    def _broke(self, error: Exception) -> None:
        self._broken = True
        self._progress.drop()
        self._meter.fault("a live session could not be read; its estimate is counted", error)
