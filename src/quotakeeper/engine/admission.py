"""Admits calls: through the ledger, or in memory with leases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from quotakeeper.domain.decisions import Decision
from quotakeeper.domain.ledger.commands import Denied, Reserve, Reserved
from quotakeeper.domain.ledger.reservations import Hold
from quotakeeper.domain.ports import Store
from quotakeeper.engine.call_builder import PreparedCall
from quotakeeper.engine.call_tags import TAGS
from quotakeeper.engine.denied_calls import DeniedCalls
from quotakeeper.engine.parts import EngineParts
from quotakeeper.engine.reservation import Reservation
from quotakeeper.engine.terms import AT_ONCE, ON_LIMIT, OUTPUT_CAP, Terms, terms_of
from quotakeeper.engine.worker.steps import AskWorker, Steps
from quotakeeper.engine.worker.work_items import Question
from quotakeeper.errors import InvalidInputError, LedgerError

if TYPE_CHECKING:
    from quotakeeper.engine.typical_holds import TypicalHolds


class Admitter(Protocol):
    """The interface of the two admitters: with leases (LeaseAdmitter) and without (LedgerAdmitter).

    `take` tries to admit a call without waiting. If it cannot, `admit` decides. If `takes` is
    False, `take` never admits a call and need not be called.
    """

    takes: bool

    def take(  # noqa: PLR0913 - all arguments of one call
        self, provider: str, model: str, operation: str, scope: Mapping[str, str] | None,
        options: Mapping[str, str] | None, ttl_seconds: float, event_id: str | None,
        quantities: Mapping[str, Any], /,
    ) -> Any:  # fmt: skip
        """Admit a call at once, without waiting, and return its Reservation.

        If this is not possible, return the key of the call; pass it to `admit` as `key`. Calls with
        the same arguments have the same key. The key is None for a call that cannot have one.
        """

    def admit(
        self, key: Any, call: PreparedCall, command: Reserve, terms: Terms | None
    ) -> Steps[Reservation]:
        """Admit a call, and wait if needed. Raises LimitExceeded, PausedError, or the error with
        which `command` failed.

        `terms` is None for a call without conditions. If the ledger cannot be used, does the same
        as the function `unbacked`.
        """


class LedgerAdmitter:
    """Admits calls only through the ledger."""

    takes = False

    def __init__(self, parts: EngineParts) -> None:
        self._parts = parts
        self._denied = DeniedCalls(parts)

    def take(self, *asked: Any) -> Any:
        """Return None: this admitter admits no call without the ledger."""

    def admit(
        self, key: Any, call: PreparedCall, command: Reserve, terms: Terms | None
    ) -> Steps[Reservation]:
        """Admit a call through the ledger; see `Admitter.admit`."""
        parts = self._parts
        try:
            clamps = call.policies.on_limit == "clamp"
            if parts.room.waiting or clamps or (terms is not None and terms.calls):
                terms = terms or Terms()
                outcome = yield from self._denied.admitted(command, call, terms)
            else:  # the common case
                began = parts.clock.monotonic()
                outcome = yield command
                if isinstance(outcome, Denied):
                    terms = terms or Terms()
                    outcome = yield from self._denied.after(outcome, command, call, terms, began)
            if type(outcome) is Reserved and not parts.outcomes.observers.any:
                hold, decision = outcome.hold, outcome.decision
            else:
                hold, decision = parts.outcomes.granted(outcome, call)
        except LedgerError as error:
            return unbacked(parts, call, command, error)
        reservation = Reservation(parts, call, hold, decision, outcome.event, replay=outcome.replay)
        parts.room.hold(reservation, hold.id, call.labels)
        return reservation


class Admission:
    """Makes a reservation from the arguments of a call."""

    def __init__(self, parts: EngineParts, admitter: Admitter, holds: Question) -> None:
        self._parts = parts
        self._admitter = admitter
        self._holds = holds
        self._typical: TypicalHolds | None = None
        if parts.commands.calls.policies.hold == "typical":
            # Imported only with this policy, to keep the import of other programs fast.
            from quotakeeper.engine.typical_holds import TypicalHolds  # noqa: PLC0415

            self._typical = TypicalHolds(parts)

    def begin(  # noqa: PLR0913 - as above
        self, provider: str, model: str, operation: str, scope: Mapping[str, str] | None,
        options: Mapping[str, str] | None, ttl_seconds: float, event_id: str | None,
        quantities: dict[str, Any],
    ) -> Reservation | Steps[Reservation]:  # fmt: skip
        """Return the reservation if no waiting is needed, else the steps that return it."""
        admitter, parts = self._admitter, self._parts
        conditions = AT_ONCE in quantities or OUTPUT_CAP in quantities
        terms = terms_of(quantities) if conditions else None
        commands, key = parts.commands, None
        if TAGS.get():
            scope = commands.calls.tags.added_to(scope)
        if admitter.takes:
            key = admitter.take(
                provider, model, operation, scope, options, ttl_seconds, event_id, quantities
            )
            if isinstance(key, Reservation):
                return key
        # Removed only here: calls with another `on_limit` have another key.
        on_limit = quantities.pop(ON_LIMIT, "") or ""
        call = commands.calls.known(provider, model, operation, scope, options, on_limit)
        command = commands.reserve(call, quantities, event_id, ttl_seconds, parts.worker.owner)
        if self._typical is not None:
            return self._typically(key, call, command, terms or Terms())
        return admitter.admit(key, call, command, terms)

    def _typically(
        self, key: Any, call: PreparedCall, command: Reserve, terms: Terms
    ) -> Steps[Reservation]:
        assert self._typical is not None
        command = yield from self._typical.lowered(command, call, terms)
        return (yield from self._admitter.admit(key, call, command, terms))

    def check(self, call: PreparedCall, quantities: Mapping[str, Any]) -> Question:
        """Return a question that the worker answers with the decision about the call. Nothing is
        reserved."""
        figures = self._parts.commands.estimate(call, quantities)

        def asked(store: Store, now: int) -> Decision:
            return store.check(call.labels, figures, call.limits, now)

        return asked

    def take_up(self, reservation_id: str) -> Steps[Reservation]:
        """Return a handle for the open reservation with this id. Another process may have made it.

        Raises InvalidInputError if the ledger has no open reservation with this id.
        """
        parts = self._parts
        for hold in (yield AskWorker(self._holds)):
            if hold.id == reservation_id:
                call = parts.commands.calls.stored(hold.labels)
                return Reservation(parts, call, hold, Decision(True), None, replay=True)
        problem = f"no open reservation {str(reservation_id)[:60]!r}"
        raise InvalidInputError("reservation", problem, "see Keeper.reservations()")


def unbacked(
    parts: EngineParts, call: PreparedCall, command: Reserve, error: LedgerError
) -> Reservation:
    """Return a reservation that is not in the ledger, because the ledger cannot be used.

    Raises `error`, the ledger's error, unless `on_store_failure` is "allow". Raises
    LedgerUnavailableError if the usage could not be stored anywhere.
    """
    figures = command.figures
    parts.failure.let_out(error)
    hold = Hold(
        command.id, parts.ledger_clock.now(), command.labels, figures.quantities, figures.cost_pico,
        figures.price_id, figures.provenance, command.owner, 0, command.sent,
    )  # fmt: skip
    # Imported only without a ledger, to keep the import of other programs fast.
    from quotakeeper.engine.unbacked_reservation import UnbackedReservation  # noqa: PLC0415

    return UnbackedReservation(parts, call, hold)
