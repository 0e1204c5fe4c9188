"""HTTP libraries use each other: the outermost hook meters a call, the hooks below it do not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_depth: ContextVar[int] = ContextVar("quotakeeper_depth", default=0)


def is_suppressed() -> bool:
    """Return whether an outer hook meters this call already, in this thread or task."""
    return _depth.get() > 0


@contextmanager
def suppressed() -> Iterator[None]:
    """A context manager: calls made inside it are not metered."""
    depth = _depth.get()
    _depth.set(depth + 1)
    try:
        yield
    finally:
        # No token: a cancelled task may exit in another context than the one it entered.
        _depth.set(depth)
