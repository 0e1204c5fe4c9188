"""The benchmark of the gateway: its client counts what is answered, and failures end a run."""

from __future__ import annotations

import os
import sys

import pytest

from benchmarks import gateway
from benchmarks.gateway_servers import STREAM, UNMETERED, Server, ours, processes, resident_kib
from benchmarks.loopback import loopback

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="no /proc here: Windows or macOS")


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "_SECONDS", 0.05)
    monkeypatch.setattr(gateway, "STREAMS", 5)


def test_calls_through_the_gateway_are_counted_and_metered() -> None:
    """What the provider has answered is what the client saw, and the gateway took time for it."""
    with loopback() as upstream, gateway._client() as load, ours(upstream) as server:
        before = upstream.answered()
        found = gateway._measured(load, server, 2)
        assert found["calls"] == upstream.answered() - before > 0
        assert found["p99"] >= found["p50"] > 0 and found["processor"] >= 0
        passed = Server(server.port, server.process, UNMETERED, server.headers)
        assert gateway._measured(load, passed, 2)["calls"] > 0
        streamed = gateway._streamed(load, server)
        assert streamed["calls"] == 5 and streamed["p50"] >= 20_000  # the provider thinks for 20 ms
        refused = Server(server.port, server.process)  # without a key
        for path in ("", STREAM):
            with pytest.raises(RuntimeError, match="calls failed, 0 did not"):
                load.run(refused, 2, path)


def test_a_process_is_measured_with_those_that_it_has_started() -> None:
    assert os.getpid() in processes(os.getppid())
    assert resident_kib(os.getppid()) > resident_kib(os.getpid()) > 1_000
