"""Puts functions in the place of others, once, and takes them away again."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

_MARK = "_quotakeeper_instead_of"


class Patches:
    """What one hook has changed."""

    def __init__(self) -> None:
        self._made: list[tuple[Any, str, Any]] = []

    def wrap(self, owner: Any, name: str, make: Callable[[Any], Any]) -> bool:
        """Put `make(original)` in the place of `owner.name`, which must be its own, not inherited.

        Returns whether it was done: not a second time, and not where there is no such name.
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
        """Take everything back that nobody else has put something over since."""
        for owner, name, wrapper in reversed(self._made):
            if vars(owner).get(name) is wrapper:
                setattr(owner, name, getattr(wrapper, _MARK))
        self._made.clear()
