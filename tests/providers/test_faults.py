"""Errors from providers, and refusals in each provider's own form."""

from __future__ import annotations

import json

import pytest

from quotakeeper.providers import Request
from quotakeeper.providers.reading.redaction import own_message, redact
from tests.providers.support import (
    ANTHROPIC,
    DEEPGRAM,
    GEMINI,
    GENERATE,
    OPENAI,
    STREAM,
    post,
    understood,
)

PER_DAY = {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "Please retry in 38.2s.",
    "details": [{"violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]},
                {"retryDelay": "38s"}]}}  # fmt: skip
LISTEN = post(f"{DEEPGRAM}/v1/listen?model=nova-3", b"RIFF", {"content-type": "audio/wav"})
CHAT = post(f"{OPENAI}/v1/chat/completions", {"model": "m", "stream": True, "messages": []})
MESSAGE = post(f"{ANTHROPIC}/v1/messages", {"model": "m", "stream": True, "messages": []})
COMPATIBLE = post(f"{GEMINI}/v1beta/openai/chat/completions", {"model": "m", "stream": True})
INTERACTION = post(f"{GEMINI}/v1/interactions", {"model": "m", "input": "hi"})

# request, status, headers, body, kind, retry after
FAULTS = [
    (GENERATE, 429, {}, PER_DAY, "quota", 38.2),
    (GENERATE, 402, {}, {"error": {"status": "RESOURCE_EXHAUSTED"}}, "payment", None),
    (GENERATE, 400, {}, {"error": {"status": "INVALID_ARGUMENT", "message": "Bad API key"}}, "auth", None),
    (GENERATE, 403, {}, {"error": {"status": "PERMISSION_DENIED"}}, "auth", None),
    (GENERATE, 404, {}, b"<html>not found</html>", "bad_request", None),
    (GENERATE, 503, {"retry-after": "3"}, {"error": {"status": "UNAVAILABLE"}}, "server", 3.0),
    (GENERATE, 500, {}, b"", "server", None),
    (GENERATE, 302, {}, b"", "other", None),
    (STREAM, 429, {}, [PER_DAY], "quota", 38.2),
    (INTERACTION, 429, {"retry-after": "9"}, {"error": {"code": "rate_limit_exceeded"}}, "quota", 9.0),
    (LISTEN, 402, {}, {"err_code": "ASR_PAYMENT_REQUIRED", "err_msg": "no"}, "payment", None),
    (LISTEN, 401, {}, {"category": "INVALID_AUTH", "message": "no"}, "auth", None),
    (LISTEN, 429, {"retry-after": "2"}, {"category": "TOO_MANY_REQUESTS"}, "quota", 2.0),
    (LISTEN, 400, {"dg-error": "bad"}, b"Bad Request", "bad_request", None),
    (LISTEN, 504, {}, b"", "server", None),
    (CHAT, 429, {}, {"error": {"code": "insufficient_quota", "message": "no"}}, "payment", None),
    (CHAT, 429, {"retry-after-ms": "1500"}, {"error": {"code": "rate_limit_exceeded"}}, "quota", 1.5),
    (MESSAGE, 529, {}, {"type": "error", "error": {"type": "overloaded_error"}}, "server", None),
    (MESSAGE, 429, {"retry-after": "20"}, {"error": {"type": "rate_limit_error"}}, "quota", 20.0),
]  # fmt: skip


@pytest.mark.parametrize(("request_", "status", "headers", "body", "kind", "wait"), FAULTS)
def test_an_error_is_classified_and_not_billed(
    request_: Request,
    status: int,
    headers: dict[str, str],
    body: object,
    kind: str,
    wait: float | None,
) -> None:
    adapter, call = understood(request_)
    reader = adapter.reader(call, status, headers)
    assert reader.fault is not None  # from the status, before the body arrives
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    for start in range(0, len(data), 5):
        reader.feed(data[start : start + 5])
    usage = reader.finish(complete=True)
    fault = reader.fault
    assert (fault.status, fault.kind, fault.billed) == (status, kind, False)
    assert fault.retry_after_seconds == wait
    assert usage.quantities == {"requests": 1}
    assert usage.outcome == "error"


def test_a_daily_quota_is_recognised_by_its_name_and_not_by_its_wait() -> None:
    adapter, call = understood(GENERATE)
    reader = adapter.reader(call, 429, {})
    reader.feed(json.dumps(PER_DAY).encode())
    reader.finish(complete=True)
    assert reader.fault is not None
    assert reader.fault.per_day
    assert reader.fault.quota.startswith("GenerateRequestsPerDay")


