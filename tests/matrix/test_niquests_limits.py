"""niquests, and requests in the same program, at a hard limit: the provider's own error,
and nothing billed.
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
import asyncio, json, sys
import niquests, requests

MODEL = sys.argv[1] + "/v1beta/models/gemini-2.5-flash"
ASKED = {"json": {"contents": [{"parts": [{"text": "hi"}]}]}, "headers": {"x-goog-api-key": "any"}}

async def awaited(**named):
    async with niquests.AsyncSession(**named) as session:
        got = await session.post(MODEL + ":generateContent", **ASKED)
        return got.status_code, got.json()["error"]["status"]

def multiplexed():
    with niquests.Session(multiplexed=True) as session:
        got = session.post(MODEL + ":generateContent", **ASKED)
        session.gather()
        return got.status_code, got.json()["error"]["status"]

def plain(library):
    got = library.post(MODEL + ":generateContent", **ASKED)
    return got.status_code, got.json()["error"]["status"]

print(json.dumps([plain(niquests), plain(requests), asyncio.run(awaited()), multiplexed()]))
"""
REFUSED = """
[[limit]]
name = "few"
provider = "gemini"
meter = "requests"
window = "month"
amount = "0"
"""


@pytest.mark.slow
def test_every_way_to_call_gets_the_providers_own_refusal(tmp_path: Path) -> None:
    try:
        python = prepare("niquests")
    except UnavailableError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"niquests: {error}")
    (tmp_path / "program.py").write_text(PROGRAM)
    (tmp_path / "quotakeeper.toml").write_text(f"default_limits = false\n{REFUSED}")
    environ = {**os.environ, "QUOTAKEEPER_LEDGER": str(tmp_path / "ledger.db")}
    with Sandbox() as sandbox:
        ran = subprocess.run(
            [sys.executable, "-m", "quotakeeper", "run", "--strict", "--", str(python),
             "program.py", sandbox.base_url],
            cwd=tmp_path, env=environ, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        assert json.loads(ran.stdout) == [[402, "RESOURCE_EXHAUSTED"]] * 4
        assert sandbox.bill.charges == ()
    assert "refused by a limit: 4" in ran.stderr
    with Keeper(tmp_path / "ledger.db", {"default_limits": False}) as keeper:
        assert list(keeper.events()) == []
