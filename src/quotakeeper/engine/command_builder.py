"""Makes ledger commands from calls and their figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quotakeeper.clocks import Clock
from quotakeeper.domain.ledger.commands import Record, Reserve
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.money import parse_decimal
from quotakeeper.domain.numbers import times
from quotakeeper.domain.units import Quantities, check_whole
from quotakeeper.domain.usage import Provenance, check_label
from quotakeeper.domain.windows import MAX_INSTANT, SECOND
from quotakeeper.engine.call_builder import CallBuilder, PreparedCall
from quotakeeper.errors import InvalidInputError
from quotakeeper.identifiers import new_id

_LONGEST_TTL = 30 * 86_400


class CommandBuilder:
    """Builds commands. Takes the instants for prices and ids from one clock."""

    def __init__(self, calls: CallBuilder, clock: Clock) -> None:
        self.calls = calls
        self._clock = clock

    def reserve(
        self, call: PreparedCall, quantities: dict[str, Any], event_id: str | None,
        ttl_seconds: float, owner: str,
    ) -> Reserve:  # fmt: skip
        """Return the command that reserves the upper bound of a call. Raises InvalidInputError."""
        sent, now = bool(quantities.pop("sent", False)), self._clock.now()
        return Reserve(
            new_id(now) if event_id is None else check_label(event_id, "event_id"),
            call.labels,
            self.calls.figures(call, quantities, now, provenance=Provenance.ESTIMATED, bound=True),
            call.limits,
            owner,
            # The common case of `time_to_live`, without a call.
            int(ttl_seconds * SECOND)
            if type(ttl_seconds) is float and 0 < ttl_seconds <= _LONGEST_TTL
            else time_to_live(ttl_seconds),
            sent,
            is_new=event_id is None,
        )

    def record(
        self, call: PreparedCall, given: Mapping[str, Any], event_id: str | None, at: int | None
    ) -> Record:
        """Return the command that records usage without a reservation. Raises InvalidInputError."""
        now = self._clock.now()
        if at is not None:
            at = min(check_whole(at, "at", most=MAX_INSTANT), now)
        figures = self.figures(call, given, now if at is None else at)
        booked_as = new_id(now) if event_id is None else check_label(event_id, "event_id")
        return Record(booked_as, call.labels, figures, call.limits, at)

    def estimate(self, call: PreparedCall, quantities: Mapping[str, Any]) -> Figures:
        """Return the upper bound of a call, priced now. Raises the errors of
        `CallBuilder.figures`."""
        return self.calls.figures(
            call, quantities, self._clock.now(), provenance=Provenance.ESTIMATED, bound=True
        )

    def figures(
        self,
        call: PreparedCall,
        given: Mapping[str, Any],
        at: int,
        otherwise: Quantities | None = None,
    ) -> Figures:
        """Return the usage in `given`, priced at the instant `at`; see `CallBuilder.figures`."""
        return self.calls.figures(call, given, at, otherwise=otherwise)


def time_to_live(seconds: object) -> int:
    """Convert `ttl_seconds` of a reservation to microseconds. Raises InvalidInputError if out of
    range."""
    if type(seconds) is float and 0 < seconds <= _LONGEST_TTL:  # the common case
        return int(seconds * SECOND)
    ttl = parse_decimal(seconds, "ttl_seconds")
    if not 0 < ttl <= _LONGEST_TTL:
        fix = "give more than 0 and at most 2592000 seconds (30 days)"
        raise InvalidInputError("ttl_seconds", f"{ttl} is out of range", fix)
    return int(times(ttl, SECOND))
