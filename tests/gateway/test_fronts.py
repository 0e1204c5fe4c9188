"""nginx and Caddy in front of a gateway, configured as in deploy/: calls, streams, sockets, uploads."""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from quotakeeper import Keeper
from quotakeeper.gateway.gateway_settings import GatewaySettings
from quotakeeper.http_server.proxies import trusted_proxies
from quotakeeper.http_server.server_settings import HttpServerSettings
from quotakeeper.sandbox.server import Sandbox
from tests.gateway.billing_server import billing_server
from tests.gateway.fronts import DEPLOY, FRONTS, Front, command, in_front, program
from tests.gateway.harness import GENERATE, STREAM, Gate, gate, prompt, run, sound
from tests.gateway.serve_process import served
from tests.gateway.test_sockets import LISTEN, SECOND
from tests.gateway.test_tls import certificate
from tests.ports import free_port

FRONT = HttpServerSettings(proxies=trusted_proxies(["127.0.0.1"]), most_per_address=2)
pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="nginx and Caddy run on Unix here"),
    pytest.mark.parametrize("name", FRONTS),
]


@pytest.fixture(autouse=True)
def the_program(name: str) -> None:
    if program(name) is None:  # CI refuses this skip on Linux
        pytest.skip(f"no {name} here: apt-get install {name}")


@asynccontextmanager
async def behind(name: str, folder: Path, upstream: str) -> AsyncIterator[tuple[Gate, Front]]:
    """A gateway behind a server. Its client's requests come from 127.0.0.2."""
    port = free_port()
    settings = GatewaySettings(public_url=f"https://127.0.0.1:{port}")
    async with gate(upstream, settings=settings, server=FRONT) as through:
        with in_front(name, folder, through.url, port) as front:
            yield through, front


def _client(front: Front) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(ssl=front.trusting, local_addr=("127.0.0.2", 0))
    return aiohttp.ClientSession(connector=connector, auto_decompress=False)


def test_a_call_and_a_socket_are_counted_as_they_are_billed(name: str, tmp_path: Path) -> None:
    """Many calls at once too: the limit of connections of one address is not for the server."""

    async def test() -> None:
        with Sandbox() as sandbox:
            async with (
                behind(name, tmp_path, sandbox.base_url) as (through, front),
                _client(front) as client,
            ):
                named = {"x-goog-api-key": through.key()}
                url = front.url + GENERATE

                async def call() -> int:
                    async with client.post(url, json=prompt(), headers=named) as got:
                        assert json.loads(await got.read())["usageMetadata"]
                        return got.status

                assert await asyncio.gather(*(call() for _ in range(12))) == [200] * 12
                listen = f"{front.url.replace('https', 'wss')}/deepgram{LISTEN}"
                token = {"authorization": f"Token {named['x-goog-api-key']}"}
                async with client.ws_connect(listen, headers=token) as ears:
                    await ears.send_bytes(SECOND * 2)
                    await ears.send_json({"type": "CloseStream"})
                    told = [json.loads(each.data) async for each in ears]
                assert told[-1]["type"] == "Metadata"
                while len(through.log) < 13:
                    await asyncio.sleep(0.01)
                billed: dict[str, int] = {}
                for charge in sandbox.bill.charges:
                    for kind, amount in charge.quantities.items():
                        billed[kind] = billed.get(kind, 0) + amount
                assert await through.total() == {kind: n for kind, n in billed.items() if n}

    run(test)


def test_a_stream_arrives_part_by_part_and_ends_with_its_client(name: str, tmp_path: Path) -> None:
    """The provider waits in the middle of its stream, and the client has all that came before."""

    async def test() -> None:
        async with (
            billing_server(pauses_after=2) as provider,
            behind(name, tmp_path, provider.url) as (through, front),
            _client(front) as client,
        ):
            named = {"x-goog-api-key": through.key()}
            got = await client.post(front.url + STREAM, json=prompt(), headers=named)
            seen = b""
            while seen.count(b"data:") < 2:
                seen += await got.content.readany()
            assert not provider.left.is_set()
            assert got.connection is not None and got.connection.transport is not None
            if name == "caddy":
                got.close()
            else:  # nginx notices the end of TCP only, and asyncio's TLS waits for 30 s before it
                got.connection.transport.abort()
            await provider.left.wait()
            assert sum(each.quantities["output_tokens"] for each in await through.events()) == 10

    run(test)


