"""Gunicorn with each kind of worker and each way to end: alone, then under `quotakeeper run`.

A part of `tests.matrix.hosts`, with its conditions. The output is what the clients get.
"""

from __future__ import annotations

import http.client
import signal
import socket
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from quotakeeper.sandbox import Sandbox
from tests.matrix.environments import prepare
from tests.matrix.outcomes import Outcome, environment, outcome_of, under_run

PROGRAM = Path(__file__).resolve().parent / "drivers" / "server.py"
WORKERS = ("sync", "gthread", "gevent")
# A way in which a worker ends before its server -> the path of the request that ends it.
_WORKER_ENDS = {"os._exit(7)": "exit", "SIGKILL": "kill"}
ENDS = ("SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "max_requests", "call at exit", *_WORKER_ENDS)
_CALLS, _WORKERS = 4, 2
_SECONDS = 60


class Cell(NamedTuple):
    """One server: its kind of worker, and how it ends."""

    worker: str
    end: str


def cells() -> list[Cell]:
    """Every kind of worker with every way to end."""
    return [Cell(worker, end) for worker in WORKERS for end in ENDS]


def problem_of(cell: Cell) -> str:
    """What is wrong with a cell; "" if nothing is."""
    bare, run = _served(cell, metered=False), _served(cell, metered=True)
    more = {"SIGHUP": 1, "call at exit": _WORKERS, **dict.fromkeys(_WORKER_ENDS, 2)}
    return run.problem(bare, _CALLS + more.get(cell.end, 0))


def _served(cell: Cell, *, metered: bool) -> Outcome:
    python = prepare("green")
    with tempfile.TemporaryDirectory() as name, Sandbox() as sandbox:
        folder = Path(name)
        (folder / "server.py").write_text(PROGRAM.read_text(encoding="utf-8"), encoding="utf-8")
        port = _free_port()
        command = [str(python), "-m", "gunicorn", "-c", "server.py", "-k", cell.worker,
                   "-w", str(_WORKERS), "--graceful-timeout", "10", "-b", f"127.0.0.1:{port}"]  # fmt: skip
        if cell.worker == "gthread":
            command += ["--threads", "2"]
        command.append("server:app")
        with subprocess.Popen(
            under_run(command) if metered else command, cwd=folder,
            env={**environment(folder), "MATRIX_ADDRESS": sandbox.base_url, "MATRIX_END": cell.end},
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8",
        ) as server:  # fmt: skip
            try:
                answers = _played(server, port, cell.end)
                code = server.wait(_SECONDS)
            finally:
                if server.poll() is None:
                    server.kill()
            assert server.stdout is not None
            # A worker that replaces another one also prints "ready", if there is time.
            answers += [line for line in server.stdout.read().splitlines() if line != "ready"]
        return outcome_of(folder, sandbox, code, "\n".join(answers))


def _played(server: subprocess.Popen[str], port: int, end: str) -> list[str]:
    """What the clients get, until the server is asked to end."""
    assert server.stdout is not None
    answers = [server.stdout.readline() for _ in range(_WORKERS)]
    with ThreadPoolExecutor(_CALLS) as clients:
        answers += clients.map(lambda number: _got(port, f"/{number}"), range(_CALLS))
    if end in _WORKER_ENDS:
        answers += [_got(port, f"/{_WORKER_ENDS[end]}/{_CALLS}"), _got(port, f"/{_CALLS + 1}")]
    if end == "SIGHUP":
        server.send_signal(signal.SIGHUP)
        answers.append(_got(port, f"/{_CALLS}"))
    server.send_signal(getattr(signal, end if end in ("SIGINT", "SIGQUIT") else "SIGTERM"))
    return answers


def _got(port: int, path: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    except (http.client.RemoteDisconnected, ConnectionResetError):
        return f"{path}: no answer"
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
