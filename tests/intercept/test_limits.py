"""Limits apply under threads and coroutines; a run may warn or wait instead of refusing."""

from __future__ import annotations

import asyncio
import json
import struct
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import quotakeeper
from quotakeeper.errors import ConfigError
from quotakeeper.metering.watch_settings import read_watch_settings
from quotakeeper.providers.contract import Request
from quotakeeper.providers.registry import recognise
from quotakeeper.sandbox.server import Sandbox
from quotakeeper.testing import FakeClock
from tests.intercept.conftest import (
    HEADERS,
    SECRET,
    WAYS,
    Post,
    Watched,
    billed,
    booked,
    by_requests,
    generate,
    prompt,
)
from tests.intercept.scripted import JSON, Got, Line, ScriptedServer, whole

SECONDS = 60
RATE = 8_000
LISTEN = {"authorization": f"Token {SECRET}", "content-type": "audio/wav"}


def _wav(seconds: int = SECONDS, rate: int = RATE) -> bytes:
    """A WAV file with little sound, whose length is known before it is sent."""
    size = seconds * rate
    head = b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt "
    head += struct.pack("<IHHIIHH", 16, 1, 1, rate, rate, 1, 8)
    return head + b"data" + struct.pack("<I", size) + bytes(size)


def _heard(seconds: int = SECONDS) -> bytes:
    metadata = {"request_id": "r", "duration": float(seconds), "channels": 1, "models": ["m"]}
    channels = [{"alternatives": [{"transcript": "a", "confidence": 1.0, "words": []}]}]
    return json.dumps({"metadata": metadata, "results": {"channels": channels}}).encode()


@pytest.mark.parametrize("name", ["urllib", "requests", "httpx", "httpx async", "aiohttp"])
def test_threads_send_exactly_as_many_calls_as_the_money_covers(
    name: str, watched: Watched
) -> None:
    post, audio = WAYS[name], _wav()
    arrived = threading.Semaphore(0)

    def script(request: Got, line: Line) -> None:
        arrived.release()
        line.send(whole(_heard(), JSON))

    with ScriptedServer(script) as server:
        url = f"{server.url}/v1/listen?model=nova-3"
        keeper = watched()
        assert post(url, audio, LISTEN).status == 200
        (one,) = watched.events()
        assert one.cost_pico
        watched.close()
        watched.watching.clear()
        for file in watched.folder.iterdir():
            if file.is_file():
                file.unlink()
        amount = Decimal(one.cost_pico * 300) / 10**12
        keeper = watched({"name": "money", "meter": "cost", "window": "day", "amount": str(amount)})
        with ThreadPoolExecutor(50) as pool:
            statuses = list(pool.map(lambda _: _twenty(post, url, audio), range(50)))
        flat = [status for each in statuses for status in each]
        assert len(server.got) == 1 + 300
        assert (flat.count(200), flat.count(402)) == (300, 700)
        assert len(watched.events()) == 300
        assert keeper.status().limits[0].remaining == 0
        assert keeper.verify() == []


def _twenty(post: Post, url: str, audio: bytes) -> list[int]:
    return [post(url, audio, LISTEN).status for _ in range(20)]


def test_many_coroutines_keep_to_a_limit_as_threads_do(sandbox: Sandbox, watched: Watched) -> None:
    import httpx

    keeper = watched({"name": "thirty", "meter": "requests", "window": "day", "amount": 30})
    url = generate(sandbox.base_url)

    async def go() -> list[int]:
        async with httpx.AsyncClient(timeout=60, trust_env=False) as client:

            async def one() -> int:
                return (await client.post(url, content=prompt(), headers=HEADERS)).status_code

            return await asyncio.gather(*(one() for _ in range(100)))

    statuses = asyncio.run(go())
    assert (statuses.count(200), statuses.count(402)) == (30, 70)
    assert booked(watched.events()) == billed(sandbox)
    assert keeper.verify() == []


