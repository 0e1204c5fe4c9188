"""Bounds the time in which a server must answer.

A server that stands still acknowledges bytes and answers nothing. Neither `tcp_user_timeout` nor
keepalives end such a connection.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from quotakeeper.native_threads import Lock, start_native


@contextmanager
def must_answer_within(raw: Any, milliseconds: int) -> Iterator[None]:
    """Shut the connection down if the block takes longer. Its statement then raises the driver's
    OperationalError."""
    is_over = Lock()
    is_over.acquire()
    try:  # a copy of the descriptor, because the connection may be closed before the watch ends
        watched = socket.socket(fileno=os.dup(raw.fileno()))
    except OSError:
        yield  # the connection is closed: its statement tells this
        return

    def watch() -> None:
        with watched:
            if not is_over.acquire(timeout=milliseconds / 1_000):
                with suppress(OSError):
                    watched.shutdown(socket.SHUT_RDWR)

    try:
        start_native(watch, ())
    except BaseException:
        watched.close()
        raise
    try:
        yield
    finally:
        is_over.release()
