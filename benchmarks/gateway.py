"""Benchmark of the gateway: what it adds to a call, beside nginx and LiteLLM's proxy.

All servers pass the same call on to the same upstream, a program that answers in tens of microseconds.
Each runs as one process, and the cases run in turn. The client is a process of its own.
"""

from __future__ import annotations

import base64
import json
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.costing import Worker
from benchmarks.gateway_servers import (
    STREAM,
    UNMETERED,
    Server,
    litellm,
    nginx,
    ours,
    processor_seconds,
    resident_kib,
)
from benchmarks.loopback import Loopback, loopback
from benchmarks.measuring import (
    PYTHON,
    ROOT,
    Line,
    alternating,
    child_environment,
    line,
    say,
)
from tools.postgres_server import PostgresMissingError, running, url_of, wheel

SERVERS = {
    "bare": "the upstream alone",
    "nginx": "nginx",
    "unmetered": "quotakeeper, unmetered path",
    "process": "quotakeeper, SQLite, process",
    "power": "quotakeeper, SQLite, power",
    "lease": "quotakeeper, SQLite, lease",
    "postgres": "quotakeeper, PostgreSQL, lease",
    "litellm": "LiteLLM's proxy",
}
CONNECTIONS = (1, 16, 64)
STREAMS = 1_000
_STREAMED = ("bare", "nginx", "process", "lease")
_SECONDS = 1.0
_SAMPLE_SECONDS = 0.05
_US = 1_000_000

Found = dict[str, float]


class Load:
    """The client process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, server: Server, connections: int, path: str = "") -> Found:
        """One run. Raises RuntimeError if a call failed."""
        job: dict[str, Any] = {
            "port": server.port, "connections": connections, "seconds": _SECONDS,
            "streams": path == STREAM, "request": base64.b64encode(server.request(path)).decode(),
        }  # fmt: skip
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        found: Found = json.loads(self._process.stdout.readline())
        if found["failed"] or not found["calls"]:
            raise RuntimeError(f"{found['failed']} calls failed, {found['calls']} did not")
        return found


def run(rounds: int, *, peers: bool = True) -> list[Line]:
    """Run the benchmark. Returns all its lines."""
    with loopback() as upstream, _client() as load, ExitStack() as open_servers:
        servers = _servers(upstream, open_servers, peers)
        idle = {name: resident_kib(each.process) for name, each in servers.items() if each.process}
        lines = [
            Line(f"{SERVERS[name]}, idle", kib / 1024, "MiB", kib / 1024, kib / 1024,
                 key=f"gateway.{name}.idle")
            for name, kib in idle.items() if name != "unmetered"
        ]  # fmt: skip
        for connections in CONNECTIONS:
            lines += _lines_of(connections, _calls(load, servers, connections, rounds))
        lines += _streams(
            load, {name: servers[name] for name in _STREAMED if name in servers}, rounds
        )
        return lines + _beside_engine(upstream, load, servers, rounds)


def _servers(upstream: Loopback, stack: ExitStack, peers: bool) -> dict[str, Server]:
    port = int(upstream.base.rpartition(":")[2])
    found = {"bare": Server(port)}
    if peers and (server := stack.enter_context(nginx(upstream))):
        found["nginx"] = server
    file = stack.enter_context(ours(upstream, DURABILITY="process"))
    found["unmetered"] = Server(file.port, file.process, UNMETERED, file.headers)
    found["process"] = file
    found["power"] = stack.enter_context(ours(upstream, DURABILITY="power"))
    found["lease"] = stack.enter_context(ours(upstream, DURABILITY="power", LEASE="auto"))
    try:
        cluster = stack.enter_context(running(wheel(), "fsync = on", on_disk=True))
        url = f"{url_of(cluster.folder)}gateway"
        found["postgres"] = stack.enter_context(ours(upstream, url, LEASE="auto"))
    except PostgresMissingError as error:
        say(f"PostgreSQL: skipped, {error}")
    if peers and (server := stack.enter_context(litellm(upstream))):
        found["litellm"] = server
    return found


@contextmanager
def _client() -> Iterator[Load]:
    with subprocess.Popen(
        [PYTHON, "-m", "benchmarks.gateway_load"], cwd=ROOT, env=child_environment(), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        try:
            yield Load(process)
        finally:
            process.terminate()


def _measured(load: Load, server: Server, connections: int) -> Found:
    before = processor_seconds(server.process) if server.process else 0.0
    found = load.run(server, connections)
    if server.process:
        spent = processor_seconds(server.process) - before
        found["processor"] = spent / found["calls"] * _US
    return found


Rounds = Mapping[str, list[Found]]


def _calls(load: Load, servers: Mapping[str, Server], connections: int, rounds: int) -> Rounds:
    cases = {name: partial(_measured, load, each, connections) for name, each in servers.items()}
    for case in cases.values():
        case()  # one-time work
    return alternating(cases, rounds)


def _lines_of(connections: int, found: Rounds) -> list[Line]:
    return _alone(found) if connections == 1 else _together(connections, found)


def _alone(found: Rounds) -> list[Line]:
    """What each server adds to a call of one connection, and ours beside nginx."""
    lines: list[Line] = []
    added: dict[str, list[float]] = {}
    for name, runs in found.items():
        for percent in ("p50", "p99"):
            values = [each[percent] for each in runs]
            what = percent
            if name != "bare":
                bare = [each[percent] for each in found["bare"]]
                values = [a - b for a, b in zip(values, bare, strict=True)]
                what = f"{percent} added"
            added[f"{name} {percent}"] = values
            key = f"gateway.{name}.{percent}"
            lines.append(line(f"{SERVERS[name]}, 1 connection, {what}", values, "us", key=key))
    if "nginx" in found:
        beside = [a / b for a, b in zip(added["unmetered p50"], added["nginx p50"], strict=True)]
        title = "unmetered path, p50 added, beside nginx"
        lines.append(line(title, beside, "times", key="gateway.beside_nginx"))
    return lines


def _together(connections: int, found: Rounds) -> list[Line]:
    """Calls a second of many connections, and processor time; ours beside LiteLLM's proxy."""
    lines: list[Line] = []
    for name, runs in found.items():
        title, key = f"{SERVERS[name]}, {connections} connections", f"gateway.{name}.{connections}"
        rates = [each["rate"] for each in runs]
        lines.append(line(f"{title}, calls", rates, "per s", key=f"{key}.rate"))
        if name != "bare":
            spent = [each["processor"] for each in runs]
            lines.append(line(f"{title}, processor time", spent, "us", key=f"{key}.processor"))
    if "litellm" in found:
        theirs, own = ([each["processor"] for each in found[x]] for x in ("litellm", "process"))
        beside = [a / b for a, b in zip(theirs, own, strict=True)]
        title = f"calls a second of processor time, {connections} connections, beside LiteLLM"
        lines.append(line(title, beside, "times", key=f"gateway.beside_litellm.{connections}"))
    return lines