def test_a_run_with_on_limit_warn_continues(
    post: Post, sandbox: Sandbox, watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    one = {"name": "only one", "meter": "requests", "window": "day", "amount": 1}
    watched(one, settings={"on_limit": "warn"})
    url = generate(sandbox.base_url)
    assert [post(url, prompt(), HEADERS).status for _ in range(3)] == [200, 200, 200]
    assert booked(watched.events()) == billed(sandbox)
    assert "only one" in caplog.text


class _Impatient(FakeClock):
    """A clock on which every wait ends at once."""

    def __init__(self) -> None:
        super().__init__("2026-11-23T12:00:30Z")
        self.waits: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.advance(seconds=seconds)


def test_a_run_that_waits_continues_in_the_new_window(
    sandbox: Sandbox, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = _Impatient()
    per_minute = {"name": "per minute", "meter": "requests", "window": "minute", "amount": 1}
    watched(per_minute, clock=clock, wait=True)
    monkeypatch.setattr(watched.watching[-1].meter, "sleep", clock.sleep)
    url = generate(sandbox.base_url)
    assert [by_requests(url, prompt(), HEADERS).status for _ in range(2)] == [200, 200]
    assert sum(clock.waits) == pytest.approx(30, abs=1.1)
    assert max(clock.waits) <= 1
    assert booked(watched.events()) == billed(sandbox)


def test_an_event_loop_that_waits_continues_in_the_new_window(
    sandbox: Sandbox, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = _Impatient()
    per_minute = {"name": "per minute", "meter": "requests", "window": "minute", "amount": 1}
    watched(per_minute, clock=clock, wait=True)
    sleep = asyncio.sleep

    async def at_once(seconds: float, *rest: Any) -> Any:
        clock.sleep(seconds)
        return await sleep(0, *rest)

    monkeypatch.setattr(asyncio, "sleep", at_once)
    post = WAYS["httpx async"]
    url = generate(sandbox.base_url)
    assert [post(url, prompt(), HEADERS).status for _ in range(2)] == [200, 200]
    assert sum(clock.waits) >= 29


def test_a_keepers_own_wait_policy_applies_in_hooks(sandbox: Sandbox, watched: Watched) -> None:
    clock = FakeClock("2026-11-23T12:00:30Z")
    per_minute = {"name": "per minute", "meter": "requests", "window": "minute", "amount": 1}
    watched(per_minute, clock=clock, settings={"on_limit": "wait"})
    url = generate(sandbox.base_url)
    assert [by_requests(url, prompt(), HEADERS).status for _ in range(2)] == [200, 200]
    assert sum(clock.slept) == pytest.approx(30, abs=1.1)


def test_watchs_policies_apply_to_the_keeper_that_it_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, watched: Watched
) -> None:
    monkeypatch.setenv("QUOTAKEEPER_LEDGER", str(tmp_path / "own.db"))
    with quotakeeper.watch(on_busy="refuse", hold="typical", wait=True, busy_seconds=3) as watching:
        settings = watching.keeper.settings
        watching.keeper.close()
    assert (settings.on_busy, settings.hold, settings.on_limit) == ("refuse", "typical", "wait")
    assert settings.busy_seconds == 3
    with pytest.raises(ConfigError, match="on_busy"):
        quotakeeper.watch(watched(), on_busy="refuse")
    with pytest.raises(ConfigError, match="hold"):
        quotakeeper.watch(hold="tight")


def test_nobody_waits_for_what_can_never_fit(sandbox: Sandbox, watched: Watched) -> None:
    watched({"name": "tiny", "meter": "tokens", "window": "minute", "amount": 5}, wait=True)
    assert by_requests(generate(sandbox.base_url), prompt(), HEADERS).status == 402


def test_a_call_that_one_of_two_limits_can_never_admit_has_no_retry_time(
    sandbox: Sandbox, watched: Watched
) -> None:
    soon = {"name": "soon", "meter": "requests", "window": "rolling 30m", "amount": 1}
    never = {"name": "never", "meter": "tokens", "window": "minute", "amount": 10}
    keeper = watched(soon, never)
    keeper.record("gemini", model="gemini-2.5-flash", requests=1)
    answer = by_requests(generate(sandbox.base_url), prompt(), HEADERS)
    assert (answer.status, answer.reason) == (402, "Payment Required")
    assert sandbox.bill.charges == ()


def test_the_labels_of_a_run_are_on_every_call(
    post: Post, sandbox: Sandbox, watched: Watched
) -> None:
    team = {"team": "subtitles"}
    watched(
        {"name": "of the team", "meter": "requests", "window": "day", "amount": 1, "scope": team},
        scope=team,
    )
    url = generate(sandbox.base_url)
    assert [post(url, prompt(), HEADERS).status for _ in range(2)] == [200, 402]
    assert dict(watched.events()[0].labels.scope) == team


def test_labels_of_a_block_are_on_the_calls_that_are_watched_in_it(
    post: Post, sandbox: Sandbox, watched: Watched
) -> None:
    keeper = watched(scope={"team": "subtitles"})
    with keeper.tag(user="an", team="film"):
        assert post(generate(sandbox.base_url), prompt(), HEADERS).status == 200
    assert dict(watched.events()[0].labels.scope) == {"team": "subtitles", "user": "an"}


# -- settings of the launcher


def _read(tmp_path: Path, **variables: str) -> Any:
    base = {"QUOTAKEEPER_LEDGER": str(tmp_path / "ledger.db"), "HOME": str(tmp_path)}
    return read_watch_settings({**base, **variables})


@pytest.mark.parametrize(
    ("word", "setting", "waits"),
    [("stop", "raise", False), ("raise", "raise", False), ("warn", "warn", False),
     ("wait", "wait", True), ("clamp", "clamp", False)],
)  # fmt: skip
@pytest.mark.parametrize("name", ["QUOTAKEEPER_ON_LIMIT", "QUOTAKEEPER_RUN_ON_LIMIT"])
def test_a_limit_is_read_from_the_command_line(
    tmp_path: Path, name: str, word: str, setting: str, waits: bool
) -> None:
    read = _read(tmp_path, **{name: word})
    assert (read.settings.on_limit, read.waits) == (setting, waits)


def test_provider_addresses_are_given_or_found_in_the_usual_variables(tmp_path: Path) -> None:
    read = _read(
        tmp_path,
        QUOTAKEEPER_BASE_URLS="gemini=https://gateway.example/gem, deepgram=voice.example:8080",
        QUOTAKEEPER_RUN_TAGS='{"team": "subtitles"}',
        GOOGLE_GEMINI_BASE_URL="https://other.example/x",
        OPENAI_BASE_URL="https://generativelanguage.googleapis.com/v1beta/openai",
        DEEPGRAM_HOST="http://127.0.0.1:99",
    )
    assert read.known_hosts == {
        "https://gateway.example/gem": "gemini",
        "voice.example:8080": "deepgram",
        "https://other.example/x": "gemini",
    }
    assert read.scope == {"team": "subtitles"}
    told = _read(tmp_path, QUOTAKEEPER_BASE_URLS='{"https://gateway.example": "openai"}')
    assert told.known_hosts == {"https://gateway.example": "openai"}


@pytest.mark.parametrize(
    "variables",
    [
        {"QUOTAKEEPER_ON_LIMIT": "perhaps"},
        {"QUOTAKEEPER_RUN_TAGS": "[1]"},
        {"QUOTAKEEPER_RUN_TAGS": "{"},
        {"QUOTAKEEPER_BASE_URLS": "gemini"},
    ],
)
def test_unreadable_settings_are_an_error(tmp_path: Path, variables: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        _read(tmp_path, **variables)


def test_a_refusal_is_noted_for_the_summary(
    sandbox: Sandbox, watched: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = tmp_path / "notes"
    monkeypatch.setenv("QUOTAKEEPER_RUN_NOTES", str(notes))
    watched({"name": "none", "meter": "requests", "window": "day", "amount": 1})
    url = generate(sandbox.base_url)
    assert [by_requests(url, prompt(), HEADERS).status for _ in range(2)] == [200, 402]
    assert notes.read_text() == "refused none\n"


def test_a_gateways_address_is_metered_when_it_is_given(post: Post, watched: Watched) -> None:
    from tests.intercept.scripted import ANSWER, USED

    def script(request: Got, line: Line) -> None:
        line.send(whole(ANSWER, JSON))

    with ScriptedServer(script) as server:
        watched(base_urls={server.url + "/gw": "gemini"})
        url = f"{server.url}/gw/v1beta/models/gemini-2.5-flash:generateContent"
        assert post(url, prompt(), HEADERS).status == 200
    assert booked(watched.events()) == [USED]


def test_ended_calls_are_settled_before_a_call_is_refused(
    post: Post, sandbox: Sandbox, watched: Watched
) -> None:
    url = generate(sandbox.base_url)
    watched()
    meter = watched.watching[-1].meter
    found = recognise(Request("POST", url, HEADERS, prompt()), count=meter.count)
    assert found is not None
    assert post(url, prompt(), HEADERS).status == 200
    (one,) = watched.events()
    used, most = (_tokens(each) for each in (one.quantities, found[1].bound))
    assert used < most
    # The last call fits only if every earlier call is settled at what it used.
    watched({"name": "tight", "meter": "tokens", "window": "day", "amount": 9 * used + most})
    assert [post(url, prompt(), HEADERS).status for _ in range(10)] == [200] * 10


def _tokens(quantities: Any) -> int:
    return sum(n for name, n in quantities.items() if "tokens" in name)
