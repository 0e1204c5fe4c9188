"""Provider quotas in metered replies reach the keeper."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from quotakeeper import Keeper
from quotakeeper.domain.quotas import HEADER, REPLY
from quotakeeper.metering.call_meter import CallMeter
from quotakeeper.metering.http_attempt import HttpAttempt
from quotakeeper.metering.socket_attempt import SocketAttempt
from quotakeeper.providers.contract import Request
from quotakeeper.providers.registry import adapter_named
from quotakeeper.testing.clock import FakeClock
from tests.providers.support import DEEPGRAM, GENERATE, OPENAI, post

CHAT = post(f"{OPENAI}/v1/chat/completions", {"model": "gpt-4o", "messages": []})
HEADERS = {"x-ratelimit-limit-requests": "5000", "x-ratelimit-remaining-requests": "4999"}
PER_DAY = {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "Too many.",
    "details": [{"violations": [{"quotaId": "GenerateRequestsPerDay", "quotaValue": "20"}]}]}}  # fmt: skip


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def keeper(clock: FakeClock) -> Iterator[Keeper]:
    with Keeper("memory:", config={"limit": []}, clock=clock) as opened:
        yield opened


def passed(
    keeper: Keeper, request: Request, status: int, headers: dict[str, str], body: object
) -> None:
    meter = CallMeter(keeper)
    attempt = meter.begin(request)
    assert isinstance(attempt, HttpAttempt)
    attempt.answered(status, headers)
    attempt.feed(json.dumps(body).encode())
    attempt.end()
    assert meter.flush(10)


def test_the_details_of_a_429_reach_the_keeper(keeper: Keeper) -> None:
    passed(keeper, GENERATE, 429, {}, PER_DAY)
    (found,) = keeper.status().quotas
    assert (found.provider, found.quota_id, found.amount, found.source, found.seen_at) == (
        "gemini", "GenerateRequestsPerDay", 20, REPLY, keeper.now(),
    )  # fmt: skip
    assert found.model == "gemini-2.5-flash"


def test_the_headers_of_a_served_call_reach_the_keeper(keeper: Keeper) -> None:
    passed(keeper, CHAT, 200, HEADERS, {"usage": {"prompt_tokens": 1, "completion_tokens": 1}})
    (found,) = keeper.status().quotas
    assert (found.provider, found.model, found.amount, found.remaining, found.source) == (
        "openai", "gpt-4o", 5_000, 4_999, HEADER,
    )  # fmt: skip


def test_headers_are_read_once_a_second_and_errors_always_are(
    keeper: Keeper, clock: FakeClock
) -> None:
    def remaining() -> list[int | None]:
        return [each.remaining for each in keeper.status().quotas if each.source == HEADER]

    said = {"usage": {"prompt_tokens": 1, "completion_tokens": 1}}
    passed(keeper, CHAT, 200, HEADERS, said)
    clock.advance(seconds=0.9)
    passed(keeper, CHAT, 200, HEADERS | {"x-ratelimit-remaining-requests": "4998"}, said)
    assert remaining() == [4_999]
    clock.advance(seconds=0.1)
    passed(keeper, CHAT, 200, HEADERS | {"x-ratelimit-remaining-requests": "4997"}, said)
    assert remaining() == [4_997]
    error = {"error": {"code": "rate_limit_exceeded", "message": "Too many."}}
    passed(keeper, CHAT, 429, HEADERS | {"x-ratelimit-remaining-requests": "0"}, error)
    assert remaining() == [0]
    assert {each.source for each in keeper.status().quotas} == {HEADER, REPLY}


def test_a_reply_without_quotas_adds_none(keeper: Keeper) -> None:
    passed(keeper, GENERATE, 200, HEADERS, {"usageMetadata": {"totalTokenCount": 3}})
    passed(keeper, CHAT, 500, {}, {})
    assert keeper.status().quotas == ()


def test_the_quota_of_a_socket_refused_with_429_reaches_the_keeper(keeper: Keeper) -> None:
    meter = CallMeter(keeper)
    adapter = adapter_named("deepgram")
    assert adapter is not None
    url = f"{DEEPGRAM}/v1/listen?model=nova-3".replace("https", "wss")
    session = adapter.live(Request("GET", url))
    assert session is not None
    attempt = SocketAttempt(meter, adapter, session)
    attempt.answered(429, {"retry-after": "5"}, b'{"err_code": "TOO_MANY_REQUESTS"}')
    (found,) = keeper.status().quotas
    assert (found.provider, found.quota_id, found.resets_at) == (
        "deepgram", "TOO_MANY_REQUESTS", keeper.now() + 5_000_000,
    )  # fmt: skip


def test_a_fault_while_reading_quotas_does_not_uncount_the_call(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("quotakeeper.metering.quota_notes.note_quotas", fail)
    passed(keeper, CHAT, 200, HEADERS, {"usage": {"prompt_tokens": 7, "completion_tokens": 1}})
    (event,) = keeper.events()
    assert event.quantities["input_tokens"] == 7
    assert keeper.status().quotas == ()
