"""What waits for the disk, done beside the event loop: once handed over it is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import asyncio

T = TypeVar("T")


async def offload(act: Callable[[], T]) -> T:
    """Do it in a thread and wait; a coroutine that is cancelled meanwhile cancels nothing of it."""
    import asyncio  # noqa: PLC0415 - see Worker

    doing = _handed_over(act)
    return act() if doing is None else await asyncio.shield(doing)


def hand_over(act: Callable[[], object]) -> None:
    """Do it in a thread without waiting; at once where there is no loop or no thread."""
    if _handed_over(act) is None:
        act()


def _handed_over(act: Callable[[], T]) -> asyncio.Future[T] | None:
    import asyncio  # noqa: PLC0415 - see Worker

    try:
        return asyncio.get_running_loop().run_in_executor(None, act)
    except RuntimeError:
        return None
