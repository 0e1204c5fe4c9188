"""What a keeper does before and after the worker: read the call, take the outcome, warn, spool.

None of it waits, so blocking and awaited callers share all of it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any

from quotakeeper.clocks import Clock, zone_named
from quotakeeper.domain.commands import (
    Booked,
    Correct,
    Denied,
    Failed,
    Record,
    Reserve,
    Reserved,
)
from quotakeeper.domain.decisions import Decision, Verdict
from quotakeeper.domain.entries import Figures, event_from
from quotakeeper.domain.limits import Account, Limit, Mode
from quotakeeper.domain.money import parse_decimal
from quotakeeper.domain.reservations import Hold
from quotakeeper.domain.store import Store
from quotakeeper.domain.units import Quantities, check_whole, units_text
from quotakeeper.domain.usage import Provenance, UsageEvent, check_label
from quotakeeper.domain.windows import MAX_INSTANT, SECOND, moment
from quotakeeper.engine.calls import Call, CallReader
from quotakeeper.engine.corrections import correction
from quotakeeper.engine.decimals import times
from quotakeeper.engine.reports import percent_of
from quotakeeper.engine.reservation import Reservation
from quotakeeper.engine.spool import Spool
from quotakeeper.engine.worker import Worker
from quotakeeper.errors import InvalidInputError, LedgerError, LimitExceeded
from quotakeeper.identifiers import new_id

Warner = Callable[[Verdict], None]
_LONGEST_TTL = 30 * 86_400

log = logging.getLogger("quotakeeper")


class Bookkeeping:
    """The parts of a keeper that never wait."""

    def __init__(
        self, store: Store, reader: CallReader, limits: tuple[Limit, ...], clock: Clock,
        *, spool_beside: Path | None, on_warning: Warner | None,
    ) -> None:  # fmt: skip
        self.limits = limits
        self._reader = reader
        self._clock = clock
        self._warn = on_warning or _log_warning
        self._warned: set[tuple[str, int, int]] = set()
        self._warning = Lock()
        self._spool = Spool(spool_beside, store.owner)
        accounts: dict[str, Account] = {limit.account.key: limit.account for limit in limits}
        self.worker = Worker(store, clock, tuple(accounts.values()), self._spool)

    # -- before

    def _asked(
        self, call: Call, quantities: dict[str, Any], event_id: str | None, ttl_seconds: float
    ) -> Reserve:
        sent = bool(quantities.pop("sent", False))
        return Reserve(
            self._id(event_id),
            call.labels,
            self.estimated(call, quantities),
            call.limits,
            self.worker.store.owner,
            self.time_to_live(ttl_seconds),
            sent,
        )

    def time_to_live(self, seconds: object) -> int:
        """How long a reservation may stay open, in microseconds, checked."""
        if type(seconds) is float and 0 < seconds <= _LONGEST_TTL:  # the default, and it is hot
            return int(seconds * SECOND)
        ttl = parse_decimal(seconds, "ttl_seconds")
        if not 0 < ttl <= _LONGEST_TTL:
            raise InvalidInputError("ttl_seconds", f"{ttl} is out of range", "give up to 30 days")
        return int(times(ttl, SECOND))

    def estimated(self, call: Call, quantities: Mapping[str, Any]) -> Figures:
        """The upper bound of a call, priced now."""
        return self._reader.figures(
            call, quantities, self._clock.now(), provenance=Provenance.ESTIMATED, bound=True
        )

    def _recorded(
        self, call: Call, given: Mapping[str, Any], event_id: str | None, at: int | None
    ) -> Record:
        if at is not None:
            at = min(check_whole(at, "at", most=MAX_INSTANT), self._clock.now())
        figures = self.figures_of(call, given, self._clock.now() if at is None else at)
        return Record(self._id(event_id), call.labels, figures, call.limits, at)

    def _corrected(
        self, event: UsageEvent, given: Mapping[str, Any], options: Mapping[str, str] | None
    ) -> Correct:
        return correction(self._reader, event, given, options)

    def _not_counted(self, event_id: object, holds: Sequence[Hold]) -> InvalidInputError:
        """Why an id has no figures that could be corrected."""
        shown = repr(str(event_id)[:60])
        if any(hold.id == event_id for hold in holds):
            return InvalidInputError(
                "event_id", f"{shown} is an open reservation", "settle it: nothing is counted yet"
            )
        return InvalidInputError(
            "event_id", f"no event {shown} in this ledger", "see: quotakeeper events"
        )

    def figures_of(
        self, call: Call, given: Mapping[str, Any], at: int, otherwise: Quantities | None = None
    ) -> Figures:
        """What a caller says a call used, priced at the instant it is booked on."""
        return self._reader.figures(call, given, at, otherwise=otherwise)

    def _taken_up(self, holds: Sequence[Hold], reservation_id: str) -> Reservation:
        """A handle on an open reservation that was made elsewhere, by its id."""
        for hold in holds:
            if hold.id == reservation_id:
                labels = hold.labels
                scope = dict(labels.scope)
                call = self._reader.call(
                    labels.provider, labels.model, labels.operation, scope, None
                )
                return Reservation(self, call, hold, Decision(True), None, replay=True)
        problem = f"no open reservation {str(reservation_id)[:60]!r}"
        raise InvalidInputError("reservation", problem, "see Keeper.reservations()")

    def _id(self, event_id: str | None) -> str:
        if event_id is None:
            return new_id(self._clock.now())
        return check_label(event_id, "event_id")

    # -- after

    def _admitted(self, call: Call, outcome: Any) -> Reservation:
        hold, decision = self.granted(outcome)
        return Reservation(self, call, hold, decision, outcome.event, replay=outcome.replay)

    def granted(self, outcome: Any) -> tuple[Hold, Decision]:
        """What was set aside, warnings given; raises LimitExceeded, or what failed."""
        if isinstance(outcome, Denied):
            verdict = outcome.decision.blocking
            zone = zone_named(verdict.limit.timezone)
            raise LimitExceeded(outcome.decision, verdict.explain(zone))
        if isinstance(outcome, Failed):
            raise outcome.error
        assert isinstance(outcome, Reserved)
        for verdict in outcome.decision.warnings:
            self._warn_once(verdict)
        return outcome.hold, outcome.decision

    def booked(self, outcome: Any) -> UsageEvent:
        """The event of an outcome, warnings given; raises what failed."""
        if isinstance(outcome, Failed):
            raise outcome.error
        assert isinstance(outcome, Booked)
        for verdict in outcome.passed:
            self._warn_once(verdict)
        return outcome.event

    def done(self, outcome: Any) -> None:
        """Raise what failed."""
        if isinstance(outcome, Failed):
            raise outcome.error

    def _warn_once(self, verdict: Verdict) -> None:
        """Each (limit, period, threshold) warns once a process, at the highest one passed."""
        limit = verdict.limit
        if limit.mode is Mode.SHADOW:
            return
        used = verdict.used + verdict.reserved + verdict.asked
        passed = [
            n for n, share in enumerate(limit.thresholds) if used >= times(share, limit.amount)
        ]
        level = passed[-1] if passed else 0
        start_at = verdict.period.start_at if limit.window.kind != "rolling" else 0
        if (limit.name, start_at, level) in self._warned:
            return
        with self._warning:
            if (limit.name, start_at, level) in self._warned:
                return
            if len(self._warned) > 10_000:
                self._warned.clear()
            self._warned.update((limit.name, start_at, n) for n in range(level + 1))
        try:
            self._warn(verdict)
        except Exception:
            log.exception("quotakeeper: on_warning failed")

    # -- when the ledger cannot say

    def let_through(self, what: str, error: LedgerError) -> None:
        """Raise the error, unless calls go out though the ledger cannot count them."""
        if self._reader.policies.on_store_failure != "allow":
            raise error
        log.warning("quotakeeper: %s; %s", error, what)

    def _unbacked(self, call: Call, command: Reserve, error: LedgerError) -> Reservation:
        self.let_through("the call goes out and will be spooled", error)
        figures = command.figures
        hold = Hold(
            command.id, self._clock.now(), command.labels, figures.quantities, figures.cost_pico,
            figures.price_id, figures.provenance, command.owner, 0, command.sent,
        )  # fmt: skip
        return Reservation(self, call, hold, Decision(True), None, spooled=True)

    def _spooled(self, command: Record, error: LedgerError) -> UsageEvent:
        self.let_through("the call is spooled", error)
        at = self._clock.now() if command.at is None else command.at
        self._spool.add(replace(command, at=at))
        return event_from(command.id, at, command.labels, command.figures)

    def spool_event(self, hold: Hold, figures: Figures, *, settles: bool) -> UsageEvent:
        """Keep what a call used until the ledger can book it."""
        self._spool.add(Record(hold.id, hold.labels, figures, at=hold.at), settles=settles)
        return event_from(hold.id, hold.at, hold.labels, figures)


def _log_warning(verdict: Verdict) -> None:
    limit, meter = verdict.limit, verdict.limit.meter_info
    together = verdict.used + verdict.reserved + verdict.asked
    log.warning(
        "quotakeeper: warning: limit %r is at %s %%: %s of %s %s per %s (%s of it reserved); "
        "resets at %s",
        limit.name,
        percent_of(together, limit.amount),
        units_text(together, meter),
        units_text(limit.amount, meter),
        meter.unit,
        limit.window,
        units_text(verdict.reserved + verdict.asked, meter),
        moment(verdict.resets_at, zone_named(limit.timezone)).isoformat(timespec="seconds"),
    )
