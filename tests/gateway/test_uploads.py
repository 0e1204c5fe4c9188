"""Resumable uploads: the provider's address never reaches the client, and the gateway's is bound."""

from __future__ import annotations

import asyncio
import json
import os

import pytest

from quotakeeper.domain.keys.virtual_key import KeyState
from quotakeeper.gateway.gateway_settings import GatewaySettings
from quotakeeper.testing import FakeClock
from tests.gateway.billing_server import billing_server
from tests.gateway.harness import Gate, gate, run
from tests.matrix.environments import UnavailableError, prepare

FILE = "/gemini/v1beta/files/abc"
START = "/gemini/upload/v1beta/files"
IN_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")
_SDK = """
import io, sys
from google import genai
from google.genai import types
client = genai.Client(api_key=sys.argv[2], http_options=types.HttpOptions(base_url=sys.argv[1]))
file = io.BytesIO(bytes(range(256)) * 40_000)
print(client.files.upload(file=file, config={"mime_type": "audio/wav"}).name)
"""


async def _started(through: Gate, key: str) -> str:
    named = {
        "x-goog-api-key": key, "x-goog-upload-protocol": "resumable",
        "x-goog-upload-command": "start", "x-goog-upload-header-content-length": "8",
    }  # fmt: skip
    async with through.client.post(through.url + START, json={"file": {}}, headers=named) as got:
        assert got.status == 200
        return got.headers.get("x-goog-upload-url", "")


async def _part(through: Gate, url: str, data: bytes, command: str = "upload") -> int:
    named = {"x-goog-upload-command": command, "x-goog-upload-offset": "0"}
    async with through.client.post(url, data=data, headers=named) as got:
        await got.read()
        return got.status


def test_an_upload_goes_through_the_gateway_without_a_key_in_its_parts() -> None:
    """The address is the gateway's own, and ends with the last part. Only the key that uploaded a
    file may read its state."""

    async def test() -> None:
        async with billing_server() as provider, gate(provider.url) as through:
            key = through.key()
            url = await _started(through, key)
            assert url.startswith(f"{through.url}/__upload__/") and key not in url
            assert await _part(through, url, b"abcd") == 200
            assert await _part(through, url, b"efgh", "upload, finalize") == 200
            assert await _part(through, url, b"more") == 401
            assert provider.uploaded == b"abcdefgh"
            assert url.rpartition("/")[2] not in "".join(through.log)
            assert provider.requests[1].target == "/upload/v1beta/files?upload_id=a%2Fb&x=1"
            assert all("AIza" in each.values("x-goog-api-key")[0] for each in provider.requests)
            assert await through.events() == [] and provider.bill == []
            assert [json.loads(line)["key"] for line in through.log[:3]] == ["an"] * 3
            named = {"x-goog-api-key": key}
            async with through.client.get(f"{through.url}{FILE}", headers=named) as got:
                assert got.status == 200
            other = {"x-goog-api-key": through.key("other", 2)}
            for method, path, own in (("GET", FILE, other), ("DELETE", FILE, named),
                                      ("GET", f"{FILE}d", named)):  # fmt: skip
                async with through.client.request(method, through.url + path, headers=own) as got:
                    assert (got.status, b"not_metered" in await got.read()) == (404, True)

    run(test)


def test_an_upload_ends_with_its_key_and_nobody_makes_its_address_up() -> None:
    async def test() -> None:
        async with billing_server() as provider, gate(provider.url) as through:
            key = through.key()
            url = await _started(through, key)
            wrong = [
                f"{url}a",
                url[:-1],
                f"{url}?key={key}",
                f"{through.url}/__upload__/",
                url.upper(),
            ]
            assert [await _part(through, each, b"a") for each in wrong[:4]] == [401] * 4
            through.change("an", state=KeyState.REVOKED)
            assert await _part(through, url, b"a") == 401
            assert provider.uploaded == b""

    run(test)


def test_the_addresses_of_uploads_age_and_a_key_has_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """An old address is no address. Another key's uploads do not push out those of this key."""
    monkeypatch.setattr("quotakeeper.gateway.upload_shelves.MOST_OF_A_KEY", 3)
    clock = FakeClock()

    async def test() -> None:
        async with billing_server() as provider, gate(provider.url, clock=clock) as through:
            key, other = through.key(), through.key("other", 2)
            mine = await _started(through, key)
            urls = [await _started(through, other) for _ in range(4)]
            assert await _part(through, urls[0], b"a") == 401
            assert [await _part(through, each, b"a") for each in (*urls[1:], mine)] == [200] * 4
            clock.sleep(GatewaySettings().upload_seconds)
            assert [await _part(through, each, b"a") for each in (*urls[1:], mine)] == [401] * 4

    run(test)


def test_behind_another_server_the_address_is_the_public_one() -> None:
    """Its path is what the server in front takes away."""
    settings = GatewaySettings(public_url="https://ai.example.com/ai")

    async def test() -> None:
        async with (
            billing_server() as provider,
            gate(provider.url, settings=settings) as through,
        ):
            url = await _started(through, through.key())
            assert url.startswith("https://ai.example.com/ai/__upload__/")
            inner = url.replace("https://ai.example.com/ai", through.url)
            assert await _part(through, inner, b"abcd", "upload, finalize") == 200
            assert provider.uploaded == b"abcd"

    run(test)


def test_no_upload_goes_on_while_the_gateway_stops() -> None:
    async def test() -> None:
        async with billing_server() as provider, gate(provider.url) as through:
            url = await _started(through, through.key())
            await through.gateway.drain()
            assert await _part(through, url, b"a") == 503 and provider.uploaded == b""

    run(test)


def test_an_upload_never_goes_to_a_host_that_an_answer_names() -> None:
    """A provider that names another host is not followed; the client gets no address."""

    async def test() -> None:
        for host in ("http://169.254.169.254", "http://127.0.0.1:1"):
            async with billing_server(upload_host=host) as provider, gate(provider.url) as through:
                assert await _started(through, through.key()) == ""

    run(test)


@pytest.mark.slow
def test_the_real_sdk_uploads_a_file() -> None:
    """google-genai, changed in nothing but base URL and key, uploads 10 MB in two parts."""
    try:
        python = prepare("genai3")
    except UnavailableError as error:
        if IN_CI:
            raise
        pytest.skip(f"google-genai: {error}")

    async def test() -> None:
        async with billing_server() as provider, gate(provider.url) as through:
            process = await asyncio.create_subprocess_exec(
                str(python), "-c", _SDK, f"{through.url}/gemini", through.key(),
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
            told, errors = await process.communicate()
            assert told == b"files/abc\n", errors[-2_000:]
            assert provider.uploaded == bytes(range(256)) * 40_000
            assert await through.total() == provider.total

    run(test)
