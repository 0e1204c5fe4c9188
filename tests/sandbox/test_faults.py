"""Errors on demand: how a fault is written, when it happens, and what it looks like."""

from __future__ import annotations

import json

import pytest

from quotakeeper.errors import InvalidInputError
from quotakeeper.sandbox import deepgram, gemini
from quotakeeper.sandbox.faults import KINDS, Fault, fault_for, parse_fault, spoil
from quotakeeper.sandbox.messages import Reply, SandboxRequest, SandboxTurn

TURN = SandboxTurn(1, 0)
GENERATE = SandboxRequest(
    "POST",
    "/v1beta/models/gemini-2.5-flash:generateContent",
    (),
    {"x-goog-api-key": "any"},
    json.dumps({"contents": [{"parts": [{"text": "xin chào"}]}]}).encode(),
)
SPEAK = SandboxRequest(
    "POST", "/v1/speak", (), {"authorization": "Token any"}, json.dumps({"text": "xin"}).encode()
)


def spoiled(kind: str, request: SandboxRequest = GENERATE) -> Reply:
    side = gemini if gemini.is_gemini(request) else deepgram
    return spoil(Fault(kind), request, TURN, side.reply_to(request, TURN))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("429", Fault("429")),
        ("slow:0.25", Fault("slow", 0.25)),
        ("503@2", Fault("503", 1.0, 2, 2)),
        ("429-day@2-4=generateContent", Fault("429-day", 1.0, 2, 4, "generateContent")),
        ("cut=listen", Fault("cut", operation="listen")),
    ],
)
def test_a_faults_text_reads_back_the_same(text: str, fault: Fault) -> None:
    assert parse_fault(text) == fault


@pytest.mark.parametrize("text", ["", "418", "429@", "slow:", "429@x", "cut=", "429 @1"])
def test_an_unknown_fault_is_refused_with_the_known_kinds(text: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse_fault(text)
    assert "no-usage" in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_fault_can_be_written(kind: str) -> None:
    assert parse_fault(kind).kind == kind


def test_a_schedule_counts_all_requests_or_one_operations() -> None:
    schedule = [parse_fault("503@2"), parse_fault("429@2-3=speak")]
    due = [
        (request is SPEAK, fault.kind if fault else "")
        for number, (request, of_operation) in enumerate(
            [(GENERATE, 1), (GENERATE, 2), (SPEAK, 1), (SPEAK, 2), (SPEAK, 3), (SPEAK, 4)], 1
        )
        for fault in [fault_for(request, schedule, number, of_operation)]
    ]
    assert due == [
        (False, ""), (False, "503"), (True, ""), (True, "429"), (True, "429"), (True, ""),
    ]  # fmt: skip


def test_a_header_or_query_parameter_causes_a_fault_at_once() -> None:
    by_header = SandboxRequest("POST", GENERATE.path, (), {"x-sandbox-fault": "402"}, b"")
    by_query = SandboxRequest("POST", GENERATE.path, (("sandbox_fault", "slow:2"),), {}, b"")
    assert fault_for(by_header, [], 9, 9) == Fault("402")
    assert fault_for(by_query, [], 9, 9) == Fault("slow", 2.0)


@pytest.mark.parametrize(
    ("kind", "status", "name"),
    [
        ("429", 429, "RESOURCE_EXHAUSTED"),
        ("429-day", 429, "RESOURCE_EXHAUSTED"),
        ("429-bare", 429, "RESOURCE_EXHAUSTED"),
        ("402", 402, "RESOURCE_EXHAUSTED"),
        ("500", 500, "INTERNAL"),
        ("503", 503, "UNAVAILABLE"),
    ],
)
def test_a_refused_gemini_request_counts_one_request_only(
    kind: str, status: int, name: str
) -> None:
    reply = spoiled(kind)
    error = json.loads(reply.body)["error"]
    assert (reply.status, error["code"], error["status"]) == (status, status, name)
    assert reply.charge is not None
    assert (reply.charge.status, reply.charge.quantities) == (status, {"requests": 1})


@pytest.mark.parametrize(("kind", "span"), [("429", "PerMinute"), ("429-day", "PerDay")])
def test_a_quota_error_names_its_quota_and_a_retry_time(kind: str, span: str) -> None:
    reply = spoiled(kind)
    details = {
        one["@type"].rsplit(".", 1)[-1]: one for one in json.loads(reply.body)["error"]["details"]
    }
    assert span in details["QuotaFailure"]["violations"][0]["quotaId"]
    assert details["RetryInfo"]["retryDelay"].endswith("s")
    assert dict(reply.headers)["Retry-After"] == "7"


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("429", 429, "TOO_MANY_REQUESTS"),
        ("402", 402, "ASR_PAYMENT_REQUIRED"),
        ("500", 500, "INTERNAL_SERVER_ERROR"),
        ("503", 503, "SERVICE_UNAVAILABLE"),
    ],
)
def test_a_refused_deepgram_request_has_deepgrams_error_format(
    kind: str, status: int, code: str
) -> None:
    reply = spoiled(kind, SPEAK)
    assert (reply.status, json.loads(reply.body)["err_code"]) == (status, code)
    assert reply.charge is not None and reply.charge.quantities == {"requests": 1}


def test_a_stream_cut_early_is_billed_as_far_as_it_was_sent() -> None:
    path = GENERATE.path.replace("generateContent", "streamGenerateContent")
    for query in ((("alt", "sse"),), ()):
        asked = SandboxRequest("POST", path, query, GENERATE.headers, GENERATE.body)
        whole, early = spoiled("cut", asked), spoiled("cut-early", asked)
        assert whole.charge is not None and early.charge is not None
        last = whole.chunks[-2].strip().removeprefix(b"data: ").removeprefix(b",")
        sent = json.loads(last)["usageMetadata"]["candidatesTokenCount"]
        assert early.charge.quantities == {**whole.charge.quantities, "output_tokens": sent}
        assert early.chunks == whole.chunks  # the server leaves out the last one
        # The last chunk of a list is its bracket. Without it, the whole answer was still sent.
        assert (early.charge == whole.charge) is (query == ())


@pytest.mark.parametrize("kind", ["slow", "cut", "cut-early", "malformed", "no-usage"])
def test_a_served_request_is_billed_whatever_happens_to_the_reply(kind: str) -> None:
    plain = gemini.reply_to(GENERATE, TURN)
    assert spoiled(kind).charge == plain.charge


def test_a_malformed_reply_is_no_json_and_a_reply_without_usage_is_json() -> None:
    with pytest.raises(ValueError, match=r"Expecting|Unterminated|delimiter"):
        json.loads(spoiled("malformed").body)
    assert "usageMetadata" not in json.loads(spoiled("no-usage").body)


def test_a_request_that_would_be_refused_anyway_stays_refused() -> None:
    nobody = SandboxRequest("POST", GENERATE.path, (), {}, b"{}")
    assert spoiled("500", nobody).status == 403
