"""A relay between a host and its database, which can stop passing bytes: for team_demo.py."""

from __future__ import annotations

import os
import socket
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType

SOCKET = ".s.PGSQL.5432"  # a host whose URL names the folder looks for this file


class Relay:
    """Listens on a Unix socket in `folder`, and passes all bytes to the server's and back.

    After `cut`, it passes no byte in either direction and closes nothing: the host cannot know that it
    is cut off. After `restore`, it passes the bytes that waited.
    """

    def __init__(self, server: Path, folder: Path) -> None:
        self._server = str(server / SOCKET)
        self._gate = threading.Condition()
        self._is_open = True
        self.passed = 0  # bytes
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / SOCKET))
        self._listener.listen(16)
        self._sockets: list[socket.socket] = []

    def __enter__(self) -> Relay:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        path = self._listener.getsockname()
        _end(self._listener)
        os.unlink(path)
        self.restore()
        for each in self._sockets:
            _end(each)

    def cut(self) -> int:
        """Pass no byte from now on. Returns how many bytes have passed."""
        with self._gate:  # no byte is on its way then
            self._is_open = False
            return self.passed

    def restore(self) -> None:
        """Pass bytes again."""
        with self._gate:
            self._is_open = True
            self._gate.notify_all()

    def _accept(self) -> None:
        with suppress(OSError):  # the listener is closed
            while True:
                host, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._server)
                self._sockets += [host, server]
                for pair in ((host, server), (server, host)):
                    threading.Thread(target=self._pass, args=pair, daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):  # the other direction has closed both
            data = b"-"
            while data:
                data = source.recv(65_536)
                with self._gate:
                    self._gate.wait_for(lambda: self._is_open)
                    self.passed += len(data)
                    target.sendall(data)
        for each in (source, target):
            _end(each)


def _end(opened: socket.socket) -> None:
    with suppress(OSError):
        opened.shutdown(socket.SHUT_RDWR)
    opened.close()
