"""Blocks signals in this thread while quotakeeper modules are being imported.

Python runs signal handlers in the main thread, between any two instructions. A handler that makes a
call during the import would find a half-loaded module. A blocked signal is delivered after the
import.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_signal: Any = import_module("_signal")  # built in; importing `signal` takes 1 ms
_HAS_MASKS = hasattr(_signal, "pthread_sigmask")  # Windows has no signal masks
# Faults of the thread itself. If these are blocked, they end the process without the program's
# handler.
_FAULTS = ("SIGILL", "SIGTRAP", "SIGBUS", "SIGFPE", "SIGSEGV", "SIGSYS", "SIGABRT")


class SignalsHeld:
    """A context manager that blocks signals in this thread.

    At its end, it restores the earlier state: signals that were blocked before are still blocked.
    """

    def __enter__(self) -> None:
        self._before: Any = None
        if _HAS_MASKS:
            faults = {getattr(_signal, name, 0) for name in _FAULTS}
            held = set(_signal.valid_signals()) - faults
            self._before = _signal.pthread_sigmask(_signal.SIG_BLOCK, held)

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            _signal.pthread_sigmask(_signal.SIG_SETMASK, self._before)
