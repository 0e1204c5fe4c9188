"""The connection between a worker of a gateway and the process that supervises it."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

READY, STOP, END = b"r", b"s", b"e"


class WorkerLink:
    """A worker's side: it says that it serves, and hears when to stop.

    `number` counts the workers from 0. `listeners` are the sockets that all workers share, and
    `folder` has what they share beside the ledger.
    """

    def __init__(
        self, number: int, link: socket.socket, listeners: Sequence[socket.socket], folder: Path
    ) -> None:
        self.number = number
        self.listeners = tuple(listeners)
        self.folder = folder
        self._link = link
        self._is_orphan = False

    def say_ready(self) -> None:
        """Tell the supervisor that this worker serves."""
        with suppress(OSError):  # the supervisor has ended; `hear` notices it
            self._link.send(READY)

    def hear(self, stop: Callable[[], None], end: Callable[[], None]) -> None:
        """Call `stop` and `end` on the running loop, as the supervisor tells it.

        If the supervisor has ended, even by a crash, the worker stops too.
        """
        loop = asyncio.get_running_loop()

        def heard() -> None:
            try:
                told = self._link.recv(64)
            except BlockingIOError:
                return
            except OSError:
                told = b""
            if not told:
                self._is_orphan = True
                loop.remove_reader(self._link)
            stop()
            if END in told:
                end()

        loop.add_reader(self._link, heard)

    def leave(self) -> None:
        """Close the link when the worker ends. Without a supervisor, the workers remove their folder."""
        self._link.close()
        if self._is_orphan:
            shutil.rmtree(self.folder, ignore_errors=True)
