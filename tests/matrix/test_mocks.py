"""Libraries that mock a provider: a mocked answer is no call, and a call that the mock
passes on is counted.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from quotakeeper import Keeper
from quotakeeper.sandbox import Sandbox
from tests.matrix.environments import UnavailableError, prepare

PROGRAM = """
import asyncio, json, sys, urllib.request
import httpx, pook, requests, respx, responses

PATH = "/v1beta/models/gemini-2.5-flash:generateContent?key=any"
URL, REAL = "https://generativelanguage.googleapis.com" + PATH, sys.argv[1] + PATH
ASKED = {"contents": [{"parts": [{"text": "hi"}]}]}
ANSWER = {"candidates": [{"content": {"parts": [{"text": "x"}]}, "finishReason": "STOP"}],
          "usageMetadata": {"promptTokenCount": 7, "candidatesTokenCount": 2, "totalTokenCount": 9}}

async def awaited(**named):
    async with httpx.AsyncClient() as client:
        return (await client.post(URL, **named)).json()

async def pieces():
    yield json.dumps(ASKED).encode()

with respx.mock:
    route = respx.post(URL).mock(return_value=httpx.Response(200, json=ANSWER))
    assert httpx.post(URL, json=ASKED).json() == ANSWER
    assert httpx.post(URL, content=iter([json.dumps(ASKED).encode()])).json() == ANSWER
    assert asyncio.run(awaited(json=ASKED)) == ANSWER
    assert asyncio.run(awaited(content=pieces())) == ANSWER
    route.mock(side_effect=httpx.ReadTimeout)
    try:
        httpx.post(URL, json=ASKED)
    except httpx.ReadTimeout:
        pass
    respx.post(REAL).pass_through()
    assert httpx.post(REAL, json=ASKED).status_code == 200
with responses.RequestsMock() as mock:
    mock.post(URL, json=ANSWER)
    assert requests.post(URL, json=ASKED).json() == ANSWER
pook.on()
for ask in (
    lambda: requests.post(URL, json=ASKED).json(),
    lambda: httpx.post(URL, json=ASKED).json(),
    lambda: asyncio.run(awaited(json=ASKED)),
    lambda: json.load(urllib.request.urlopen(urllib.request.Request(URL, json.dumps(ASKED).encode()))),
):
    pook.post(URL, reply=200, response_json=ANSWER)
    assert ask() == ANSWER
pook.off()
assert httpx.post(REAL, json=ASKED).status_code == 200
"""


@pytest.mark.slow
def test_only_calls_that_a_mock_passes_on_are_counted(tmp_path: Path) -> None:
    try:
        python = prepare("mocks")
    except UnavailableError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"mocks: {error}")
    (tmp_path / "program.py").write_text(PROGRAM)
    environ = {**os.environ, "QUOTAKEEPER_LEDGER": str(tmp_path / "ledger.db")}
    with Sandbox() as sandbox:
        ran = subprocess.run(
            [sys.executable, "-m", "quotakeeper", "run", "--strict", "--json", "used.json", "--",
             str(python), "program.py", sandbox.base_url],
            cwd=tmp_path, env=environ, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        assert len(sandbox.bill.charges) == 2
    used = json.loads((tmp_path / "used.json").read_text())
    assert used["totals"]["calls"] == 2
    with Keeper(tmp_path / "ledger.db", {"default_limits": False}) as keeper:
        assert keeper.reservations() == []
