"""Clients that leave: the key decides whether the answer is read on, and the call settles once."""

from __future__ import annotations

import asyncio
import json

import pytest

from quotakeeper.domain.keys.virtual_key import KeyState, OnGone
from quotakeeper.domain.usage import Provenance
from quotakeeper.gateway.gateway_settings import GatewaySettings
from tests.gateway.billing_server import Got, billing_server
from tests.gateway.harness import GENERATE, STREAM, Gate, chat, gate, prompt, run


async def _leaves(through: Gate, path: str, key: str, asked: asyncio.Event) -> None:
    """Send a request, and abort the connection when the provider has it."""
    body = json.dumps(prompt()).encode()
    _, writer = await asyncio.open_connection("127.0.0.1", int(through.url.rpartition(":")[2]))
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\nx-goog-api-key: {key}\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    await asked.wait()
    writer.transport.abort()


async def _is_gone(through: Gate) -> None:
    """Wait until the gateway has seen that the client left. The test's own client has none open."""
    while through.serving.by_address:
        await asyncio.sleep(0)


@pytest.mark.parametrize("path", [STREAM, GENERATE])
def test_a_key_that_drains_gets_the_true_usage(path: str) -> None:
    """The client leaves in the stream, or before the answer. The provider's whole bill is counted."""
    asked, gone = asyncio.Event(), asyncio.Event()

    async def wait(_: Got) -> None:
        asked.set()
        await gone.wait()

    async def test() -> None:
        more = {"on_request": wait} if path == GENERATE else {"pauses_after": 2}
        async with billing_server(**more) as provider, gate(provider.url) as through:
            key = through.key(on_gone=OnGone.DRAIN)
            began = asked if path == GENERATE else provider.answering
            await _leaves(through, path, key, began)
            await _is_gone(through)
            gone.set()
            provider.go_on.set()
            assert (await through.logged())["outcome"] == "client_gone"
            (event,) = await through.events()
            assert event.provenance is Provenance.REPORTED
            assert await through.total() == provider.total
            assert provider.total["output_tokens"] == (20 if path == STREAM else 5)

    run(test)


def test_a_drain_ends_after_its_time() -> None:
    async def test() -> None:
        quick = GatewaySettings(gone_seconds=0.05)
        async with (
            billing_server(pauses_after=2) as provider,
            gate(provider.url, settings=quick) as through,
        ):
            key = through.key(on_gone=OnGone.DRAIN)
            await _leaves(through, STREAM, key, provider.answering)
            await provider.left.wait()
            assert (await through.logged())["outcome"] == "client_gone"
            assert await through.total() == provider.total
            assert len(await through.events()) == 1

    run(test)


def test_a_key_that_is_revoked_ends_a_drain() -> None:
    async def test() -> None:
        quick = GatewaySettings(key_seconds=0.01)
        async with (
            billing_server(pauses_after=2) as provider,
            gate(provider.url, settings=quick) as through,
        ):
            key = through.key(on_gone=OnGone.DRAIN)
            await _leaves(through, STREAM, key, provider.answering)
            through.change("an", state=KeyState.REVOKED)
            await provider.left.wait()
            await through.logged()
            assert await through.total() == provider.total

    run(test)


@pytest.mark.parametrize("drains", [False, True])
@pytest.mark.parametrize("state", [KeyState.DISABLED, KeyState.REVOKED])
@pytest.mark.parametrize(
    ("path", "code"),
    [(STREAM, 401), ("/openai/v1/chat/completions", "invalid_api_key"),
     ("/anthropic/v1/messages", None)],
)  # fmt: skip
def test_a_stream_of_a_key_that_ends_closes_with_the_providers_error_for_a_wrong_key(
    path: str, code: object, state: KeyState, drains: bool
) -> None:
    async def test() -> None:
        quick = GatewaySettings(key_seconds=0.01)
        async with (
            billing_server(pauses_after=2) as provider,
            gate(provider.url, settings=quick) as through,
        ):
            key = through.key(on_gone=OnGone.DRAIN if drains else OnGone.CANCEL)
            model = "claude-haiku-4-5" if "anthropic" in path else "gpt-4o-mini"
            body = prompt() if path == STREAM else chat(stream=True, model=model)
            call = asyncio.create_task(through.post(path, body, key))
            await provider.answering.wait()
            through.change("an", state=state)
            status, _, got = await call
            error = json.loads(got.strip().rpartition(b"data: ")[2])["error"]
            assert status == 200 and error.get("code") == code
            if path == STREAM:
                assert error["status"] == "UNAUTHENTICATED"
            else:
                assert error["type"] == "authentication_error"
            assert "not valid" in error["message"]
            assert len(await through.events()) == 1

    run(test)
