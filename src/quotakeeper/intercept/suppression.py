"""Prevents double counting when one HTTP library uses another: only the outermost hook meters a
call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_depth: ContextVar[int] = ContextVar("quotakeeper_depth", default=0)


def is_suppressed() -> bool:
    """Return whether an outer hook already meters this call, in this thread or task."""
    return _depth.get() > 0


@contextmanager
def suppressed() -> Iterator[None]:
    """A context manager in which calls are not metered, in this thread or task."""
    depth = _depth.get()
    _depth.set(depth + 1)
    try:
        yield
    finally:
        # Without a token, because a cancelled task may exit in another context.
        _depth.set(depth)
