"""Reserves an open session, whose length is unknown, block by block.

If a limit has no room for a whole block, smaller blocks are tried. At the end, one reservation is
settled at the usage of the whole session, and the others are released. So the session becomes one
usage event.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from quotakeeper.engine.batch_settle import OpenSession
from quotakeeper.errors import LimitExceeded
from quotakeeper.metering.call_origin import CallOrigin
from quotakeeper.metering.recognised import welcome_provider
from quotakeeper.metering.refusal import DENIED, Denied
from quotakeeper.metering.steps import adrive, drive
from quotakeeper.providers.contract import Call
from quotakeeper.value_classes import dataclass

if TYPE_CHECKING:
    from quotakeeper.engine.reservation import Reservation
    from quotakeeper.keeper import Keeper

_PARTS = (1, 2, 4, 8, 16, 32, 60)  # divisors of a block: the smallest of a 60 s block is 1 s
_TTL_SECONDS = 3_600.0
EXTEND_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class ReserveStep:
    """A step: reserve these quantities. `waits`: wait until they fit, as the policies say."""

    quantities: dict[str, int]
    waits: bool = False


class ExtendStep:
    """A step: keep the reservations open for longer."""


class ReleaseStep:
    """A step: release all reservations of the session."""


Step = ReserveStep | ExtendStep | ReleaseStep
# A generator for threads and event loops. It yields steps for the ledger, receives their outcomes,
# and returns the refusal or None.
Plan = Generator[Step, "Reservation | Denied | None", "Denied | None"]


class SessionBudget:
    """The reservations of one session. `covered` is the sum of their quantities."""

    def __init__(self, keeper: Keeper, origin: CallOrigin, call: Call) -> None:
        self.call = call
        self.covered: dict[str, int] = {}
        self._keeper = keeper
        self._origin = origin
        self._held: list[Reservation] = []
        self._session = OpenSession()

    @property
    def is_open(self) -> bool:
        """Whether the session has a reservation."""
        return bool(self._held)

    def covers(self, needed: Mapping[str, int]) -> bool:
        """Return whether the reservations are enough for these quantities."""
        return all(self.covered.get(meter, 0) >= amount for meter, amount in needed.items())

    # -- plans

    def opening(self, needed: Mapping[str, int] | None = None, *, waits: bool = False) -> Plan:
        """Return the steps that reserve the first block. `waits`: wait for the smallest one."""
        sizes = list(self._sizes(needed or {}, self.call.bound, requests=1))
        denied = yield from self._reserving(iter(sizes))
        if waits and isinstance(denied, LimitExceeded):
            return (yield from self._reserving(iter(sizes[-1:]), waits=True))
        return denied

    def growing(self, needed: Mapping[str, int]) -> Plan:
        """Return the steps that reserve one more block of each quantity that exceeds its
        reservation."""
        lacking = {name for name, amount in needed.items() if amount > self.covered.get(name, 0)}
        wanted = {name: self._block_of(name) for name in lacking}
        return self._reserving(self._sizes(needed, wanted, requests=0))

    def renamed(self, call: Call, needed: Mapping[str, int]) -> Plan:
        """Return the steps that release everything and reserve again, because the model is known
        only now."""
        before, self.call = self.call, call
        yield ReleaseStep()
        self._held, self.covered = [], {}
        denied = yield from self.opening(needed)
        if denied is not None:
            # The session will be ended. But it was opened, which counts as one request of the
            # first model.
            self.call = before
            yield from self._reserving(iter([{"requests": 1}]))
        return denied

    def drive(self, plan: Plan) -> Denied | None:
        """Run the steps in this thread. Returns the refusal, or None."""
        return drive(plan, self._carry_out)

    async def adrive(self, plan: Plan) -> Denied | None:
        """Awaitable form of `drive`."""
        return await adrive(plan, self._acarry_out)

    # -- what is written down

    def note(self, figures: dict[str, Any]) -> None:
        """Save the usage so far to a file, for the case that this process is killed.

        Another process then settles the session from the file. Raises OSError.
        """
        if self._held:
            self._session.write(self._held, figures)

    def forget_note(self) -> None:
        """Save that the usage is unknown: after a kill, the reservations are charged in full.

        Raises OSError.
        """
        self._session.unknown(self._held)

    # -- the end

    def settle(self, figures: dict[str, Any] | None) -> None:
        """Settle the session at `figures`; if this is None, charge everything that is reserved."""
        held, self._held = self._held, []
        self._end(held, figures)
        self._session.end()

    def _end(self, held: list[Reservation], figures: dict[str, Any] | None) -> None:
        if figures is None:
            reason = LookupError("the use is not known")
            for each in held:
                # An error after the session began makes a reservation charge its estimate.
                each.__exit__(type(reason), reason, None)
        elif held:
            held[0].settle(**figures)
            # Released only now, so that no other call can take their capacity before.
            for each in held[1:]:
                each.release()

    def release(self) -> None:
        """Release all reservations, because nothing was used."""
        held, self._held = self._held, []
        for each in held:
            each.release()
        self._session.end()

    # -- inside

    def _sizes(
        self, needed: Mapping[str, int], wanted: Mapping[str, int], *, requests: int
    ) -> Iterator[dict[str, int]]:
        """Yield the quantities to try, largest first: from a whole block down to the missing
        amount."""
        lacking = {name: amount - self.covered.get(name, 0) for name, amount in needed.items()}
        least = {name: amount for name, amount in lacking.items() if amount > 0}
        tried: list[dict[str, int]] = []
        for part in (*_PARTS, 0) if least else _PARTS:
            size = dict(least)
            for name, amount in wanted.items() if part else ():
                size[name] = max(size.get(name, 0), -(-amount // part))
            size["requests"] = requests
            if size not in tried:
                tried.append(size)
                yield size

    def _block_of(self, name: str) -> int:
        """Return the amount of a quantity per block.

        If the call's upper bound does not have the quantity, returns the largest amount of the same
        meter in another modality.
        """
        bound, meter = self.call.bound, name.partition("@")[0]
        kin = (amount for other, amount in bound.items() if other.partition("@")[0] == meter)
        return bound.get(name) or max(kin, default=0)

    def _reserving(self, sizes: Iterator[dict[str, int]], *, waits: bool = False) -> Plan:
        denied: Denied | None = None
        for size in sizes:
            reply = yield ReserveStep(size, waits)
            if not isinstance(reply, Exception):
                if reply is not None:
                    self._held.append(reply)
                for name, amount in size.items():
                    self.covered[name] = self.covered.get(name, 0) + amount
                return None
            denied = reply
            if not isinstance(reply, LimitExceeded):
                break
        return denied

    def _carry_out(self, step: Step) -> Reservation | Denied | None:
        try:
            if isinstance(step, ReserveStep):
                return self._keeper.reserve(**self._asked(step))
            for each in self._held:
                each.extend(_TTL_SECONDS) if isinstance(step, ExtendStep) else each.release()
        except DENIED as error:
            return error
        return None

    async def _acarry_out(self, step: Step) -> Reservation | Denied | None:
        try:
            if isinstance(step, ReserveStep):
                return await self._keeper.areserve(**self._asked(step))
            for each in self._held:
                extends = isinstance(step, ExtendStep)
                await (each.aextend(_TTL_SECONDS) if extends else each.arelease())
        except DENIED as error:
            return error
        return None

    def _asked(self, step: ReserveStep) -> dict[str, Any]:
        welcome_provider(self._keeper, self.call.provider)
        return {
            "provider": self.call.provider,
            "model": self.call.model,
            "operation": self.call.operation,
            "scope": dict(self._origin.scope),
            "options": dict(self.call.options),
            "quantities": step.quantities,
            "ttl_seconds": _TTL_SECONDS,
            "sent": True,
            "on_limit": self._origin.on_limit,
            # By default, do not wait: smaller blocks are tried, and the session goes on.
            "at_once": not step.waits,
        }
