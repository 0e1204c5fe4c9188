"""A call that waits to be admitted. If a limit lowers its output cap, `lowered_body` returns the
request body with the new cap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quotakeeper.metering.retries import Link
from quotakeeper.providers.adapter import body_with_output_cap, output_cap_of
from quotakeeper.providers.contract import Adapter, Call, Request
from quotakeeper.value_classes import dataclass

if TYPE_CHECKING:
    from quotakeeper.engine.reservation import Reservation


@dataclass(slots=True)
class PendingCall:
    """A call that waits to be admitted. `arguments` are those of `Keeper.reserve`."""

    request: Request
    adapter: Adapter
    call: Call
    link: Link | None
    arguments: dict[str, Any]
    reservation: Reservation | None = None


def lowered_body(pending: PendingCall) -> bytes | None:
    """Return the body with the lowered output cap, to be sent; None if the cap was not lowered."""
    assert pending.reservation is not None
    basis = pending.reservation.decision.basis
    if basis is None or basis.clamped_output_tokens is None:
        return None
    request, call = pending.request, pending.call
    cap = output_cap_of(pending.adapter, request, call)
    answers = cap.answers if cap is not None else 1
    tokens = basis.clamped_output_tokens // answers
    return body_with_output_cap(pending.adapter, request, call, tokens)