def _streams(load: Load, servers: Mapping[str, Server], rounds: int) -> list[Line]:
    """1,000 streams that begin within two seconds, each of ten parts over four seconds.

    The memory is that of the first run, because a server keeps it for the next one.
    """
    cases = {name: partial(_streamed, load, each) for name, each in servers.items()}
    memory = {name: case().get("memory", 0.0) for name, case in cases.items()}
    lines: list[Line] = []
    for name, runs in alternating(cases, rounds).items():
        title, key = f"{SERVERS[name]}, {STREAMS:,} streams", f"gateway.{name}.streams"
        first = [each["p50"] / 1_000 for each in runs]
        lines.append(line(f"{title}, first byte, p50", first, "ms", key=f"{key}.first"))
        if name != "bare":
            lines.append(line(f"{title}, memory each", [memory[name]], "KiB", key=f"{key}.memory"))
    return lines


def _streamed(load: Load, server: Server) -> Found:
    """`memory`: the most that the streams take beyond the memory before them, for one stream."""
    if not server.process:
        return load.run(server, STREAMS, STREAM)
    before, most, ended = resident_kib(server.process), [0], threading.Event()

    def sample() -> None:
        while not ended.wait(_SAMPLE_SECONDS):
            most[0] = max(most[0], resident_kib(server.process))

    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        found = load.run(server, STREAMS, STREAM)
    finally:
        ended.set()
        sampler.join()
    return {**found, "memory": max(0, most[0] - before) / STREAMS}


def _beside_engine(
    upstream: Loopback, load: Load, servers: dict[str, Server], rounds: int
) -> list[Line]:
    """Processor time that metering adds to a relayed call, beside that of the engine alone."""
    with tempfile.TemporaryDirectory(prefix="quotakeeper-bench-") as folder:
        worker = Worker(Path(folder), upstream)
        cases = {
            "metered": lambda: _measured(load, servers["power"], 64)["processor"],
            "unmetered": lambda: _measured(load, servers["unmetered"], 64)["processor"],
            "engine": lambda: worker.engine()["processor"],
        }
        found = alternating(cases, rounds)
    added = [a - b for a, b in zip(found["metered"], found["unmetered"], strict=True)]
    return [
        line("engine alone, 64 at once, power", found["engine"], "us", key="gateway.engine"),
        line("metering in the gateway, 64 at once, power", added, "us", found["engine"],
             "the engine alone", "gateway.metering"),
    ]  # fmt: skip
