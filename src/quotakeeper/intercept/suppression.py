"""Libraries stand on each other: the outermost hook counts a call, those below let it pass."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_depth: ContextVar[int] = ContextVar("quotakeeper_depth", default=0)


def is_suppressed() -> bool:
    """Whether a hook further out has this call in hand, here in this thread or task."""
    return _depth.get() > 0


@contextmanager
def suppressed() -> Iterator[None]:
    """What happens here is counted already, or not to be counted."""
    depth = _depth.get()
    _depth.set(depth + 1)
    try:
        yield
    finally:
        # No token: a cancelled task may leave in another context than it entered.
        _depth.set(depth)
