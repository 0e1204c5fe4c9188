"""What becomes of a call when something goes wrong inside quotakeeper before the call leaves."""

from __future__ import annotations

from quotakeeper.metering.call_meter import CallMeter
from quotakeeper.metering.refusal import Refused
from quotakeeper.providers.contract import Request
from quotakeeper.providers.registry import live_session, recognise


def refusal_after(
    meter: CallMeter, request: Request, error: Exception, *, live: bool = False
) -> Refused | None:
    """The refusal of a provider's call that cannot be counted; None: it passes.

    `on_store_failure` decides: "deny" refuses it, "allow" lets it pass. `live`: it opens a WebSocket.
    """
    settings = getattr(meter.keeper, "settings", None)
    if getattr(settings, "on_store_failure", "deny") == "allow":
        return None
    if live:
        session = live_session(request, known_hosts=meter.known_hosts)
        found = None if session is None else (session[0], session[1].call)
    else:
        found = recognise(request, known_hosts=meter.known_hosts)
    if found is None or not (live or found[1].bound):
        return None
    adapter, call = found
    problem = f"{type(error).__name__}: {str(error)[:200]}".rstrip(": ")
    text = (
        f"this call cannot be counted, because quotakeeper itself failed ({problem}); it was not sent. "
        'on_store_failure = "allow" lets such calls pass'
    )
    return meter.refused(adapter, call, RuntimeError(text))
