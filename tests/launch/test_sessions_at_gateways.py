"""`run --strict` over a program whose WebSocket goes to a gateway on the same ledger."""

from __future__ import annotations

import json
import sys

import pytest

from quotakeeper.sandbox import Sandbox
from tests.gateways import gateway
from tests.launch.conftest import Runner

_HEAD = """
import asyncio, json, sys
URL, HEADERS = sys.argv[1], {"authorization": "Token x"}
CLOSE = json.dumps({"type": "CloseStream"})
"""
_LIBRARIES = {
    "aiohttp": """
import aiohttp
async def main():
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(URL, headers=HEADERS) as live:
            await live.send_str(CLOSE)
            print((await live.receive_json())["type"])
asyncio.run(main())
""",
    "websockets": """
import websockets.asyncio.client
async def main():
    connect = websockets.asyncio.client.connect
    async with connect(URL, additional_headers=HEADERS, proxy=None) as live:
        await live.send(CLOSE)
        print(json.loads(await live.recv())["type"])
asyncio.run(main())
""",
    "httpx-ws": """
import httpx_ws
with httpx_ws.connect_ws(URL, headers=HEADERS) as live:
    live.send_text(CLOSE)
    print(live.receive_json()["type"])
""",
}


@pytest.mark.parametrize("library", _LIBRARIES)
def test_the_session_is_neither_counted_here_nor_said_to_be_unseen(
    runner: Runner, library: str
) -> None:
    program = runner.write("program.py", _HEAD + _LIBRARIES[library])
    with Sandbox() as sandbox, gateway(runner.ledger, sandbox.base_url):
        place = sandbox.base_url.removeprefix("http://")
        ran = runner(
            "--strict", "--json", "used.json", "--", sys.executable, program,
            f"ws://{place}/v1/listen?model=nova-3",
            environ={"QUOTAKEEPER_BASE_URLS": f"deepgram=http://{place}"},
        )  # fmt: skip
        assert sandbox.bill.wait_for(1)
    used = json.loads((runner.folder / "used.json").read_text())
    assert (ran.returncode, ran.stdout) == (0, "Metadata\n"), ran.stderr
    assert (used["unseen_connections"], used["totals"]["calls"]) == ([], 0)
    assert f"calls went to the gateway at localhost:{place.rpartition(':')[2]}" in ran.stderr
    assert runner.events() == []
