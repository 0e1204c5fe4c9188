"""Runs blocking disk work in a thread, so that the event loop is not blocked.

Once started, the work always completes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import asyncio

T = TypeVar("T")


async def offload(act: Callable[[], T]) -> T:
    """Run `act` in a thread and wait for its result. Cancelling the coroutine does not stop
    `act`."""
    import asyncio  # noqa: PLC0415 - slow to import

    doing = _handed_over(act)
    return act() if doing is None else await asyncio.shield(doing)


def hand_over(act: Callable[[], object]) -> None:
    """Run `act` in a thread without waiting. Without an event loop or a thread, run `act` here."""
    if _handed_over(act) is None:
        act()


def _handed_over(act: Callable[[], T]) -> asyncio.Future[T] | None:
    import asyncio  # noqa: PLC0415 - slow to import

    try:
        return asyncio.get_running_loop().run_in_executor(None, act)
    except RuntimeError:
        return None
