"""Runs Autobahn's cases for WebSockets through a gateway, with the runner kosoku, and prints the results.

It is a program of its own, because kosoku changes `sys.path` and `binascii` of its process.
Usage: python -m tests.gateway.socket_conformance client|provider
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from typing import Any

import kosoku  # type: ignore[import-not-found,unused-ignore]
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import WebSocketException

from tests.gateway.harness import gate
from tests.gateway.test_sockets import LISTEN

_COMPRESSION = ["12.*", "13.*"]
_AT_ONCE = 4


async def _echo(socket: ServerConnection | ClientConnection) -> None:
    try:
        async for message in socket:
            await socket.send(message)
    except WebSocketException:
        pass  # most cases break a rule on purpose


def _print(results: Sequence[Any], settled: int) -> None:
    failed = {
        each.case_id: f"{each.behavior.value}, {each.behavior_close.value}: "
                      f"{each.result} {each.result_close}"
        for each in results if not each.passed
    }  # fmt: skip
    print(json.dumps({"cases": len(results), "failed": failed, "settled": settled}))


async def _client() -> None:
    """Drive the gateway as a client. The provider echoes."""
    async with serve(
        _echo, "127.0.0.1", 0, max_size=None, compression=None, select_subprotocol=lambda *_: None
    ) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with gate(f"http://127.0.0.1:{port}") as through:
            url = f"{through.url.replace('http', 'ws')}{LISTEN}&token={through.key()}"
            try:
                results = await kosoku.run_fuzzingclient(url, None, _COMPRESSION, _AT_ONCE)
            except kosoku.FailureError as error:
                results = error.results
            _print(results, len(await through.events()))


async def _provider() -> None:
    """Drive the gateway as its provider. A client echoes."""
    async with kosoku.run_fuzzingserver(None, _COMPRESSION, port=0) as server:
        own = f"ws://127.0.0.1:{server.port}"
        async with connect(f"{own}/getCaseCount", proxy=None) as socket:
            count = int(await socket.recv())
        async with gate(own.replace("ws", "http")) as through:
            url = f"{through.url.replace('http', 'ws')}{LISTEN}&token={through.key()}"
            free = asyncio.Semaphore(_AT_ONCE)

            async def case(number: int) -> None:
                target = f"{url}&case={number}&agent=quotakeeper"
                async with (
                    free,
                    connect(
                        target, max_size=None, compression=None, proxy=None, ping_interval=None
                    ) as socket,
                ):
                    await _echo(socket)

            await asyncio.gather(*(case(number) for number in range(1, count + 1)))
            async with connect(f"{own}/updateReports?agent=quotakeeper", proxy=None):
                pass
            try:
                results = await server.get_result()
            except kosoku.FailureError as error:
                results = error.results
            _print(results, len(await through.events()))


if __name__ == "__main__":
    asyncio.run({"client": _client, "provider": _provider}[sys.argv[1]]())
