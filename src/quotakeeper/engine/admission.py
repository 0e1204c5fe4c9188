"""How a call is admitted: by the ledger, or by an admitter that may answer without asking it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from quotakeeper.domain.decisions import Decision
from quotakeeper.domain.ledger.commands import Reserve
from quotakeeper.domain.ledger.reservations import Hold
from quotakeeper.domain.ports import Store
from quotakeeper.engine.call_builder import PreparedCall
from quotakeeper.engine.parts import EngineParts
from quotakeeper.engine.reservation import Reservation
from quotakeeper.engine.worker.steps import Ask, Steps
from quotakeeper.engine.worker.work_items import Question
from quotakeeper.errors import InvalidInputError, LedgerError


class Admitter(Protocol):
    """Admits calls. One admitter may stand before another and leave to it what it cannot answer."""

    def key(  # noqa: PLR0913 - a call as it is asked for
        self, provider: str, model: str, operation: str, scope: Mapping[str, str] | None,
        options: Mapping[str, str] | None, ttl_seconds: float, event_id: str | None,
        quantities: Mapping[str, Any], /,
    ) -> Any:  # fmt: skip
        """What calls that `take` admits alike have in common; None for one that it cannot admit."""

    def take(self, key: Any) -> Reservation | None:
        """Admit a call at once, without waiting; None where that cannot be."""

    def admit(self, key: Any, call: PreparedCall, command: Reserve) -> Steps[Reservation]:
        """Admit a call; raises LimitExceeded, what failed, or a LedgerError."""


class LedgerAdmitter:
    """Asks the ledger about every call."""

    def __init__(self, parts: EngineParts) -> None:
        self._parts = parts

    def key(self, *asked: Any) -> Any:
        """None: nothing is admitted without asking."""

    def take(self, key: Any) -> Reservation | None:
        """None, as above."""

    def admit(self, key: Any, call: PreparedCall, command: Reserve) -> Steps[Reservation]:
        """As Admitter's."""
        parts = self._parts
        outcome = yield from parts.capacity.ask_for(command)
        hold, decision = parts.outcomes.granted(outcome)
        return Reservation(parts, call, hold, decision, outcome.event, replay=outcome.replay)


class Admission:
    """From a call as it is asked for to its reservation."""

    def __init__(self, parts: EngineParts, admitter: Admitter, holds: Question) -> None:
        self._parts = parts
        self._admitter = admitter
        self._holds = holds

    def begin(  # noqa: PLR0913 - as above
        self, provider: str, model: str, operation: str, scope: Mapping[str, str] | None,
        options: Mapping[str, str] | None, ttl_seconds: float, event_id: str | None,
        quantities: dict[str, Any],
    ) -> Reservation | Steps[Reservation]:  # fmt: skip
        """The reservation where nothing has to wait for it, else the steps to it."""
        admitter, parts = self._admitter, self._parts
        key = admitter.key(
            provider, model, operation, scope, options, ttl_seconds, event_id, quantities
        )
        if key is not None and (taken := admitter.take(key)) is not None:
            return taken
        commands = parts.commands
        call = commands.calls.call(provider, model, operation, scope, options)
        owner = parts.worker.store.owner
        command = commands.reserve(call, quantities, event_id, ttl_seconds, owner)
        return self._steps(key, call, command)

    def check(self, call: PreparedCall, quantities: Mapping[str, Any]) -> Question:
        """The question whether a call would be admitted."""
        figures = self._parts.commands.estimate(call, quantities)

        def asked(store: Store, now: int) -> Decision:
            return store.check(call.labels, figures, call.limits, now)

        return asked

    def take_up(self, reservation_id: str) -> Steps[Reservation]:
        """A handle on an open reservation that was made elsewhere, by its id.

        Raises InvalidInputError where there is none.
        """
        parts = self._parts
        for hold in (yield Ask(self._holds)):
            if hold.id == reservation_id:
                labels, calls = hold.labels, parts.commands.calls
                call = calls.call(
                    labels.provider, labels.model, labels.operation, dict(labels.scope), None
                )
                return Reservation(parts, call, hold, Decision(True), None, replay=True)
        problem = f"no open reservation {str(reservation_id)[:60]!r}"
        raise InvalidInputError("reservation", problem, "see Keeper.reservations()")

    def _steps(self, key: Any, call: PreparedCall, command: Reserve) -> Steps[Reservation]:
        try:
            return (yield from self._admitter.admit(key, call, command))
        except LedgerError as error:
            return self._unbacked(call, command, error)

    def _unbacked(self, call: PreparedCall, command: Reserve, error: LedgerError) -> Reservation:
        parts, figures = self._parts, command.figures
        parts.failure.let_through("the call goes out and will be spooled", error)
        hold = Hold(
            command.id, parts.clock.now(), command.labels, figures.quantities, figures.cost_pico,
            figures.price_id, figures.provenance, command.owner, 0, command.sent,
        )  # fmt: skip
        return Reservation(parts, call, hold, Decision(True), None, spooled=True)
