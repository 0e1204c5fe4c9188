"""Decides what happens to a call after an error inside quotakeeper, before the call is sent."""

from __future__ import annotations

from quotakeeper.metering.call_meter import CallMeter
from quotakeeper.metering.refusal import Refused
from quotakeeper.providers.contract import Request
from quotakeeper.providers.registry import recognise


def refusal_after(meter: CallMeter, request: Request, error: Exception) -> Refused | None:
    """Return the refusal of a provider's call or live session that cannot be counted; None: send
    it.

    `on_store_failure` decides: "deny" refuses the call, "allow" sends it.
    """
    settings = getattr(meter.keeper, "settings", None)
    if getattr(settings, "on_store_failure", "deny") == "allow":
        return None
    found = recognise(request, known_hosts=meter.known_hosts)
    if found is None or not found[1].bound:
        return None
    adapter, call = found
    problem = f"{type(error).__name__}: {str(error)[:200]}".rstrip(": ")
    text = (
        f"this call cannot be counted, because quotakeeper itself failed ({problem}); it was not sent. "
        'on_store_failure = "allow" lets such calls pass'
    )
    return meter.refused(adapter, call, RuntimeError(text))
