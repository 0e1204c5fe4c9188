"""Calls through the gateway: what the provider bills is what the ledger has, to the last unit."""

from __future__ import annotations

import asyncio
import json
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from quotakeeper.domain.usage import Provenance
from tests.gateway.billing_server import Got, billing_server
from tests.gateway.harness import GENERATE, STREAM, chat, gate, prompt, run, sound

_COST = {"name": "cents", "meter": "cost", "window": "day", "mode": "hard"}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (GENERATE, prompt("a b c d")),
        (STREAM, prompt("a b c d")),
        ("/v1beta/models/gemini-2.5-flash:generateContent", prompt("a b")),
        ("/openai/v1/chat/completions", chat("a b c")),
        (
            "/v1/chat/completions",
            chat("a b c", stream=True, stream_options={"include_usage": True}),
        ),
        ("/anthropic/v1/messages", chat("a b", model="claude-haiku-4-5")),
        ("/v1/messages", chat("a b", model="claude-haiku-4-5")),
        ("/deepgram/v1/listen?model=nova-3", sound(2.5)),
        ("/v1/listen?model=nova-3", sound(1.25)),
    ],
)
def test_a_whole_call_is_billed_and_counted_alike(path: str, body: object) -> None:
    """By prefix and by the provider's own path; plain and streamed; text and sound."""

    async def test() -> None:
        async with billing_server() as provider, gate(provider.url) as through:
            kind = {"content-type": "audio/wav"} if isinstance(body, bytes) else {}
            status, headers, got = await through.post(path, body, through.key(), kind)
            assert (status, bool(got)) == (200, True)
            assert await through.total() == provider.total
            event = (await through.events())[0]
            assert (event.provenance, dict(event.labels.scope)) == (
                Provenance.REPORTED,
                {"key": "an"},
            )
            assert ("X-Own-Header" not in headers) or headers["X-Own-Header"] == "a b"

    run(test)


def test_the_provider_sees_the_request_as_it_was_sent_with_its_own_key() -> None:
    """Path, query, body and ordinary headers are the same. No credential of the client goes on."""
    body = (
        b'{"contents": [{"parts": [{"text": "a  b"}]}],  "generationConfig":{"maxOutputTokens":9}}'
    )
    sent = {
        "content-type": "application/json", "x-my-header": "a,  b", "cookie": "a=1", "via": "1.1 a",
        "forwarded": "for=192.0.2.1", "x-forwarded-for": "192.0.2.1", "user-agent": "my/1",
        "x-goog-user-project": "other",
    }  # fmt: skip
    target = "/v1beta/models/gemini-2.5-flash:generateContent?a=%7e%C3%A9&b=x+y&%6bey=K&c"

    async def test() -> None:
        async with billing_server() as provider, gate(provider.url) as through:
            key = through.key()
            url = f"{through.url}/gemini{target.replace('K', key)}"
            from yarl import URL

            async with through.client.post(URL(url, encoded=True), data=body, headers=sent) as got:
                assert got.status == 200
                assert "Set-Cookie" not in got.headers
            (seen,) = provider.requests
            assert (seen.method, seen.body) == ("POST", body)
            assert (
                seen.target == "/v1beta/models/gemini-2.5-flash:generateContent?a=%7e%C3%A9&b=x+y&c"
            )
            named = {name.lower() for name, _ in seen.headers}
            assert named == {"host", "content-type", "content-length", "x-my-header", "user-agent",
                             "x-goog-api-key", "accept", "accept-encoding"}  # fmt: skip
            assert seen.values("x-goog-api-key") == ["AIza-the-operators-own-key-0123456789"]
            assert (seen.values("x-my-header"), seen.values("user-agent")) == (["a,  b"], ["my/1"])
            everything = str(seen) + "".join(through.log) + str(await through.events())
            assert key not in everything
            assert "the-operators-own-key" not in "".join(through.log)

    run(test)


def test_a_call_is_in_the_ledger_before_its_first_byte_leaves(tmp_path: Path) -> None:
    """When the provider gets the request, another connection to the ledger sees the reservation."""
    import sqlite3

    ledger = tmp_path / "ledger.db"
    seen: list[int] = []

    async def look(got: Got) -> None:
        with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as found:
            tables = [
                row[0] for row in found.execute("SELECT name FROM sqlite_master WHERE type='table'")
            ]
            assert "hold" in tables
            seen.append(found.execute("SELECT count(*) FROM hold").fetchone()[0])

    async def test() -> None:
        async with (
            billing_server(on_request=look) as provider,
            gate(provider.url, ledger=ledger) as through,
        ):
            assert (await through.post(GENERATE, prompt(), through.key()))[0] == 200
            assert seen == [1]

    run(test)


@pytest.mark.parametrize("path", [STREAM, "/v1/chat/completions"])
def test_a_client_that_leaves_a_silent_stream_ends_it_at_the_provider(path: str) -> None:
    """The provider is told while nothing flows. What it had sent until then is what counts."""
    body = prompt("a b c", 500) if path == STREAM else chat("a b c", 500, stream=True)

    async def test() -> None:
        async with (
            billing_server(pauses_after=2, events=9) as provider,
            gate(provider.url) as through,
        ):
            named = {"x-goog-api-key": through.key()}
            async with (
                aiohttp.ClientSession() as leaving,
                leaving.post(f"{through.url}{path}", json=body, headers=named) as got,
            ):
                seen = b""
                while seen.count(b"data:") < 2:
                    seen += await got.content.readany()
                got.close()
            await provider.left.wait()
            await through.logged()
            assert await through.total() == provider.total == {
                "input_tokens": 3, "output_tokens": 10, "requests": 1
            }  # fmt: skip
            assert (await through.logged())["outcome"] == "client_gone"

    run(test)


