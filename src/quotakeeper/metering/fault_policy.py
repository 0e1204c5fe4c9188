"""Decides what happens to a call after an error inside quotakeeper, before the call is sent."""

from __future__ import annotations

from quotakeeper.domain.usage import Outcome, Provenance
from quotakeeper.engine.worker.offload import hand_over
from quotakeeper.metering.call_meter import CallMeter
from quotakeeper.metering.call_origin import CallOrigin
from quotakeeper.metering.recognised import find_call, welcome_provider
from quotakeeper.metering.refusal import Refused, UnfollowedCallError
from quotakeeper.providers.contract import Request


def refusal_after(
    meter: CallMeter, request: Request, error: Exception, origin: CallOrigin | None = None
) -> Refused | None:
    """Return the refusal of a call or session that cannot be counted; None if it may be sent.

    `on_store_failure` decides: "deny" refuses the call, "allow" sends it. A request that is not a
    provider's call may always be sent.
    """
    settings = getattr(meter.keeper, "settings", None)
    if getattr(settings, "on_store_failure", "deny") == "allow":
        return None
    found = find_call(meter, request, origin, counts=False)
    if found is None or not found[1].bound:
        return None
    if isinstance(error, UnfollowedCallError):
        meter.settler.put(error.reservation.release)
    adapter, call = found
    text = (
        f"this call cannot be counted, because quotakeeper itself failed ({_problem(error)}); "
        "it was not sent. "
        'on_store_failure = "allow" sends such calls'
    )
    return meter.refused(adapter, call, RuntimeError(text))


def counted_later(
    meter: CallMeter, request: Request, error: Exception, *, is_reserved: bool = False,
    origin: CallOrigin | None = None,
) -> bool:  # fmt: skip
    """Count a call that is sent although an error stopped its metering. Its usage counts as
    assumed.

    If the call has a reservation, the whole reservation is assumed. Otherwise the upper bound of
    the call is recorded, or spooled if the ledger cannot be used. Returns False if the request is
    not a provider's call.
    """
    if isinstance(error, UnfollowedCallError):
        reservation, reason = error.reservation, LookupError("what the call used is not known")
        meter.settler.put(lambda: reservation.__exit__(type(reason), reason, None))
        return True
    if is_reserved:
        return True
    found = find_call(meter, request, origin, counts=False)
    if found is None or not found[1].bound:
        return False
    call = found[1]

    labels = dict(meter.scope if origin is None else origin.scope)

    def book() -> None:
        try:
            welcome_provider(meter.keeper, call.provider)
            meter.keeper.record(
                call.provider, model=call.model, operation=call.operation, scope=labels,
                options=dict(call.options), quantities=dict(call.bound),
                provenance=Provenance.ASSUMED, outcome=Outcome.UNKNOWN,
                note=f"quotakeeper itself failed before the call was sent ({_problem(error)})",
            )  # fmt: skip
        except Exception as failure:  # noqa: BLE001 - the call was already sent
            meter.fault("a call was sent and not counted", failure)

    hand_over(book)
    return True


def _problem(error: Exception) -> str:
    cause = error.__cause__ if isinstance(error, UnfollowedCallError) else error
    return f"{type(cause).__name__}: {str(cause)[:200]}".rstrip(": ")
