"""Runs `quotakeeper` commands for the examples: loads the command line once, forks for each command.

`python command_server.py SOCKET` serves; `serve_commands` starts it. A command sends its three
streams, arguments, folder and environment over the socket, and gets its exit code. The child is a
process of its own with that environment, so it does what the program does, only sooner.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

# What the command `quotakeeper` of a page is: it starts in 20 ms, and hands over.
CLIENT = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    asked = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(server, [len(asked).to_bytes(8, "big")], [0, 1, 2])
    server.sendall(asked)
    code = server.recv(4)
sys.exit(int.from_bytes(code, "big", signed=True) if code else 70)
"""


def main(address: str) -> None:
    """Serve until the socket's file is gone or the parent ends this process."""
    from quotakeeper import cli
    from quotakeeper.__main__ import main as command_line

    for module in walk_packages(cli.__path__, "quotakeeper.cli."):
        import_module(module.name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen()
        print("listening", flush=True)
        while True:
            caller, _ = server.accept()
            if os.fork() == 0:
                server.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _serve(caller, command_line)
            caller.close()


def _serve(caller: socket.socket, command_line: Callable[[list[str]], int]) -> None:
    head, streams, _, _ = socket.recv_fds(caller, 8, 3)
    size, asked = int.from_bytes(head, "big"), b""
    while len(asked) < size:
        asked += caller.recv(size - len(asked))
    arguments, folder, environment = json.loads(asked)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    # Python's own streams remember what the old ones were.
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", buffering=1, encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", closefd=False)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.argv = ["quotakeeper", *arguments]
    try:
        code = command_line(arguments)
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    sys.stdout.flush()
    sys.stderr.flush()
    caller.sendall(int(code or 0).to_bytes(4, "big", signed=True))
    os._exit(0)


@contextmanager
def serve_commands(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """A server of commands, and the text of the program `quotakeeper` that uses it."""
    address = str(folder / "commands")
    command = [sys.executable, __file__, address]
    with subprocess.Popen(
        command, env=environment, start_new_session=True, stdout=subprocess.PIPE
    ) as server:
        try:
            assert server.stdout is not None
            if server.stdout.readline() != b"listening\n":
                raise RuntimeError(f"the server of commands ended with {server.wait()}")
            yield CLIENT.format(python=sys.executable, address=address)
        finally:
            os.killpg(server.pid, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1])
