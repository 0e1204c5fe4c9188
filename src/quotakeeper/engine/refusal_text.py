"""The message of a refusal: the limit, its settled and reserved use, and how to continue."""

from __future__ import annotations

from datetime import tzinfo

from quotakeeper.domain.decisions import Decision, HoldBasis, Verdict
from quotakeeper.domain.units import METERS, split_key
from quotakeeper.engine.policies import Policies


def refusal_text(decision: Decision, zone: tzinfo, policies: Policies) -> str:
    """Return two sentences for people: the state of the limit, then the call's amounts and the
    fix."""
    verdict, basis = decision.blocking, decision.basis
    text = verdict.explain(zone)
    others = [repr(each.limit.name) for each in decision.refusing if each is not verdict]
    if others:
        text += f" (also refused by {', '.join(others)})"
    if basis is None:
        return text
    waited = f"; waited {_seconds(basis.waited_ms)} s" if basis.waited_ms else ""
    why_not = f"; did not wait: {basis.not_waited}" if basis.not_waited else ""
    if basis.not_clamped:
        why_not += f"; {basis.not_clamped}"
    fix = f": {_fix(decision, verdict, basis, policies)}"
    return f"{text}{waited}{why_not}. The call reserves {_reserved(verdict, basis)}{fix}"


def _seconds(milliseconds: int) -> str:
    whole, part = divmod(milliseconds, 1000)
    return str(whole) if whole >= 10 or not part else f"{whole}.{part // 100}"


def _reserved(verdict: Verdict, basis: HoldBasis) -> str:
    """Return the amounts of the call that the limit counts, with the reason for each amount."""
    parts = METERS[verdict.limit.meter].parts
    counted = {
        key: amount for key, amount in basis.quantities.items()
        if split_key(key)[0] in parts or (verdict.limit.meter == "cost" and key != "requests")
    }  # fmt: skip
    said = []
    for key, amount in (counted or basis.quantities).items():
        reason = basis.reasons.get(key, "")
        unit = key.replace("_", " ")
        unit = unit.removesuffix("s") if amount == 1 else unit
        said.append(f"{amount:,} {unit}" + (f" ({reason})" if reason else ""))
    how = "" if basis.explain() == "worst case" else f", {basis.explain()}"
    return " and ".join(said[-4:]) + how if said else "no amount that quotakeeper counts"


def _fix(decision: Decision, verdict: Verdict, basis: HoldBasis, policies: Policies) -> str:
    """Return the changes that would help the user, the best first."""
    fixes = []
    output = "output_tokens" in basis.quantities
    can_be_smaller = output and verdict.limit.meter != "requests"
    unnamed = basis.reasons.get("output_tokens", "").partition(" does not set ")[2]
    if can_be_smaller and unnamed:
        fixes.append(f"set {unnamed} in the request")
    elif can_be_smaller:
        fixes.append("ask for less output")
    if decision.is_held and policies.on_busy != "wait" and policies.on_limit != "wait":
        fixes.append('set on_busy = "wait"')
    elif verdict.limit.window.is_endless and not decision.is_held:
        pass  # prepaid credit never resets, so waiting does not help
    elif policies.on_limit == "wait" and not verdict.never_fits:
        fixes.append("raise wait_seconds")
    elif basis.waited_ms:
        fixes.append("raise busy_seconds")
    elif not decision.is_held and not verdict.never_fits:
        fixes.append('set on_limit = "wait"')
    if can_be_smaller and decision.is_held and policies.hold != "typical":
        fixes.append('set hold = "typical"')
    if can_be_smaller and policies.on_limit != "clamp":
        fixes.append('set on_limit = "clamp"')
    fixes.append("add credit" if verdict.limit.window.is_endless else "raise the limit")
    return ", or ".join(fixes)
