"""A link between a primary and its standby: the standby gets everything some time later."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import threading
import time
from collections import deque
from contextlib import suppress
from pathlib import Path


class LaggingLink:
    """Forwards connections to a server's Unix socket. What the server sends arrives `lag` seconds later.

    What is on its way when the link is closed is lost, as when the server's machine dies.
    """

    def __init__(self, target: Path, lag: float) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="qkln-"))
        path = self.folder / target.name
        self._target, self._lag = str(target), lag
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        os.chmod(self.folder, 0o755)  # the servers may run as another user
        os.chmod(path, 0o777)
        self._listener.listen(8)
        self._is_over = threading.Event()
        self._is_used = threading.Event()
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def is_used(self) -> bool:
        """Wait until a standby connects."""
        return self._is_used.wait(timeout=60)

    def cut(self) -> None:
        """Deliver nothing more, from now on."""
        self._is_over.set()

    def close(self) -> None:
        """End all connections, and drop what is on its way."""
        self._is_over.set()
        for each in (self._listener, *self._sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=10)
        for each in (self._listener, *self._sockets):
            each.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self, run: object, *values: object) -> None:
        thread = threading.Thread(target=run, args=values, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._is_over.is_set():
            try:
                standby, _ = self._listener.accept()
                primary = socket.socket(socket.AF_UNIX)
                self._sockets += [standby, primary]
                primary.connect(self._target)
            except OSError:
                return
            waiting: deque[tuple[float, bytes]] = deque()
            arrived = threading.Semaphore(0)
            self._start(self._forward, standby, primary)
            self._start(self._receive, primary, waiting, arrived)
            self._start(self._deliver, standby, waiting, arrived)
            self._is_used.set()

    def _forward(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)

    def _receive(
        self,
        source: socket.socket,
        waiting: deque[tuple[float, bytes]],
        arrived: threading.Semaphore,
    ) -> None:
        data = b"."
        while data:
            try:
                data = source.recv(65_536)
            except OSError:
                data = b""
            waiting.append((time.monotonic() + self._lag, data))  # b"": the connection has ended
            arrived.release()

    def _deliver(
        self, sink: socket.socket, waiting: deque[tuple[float, bytes]], arrived: threading.Semaphore
    ) -> None:
        with suppress(OSError):
            while True:
                arrived.acquire()
                due, data = waiting.popleft()
                self._is_over.wait(max(0.0, due - time.monotonic()))
                if self._is_over.is_set() or not data:
                    break
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)
