"""Keys of clients: where they may stand, what they allow, and how they end."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from quotakeeper.domain.keys.virtual_key import KeyState
from quotakeeper.gateway.gateway_settings import GatewaySettings
from tests.gateway.billing_server import billing_server
from tests.gateway.harness import GENERATE, STREAM, chat, gate, prompt, run, sound
from tests.keys.fake_keys import NOW, text_of

_HEADERS = {
    "x-goog-api-key": "{}", "x-api-key": "{}", "api-key": "{}", "Authorization": "Bearer {}",
    "AUTHORIZATION": "Token {}",
}  # fmt: skip


def _error(body: bytes) -> Any:
    return json.loads(body)["error"]


@pytest.mark.parametrize("header", _HEADERS)
def test_a_key_is_accepted_in_every_header_of_an_sdk(header: str) -> None:
    async def test() -> None:
        async with billing_server() as provider, gate(provider.url) as through:
            named = {header: _HEADERS[header].format(through.key())}
            async with through.client.post(
                through.url + GENERATE, json=prompt(), headers=named
            ) as got:
                assert got.status == 200
            assert provider.requests[0].values("x-goog-api-key") == [
                "AIza-the-operators-own-key-0123456789"
            ]

    run(test)


@pytest.mark.parametrize("name", ["key", "token", "access_token"])
def test_a_key_in_the_query_is_accepted_and_goes_no_further(name: str) -> None:
    async def test() -> None:
        async with billing_server() as provider, gate(provider.url) as through:
            url = f"{through.url}{STREAM}&{name}={through.key()}"
            async with through.client.post(url, json=prompt()) as got:
                assert got.status == 200
                await got.read()
            assert provider.requests[0].target == STREAM.removeprefix("/gemini")
            assert "qk_" not in "".join(through.log)

    run(test)


def test_a_request_without_a_valid_key_gets_one_text() -> None:
    """Without a key, with an unknown or mistyped one, or with another scheme: the same 401."""
    wrong = [
        {}, {"x-api-key": text_of(9)}, {"x-api-key": "x"}, {"x-api-key": ""}, {"x-api-key": "'; --"},
        {"x-api-key": "k" * 12_000}, {"x-api-key": "chìa khóa"}, {"authorization": "Basic YTpi"},
        {"authorization": "Bearer"}, {"authorization": "Bearer a b"}, {"authorization": text_of(1)},
    ]  # fmt: skip

    async def test() -> None:
        async with billing_server() as provider, gate(provider.url) as through:
            through.key()
            answers = set()
            for headers in wrong:
                async with through.client.post(
                    through.url + GENERATE, json=prompt(), headers=headers
                ) as got:
                    answers.add((got.status, await got.read()))
            ((status, body),) = answers
            assert (status, _error(body)["reason"]) == (401, "key_invalid")
            assert provider.requests == []

    run(test)


def test_two_different_keys_are_refused_and_the_same_key_twice_is_not() -> None:
    async def test() -> None:
        async with billing_server() as provider, gate(provider.url) as through:
            one, two = through.key("an", 1), through.key("binh", 2)
            status, _, body = await through.post(f"{STREAM}&key={two}", prompt(), one)
            assert (status, _error(body)["reason"]) == (400, "two_keys")
            assert (await through.post(f"{STREAM}&key={one}", prompt(), one))[0] == 200
            assert (await through.post(f"{STREAM}&key={one}", prompt(), ""))[0] == 200

    run(test)


@pytest.mark.parametrize(
    ("more", "path", "body", "code"),
    [
        ({"providers": ("deepgram",)}, GENERATE, prompt(), "provider_not_allowed"),
        ({"providers": ()}, GENERATE, prompt(), "provider_not_allowed"),
        ({"models": ()}, GENERATE, prompt(), "provider_not_allowed"),
        ({"models": ("gemini-2.5-pro",)}, GENERATE, prompt(), "model_not_allowed"),
        ({"models": ("gpt-5*",)}, "/openai/v1/chat/completions", chat(), "model_not_allowed"),
        ({"models": ("nova-2",)}, "/v1/listen?model=nova-3", sound(), "model_not_allowed"),
        ({"networks": ("192.0.2.0/24",)}, GENERATE, prompt(), "address_not_allowed"),
    ],
)
def test_what_a_key_does_not_allow_is_not_sent(more: Any, path: str, body: Any, code: str) -> None:
    async def test() -> None:
        async with billing_server() as provider, gate(provider.url) as through:
            kind = {"content-type": "audio/wav"} if isinstance(body, bytes) else {}
            status, _, got = await through.post(path, body, through.key(**more), kind)
            assert (status, _error(got)["reason"]) == (403, code)
            assert provider.requests == [] and await through.events() == []

    run(test)


def test_a_key_that_allows_a_model_may_use_it() -> None:
    async def test() -> None:
        async with billing_server() as provider, gate(provider.url) as through:
            key = through.key(providers=("gemini",), models=("gemini-2.5-*",), project="film",
                              labels=(("team", "a"),), networks=("127.0.0.0/8",))  # fmt: skip
            assert (await through.post(GENERATE, prompt(), key))[0] == 200
            (event,) = await through.events()
            assert dict(event.labels.scope) == {"key": "an", "project": "film", "team": "a"}

    run(test)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"state": KeyState.REVOKED}, "key_revoked"),
        ({"state": KeyState.DISABLED}, "key_disabled"),
        ({"expires_at": NOW}, "key_expired"),
    ],
)
def test_a_key_that_ends_refuses_calls_and_ends_streams(change: Any, code: str) -> None:
    """A stream under way ends with an event, the stream at the provider is closed, and the call
    counts once."""

    async def test() -> None:
        quick = GatewaySettings(key_seconds=0.01)
        async with (
            billing_server(pauses_after=2) as provider,
            gate(provider.url, settings=quick) as through,
        ):
            key = through.key()
            open_stream = asyncio.create_task(through.post(STREAM, prompt("a b"), key))
            await provider.answering.wait()
            while provider.bill[0].quantities.get("output_tokens") != 10:
                await asyncio.sleep(0)
            through.change("an", **change)
            status, _, got = await open_stream
            await provider.left.wait()
            assert status == 200
            if b"data: " in got:
                assert json.loads(got.strip().rpartition(b"data: ")[2])["error"]
            status, _, refused = await through.post(GENERATE, prompt(), key)
            assert (status, _error(refused)["reason"]) == (401, code)
            assert await through.total() == provider.total

    run(test)


def test_a_key_makes_no_more_calls_at_once_than_it_may() -> None:
    async def test() -> None:
        async with billing_server(pauses_after=1) as provider, gate(provider.url) as through:
            key = through.key(concurrency=1)
            first = asyncio.create_task(through.post(STREAM, prompt(), key))
            await provider.answering.wait()
            status, _, body = await through.post(GENERATE, prompt(), key)
            assert (status, _error(body)["reason"]) == (429, "too_many_calls")
            other = through.key("binh", 2)
            assert (await through.post(GENERATE, prompt(), other))[0] == 200
            provider.go_on.set()
            assert (await first)[0] == 200
            assert (await through.post(GENERATE, prompt(), key))[0] == 200

    run(test)


def test_a_key_reads_its_own_limits_and_nobody_elses() -> None:
    """`GET /v1/me/usage` has the limits with the key's labels: amount, use and reset."""
    limits = [
        {"name": "all", "meter": "requests", "amount": 9, "window": "none", "mode": "hard"},
        {"name": "an's", "meter": "requests", "amount": 2, "window": "none", "mode": "hard",
         "scope": {"key": "an"}},
        {"name": "each", "meter": "requests", "amount": 5, "window": "none", "mode": "hard",
         "per": "key"},
        {"name": "binh's", "meter": "requests", "amount": 4, "window": "none", "mode": "hard",
         "scope": {"key": "binh"}},
    ]  # fmt: skip

    async def test() -> None:
        async with billing_server() as provider, gate(provider.url, {"limit": limits}) as through:
            key, other = through.key(), through.key("binh", 2)
            assert (await through.post(GENERATE, prompt(), key))[0] == 200
            assert (await through.post(GENERATE, prompt(), other))[0] == 200
            await through.events()
            named = {"Authorization": f"Bearer {key}"}
            async with through.client.get(f"{through.url}/v1/me/usage", headers=named) as got:
                told = await got.json()
            assert got.status == 200 and told["key"] == "an"
            shown = {each["name"].partition("[")[0].strip(): each for each in told["limits"]}
            assert [(each["amount"], each["used"]) for each in told["limits"]] == [
                ("2", "1"),
                ("5", "1"),
            ]
            assert "an's" in shown and "binh's" not in shown and "all" not in shown
            (shared,) = told["shared_limits"]
            assert (shared["name"], shared["used"]) == ("all", "2"), "the use of all keys together"
            assert (await through.post(GENERATE, prompt(), key))[0] == 200
            status, _, body = await through.post(GENERATE, prompt(), key)
            assert status in (402, 429) and "an's" in _error(body)["message"]
            assert (await through.post(GENERATE, prompt(), other))[0] == 200

    run(test)


def test_a_client_that_asks_after_its_call_sees_it_counted() -> None:
    """The answer of a call does not wait for the ledger. The next question does."""
    limit = {"name": "calls", "per": "key", "meter": "requests", "window": "none", "amount": 100}

    async def test() -> None:
        async with (
            billing_server() as provider,
            gate(provider.url, {"limit": [limit]}) as through,
        ):
            named = {"x-goog-api-key": through.key()}
            for number in range(1, 21):
                assert (await through.post(GENERATE, prompt(), named["x-goog-api-key"]))[0] == 200
                async with through.client.get(f"{through.url}/v1/me/usage", headers=named) as got:
                    (told,) = (await got.json())["limits"]
                assert (told["used"], told["reserved"]) == (str(number), "0"), told

    run(test)
