"""Replaces functions of a library, and restores them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

_MARK = "_quotakeeper_instead_of"


class Patches:
    """The replaced functions of one hook."""

    def __init__(self) -> None:
        self._made: list[tuple[Any, str, Any]] = []

    def wrap(self, owner: Any, name: str, make: Callable[[Any], Any]) -> bool:
        """Replace `owner.name` by `make(original)`. Returns whether it was replaced.

        Changes nothing if `name` is already replaced, or if `owner` inherits it or does not have
        it.
        """
        original = vars(owner).get(name)
        if original is None or hasattr(original, _MARK):
            return False
        wrapper = functools.wraps(original)(make(original))
        setattr(wrapper, _MARK, original)
        setattr(owner, name, wrapper)
        self._made.append((owner, name, wrapper))
        return True

    def undo(self) -> None:
        """Restore every replaced function. Skips functions that other code has replaced since."""
        for owner, name, wrapper in reversed(self._made):
            if vars(owner).get(name) is wrapper:
                setattr(owner, name, getattr(wrapper, _MARK))
        self._made.clear()
