"""A client of the benchmark `gateway`, in a process of its own: `python -m benchmarks.gateway_load`.

It reads one job from each line of standard input as a JSON object, and prints what it saw as one. It
speaks HTTP/1.1 itself, because a client library takes more time than a server that passes calls on.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
import time
from dataclasses import dataclass
from typing import Any

from benchmarks.measuring import quantile

_END = b"\r\n\r\n"
_GOOD = b"HTTP/1.1 200"
_LAST_CHUNK = b"0\r\n\r\n"
_PATIENCE_SECONDS = 60.0
_RAMP_SECONDS = 2.0  # in which all streams of a job begin
_US = 1_000_000


@dataclass
class Seen:
    """What the connections of one job saw. Times are in microseconds."""

    latencies: list[float]
    failed: int = 0


class _Connection(asyncio.Protocol):
    """Sends the same request again and again until the time is up, each after the answer before."""

    def __init__(self, request: bytes, until: float, seen: Seen, *, streams: bool) -> None:
        self._request = request
        self._until = until
        self._seen = seen
        self._streams = streams
        self._got = bytearray()
        self._is_first = True
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        self._send()

    def _send(self) -> None:
        self._got.clear()
        self._is_first = True
        self._began = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._got += data
        at = self._got.find(_END)
        if at < 0:
            return
        if self._streams and self._is_first and len(self._got) > at + len(_END):
            self._is_first = False
            if not self._got.startswith(_GOOD):
                self._answered(False)
                return
            self._seen.latencies.append((time.perf_counter() - self._began) * _US)
        if self._is_whole(at):
            self._answered(self._got.startswith(_GOOD))

    def _is_whole(self, at: int) -> bool:
        head = bytes(self._got[:at]).lower()
        _, found, rest = head.partition(b"content-length:")
        if found:
            return len(self._got) >= at + len(_END) + int(rest.partition(b"\r\n")[0])
        return self._got.endswith(_LAST_CHUNK)

    def _answered(self, is_good: bool) -> None:
        if not is_good:
            self._seen.failed += 1
        elif not self._streams:
            self._seen.latencies.append((time.perf_counter() - self._began) * _US)
        if self._streams or time.perf_counter() >= self._until:
            self._end()
        else:
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self._seen.failed += 1
            self._end()

    def _end(self) -> None:
        if not self.done.done():
            self.done.set_result(None)
        self._transport.close()


async def _work(job: dict[str, Any]) -> dict[str, float]:
    """Keep the job's number of connections busy for its seconds; streams: one on each connection."""
    loop = asyncio.get_running_loop()
    request, seen = base64.b64decode(job["request"]), Seen([])
    began = time.perf_counter()
    until = began + job["seconds"]
    pause = _RAMP_SECONDS / job["connections"] if job["streams"] else 0.0

    async def connected(number: int) -> _Connection:
        await asyncio.sleep(number * pause)
        _, made = await loop.create_connection(
            lambda: _Connection(request, until, seen, streams=job["streams"]), "127.0.0.1", job["port"]
        )  # fmt: skip
        return made

    made = await asyncio.gather(*map(connected, range(job["connections"])))
    waiting = [each.done for each in made]
    await asyncio.wait_for(asyncio.gather(*waiting), job["seconds"] + _PATIENCE_SECONDS)
    took = time.perf_counter() - began
    if not seen.latencies:
        return {"failed": seen.failed, "calls": 0}
    return {
        "p50": quantile(seen.latencies, 50), "p99": quantile(seen.latencies, 99),
        "rate": len(seen.latencies) / took, "calls": len(seen.latencies), "failed": seen.failed,
    }  # fmt: skip


if __name__ == "__main__":
    for each in sys.stdin:
        print(json.dumps(asyncio.run(_work(json.loads(each)))), flush=True)