def test_a_long_sound_streams_through(name: str, tmp_path: Path) -> None:
    """It is longer than what a server reads into memory by default (1 MiB in nginx)."""

    async def test() -> None:
        async with (
            billing_server() as provider,
            behind(name, tmp_path, provider.url) as (through, front),
            _client(front) as client,
        ):
            named = {"authorization": f"Token {through.key()}", "content-type": "audio/wav"}
            url = f"{front.url}/deepgram/v1/listen?model=nova-3"
            async with client.post(url, data=io.BytesIO(sound(200.0)), headers=named) as got:
                assert got.status == 200, await got.read()
            assert (await through.total())["audio_milliseconds"] == 200_000

    run(test)


def test_the_clients_own_address_counts_and_nothing_that_it_says(name: str, tmp_path: Path) -> None:
    """A key for one network works through the server, and only from there."""

    async def test() -> None:
        async with (
            billing_server() as provider,
            behind(name, tmp_path, provider.url) as (through, front),
            _client(front) as client,
        ):
            said = {"x-forwarded-for": "192.0.2.7", "forwarded": "for=192.0.2.7"}
            keys = [
                through.key("here", 1, networks=("127.0.0.2",)),
                through.key("there", 2, networks=("192.0.2.0/24",)),
            ]
            for key, status in zip(keys, (200, 403), strict=True):
                named = {"x-goog-api-key": key, **said}
                async with client.post(front.url + GENERATE, json=prompt(), headers=named) as got:
                    assert got.status == status
            assert [json.loads(line)["remote"] for line in through.log] == ["127.0.0.2"] * 2
            (request,) = provider.requests
            assert not {"x-forwarded-for", "forwarded"} & {
                header.lower() for header, _ in request.headers
            }

    run(test)


def test_an_upload_goes_on_at_the_public_address(name: str, tmp_path: Path) -> None:
    """`quotakeeper serve --public-url`: the address of an upload is the server's, with TLS."""

    async def test() -> None:
        port = free_port()
        options = ("--public-url", f"https://127.0.0.1:{port}/", "--trusted-proxy", "127.0.0.1/32")
        async with billing_server() as provider:
            with (
                served(tmp_path, {"gemini": provider.url}, *options) as gateway,
                in_front(name, tmp_path, gateway.url, port) as front,
            ):
                async with _client(front) as client:
                    url = await _uploaded(client, front, gateway.key)
                marks = os.listdir(tmp_path / "ledger.db-gateways")
                code, log, told = await asyncio.to_thread(gateway.stop)
        assert url.startswith(f"https://127.0.0.1:{port}/__upload__/")
        assert provider.uploaded == bytes(3_000_000)
        assert any(each.startswith(f"localhost_{port}~") for each in marks)
        assert f"  https://127.0.0.1:{port}/gemini  ->" in told and code == 0
        assert [json.loads(line)["remote"] for line in log.splitlines()] == ["127.0.0.2"] * 3
        with Keeper(gateway.ledger, {"default_limits": False}) as keeper:
            assert list(keeper.events()) == []  # an upload costs nothing

    run(test)


async def _uploaded(client: aiohttp.ClientSession, front: Front, key: str) -> str:
    """Upload 3 MB in two parts. Returns the address that the gateway gave."""
    named = {
        "x-goog-api-key": key, "x-goog-upload-protocol": "resumable",
        "x-goog-upload-command": "start", "x-goog-upload-header-content-length": "3000000",
    }  # fmt: skip
    start = f"{front.url}/gemini/upload/v1beta/files"
    async with client.post(start, json={"file": {}}, headers=named) as got:
        assert got.status == 200
        url: str = got.headers["x-goog-upload-url"]
    for order in ("upload", "upload, finalize"):
        part: dict[str, Any] = {"x-goog-upload-command": order, "x-goog-upload-offset": "0"}
        async with client.post(url, data=io.BytesIO(bytes(1_500_000)), headers=part) as got:
            assert got.status == 200
    return url


def test_the_server_finds_no_fault_in_the_example(name: str, tmp_path: Path) -> None:
    """`nginx -t` and `caddy validate`."""
    certificate(tmp_path, "first")
    start = command(name, tmp_path, free_port(), "http://127.0.0.1:8787")
    check = [*start, "-t"] if name == "nginx" else [start[0], "validate", *start[2:]]
    environ = {**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    ran = subprocess.run(
        check, env=environ, capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    if name == "nginx":
        assert "[warn]" not in ran.stderr, ran.stderr
    else:
        example = DEPLOY / "Caddyfile"
        formatted = subprocess.run(
            [start[0], "fmt", str(example)], capture_output=True, text=True, check=False, timeout=60
        )
        assert formatted.stdout == example.read_text(encoding="utf-8")
