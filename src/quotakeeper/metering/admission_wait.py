"""Tries to reserve a call until it is admitted or finally refused.

After the first refusal, the finished calls are settled, because this may free reserved amounts.
Then the call is tried again. After later refusals, the policy decides whether to wait, and for how
many seconds.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import Protocol

from quotakeeper.errors import LimitExceeded
from quotakeeper.metering.refusal import Denied
from quotakeeper.metering.steps import adrive, drive

_ADMIT, _CATCH_UP = "admit", "catch up"
# A generator for threads and event loops. It yields the next step: try, settle the finished calls, or
# the seconds to wait. It receives the refusal or None, and returns the final refusal or None.
_Steps = Generator[str | float, Denied | None, Denied | None]


class Waiter(Protocol):
    """The methods of the meter that `until_admitted` uses."""

    def wait_for(self, error: Exception) -> float:
        """Return the seconds to wait before the next try; 0 if the refusal is final."""

    def flush(self) -> bool:
        """Block until every finished call is in the ledger. Returns False if this takes too long."""

    async def caught_up(self) -> None:
        """Wait on an event loop until every finished call is in the ledger."""

    def sleep(self, seconds: float) -> None:
        """Block for `seconds`."""


def until_admitted(waiter: Waiter, admit: Callable[[], Denied | None]) -> Denied | None:
    """Call `admit` until the call is admitted (returns None) or finally refused (returns the
    refusal).

    `admit` tries once. It returns None if the call is admitted, else the refusal.
    """

    def carry_out(step: str | float) -> Denied | None:
        if step == _ADMIT:
            return admit()
        if step == _CATCH_UP:
            waiter.flush()
        else:
            waiter.sleep(float(step))
        return None

    return drive(_steps(waiter), carry_out)


async def auntil_admitted(
    waiter: Waiter, admit: Callable[[], Awaitable[Denied | None]]
) -> Denied | None:
    """Awaitable form of `until_admitted`, for an asyncio loop."""
    import asyncio  # noqa: PLC0415 - a caller on asyncio has imported it

    async def carry_out(step: str | float) -> Denied | None:
        if step == _ADMIT:
            return await admit()
        if step == _CATCH_UP:
            await waiter.caught_up()
        else:
            await asyncio.sleep(float(step))
        return None

    return await adrive(_steps(waiter), carry_out)


def _steps(waiter: Waiter) -> _Steps:
    has_caught_up = False
    while True:
        denied = yield _ADMIT
        if denied is None:
            return None
        if not has_caught_up and isinstance(denied, LimitExceeded):
            has_caught_up = True
            yield _CATCH_UP
            continue
        seconds = waiter.wait_for(denied)
        if not seconds:
            return denied
        yield seconds
