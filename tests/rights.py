"""Makes file modes apply to root too: on Linux a thread can drop the right to bypass them."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_VERSION = 0x20080522  # of the capability structures: two words of 32 bits for each set
_PASS_OVER_MODES = 1 << 1 | 1 << 2  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH


@contextmanager
def modes_hold() -> Iterator[None]:
    """Inside the block, this thread and the threads that it starts obey file modes like an ordinary user."""
    if sys.platform != "linux" or os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_VERSION, 0)
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; twice
    _done(libc.capget(header, sets))
    effective = sets[0]
    sets[0] = effective & ~_PASS_OVER_MODES
    _done(libc.capset(header, sets))
    try:
        yield
    finally:
        sets[0] = effective
        _done(libc.capset(header, sets))


def _done(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), "this thread's capabilities can't be changed")
