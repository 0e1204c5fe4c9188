"""Reservations: capacity that is set aside for one call. A reservation ends exactly once."""

from __future__ import annotations

from enum import StrEnum

from quotakeeper.domain.fast_dataclass import fast_dataclass
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.units import Quantities
from quotakeeper.domain.usage import CallLabels, Provenance
from quotakeeper.value_classes import dataclass, replace

LEASE_PREFIX = "quotakeeper-lease:"  # begins the id of a reservation for many calls
UNREAD_NOTE = "the unused rest of a lease, assumed because its process's journal could not be read"


class State(StrEnum):
    """The state of an id. HELD is an open reservation. RECORDED is usage without a reservation."""

    HELD = "held"
    SETTLED = "settled"
    RELEASED = "released"
    EXPIRED = "expired"
    ASSUMED = "assumed"
    RECORDED = "recorded"


@dataclass(slots=True)
class Balance:
    """Sums of one account over one slice, in base units.

    `settled` is all use. `reserved` is the amount of open reservations. `overage` is the part of
    `settled` for which no reservation was admitted.
    """

    settled: int = 0
    reserved: int = 0
    overage: int = 0


def is_lease_id(reservation_id: str) -> bool:
    """Return whether this id is of a lease, a reservation for many calls."""
    return reservation_id.startswith(LEASE_PREFIX)


def process_of(owner: str) -> str:
    """Return the first owner name of a process.

    A process that was counted as ended, but was not, continues under its first name, `~` and a
    number.
    """
    return owner.partition("~")[0]


@dataclass(frozen=True, slots=True)
class ProcessRow:
    """What a ledger on a server knows about a process: its owner name and its host.

    `since_at` and `seen_at` are when it first and last wrote (microseconds since 1970 UTC).
    `is_alive` is False if it counts as ended.
    """

    name: str
    host: str
    since_at: int
    seen_at: int
    is_alive: bool


@fast_dataclass
class Hold:
    """An open reservation, made at instant `at`: the upper bound of one call, or a lease for many
    calls.

    `owner` is the name of the process that made the reservation. `sent` is True if the request may
    have reached the provider. If the process of a sent call ends, the reservation is not released:
    its estimate is counted as assumed use.
    """

    id: str
    at: int
    labels: CallLabels
    quantities: Quantities
    cost_pico: int | None
    price_id: str
    provenance: Provenance
    owner: str
    expires_at: int
    sent: bool = False

    @property
    def is_lease(self) -> bool:
        """Whether this is a lease: a reservation for many calls, which its process admits in
        memory.
        """
        return is_lease_id(self.id)

    @property
    def estimate(self) -> Figures:
        """The figures to settle with if the caller gives none: all that was set aside."""
        return Figures(
            self.quantities, self.cost_pico, self.price_id, Provenance.ESTIMATED,
            note="settled at its estimate",
        )  # fmt: skip


def grown(hold: Hold, more: Figures) -> Hold:
    """Return a reservation with more set aside. If either cost is unknown, the sum is unknown."""
    quantities = dict(hold.quantities)
    for key, amount in more.quantities.items():
        quantities[key] = quantities.get(key, 0) + amount
    cost = hold.cost_pico
    if cost is not None:
        cost = None if more.cost_pico is None else cost + more.cost_pico
    return replace(hold, quantities=quantities, cost_pico=cost)


def drawn(hold: Hold, part: Figures) -> Hold:
    """Return a lease after the amounts of one call are subtracted. No amount falls below 0."""
    quantities, cost = _less(hold, part)
    return replace(hold, quantities=quantities, cost_pico=cost)


def assumed_less(assumed: Figures, part: Figures) -> Figures:
    """Return the assumed figures of a lease after one call is subtracted. No amount falls below 0."""
    quantities, cost = _less(assumed, part)
    return replace(assumed, quantities=quantities, cost_pico=cost)


def assumed_nothing(assumed: Figures) -> Figures:
    """Return the assumed figures of a lease with all amounts set to zero. An unknown cost stays
    unknown.
    """
    return replace(assumed, quantities={}, cost_pico=None if assumed.cost_pico is None else 0)


def _less(of: Hold | Figures, part: Figures) -> tuple[dict[str, int], int | None]:
    quantities = dict(of.quantities)
    for key, amount in part.quantities.items():
        if key in quantities:
            quantities[key] = max(0, quantities[key] - amount)
    cost = of.cost_pico
    if cost is not None and part.cost_pico is not None:
        cost = max(0, cost - part.cost_pico)
    return quantities, cost
