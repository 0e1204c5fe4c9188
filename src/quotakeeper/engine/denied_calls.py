"""Applies the policies `on_busy` and `on_limit` to a call that a limit denied.

With `on_limit = "clamp"`, the call's output cap is lowered first. Then the call waits until calls
under way end, or until the period ends. When a call ends in this process, the waiting call
continues at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from quotakeeper.domain.decisions import Decision, Verdict
from quotakeeper.domain.ledger.commands import Denied, Reserve, Reserved
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.units import METERS, Quantities
from quotakeeper.domain.windows import SECOND
from quotakeeper.engine.call_builder import PreparedCall
from quotakeeper.engine.callers import current_caller
from quotakeeper.engine.parts import EngineParts
from quotakeeper.engine.policies import Policies
from quotakeeper.engine.room import MayWait, Rest
from quotakeeper.engine.terms import OUTPUT, Terms
from quotakeeper.engine.worker.steps import Steps
from quotakeeper.value_classes import replace

FIRST_PAUSE_SECONDS = 0.02
BUSY_PAUSE_SECONDS = 0.25  # the longest pause between two checks for room
USED_UP_PAUSE_SECONDS = 1.0  # the same if only the period's end or a correction makes room
_CLAMPED_AGAIN = 3  # attempts: other calls may reserve the remaining amount in between

ON_LOOP = "an event loop runs in this thread: await areserve, or call from another thread"
OWN = "the caller's own thread or task holds a reservation in this limit"
NESTED = "another call of this thread or task is already waiting"
TOO_LATE = "the limit has room again only after a longer wait than wait_seconds"

Pricing = Callable[[Quantities], Figures]


class DeniedCalls:
    """Applies its policies to a call that a limit denied."""

    def __init__(self, parts: EngineParts) -> None:
        self._parts = parts

    def admitted(self, command: Reserve, call: PreparedCall, terms: Terms) -> Steps[Any]:
        """Send `command` until it is admitted or its refusal is final. Returns the last outcome."""
        parts, limits = self._parts, command.limits
        began = parts.clock.monotonic()
        if call.policies.on_limit == "clamp" and command.up_to is None:
            # With `up_to`, a repeat of the call matches its id even if its amounts were lowered before.
            command = replace(command, up_to=command.figures.quantities)
        outcome: Any = None
        if not parts.room.waiting or terms.at_once or not self._lines_up(call, limits, began):
            outcome = yield command
            if not isinstance(outcome, Denied) and not terms.calls:
                return outcome
        return (yield from self.after(outcome, command, call, terms, began))

    def after(
        self, outcome: Any, command: Reserve, call: PreparedCall, terms: Terms, began: float
    ) -> Steps[Any]:
        """Continue `admitted` after its first outcome. An `outcome` of None means: not asked yet."""
        parts, limits = self._parts, command.limits
        if outcome is not None:
            outcome = yield from self._repeated(outcome, command, call, terms)
            if not isinstance(outcome, Denied):
                return _told(outcome, command, terms)
        not_waited = yield from self._why_not(outcome, limits, call.policies, terms, began)
        if not not_waited:
            outcome = yield from self._waited(outcome, command, call, terms, began)
        elif outcome is None:
            outcome = yield from self._asked(command, call, terms)
        if not_waited:
            return _told(outcome, command, terms, not_waited=not_waited.removeprefix(_NO))
        waited_ms = round((parts.clock.monotonic() - began) * 1000)
        return _told(outcome, command, terms, waited_ms)

    def _lines_up(self, call: PreparedCall, limits: tuple[Limit, ...], now: float) -> bool:
        waits = call.policies.on_busy == "wait" or call.policies.on_limit == "wait"
        return waits and self._parts.room.is_due((limit.name for limit in limits), now)

    # -- to ask

    def _asked(self, command: Reserve, call: PreparedCall, terms: Terms) -> Steps[Any]:
        outcome: Any = yield command
        return (yield from self._repeated(outcome, command, call, terms))

    def _repeated(
        self, outcome: Any, command: Reserve, call: PreparedCall, terms: Terms
    ) -> Steps[Any]:
        """Repeat a denied command as long as leases or a lower output cap may help. Returns the
        last outcome."""
        if isinstance(outcome, Denied):
            outcome = yield from self._parts.recalls.ask_again(command, outcome)
        if isinstance(outcome, Denied):
            outcome = yield from self._lowered(outcome, command, call, terms)
        return outcome

    def _lowered(
        self, denied: Denied, command: Reserve, call: PreparedCall, terms: Terms
    ) -> Steps[Any]:
        """With the policy "clamp", repeat the command with a lower output cap. Returns the last
        outcome."""
        policies = call.policies
        if policies.on_limit != "clamp" or terms.at_once or _is_told_at_once(denied.decision):
            return denied
        quantities = command.figures.quantities
        cap = terms.cap(quantities)
        if cap is None or cap.fixed or not quantities.get(OUTPUT):
            terms.not_clamped = f"the output cap cannot be lowered: {cap.fixed}" if cap else ""
            return denied
        commands, answers = self._parts.commands, max(1, cap.answers)
        least = max(policies.clamp_least, cap.least) * answers
        outcome, figures = denied, command.figures

        def price(tried: Quantities) -> Figures:
            return commands.estimate(call, _given(tried))

        for _ in range(_CLAMPED_AGAIN):
            refusing = outcome.decision.refusing
            most = largest_output(figures, refusing, price)
            most -= most % answers
            if most < least:
                free = tuple(map(_without_calls_under_way, refusing))
                terms.fits_lowered = largest_output(figures, free, price) >= least
                terms.not_clamped = f"fewer output tokens are left than clamp_least = {least}"
                return denied
            figures = commands.estimate(call, _given({**quantities, OUTPUT: most}))
            outcome = yield replace(command, figures=figures)
            if not isinstance(outcome, Denied):
                return outcome
            if _is_told_at_once(outcome.decision):  # calls were paused in the meantime
                return outcome
        return denied

    # -- to wait

    def _why_not(
        self, denied: Denied | None, limits: tuple[Limit, ...], policies: Policies, terms: Terms,
        began: float,
    ) -> Steps[str]:  # fmt: skip
        """Return the reason why the call does not wait; "" if the call waits."""
        if terms.at_once:
            return _NO
        if denied is not None:
            if _is_told_at_once(denied.decision):
                return _NO
            if self._until(denied.decision, policies, terms, began) is None:
                never = any(verdict.never_fits for verdict in denied.decision.refusing)
                endless = denied.decision.blocking.limit.window.is_endless
                late = policies.on_limit == "wait" and not never and not endless
                return TOO_LATE if late else _NO
            limits = tuple(verdict.limit for verdict in denied.decision.refusing)
        caller, room = current_caller(), self._parts.room
        if room.waits(caller):
            return NESTED
        if policies.on_limit != "wait" and room.holds_some(caller, limits):
            return OWN
        return "" if (yield MayWait()) else ON_LOOP

    def _until(
        self, decision: Decision, policies: Policies, terms: Terms, began: float
    ) -> float | None:
        """Return until when a refused call may wait (monotonic seconds). None if it must not wait."""
        clock = self._parts.clock
        if _is_told_at_once(decision):
            return None
        if policies.on_busy == "wait" and terms.fits_lowered:
            return began + policies.busy_seconds
        if any(verdict.never_fits for verdict in decision.refusing):
            return None
        if policies.on_limit == "wait":
            until = began + policies.wait_seconds
            left = (decision.blocking.resets_at - clock.now()) / SECOND
            if decision.is_held or left <= until - clock.monotonic():
                return until
        if policies.on_busy == "wait" and decision.is_held:
            return began + policies.busy_seconds
        return None

    def _waited(
        self, denied: Denied | None, command: Reserve, call: PreparedCall, terms: Terms,
        began: float,
    ) -> Steps[Any]:  # fmt: skip
        """Wait, and repeat the command whenever it may now be admitted. Returns the last outcome."""
        clock, room = self._parts.clock, self._parts.room
        names = frozenset(
            verdict.limit.name for verdict in denied.decision.refusing
        ) if denied else frozenset(limit.name for limit in command.limits)  # fmt: skip
        outcome: Any = denied
        waiting = room.join(names, current_caller(), began)
        pause = FIRST_PAUSE_SECONDS
        try:
            while True:
                until: float | None = began + call.policies.busy_seconds
                if isinstance(outcome, Denied):
                    until = self._until(outcome.decision, call.policies, terms, began)
                now = clock.monotonic()
                if until is None or now >= until:
                    break
                if outcome is not None or room.is_behind(waiting):
                    seconds = min(self._pause(outcome, terms, pause), until - now)
                    woken = yield Rest(waiting, clock, seconds)
                    pause = FIRST_PAUSE_SECONDS if woken else pause * 2
                    if room.is_behind(waiting):
                        continue
                outcome = yield from self._asked(command, call, terms)
                if not isinstance(outcome, Denied):
                    return outcome
            if outcome is None:
                outcome = yield from self._asked(command, call, terms)
            return outcome
        finally:
            room.leave(waiting)

    def _pause(self, denied: Denied | None, terms: Terms, pause: float) -> float:
        """Return how many seconds to wait before the command is repeated."""
        if denied is None or denied.decision.is_held or terms.fits_lowered:
            return min(pause, BUSY_PAUSE_SECONDS)
        left = (denied.decision.blocking.resets_at - self._parts.clock.now()) / SECOND
        return min(pause, USED_UP_PAUSE_SECONDS, max(left, FIRST_PAUSE_SECONDS))


def _is_told_at_once(decision: Decision) -> bool:
    """Whether only a person can end the refusal: by ending a pause, or by confirming the clock.

    The caller then gets the refusal without waiting.
    """
    return decision.pause is not None or decision.doubt is not None


_NO = "no"  # the policy is not to wait, or waiting does not help


def largest_output(figures: Figures, verdicts: tuple[Verdict, ...], price: Pricing) -> int:
    """Return the most output tokens with which the call fits in all limits of `verdicts`.

    All other figures stay. Returns 0 if the call does not fit even without output. Also returns 0
    if one of the limits does not count output.
    """
    quantities = figures.quantities
    most = quantities.get(OUTPUT, 0)
    for verdict in verdicts:
        meter = METERS[verdict.limit.meter]
        if OUTPUT in meter.parts:
            most = min(most, verdict.remaining - (verdict.asked - quantities.get(OUTPUT, 0)))
        elif meter.name == "cost" and figures.cost_pico is not None:
            most = _affordable(quantities, most, verdict.remaining, price)
        else:
            return 0
    return max(0, most)


def _without_calls_under_way(verdict: Verdict) -> Verdict:
    """Return the verdict as if all calls under way had used nothing."""
    return replace(verdict, remaining=max(0, verdict.limit.amount - verdict.used))


def _affordable(quantities: Quantities, most: int, pico: int, price: Pricing) -> int:
    """Return the most output tokens, up to `most`, with which `quantities` cost at most `pico`."""
    least, beyond = 0, max(0, most) + 1
    while beyond - least > 1:  # binary search: cost grows with tokens under every tariff
        tried = (least + beyond) // 2
        cost = price({**quantities, OUTPUT: tried}).cost_pico
        if cost is not None and cost <= pico:
            least = tried
        else:
            beyond = tried
    return least


def _given(quantities: Quantities) -> dict[str, Any]:
    """Return `quantities` as arguments for `CommandBuilder.estimate`.

    Without `requests` in `quantities`, no request is counted; the default would be 1.
    """
    return {"quantities": {"requests": 0, **quantities}}


def _told(
    outcome: Any, command: Reserve, terms: Terms, waited_ms: int = 0, not_waited: str = ""
) -> Any:
    """Add the HoldBasis to the decision of a call that was refused, was lowered, or had to wait."""
    if isinstance(outcome, Denied):
        basis = terms.basis(command.figures, waited_ms=waited_ms, not_waited=not_waited)
        return Denied(replace(outcome.decision, basis=basis))
    if not isinstance(outcome, Reserved) or outcome.replay:
        return outcome
    hold = outcome.hold
    lowered = hold.quantities.get(OUTPUT, 0) < command.figures.quantities.get(OUTPUT, 0)
    if not lowered and not waited_ms and not terms.calls:
        return outcome
    figures = replace(command.figures, quantities=hold.quantities, cost_pico=hold.cost_pico)
    clamped = hold.quantities.get(OUTPUT, 0) if lowered else None
    terms.most = terms.most or command.figures.quantities
    basis = terms.basis(figures, waited_ms=waited_ms, clamped_output_tokens=clamped)
    return Reserved(hold, replace(outcome.decision, basis=basis), outcome.replay, outcome.event)
