"""Holds signals back from this thread, for as long as something of ours is loaded.

A handler that makes a call would find half a module. Python runs handlers in the main thread, between
any two instructions of it. A signal that is held back arrives a moment later.
"""

from __future__ import annotations

from typing import Any

try:
    import _signal
    from _signal import SIG_BLOCK, SIG_SETMASK, pthread_sigmask, valid_signals
except ImportError:  # Windows has no masks
    _signal = None  # type: ignore[assignment]

# A thread's own faults: held back, they end the process without the program's handler.
_FAULTS = ("SIGILL", "SIGTRAP", "SIGBUS", "SIGFPE", "SIGSEGV", "SIGSYS", "SIGABRT")


class SignalsHeld:
    """`with SignalsHeld():`; what was held back before stays so afterwards."""

    def __enter__(self) -> None:
        self._before: Any = None
        if _signal is not None:
            faults = {getattr(_signal, name, 0) for name in _FAULTS}
            self._before = pthread_sigmask(SIG_BLOCK, set(valid_signals()) - faults)

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            pthread_sigmask(SIG_SETMASK, self._before)
