"""Provider quotas in replies: details of a 429, messages, headers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from quotakeeper.providers.contract import QuotaReading, Request
from quotakeeper.providers.gemini.errors import read_fault
from quotakeeper.providers.reading.durations import longest_in_text, microseconds_of
from quotakeeper.providers.reading.response_reader import quotas_of
from tests.providers.support import ANTHROPIC, DEEPGRAM, GEMINI, GENERATE, OPENAI, post, understood

PER_DAY = "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
PER_MINUTE = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"
PACIFIC = "America/Los_Angeles"
CHAT = post(f"{OPENAI}/v1/chat/completions", {"model": "m", "messages": []})
MESSAGE = post(f"{ANTHROPIC}/v1/messages", {"model": "m", "messages": []})
LISTEN = post(f"{DEEPGRAM}/v1/listen?model=nova-3", b"RIFF", {"content-type": "audio/wav"})
COMPATIBLE = post(f"{GEMINI}/v1beta/openai/chat/completions", {"model": "m", "messages": []})


def told(
    request: Request, status: int, headers: dict[str, str], body: object = b""
) -> tuple[QuotaReading, ...]:
    adapter, call = understood(request)
    reader = adapter.reader(call, status, headers)
    reader.feed(body if isinstance(body, bytes) else json.dumps(body).encode())
    reader.finish(complete=True)
    return quotas_of(reader)


def error(message: str = "Too many.", *details: object) -> dict[str, object]:
    return {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": message,
                      "details": list(details)}}  # fmt: skip


def violations(*quotas: object) -> dict[str, object]:
    return {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": list(quotas)}


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        ("45", 45_000_000),
        ("26.66s", 26_660_000),
        ("26.660853464s", 26_660_854),  # rounded up, so that a wait is never too short
        ("500ms", 500_000),
        ("1.5ms", 1_500),
        ("6m0s", 360_000_000),
        ("9h51m17s", 35_477_000_000),
        ("9h51m17.2s", 35_477_200_000),
        ("1d2h", 93_600_000_000),
        ("0s", 0),
        ("", None),
        ("soon", None),
        ("5 s", None),
        ("-3s", None),
        ("1e3s", None),
        ("٣s", None),
        ("Fri, 15 Jan 2027 08:00:09 GMT", None),
        ("401d", None),
        ("9" * 30, None),
    ],
)
def test_a_duration_is_read_exactly(text: str, microseconds: int | None) -> None:
    assert microseconds_of(text) == microseconds


def test_the_longest_wait_in_a_message_is_used() -> None:
    text = "Please retry in 26.66s. Your quota will reset after 9h51m17s. Try again in 20ms."
    assert longest_in_text(text) == 35_477_000_000
    assert longest_in_text("No wait is told.") is None


def test_every_violation_in_a_429_is_read() -> None:
    body = error(
        "Too many.\nPlease retry in 26.66s.",
        violations({"quotaId": PER_DAY, "quotaValue": "20",
                    "quotaDimensions": {"model": "gemini-2.5-flash"}}, {"quotaId": PER_MINUTE}),
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "26s"},
    )  # fmt: skip
    assert told(GENERATE, 429, {}, body) == (
        QuotaReading(
            PER_DAY, "requests", "day", PACIFIC, amount=20, model="gemini-2.5-flash"
        ),
        QuotaReading(PER_MINUTE, "requests", "minute", resets_in_us=26_660_000),
    )  # fmt: skip


@pytest.mark.parametrize("order", [(PER_DAY, PER_MINUTE), (PER_MINUTE, PER_DAY)])
@pytest.mark.parametrize("wrapped", [False, True])
def test_one_daily_violation_makes_a_fault_daily(order: tuple[str, ...], wrapped: bool) -> None:
    body: object = error("Please retry in 26.66s.", violations(*({"quotaId": x} for x in order)))
    fault = read_fault(429, {}, json.dumps([body] if wrapped else body).encode())
    assert (fault.per_day, fault.quota, fault.retry_after_seconds) == (True, PER_DAY, 26.66)
    assert [each.quota_id for each in fault.quotas] == list(order)


def test_the_longest_wait_of_a_reply_is_used() -> None:
    retry = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "26s"}
    body = json.dumps(error("Please retry in 26.66s.", retry)).encode()
    assert read_fault(429, {}, body).retry_after_seconds == 26.66
    assert read_fault(429, {"retry-after": "40"}, body).retry_after_seconds == 40.0
    assert read_fault(429, {"retry-after": "4"}, body).retry_after_seconds == 26.66
    resets = json.dumps(error("Your quota will reset after 1m0s.", retry)).encode()
    assert read_fault(429, {}, resets).retry_after_seconds == 60.0


def test_a_stated_reset_is_used_instead_of_midnight() -> None:
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "RATE_LIMIT_EXCEEDED",
            "metadata": {"quotaResetDelay": "35477.2s"}}  # fmt: skip
    message = "Your quota will reset after 9h51m17s."
    assert told(GENERATE, 429, {}, error(message, info)) == (
        QuotaReading("RATE_LIMIT_EXCEEDED", resets_in_us=35_477_200_000),
    )
    both = told(GENERATE, 429, {}, error(message, violations({"quotaId": PER_DAY}), info))
    assert both[0].resets_in_us == 35_477_200_000


def test_a_quota_named_only_in_the_message_is_read() -> None:
    line = ("* Quota exceeded for metric: generativelanguage.googleapis.com/"
            "generate_content_free_tier_requests, limit: 20, model: gemini-3.6-flash\n"
            "Please retry in 36.4s.")  # fmt: skip
    assert told(GENERATE, 429, {}, error(line)) == (
        QuotaReading(
            "generate_content_free_tier_requests", "requests", amount=20,
            model="gemini-3.6-flash", resets_in_us=36_400_000,
        ),
    )  # fmt: skip


def test_a_quota_in_the_metadata_of_an_error_is_read() -> None:
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "RATE_LIMIT_EXCEEDED",
            "metadata": {"quota_metric": "x.googleapis.com/pro_requests", "quota_limit_value": "50",
                         "quota_limit": "ProRequestsPerDay"}}  # fmt: skip
    assert told(GENERATE, 429, {}, error("m", info)) == (
        QuotaReading("ProRequestsPerDay", "requests", "day", PACIFIC, amount=50),
    )


def test_a_429_without_details_gives_an_unnamed_quota() -> None:
    assert told(GENERATE, 429, {}, error("Resource has been exhausted (e.g. check quota).")) == (
        QuotaReading("RESOURCE_EXHAUSTED"),
    )
    assert told(GENERATE, 429, {}, b"") == (QuotaReading("RESOURCE_EXHAUSTED"),)


def test_spent_credit_and_server_errors_give_no_quota() -> None:
    assert told(GENERATE, 402, {}, error()) == ()
    assert told(GENERATE, 503, {}, b"") == ()
    assert told(GENERATE, 200, {}, b"{}") == ()


def test_geminis_openai_endpoint_gives_its_quotas_too() -> None:
    found = told(COMPATIBLE, 429, {}, [error("m", violations({"quotaId": PER_DAY}))])
    assert [each.quota_id for each in found] == [PER_DAY]


def test_strange_details_do_not_raise() -> None:
    strange = error("m", violations({"quotaId": PER_DAY, "quotaDimensions": "[MaxDepth]",
                                     "quotaValue": "-1"}, 7, None), "x", {"metadata": []})  # fmt: skip
    found = told(GENERATE, 429, {}, strange)
    assert [(each.quota_id, each.amount, each.model) for each in found] == [(PER_DAY, None, "")]


def test_openais_headers_are_read() -> None:
    headers = {
        "x-ratelimit-limit-requests": "5000",
        "x-ratelimit-remaining-requests": "4999",
        "x-ratelimit-reset-requests": "12ms",
        "x-ratelimit-limit-tokens": "160000",
        "x-ratelimit-remaining-tokens": "159976",
        "x-ratelimit-reset-tokens": "6m0s",
    }
    assert told(CHAT, 200, headers, b"{}") == (
        QuotaReading("x-ratelimit-requests", "requests", amount=5_000, remaining=4_999,
                     resets_in_us=12_000, in_headers=True),
        QuotaReading("x-ratelimit-tokens", "tokens", amount=160_000, remaining=159_976,
                     resets_in_us=360_000_000, in_headers=True),
    )  # fmt: skip
    assert told(CHAT, 200, {"x-ratelimit-limit-tokens": "-1"}, b"{}") == ()


def test_openais_429_gives_its_quota_and_its_wait() -> None:
    said = {"error": {"code": "rate_limit_exceeded",
                      "message": "Limit on requests per day reached. Please try again in 6m0s."}}  # fmt: skip
    assert told(CHAT, 429, {}, said) == (
        QuotaReading("rate_limit_exceeded", window="day", resets_in_us=360_000_000),
    )


def test_anthropics_headers_are_read() -> None:
    headers = {
        "anthropic-ratelimit-requests-limit": "1000",
        "anthropic-ratelimit-requests-remaining": "999",
        "anthropic-ratelimit-requests-reset": "2026-11-22T08:00:01Z",
        "anthropic-ratelimit-input-tokens-limit": "80000",
        "anthropic-ratelimit-input-tokens-remaining": "79000",
        "anthropic-ratelimit-input-tokens-reset": "soon",
    }
    assert told(MESSAGE, 200, headers, b"{}") == (
        QuotaReading("anthropic-ratelimit-requests", "requests", amount=1_000, remaining=999,
                     resets_at=1_795_334_401_000_000, in_headers=True),
        QuotaReading("anthropic-ratelimit-input-tokens", "input_tokens", amount=80_000,
                     remaining=79_000, in_headers=True),
    )  # fmt: skip


def test_deepgrams_429_gives_the_wait_and_no_amount() -> None:
    said = {"err_code": "TOO_MANY_REQUESTS", "err_msg": "Too many requests."}
    headers = {"retry-after": "2", "x-ratelimit-reset": "1795334401"}
    assert told(LISTEN, 429, headers, said) == (
        QuotaReading(
            "TOO_MANY_REQUESTS", resets_in_us=2_000_000, resets_at=1_795_334_401_000_000
        ),
    )  # fmt: skip


def test_quota_replies_that_were_once_misread_are_read(cases: Path) -> None:
    found = {}
    for name in ("day_then_minute", "message_only", "reset_delay"):
        fault = read_fault(429, {}, (cases / f"{name}.json").read_bytes())
        found[name] = (fault.per_day, fault.retry_after_seconds, len(fault.quotas))
    assert found == {
        "day_then_minute": (True, 26.66, 2),
        "message_only": (False, 26.660854, 1),
        "reset_delay": (False, 35_477.2, 1),
    }


@pytest.fixture
def cases() -> Path:
    folder = Path(__file__).resolve().parents[3] / "shared" / "cases" / "gemini_429"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not here: the cases stand beside the project")
    return folder
