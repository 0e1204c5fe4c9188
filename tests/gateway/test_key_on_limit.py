"""What a limit does with the calls of a key that has its own `on_limit`, in a call, a stream and a
socket. The config says something else in every test."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from quotakeeper.keeper import Keeper, engine_of
from quotakeeper.keeper_limits import give_back_leases
from tests.gateway.billing_server import billing_server
from tests.gateway.harness import GENERATE, STREAM, Gate, gate, prompt, run, sound
from tests.gateway.test_sockets import LISTEN, SECOND, provider

WORDS = {"name": "words", "meter": "output_tokens", "amount": 40, "window": "day", "mode": "hard"}
HEARD = {"name": "two", "meter": "audio_seconds", "amount": 2, "window": "day", "mode": "hard"}
LISTENED = "/deepgram/v1/listen?model=nova-3"


def _config(on_limit: str, limit: dict[str, Any] = WORDS, **more: object) -> dict[str, object]:
    return {"on_limit": on_limit, "limit": [limit], "clamp_least": 1, **more}


async def _until(true: Callable[[], object]) -> None:
    while not true():
        await asyncio.sleep(0)


def _waiting(keeper: Keeper) -> int:
    """The number of calls that wait for room."""
    return len(engine_of(keeper).parts.room.waiting)


@pytest.mark.parametrize("lease", ["off", "auto"])
@pytest.mark.parametrize("path", [GENERATE, STREAM])
def test_a_call_over_a_limit_follows_the_word_of_its_own_key(
    path: str, lease: str, tmp_path: Path
) -> None:
    """One key warns, one is refused, one asks for less; a key without a word follows the config."""

    async def test() -> None:
        async with (
            billing_server(events=1, tokens_an_event=5) as billing,
            gate(billing.url, _config("warn", lease=lease), ledger=tmp_path / "l.db") as through,
        ):
            refused = through.key("refused", 1, on_limit="raise")
            lowered = through.key("lowered", 2, on_limit="clamp")
            warned = through.key("warned", 3, on_limit="warn")
            silent = through.key("silent", 4)

            async def call(key: str) -> tuple[int, int, bytes]:
                sent = len(billing.requests)
                status, _, got = await through.post(path, prompt("a", 50), key)
                await through.events()
                asked = [json.loads(each.body) for each in billing.requests[sent:]]
                return status, sum(e["generationConfig"]["maxOutputTokens"] for e in asked), got

            status, most, got = await call(refused)
            assert (status, most) == (402, 0)
            assert b'set on_limit = \\"clamp\\"' in got and b"words" in got
            assert (await call(lowered))[:2] == (200, 40)
            assert (await call(warned))[:2] == (200, 50)
            assert (await call(silent))[:2] == (200, 50)
            assert (await call(refused))[:2] == (402, 0)
            through.change("refused", on_limit="warn")
            assert (await call(refused))[:2] == (200, 50)
            assert await through.total() == billing.total
            give_back_leases(through.keeper)  # so that the ledger has no open reservation

    run(test)


@pytest.mark.parametrize("config", ["warn", "raise"])
@pytest.mark.parametrize("path", [GENERATE, STREAM])
def test_a_waiting_key_waits_until_another_key_has_left_room(path: str, config: str) -> None:
    """The first call holds the whole limit. The second one is sent when the first has ended."""

    async def test() -> None:
        first_goes_on = asyncio.Event()

        async def hold(got: Any) -> None:
            if len(billing.requests) == 1:
                await first_goes_on.wait()

        async with (
            billing_server(events=1, tokens_an_event=5, on_request=hold) as billing,
            gate(billing.url, _config(config, on_busy="refuse")) as through,
        ):
            first, second = through.key("an", 1), through.key("binh", 2, on_limit="wait")
            third = through.key("chi", 3, on_limit="raise")
            begun = asyncio.create_task(through.post(path, prompt("a", 40), first))
            await _until(lambda: billing.requests)
            waits = asyncio.create_task(through.post(path, prompt("b", 30), second))
            await _until(lambda: _waiting(through.keeper))
            assert (await through.post(path, prompt("c", 30), third))[0] == 429  # and does not wait
            assert len(billing.requests) == 1
            first_goes_on.set()
            assert [(await each)[0] for each in (begun, waits)] == [200, 200]
            assert await through.total() == billing.total

    run(test)


def test_a_waiting_key_whose_limit_has_room_too_late_is_refused_at_once() -> None:
    async def test() -> None:
        async with (
            billing_server() as billing,
            gate(billing.url, _config("warn", {**WORDS, "window": "month"}, wait_seconds=0)) as g,
        ):
            g.keeper.record("gemini", model="gemini-2.5-flash", output_tokens=30)
            status, _, got = await g.post(GENERATE, prompt("a", 20), g.key(on_limit="wait"))
            assert status in (402, 429) and b"raise wait_seconds" in got
            assert billing.requests == []

    run(test)


def test_a_client_that_leaves_or_a_key_that_ends_ends_the_wait() -> None:
    async def test() -> None:
        async with billing_server() as billing, gate(billing.url, _config("raise")) as through:
            key = through.key("an", 1, on_limit="wait")
            held = through.keeper.reserve("gemini", model="gemini-2.5-flash", output_tokens=40)
            for _ in range(2):
                leaves = asyncio.create_task(through.post(GENERATE, prompt("a", 20), key))
                await _until(lambda: _waiting(through.keeper))
                leaves.cancel()
                await _until(lambda: not _waiting(through.keeper))
            ended = asyncio.create_task(through.post(GENERATE, prompt("a", 20), key))
            await _until(lambda: _waiting(through.keeper))
            through.gateway._calls.end_all("the gateway stops")  # type: ignore[attr-defined]
            assert (await ended)[0] == 503
            await _until(lambda: not _waiting(through.keeper))
            held.release()
            assert billing.requests == [] and await through.events() == []

    run(test)


@pytest.mark.parametrize("word", ["raise", "warn", "clamp"])
def test_a_stream_that_sends_too_much_is_cut_unless_its_key_only_warns(word: str) -> None:
    async def test() -> None:
        other = "raise" if word == "warn" else "warn"
        async with (
            billing_server(events=10, tokens_an_event=10, at_once=True) as billing,
            gate(billing.url, _config(other)) as through,
        ):
            key = through.key(on_limit=word)
            _, _, got = await through.post(STREAM, prompt("a", 20), key)
            assert got.count(b"usageMetadata") == (10 if word == "warn" else 5)
            assert (b"RESOURCE_EXHAUSTED" in got) == (word != "warn")
            assert await through.total() == billing.total

    run(test)


@pytest.mark.parametrize("word", ["raise", "warn", "clamp"])
def test_sound_has_no_output_to_lower_so_it_is_refused_unless_its_key_only_warns(
    word: str,
) -> None:
    async def test() -> None:
        other = "raise" if word == "warn" else "warn"
        async with (
            billing_server() as billing,
            gate(billing.url, _config(other, HEARD)) as through,
        ):
            named = {"content-type": "audio/wav"}
            key = through.key(on_limit=word)
            status, _, _ = await through.post(LISTENED, sound(2.5), key, named)
            assert (status == 200) == (word == "warn") and (status in (200, 402, 429))
            assert len(billing.requests) == (word == "warn")

    run(test)


def test_sound_of_a_waiting_key_is_sent_when_there_is_room() -> None:
    async def test() -> None:
        async with billing_server() as billing, gate(billing.url, _config("raise", HEARD)) as g:
            held = g.keeper.reserve("deepgram", model="nova-3", audio_seconds=1)
            key = g.key(on_limit="wait")
            named = {"content-type": "audio/wav"}
            waits = asyncio.create_task(g.post(LISTENED, sound(1.5), key, named))
            await _until(lambda: _waiting(g.keeper))
            assert billing.requests == []
            held.release()
            assert (await waits)[0] == 200
            assert await g.total() == billing.total

    run(test)


async def _talk(through: Gate, key: str) -> tuple[int, str]:
    """Send three seconds of sound, and end. Returns the code and the reason of the close frame."""
    named = {"Authorization": f"Token {key}"}
    url = f"{through.url}/deepgram{LISTEN}"
    async with through.client.ws_connect(url, headers=named) as socket:
        for _ in range(3):
            await socket.send_bytes(SECOND)
        await socket.send_str('{"type": "CloseStream"}')
        while True:
            message = await socket.receive()
            if message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED):
                return socket.close_code or 0, str(message.extra or "")


@pytest.mark.parametrize("word", ["raise", "clamp", "wait", "warn"])
def test_a_session_at_a_limit_is_cut_unless_its_key_only_warns(word: str) -> None:
    async def test() -> None:
        other = "raise" if word == "warn" else "warn"
        async with (
            provider() as deepgram,
            gate(deepgram.url, _config(other, HEARD)) as through,
        ):
            code, reason = await _talk(through, through.key(on_limit=word))
            assert (code, deepgram.milliseconds) == (
                (1000, 3_000) if word == "warn" else (1008, 2_000)
            )
            assert ("two" in reason) == (word != "warn")
            assert (await through.total())["audio_milliseconds"] == deepgram.milliseconds

    run(test)


@pytest.mark.parametrize("word", ["raise", "wait"])
def test_a_waiting_session_opens_when_there_is_room(word: str) -> None:
    """Another call holds the whole limit. A key that waits keeps its handshake open."""

    async def test() -> None:
        async with provider() as deepgram, gate(deepgram.url, _config("warn", HEARD)) as through:
            held = through.keeper.reserve(
                "deepgram", model="nova-3", audio_seconds=2, on_limit="raise"
            )
            talk = asyncio.create_task(_talk(through, through.key(on_limit=word)))
            if word == "raise":
                with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                    await talk
                assert refused.value.status == 429
            else:
                await _until(lambda: _waiting(through.keeper))
            assert deepgram.paths == []
            held.release()
            if word == "wait":
                assert (await talk)[0] == 1008  # two of its three seconds fit
                assert deepgram.milliseconds == 2_000

    run(test)
