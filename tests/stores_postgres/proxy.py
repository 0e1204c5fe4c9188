"""A proxy before a server's socket, which cuts a connection after a given byte, or falls silent.

It forwards bytes one connection at a time, in threads of its own.
"""

from __future__ import annotations

import shutil
import socket
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

REQUEST, REPLY = "request", "reply"


class Proxy:
    """Listens in a folder as a server does, and forwards to the server whose socket is `target`.

    `cut(REQUEST, n)` forwards `n` more bytes to the server, and then ends the connection on both
    sides; `cut(REPLY, n)` does so with the bytes from the server. `counted` has the bytes forwarded.
    `hold` keeps what comes, as a network does that drops packets and says nothing, until `end_held`.
    """

    def __init__(self, target: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="qkpx-"))
        self._target = str(target)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.folder / ".s.PGSQL.5432"))
        self._listener.listen(32)
        self._lock = threading.Lock()
        self._left: dict[str, int | None] = {REQUEST: None, REPLY: None}
        self._next: dict[str, list[int]] = {REQUEST: [], REPLY: []}
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []
        self.counted = {REQUEST: 0, REPLY: 0}
        self.cuts = 0
        self._held: dict[str, threading.Event] = {}
        self._is_held = threading.Event()
        self._start(self._accept)

    def cut(self, direction: str, *after: int) -> None:
        """End the connection once so many more bytes have been forwarded in a direction.

        With several numbers, the following ones are for the connections that come afterwards.
        """
        with self._lock:
            self._left[direction], *self._next[direction] = after

    def hold(self, direction: str) -> None:
        """Forward nothing more in a direction, and end no connection."""
        self._is_held.clear()
        self._held = {direction: threading.Event()}

    def is_held(self) -> bool:
        """Wait until something is held."""
        return self._is_held.wait(timeout=30)

    def end_held(self) -> None:
        """Drop what is held, and end all connections there are, as keepalives do in the end."""
        held, self._held = self._held, {}
        for each in list(self._sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for event in held.values():
            event.set()

    def close(self) -> None:
        """End all connections, and wait for the threads."""
        self.end_held()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._threads[0].join(timeout=10)  # the one that accepts: no socket comes after it
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=10)
        for each in self._sockets:
            each.close()
        shutil.rmtree(self.folder)

    def _start(self, run: Any, *values: Any) -> None:
        thread = threading.Thread(target=run, args=values, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            self._sockets += [client, server]
            server.connect(self._target)
            self._start(self._forward, client, server, REQUEST)
            self._start(self._forward, server, client, REPLY)

    def _forward(self, source: socket.socket, sink: socket.socket, direction: str) -> None:
        try:
            while data := source.recv(65_536):
                with self._lock:
                    left = self._left[direction]
                    is_cut = left is not None and len(data) >= left
                    if left is not None:
                        later = self._next[direction]
                        following = later.pop(0) if is_cut and later else None
                        self._left[direction] = following if is_cut else left - len(data)
                        data = data[:left]
                    self.counted[direction] += len(data)
                    self.cuts += is_cut
                if held := self._held.get(direction):
                    self._is_held.set()
                    held.wait(timeout=60)
                sink.sendall(data)
                if is_cut:
                    return
        except OSError:
            return  # the other direction has ended both
        finally:
            for each in (source, sink):
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
