"""Routes, health, the drain, and requests that the gateway does not serve."""

from __future__ import annotations

import asyncio
import json

import pytest

from quotakeeper.errors import InvalidInputError, LedgerUnavailableError
from quotakeeper.gateway.gateway_settings import GatewaySettings
from quotakeeper.gateway.relay import Relay
from quotakeeper.gateway.upstreams import make_upstreams
from quotakeeper.http_server.server_settings import HttpServerSettings
from tests.gateway.billing_server import billing_server
from tests.gateway.harness import GENERATE, STREAM, gate, prompt, run
from tests.http_server.hostile import PATHS


@pytest.mark.parametrize("path", ["/v1/models", "/nobody/v1/x", "/v1/x", "/gemini", "/"])
def test_a_path_of_nobody_is_refused(path: str) -> None:
    async def test() -> None:
        async with billing_server() as provider, gate(provider.url) as through:
            status, _, body = await through.post(path, {}, through.key())
            assert (status, json.loads(body)["error"]["reason"]) == (404, "no_route")
            assert b"/gemini/" in body and provider.requests == []

    run(test)


def test_the_path_that_the_provider_gets_is_the_path_that_was_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every valid target arrives byte for byte; only an empty query is left out."""
    monkeypatch.setattr(Relay, "_free_operation", lambda *_: "any")

    async def test() -> None:
        async with billing_server() as provider, gate(provider.url) as through:
            host, port = through.url.removeprefix("http://").split(":")
            key, sent = (
                through.key(),
                [path.decode() for path in PATHS if path != b"/" and b"callback=" not in path],
            )
            for path in sent:
                reader, writer = await asyncio.open_connection(host, int(port))
                head = f"GET /gemini{path} HTTP/1.1\r\nHost: a\r\nx-goog-api-key: {key}\r\n\r\n"
                writer.write(head.encode())
                assert (await reader.readline()).split()[1] == b"200", path
                writer.close()
            got = [each.target for each in provider.requests]
            assert got == [
                path.removesuffix("?") if path.count("?") == 1 else path for path in sent
            ]

    run(test)


def test_what_costs_nothing_is_served_at_a_limit_of_zero() -> None:
    """A list of models passes even if no call that costs may be made (O4)."""
    limit = {"name": "none", "meter": "cost", "amount": 0, "window": "day", "mode": "hard"}

    async def test() -> None:
        async with billing_server() as provider, gate(provider.url, {"limit": [limit]}) as through:
            key = through.key()
            assert (await through.post(GENERATE, prompt(), key))[0] in (402, 429)
            named = {"x-goog-api-key": key}
            url = f"{through.url}/gemini/v1beta/models"
            async with through.client.get(url, headers=named) as got:
                await got.read()
            assert [each.target for each in provider.requests] == ["/v1beta/models"]

    run(test)


def test_health_tells_whether_calls_can_be_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """`/livez` is always 200; `/readyz` is 503 without the ledger and while the gateway stops."""

    async def test() -> None:
        async with billing_server() as provider, gate(provider.url) as through:

            async def status(path: str) -> int:
                async with through.client.get(through.url + path) as got:
                    return got.status

            assert (await status("/livez"), await status("/readyz")) == (200, 200)

            async def broken(**_: object) -> None:
                raise LedgerUnavailableError("ledger.db", "is locked")

            with monkeypatch.context() as patched:
                patched.setattr(through.keeper, "astatus", broken)
                assert (await status("/livez"), await status("/readyz")) == (200, 503)
            await through.gateway.drain()
            assert (await status("/livez"), await status("/readyz")) == (200, 503)
            assert (await through.post(GENERATE, prompt(), through.key()))[0] == 503

    run(test)


def test_a_drain_waits_for_calls_and_then_ends_them() -> None:
    """A call under way ends whole if it can; after the time for that, with the provider's error."""

    async def test() -> None:
        async with billing_server(pauses_after=2) as provider, gate(provider.url) as through:
            call = asyncio.create_task(through.post(STREAM, prompt(), through.key()))
            await provider.answering.wait()
            drain = asyncio.create_task(through.gateway.drain())
            provider.go_on.set()
            status, _, body = await call
            await drain
            assert status == 200 and body.count(b"data: ") == 4
            assert await through.total() == provider.total
        quick = GatewaySettings(drain_seconds=0.05)
        async with (
            billing_server(pauses_after=2) as provider,
            gate(provider.url, settings=quick) as through,
        ):
            call = asyncio.create_task(through.post(STREAM, prompt(), through.key()))
            await provider.answering.wait()
            await through.gateway.drain()
            status, _, body = await call
            last = json.loads(body.strip().rpartition(b"data: ")[2])
            assert "the gateway stops" in last["error"]["message"]
            assert await through.total() == provider.total

    run(test)


def test_a_body_that_is_too_large_is_refused() -> None:
    async def test() -> None:
        small = GatewaySettings(most_body_bytes=1_000)
        async with billing_server() as provider, gate(provider.url, settings=small) as through:
            status, _, body = await through.post(GENERATE, prompt("a" * 2_000), through.key())
            assert (status, json.loads(body)["error"]["reason"]) == (413, "body_too_large")
            assert provider.requests == []

    run(test)


def test_on_loopback_other_host_names_are_not_served() -> None:
    """A web page that gives its own name the address of loopback reaches nothing."""

    async def test() -> None:
        server = HttpServerSettings(hosts=frozenset({"*", "gateway.example"}))
        async with billing_server() as provider, gate(provider.url, server=server) as through:
            key, found = through.key(), {}
            for name in ("evil.example", "gateway.example", "localhost:1", "127.0.0.1", "[::1]"):
                found[name], _, _ = await through.post(GENERATE, prompt(), key, {"host": name})
            assert found == {"evil.example": 421} | dict.fromkeys(
                ("gateway.example", "localhost:1", "127.0.0.1", "[::1]"), 200
            )

    run(test)


def test_a_fault_of_ours_refuses_the_call_or_counts_it_by_the_policy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`on_store_failure` decides, as for the hooks: deny refuses, allow sends and counts the most."""

    async def test() -> None:
        for policy, status_wanted in (("deny", 503), ("allow", 200)):
            config = {"on_store_failure": policy}
            async with billing_server() as provider, gate(provider.url, config) as through:

                def broken(*_: object, **__: object) -> None:
                    raise LookupError("ours")

                with monkeypatch.context() as patched:
                    patched.setattr(through.gateway._meter.retries, "link", broken)
                    status, _, _ = await through.post(GENERATE, prompt(), through.key())
                assert status == status_wanted
                assert len(provider.requests) == (status == 200)
                if status == 200:
                    while not (events := await through.events()):
                        await asyncio.sleep(0)
                    assert dict(events[0].labels.scope) == {"key": "an"}

    run(test)


@pytest.mark.parametrize(
    "address", ["", "host", "ftp://host", "http://", "http://a:b@host", "http://h?x"]
)
def test_an_address_that_is_no_url_is_refused(address: str) -> None:
    with pytest.raises(InvalidInputError, match="--upstream"):
        make_upstreams({}, {"gemini": address})
    with pytest.raises(InvalidInputError, match="unknown provider"):
        make_upstreams({}, {"gemny": "http://host"})
