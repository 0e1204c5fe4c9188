"""Holds signals back from this thread, for as long as something of ours is loaded.

A handler that makes a call would find half a module. Python runs handlers in the main thread, between
any two instructions of it. A signal that is held back arrives a moment later.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_signal: Any = import_module("_signal")  # built in; `signal` around it takes a millisecond to load
_HAS_MASKS = hasattr(_signal, "pthread_sigmask")  # Windows has none
# A thread's own faults: held back, they end the process without the program's handler.
_FAULTS = ("SIGILL", "SIGTRAP", "SIGBUS", "SIGFPE", "SIGSEGV", "SIGSYS", "SIGABRT")


class SignalsHeld:
    """`with SignalsHeld():`; what was held back before stays so afterwards."""

    def __enter__(self) -> None:
        self._before: Any = None
        if _HAS_MASKS:
            faults = {getattr(_signal, name, 0) for name in _FAULTS}
            held = set(_signal.valid_signals()) - faults
            self._before = _signal.pthread_sigmask(_signal.SIG_BLOCK, held)

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            _signal.pthread_sigmask(_signal.SIG_SETMASK, self._before)
