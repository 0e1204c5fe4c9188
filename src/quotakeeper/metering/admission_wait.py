"""Asks the ledger again until a call is admitted, or until the refusal stands.

A refused call is asked for a second time after the calls that have ended are settled, for these may
leave room. After that the policy says how long to wait, if at all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import Protocol

from quotakeeper.errors import LimitExceeded
from quotakeeper.metering.refusal import Denied
from quotakeeper.metering.steps import adrive, drive

_ADMIT, _CATCH_UP = "admit", "catch up"
# Gives what to do next (ask, catch up, or wait so many seconds), is told the refusal, and returns
# the one that stands. So there is one for threads and event loops alike.
_Steps = Generator[str | float, Denied | None, Denied | None]


class Waiter(Protocol):
    """What the meter gives to wait with."""

    def wait_for(self, error: Exception) -> float:
        """Seconds to wait before asking again; 0 when the refusal stands."""

    def flush(self) -> bool:
        """Wait until every call that has ended is in the ledger."""

    async def caught_up(self) -> None:
        """`flush`, awaited."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


def until_admitted(waiter: Waiter, admit: Callable[[], Denied | None]) -> Denied | None:
    """Ask until admitted: None. Or the refusal that stands. `admit` gives the refusal, or None."""

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
    """`until_admitted` on an asyncio loop."""
    import asyncio  # noqa: PLC0415 - whoever awaits on asyncio has it

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