def test_a_stream_that_exceeds_a_limit_is_cut_by_the_providers_own_error() -> None:
    """A provider that sends more than it was asked for is cut. The client gets Gemini's error."""
    limit = {
        "name": "words",
        "meter": "output_tokens",
        "amount": 40,
        "window": "day",
        "mode": "hard",
    }

    async def test() -> None:
        async with (
            billing_server(events=500, tokens_an_event=10, pauses_after=5) as provider,
            gate(provider.url, {"limit": [limit]}) as through,
        ):
            status, _, got = await through.post(STREAM, prompt("a", 20), through.key())
            assert status == 200
            last = json.loads(got.strip().rpartition(b"data: ")[2])
            assert last["error"]["status"] == "RESOURCE_EXHAUSTED", last
            assert "words" in last["error"]["message"]
            await provider.left.wait()
            assert await through.total() == provider.total
            shown = [json.loads(part[6:]) for part in got.decode().split("\r\n\r\n") if part][:-1]
            told = shown[-1]["usageMetadata"]["candidatesTokenCount"]
            assert 40 <= told <= provider.total["output_tokens"] == 50
            assert (await through.logged())["outcome"] == "cut"

    run(test)


def test_what_a_provider_had_sent_before_a_cut_counts() -> None:
    """Ten events arrive at once; the limit cuts after the fifth. The client gets five, and all ten
    count, because the provider bills them."""
    limit = {
        "name": "words",
        "meter": "output_tokens",
        "amount": 40,
        "window": "day",
        "mode": "hard",
    }

    async def test() -> None:
        async with (
            billing_server(events=10, tokens_an_event=10, at_once=True) as provider,
            gate(provider.url, {"limit": [limit]}) as through,
        ):
            _, _, got = await through.post(STREAM, prompt("a", 20), through.key())
            assert got.count(b"usageMetadata") == 5
            assert await through.total() == provider.total
            assert provider.total["output_tokens"] == 100

    run(test)


def test_32_clients_on_the_last_cent_never_pass_it(tmp_path: Path) -> None:
    """Only as many calls are sent as fit. The others are refused in Gemini's form."""
    cents = {**_COST, "amount": "0.01"}

    async def test() -> None:
        async with (
            billing_server(tokens_an_event=800) as provider,
            gate(provider.url, {"limit": [cents]}, ledger=tmp_path / "ledger.db") as through,
        ):
            key = through.key()
            asked = [through.post(GENERATE, prompt("a b", 800), key) for _ in range(32)]
            answers = await asyncio.gather(*asked)
            (state,) = through.keeper.status().limits
            served = [body for status, _, body in answers if status == 200]
            refused = [json.loads(body) for status, _, body in answers if status in (402, 429)]
            assert len(served) + len(refused) == 32 and served and refused
            assert all("cents" in each["error"]["message"] for each in refused)
            assert len(provider.requests) == len(provider.bill) == len(served)
            assert state.used <= state.limit.amount
            assert await through.total() == provider.total

    run(test)


def test_a_provider_that_cannot_be_reached_costs_nothing() -> None:
    async def test() -> None:
        async with billing_server() as provider:
            nobody = provider.port
        async with gate(f"http://127.0.0.1:{nobody}") as through:
            status, _, got = await through.post(GENERATE, prompt(), through.key())
            assert status == 502 and b"was not sent" in got
            assert await through.events() == []

    run(test)


@pytest.mark.parametrize("when", ["before", "amid"])
def test_a_lost_answer_is_assumed_once_and_never_asked_for_again(when: str) -> None:
    """The provider drops the connection. The call is not sent again, and counts once."""

    async def test() -> None:
        async with billing_server(drops=when) as provider, gate(provider.url) as through:
            key = through.key()
            if when == "before":
                status, _, got = await through.post(GENERATE, prompt(), key)
                assert status == 502 and b"is not sent again" in got
            else:
                with pytest.raises(aiohttp.ClientPayloadError):
                    await through.post(GENERATE, prompt(), key)
            (event,) = await through.events()
            assert len(provider.requests) == 1
            assert event.quantities["requests"] == 1
            assert event.quantities["output_tokens"] >= 5

    run(test)


def test_a_file_of_sound_is_sent_on_while_it_arrives() -> None:
    """A long file is reserved from its first bytes and its length, and reaches the provider whole."""
    file = sound(90.0)  # 1.4 MB

    async def test() -> None:
        async with billing_server() as provider, gate(provider.url) as through:
            kind = {"content-type": "audio/wav"}
            status, _, _ = await through.post("/v1/listen?model=nova-3", file, through.key(), kind)
            assert status == 200
            assert provider.requests[0].body == file
            assert provider.requests[0].values("content-length") == [str(len(file))]
            assert await through.total() == provider.total == {
                "audio_milliseconds": 90_000, "requests": 1
            }  # fmt: skip

    run(test)


def test_sound_is_refused_before_it_is_sent() -> None:
    """A limit of one minute refuses a file of 90 seconds by its head; the body is not read."""
    limit = {
        "name": "minute",
        "meter": "audio_minutes",
        "amount": 1,
        "window": "day",
        "mode": "hard",
    }

    async def test() -> None:
        async with billing_server() as provider, gate(provider.url, {"limit": [limit]}) as through:
            kind = {"content-type": "audio/wav"}
            status, _, got = await through.post(
                "/v1/listen?model=nova-3", sound(90.0), through.key(), kind
            )
            assert status == 402 and b"err_msg" in got
            assert provider.requests == []

    run(test)
