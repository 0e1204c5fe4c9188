"""Reads pressed keys on the live screen without waiting."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum


class Key(Enum):
    """The actions of the keys on the live screen."""

    NONE = "nothing"
    QUIT = "quit"
    UP = "up"
    DOWN = "down"
    PAGE_UP = "page up"
    PAGE_DOWN = "page down"
    FIRST = "first"
    LAST = "last"


_KEYS = {
    "q": Key.QUIT, "Q": Key.QUIT, "\x03": Key.QUIT,
    "k": Key.UP, "\x1b[A": Key.UP, "\x1bOA": Key.UP, "\xe0H": Key.UP,
    "j": Key.DOWN, "\x1b[B": Key.DOWN, "\x1bOB": Key.DOWN, "\xe0P": Key.DOWN,
    "b": Key.PAGE_UP, "\x1b[5~": Key.PAGE_UP, "\xe0I": Key.PAGE_UP,
    " ": Key.PAGE_DOWN, "\x1b[6~": Key.PAGE_DOWN, "\xe0Q": Key.PAGE_DOWN,
    "g": Key.FIRST, "\x1b[H": Key.FIRST, "\x1b[1~": Key.FIRST, "\xe0G": Key.FIRST,
    "G": Key.LAST, "\x1b[F": Key.LAST, "\x1b[4~": Key.LAST, "\xe0O": Key.LAST,
}  # fmt: skip


def key_of(typed: str) -> Key:
    """Return the action of a key. `typed` are the characters that the terminal sends for the key."""
    return _KEYS.get(typed, Key.NONE)


@contextmanager
def pressed_keys() -> Iterator[Callable[[], Key]]:
    """Yield a function that returns the action of the key that was just pressed.

    The function never waits: without a pressed key, it returns `Key.NONE`.
    """
    if sys.platform == "win32":
        import msvcrt

        def typed() -> Key:
            if not msvcrt.kbhit():
                return Key.NONE
            first = msvcrt.getwch()
            # Windows sends two characters for an arrow key; the first is one of these.
            return key_of("\xe0" + msvcrt.getwch() if first in ("\x00", "\xe0") else first)

        yield typed
        return
    import select
    import termios
    import tty

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)

    def pressed() -> Key:
        ready = select.select([descriptor], [], [], 0)[0]
        if not ready:
            return Key.NONE
        # Bytes read at once are one key (an arrow is three bytes). No bytes: terminal closed.
        return key_of(os.read(descriptor, 64).decode(errors="replace") or "q")

    try:
        tty.setcbreak(descriptor)
        yield pressed
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