@pytest.mark.parametrize("request_", [GENERATE, STREAM, INTERACTION, LISTEN, CHAT, MESSAGE])
@pytest.mark.parametrize(
    ("hard", "status", "kind"), [(True, 402, "payment"), (False, 429, "quota")]
)
def test_a_refusal_has_the_providers_form_and_is_read_back(
    request_: Request, hard: bool, status: int, kind: str
) -> None:
    adapter, call = understood(request_)
    refusal = adapter.refusal(
        call, hard=hard, message="limit 'daily' reached", retry_after_seconds=12.3
    )
    assert refusal.status == status
    assert refusal.headers["content-type"].startswith("application/json")
    assert refusal.headers.get("retry-after") == (None if hard else "13")
    reader = adapter.reader(call, refusal.status, refusal.headers)
    reader.feed(refusal.body)
    reader.finish(complete=True)
    assert reader.fault is not None
    assert (reader.fault.kind, reader.fault.billed) == (kind, False)
    assert "limit 'daily' reached" in reader.fault.message
    assert reader.fault.retry_after_seconds == (None if hard else 13.0)


def test_geminis_refusal_carries_retry_info() -> None:
    adapter, call = understood(GENERATE)
    body = json.loads(adapter.refusal(call, hard=False, message="m", retry_after_seconds=4).body)
    assert body["error"]["status"] == "RESOURCE_EXHAUSTED"
    assert body["error"]["details"] == [
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "4s"}
    ]


def test_an_array_stream_is_refused_and_interrupted_as_an_array() -> None:
    adapter, call = understood(post(STREAM.url.removesuffix("?alt=sse"), {"contents": "hi"}))
    assert isinstance(json.loads(adapter.refusal(call, hard=True, message="m").body), list)
    whole = b'[{"candidates": []}' + adapter.interruption(call, message="m")
    assert json.loads(whole)[1]["error"]["code"] == 429


@pytest.mark.parametrize("request_", [STREAM, INTERACTION, CHAT, MESSAGE, COMPATIBLE])
def test_an_open_stream_ends_with_an_error_of_its_own(request_: Request) -> None:
    adapter, call = understood(request_)
    reader = adapter.reader(call, 200, {})
    reader.feed(adapter.interruption(call, message="over the limit"))
    reader.finish(complete=True)
    assert reader.fault is not None
    assert reader.fault.message == "over the limit"


@pytest.mark.parametrize("request_", [GENERATE, LISTEN])
def test_an_answer_that_is_no_stream_cannot_be_interrupted(request_: Request) -> None:
    adapter, call = understood(request_)
    assert adapter.interruption(call, message="m") == b""


@pytest.mark.parametrize(
    "secret",
    [
        "AIzaSyD-0123456789abcdefghijklmnopqrstu",
        "sk-proj-abc123DEF456",
        "0123456789abcdef0123456789abcdef01234567",
        "eyJhbGciOi.eyJzdWIi.c2ln",
        "Bearer abc123def456",
        "Token 99aabbccdd",
        "key=hunter2abc",
        "api_key: hunter2abc",
        "auth_tokens/abc-123",
    ],
)
def test_keys_are_removed_from_messages(secret: str) -> None:
    bare = secret.split("=")[-1].split(": ")[-1].split(" ")[-1]
    assert bare not in redact(f"request with {secret} failed\nat once")
    assert len(redact(secret * 100)) <= 300


def test_our_own_message_keeps_the_name_of_a_limit_of_one_key() -> None:
    text = "limit 'each key [key=lan]' of 30 requests per day is used up; key=AIzaSyA1234567890"
    assert own_message(text) == (
        "limit 'each key [key=lan]' of 30 requests per day is used up; key=(removed)"
    )
    assert own_message(f"see qk_{'a' * 38} there") == "see (removed) there"


def test_ordinary_words_stay_in_messages() -> None:
    text = "Quota exceeded for metric: generate_content_paid_tier_input_token_count, limit: 1000000"
    assert redact(text) == text


def test_a_switch_to_a_websocket_is_no_error() -> None:
    adapter, call = understood(Request("GET", "wss://api.deepgram.com/v1/listen?model=nova-3"))
    assert adapter.reader(call, 101, {}).fault is None
    refused = adapter.reader(call, 402, {"dg-error": "no credit"})
    assert refused.fault is not None
    assert (refused.fault.kind, refused.fault.message) == ("payment", "no credit")
