"""A client that does not read its answer does not hold its call."""

from __future__ import annotations

import asyncio
import json
import socket

import pytest

from quotakeeper.domain.keys.virtual_key import KeyState
from quotakeeper.gateway.gateway_settings import GatewaySettings
from tests.gateway.billing_server import billing_server
from tests.gateway.harness import STREAM, Gate, gate, prompt, run


def _asked(through: Gate, key: str) -> socket.socket:
    """Ask for a stream, and read nothing of it."""
    body = json.dumps(prompt(most=500)).encode()
    head = (
        f"POST {STREAM} HTTP/1.1\r\nHost: 127.0.0.1\r\nx-goog-api-key: {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    asked = socket.create_connection(("127.0.0.1", int(through.url.rpartition(":")[2])))
    asked.sendall(head.encode() + body)
    return asked


@pytest.mark.parametrize("is_revoked", [False, True])
def test_a_client_that_does_not_read_loses_its_call(is_revoked: bool) -> None:
    """At the end of its longest life, or when its key ends."""
    settings = GatewaySettings(
        total_seconds=60.0 if is_revoked else 0.5, key_seconds=0.01 if is_revoked else 60.0
    )

    async def test() -> None:
        async with (
            billing_server(events=10**9, tokens_an_event=20_000) as provider,
            gate(provider.url, settings=settings) as through,
        ):
            asked = _asked(through, through.key())
            await provider.answering.wait()
            if is_revoked:
                through.change("an", state=KeyState.REVOKED)
            line = await through.logged()
            assert line["outcome"] == ("ended" if is_revoked else "too_long")
            assert len(through.gateway._calls) == 0
            assert len(await through.events()) == 1
            asked.close()

    run(test)


def test_a_client_that_never_sends_its_body_is_told() -> None:
    async def test() -> None:
        settings = GatewaySettings(total_seconds=0.2)
        async with billing_server() as provider, gate(provider.url, settings=settings) as through:
            host, port = through.url.removeprefix("http://").split(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(
                f"POST {STREAM} HTTP/1.1\r\nHost: a\r\nx-goog-api-key: {through.key()}\r\n"
                "Content-Type: application/json\r\nContent-Length: 9\r\n\r\n".encode()
            )
            assert (await reader.readline()).split()[1] == b"504"
            assert provider.requests == []
            writer.close()

    run(test)
