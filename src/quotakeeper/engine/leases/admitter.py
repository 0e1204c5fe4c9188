"""Admits calls on leases, in memory; the ones that it cannot admit it leaves to the next admitter."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from quotakeeper.domain.ledger.commands import Reserve
from quotakeeper.engine.admission import Admitter
from quotakeeper.engine.call_builder import PreparedCall
from quotakeeper.engine.leases.fast_path import shape_key
from quotakeeper.engine.leases.lease_table import LeaseTable
from quotakeeper.engine.leases.leased_reservation import LeasedReservation
from quotakeeper.engine.parts import EngineParts
from quotakeeper.engine.reservation import Reservation
from quotakeeper.engine.worker.steps import Ask, Steps

_ASKED_FOR = 3


class LeaseAdmitter:
    """An Admitter over the leases of this process."""

    def __init__(self, parts: EngineParts, leases: LeaseTable, otherwise: Admitter) -> None:
        self._parts = parts
        self._leases = leases
        self._otherwise = otherwise

    def key(  # noqa: PLR0913 - as Admitter's
        self, provider: str, model: str, operation: str, scope: Mapping[str, str] | None,
        options: Mapping[str, str] | None, ttl_seconds: float, event_id: str | None,
        quantities: Mapping[str, Any], /,
    ) -> Any:  # fmt: skip
        """What calls of one shape have in common; None for one with an id of the caller's."""
        if event_id is not None:
            return None
        return shape_key(provider, model, operation, scope, options, ttl_seconds, quantities)

    def take(self, key: Any) -> Reservation | None:
        """Admit a call of a shape that is known, if there is room for it on a lease."""
        leased = self._leases.take(key)
        return None if leased is None else LeasedReservation(self._parts, self._leases, leased)

    def admit(self, key: Any, call: PreparedCall, command: Reserve) -> Steps[Reservation]:
        """Admit a call on a lease that is asked for now, else the ordinary way."""
        shape = None if key is None else self._leases.shape(key, call, command)
        for _ in range(_ASKED_FOR):  # others may take what was granted
            if shape is None or not (yield Ask(partial(self._leases.grant, shape))):
                break
            if (taken := self.take(key)) is not None:
                return taken
        return (yield from self._otherwise.admit(key, call, command))
