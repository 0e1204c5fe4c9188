"""Admits calls on leases, in memory, and passes all other calls to the next admitter."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from quotakeeper.domain.ledger.commands import Reserve
from quotakeeper.engine.admission import Admitter, unbacked
from quotakeeper.engine.call_builder import PreparedCall
from quotakeeper.engine.callers import current_caller
from quotakeeper.engine.leases.lease import LeasedCall
from quotakeeper.engine.leases.lease_table import LeaseTable
from quotakeeper.engine.leases.leased_reservation import LeasedReservation
from quotakeeper.engine.parts import EngineParts
from quotakeeper.engine.reservation import Reservation
from quotakeeper.engine.terms import Terms
from quotakeeper.engine.worker.steps import AskWorker, Steps
from quotakeeper.errors import LedgerError

_ASKED_FOR = 3


class LeaseAdmitter:
    """An Admitter that uses the leases of this process."""

    takes = True

    def __init__(self, parts: EngineParts, leases: LeaseTable, otherwise: Admitter) -> None:
        self._parts = parts
        self._leases = leases
        self._otherwise = otherwise
        self._only_warns = parts.commands.calls.policies.on_limit == "warn"

    def take(  # noqa: PLR0913 - as Admitter's
        self, provider: str, model: str, operation: str, scope: Mapping[str, str] | None,
        options: Mapping[str, str] | None, ttl_seconds: float, event_id: str | None,
        quantities: Mapping[str, Any], /,
    ) -> Any:  # fmt: skip
        """Admit a call on a lease that has room, if calls with the same arguments were made before.

        Otherwise return the key of the call: all its arguments; None for a call with an `event_id`.
        """
        if event_id is not None:
            return None
        try:
            if "quantities" in quantities:
                labelled = tuple(quantities["quantities"].items())
                quantities = {**quantities, "quantities": labelled}
            key = (provider, model, operation, tuple(scope.items()) if scope else None,
                   tuple(options.items()) if options else None, ttl_seconds,
                   tuple(quantities.items()))  # fmt: skip
        except AttributeError:  # not a mapping: `CallBuilder.call` raises the error
            return None
        return self._leases.take(key, self._reservation) or key

    def _reservation(self, leased: LeasedCall) -> LeasedReservation:
        leased.caller = current_caller()
        return LeasedReservation(self._parts, self._leases, leased)

    def admit(
        self, key: Any, call: PreparedCall, command: Reserve, terms: Terms | None
    ) -> Steps[Reservation]:
        """Request a lease and admit the call on it. If that fails, pass the call to the next
        admitter."""
        # Calls with the same labels share a lease, so all of them must have the same kind of limits.
        differs = (call.policies.on_limit == "warn") is not self._only_warns
        shape = None if key is None or differs else self._leases.shape(key, call, command)
        try:
            for _ in range(_ASKED_FOR):  # other calls may use up the granted block
                if shape is None or not (yield AskWorker(partial(self._leases.grant, shape))):
                    break
                if (reservation := self._leases.take(key, self._reservation)) is not None:
                    return reservation
        except LedgerError as error:
            return unbacked(self._parts, call, command, error)
        return (yield from self._otherwise.admit(key, call, command, terms))
