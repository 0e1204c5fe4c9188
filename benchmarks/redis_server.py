"""Runs a Redis server on a socket in a temporary folder, and ends the server after use."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measuring import say
from benchmarks.peers import redis_server

_PATIENCE_SECONDS = 10.0


@contextmanager
def serving() -> Iterator[str | None]:
    """Run a server; yields the path of its socket. It writes nothing to disk, its fastest mode.

    If there is no server program, prints why and yields None.
    """
    program = redis_server()
    if program is None:
        say("Redis: absent, its cases are skipped (put redis-server on PATH)")
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="quotakeeper-redis-") as folder:
        path = str(Path(folder) / "redis.sock")
        command = [program, "--port", "0", "--unixsocket", path, "--dir", folder]
        command += ["--save", "", "--appendonly", "no"]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            if _answers(server, path):
                yield path
            else:
                say(f"Redis: {program} does not start, its cases are skipped")
                yield None
        finally:
            server.terminate()
            server.wait()


def version() -> str:
    """The version that the server reports."""
    program = redis_server()
    if program is None:
        return ""
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    return next((word[2:] for word in done.stdout.split() if word.startswith("v=")), "")


def _answers(server: subprocess.Popen[bytes], path: str) -> bool:
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until and server.poll() is None:
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.connect(path)
                client.sendall(b"PING\r\n")
                return client.recv(7).startswith(b"+PONG")
            except OSError:
                time.sleep(0.02)
    return False
