"""A ledger that cannot be used: 503 without its address, not ready, and nothing hangs."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from quotakeeper.errors import LedgerUnavailableError
from quotakeeper.gateway import keys
from tests.gateway.billing_server import billing_server
from tests.gateway.harness import GENERATE, Gate, chat, gate, prompt, run

_ADDRESS = "secret-host.example"
_PATHS = {
    GENERATE: prompt(), "/openai/v1/chat/completions": chat(),
    "/anthropic/v1/messages": chat(model="claude-haiku-4-5"),
}  # fmt: skip


def _broken(*_: object, **__: object) -> Any:
    raise LedgerUnavailableError(f"postgresql://{_ADDRESS}:5432/x", "cannot be reached")


@pytest.mark.parametrize("path", _PATHS)
def test_a_call_gets_503_in_a_form_of_its_provider_and_no_address(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        async with billing_server() as provider, gate(provider.url) as through:
            with monkeypatch.context() as patched:
                patched.setattr(through.keeper, "areserve", _broken)
                status, _, body = await through.post(path, _PATHS[path], through.key())
            error = json.loads(body)["error"]
            assert (status, error["code"], error["status"]) == (503, 503, "UNAVAILABLE")
            assert error["type"] == "overloaded_error" and _ADDRESS.encode() not in body
            assert provider.requests == [] and _ADDRESS not in "".join(through.log)

    run(test)


def test_a_socket_and_the_own_usage_get_503_too(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        async with billing_server() as provider, gate(provider.url) as through:
            named = {"Authorization": f"Token {through.key()}"}
            with monkeypatch.context() as patched:
                patched.setattr("quotakeeper.gateway.socket_relay.aadmit_session", _broken)
                patched.setattr("quotakeeper.gateway.key_usage.limits_of_keys", _broken)
                url = f"{through.url}/v1/listen?model=nova-3&encoding=linear16&sample_rate=8000"
                with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                    await through.client.ws_connect(url, headers=named)
                assert refused.value.status == 503
                async with through.client.get(f"{through.url}/v1/me/usage", headers=named) as got:
                    assert got.status == 503 and _ADDRESS not in await got.text()

    run(test)


async def _ready(through: Gate) -> tuple[int, str]:
    async with through.client.get(f"{through.url}/readyz") as got:
        return got.status, await got.text()


def test_readiness_looks_up_a_key_and_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ledger that can be read is not enough."""
    import sqlite3

    async def test() -> None:
        ledger = tmp_path / "ledger.db"
        async with billing_server() as provider, gate(provider.url, ledger=ledger) as through:
            assert (await _ready(through))[0] == 200
            through.store.error = LedgerUnavailableError(_ADDRESS, "is locked")
            status, text = await _ready(through)
            assert status == 503 and "no key can be looked up" in text and _ADDRESS not in text
            through.store.error = None
            assert (await _ready(through))[0] == 200
            monkeypatch.setattr("quotakeeper.gateway.service._READY_SECONDS", 0.2)
            other = sqlite3.connect(ledger, isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            try:
                status, text = await _ready(through)
                assert status == 503 and "the ledger" in text and str(ledger) not in text
            finally:
                other.rollback()
                other.close()
            while (await _ready(through))[0] != 200:  # the write that waited is made first
                await asyncio.sleep(0.01)

    run(test)


def test_a_look_up_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that stands still: a new request gets 503, and open calls go on."""
    monkeypatch.setattr(keys, "LOOKUP_SECONDS", 0.05)
    released = threading.Event()

    async def test() -> None:
        async with billing_server() as provider, gate(provider.url) as through:
            key = through.key()
            monkeypatch.setattr(through.store, "find", lambda _: released.wait(10) and None)
            try:
                status, _, body = await through.post(GENERATE, prompt(), key)
                assert (status, json.loads(body)["error"]["reason"]) == (503, "ledger_unavailable")
                assert "no key can be looked up" in (await _ready(through))[1]
            finally:
                released.set()

    run(test)
