"""The pure parts: usage from bodies, advice from errors, lines from answers, transcripts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotakeeper.domain.units import check_quantities
from quotakeeper.pipeline.api_keys import ApiKey
from quotakeeper.pipeline.gemini import (
    GeminiPrompt,
    GeminiSettings,
    default_thinking_budget,
    gemini_plan,
)
from quotakeeper.pipeline.http_transport import HttpReply
from quotakeeper.pipeline.output_formats import srt_text
from quotakeeper.pipeline.reported_usage import deepgram_usage, gemini_usage
from quotakeeper.pipeline.retry_policy import FailureAction, backoff_seconds, failure_advice
from quotakeeper.pipeline.rewriting import read_rewriting
from quotakeeper.pipeline.speech_to_text import SpeechSegment, read_transcript
from quotakeeper.pipeline.translation import batches, read_lines, translation_prompt
from quotakeeper.sandbox import gemini as sandbox_gemini
from quotakeeper.sandbox.messages import SandboxRequest, SandboxTurn

NOW = 1_800_000_000_000_000


def body_of(shared: Path, name: str) -> Any:
    return json.loads((shared / "recorded" / f"{name}.json").read_text(encoding="utf-8"))["body"]


@pytest.mark.parametrize(
    "name",
    [
        "gemini_dev_20flash_basic", "gemini_dev_25pro_google_search", "gemini_dev_36flash",
        "gemini_dev_3flash_image_input", "gemini_dev_3flash_tooluse_nodetails",
        "gemini_dev_document_input", "gemini_dev_implicit_cache_video_audio",
        "gemini_dev_modelversion_prefixed", "gemini_dev_tooluse_filesearch", "gemini_image_output",
        "gemini_vertex_flex", "gemini_vertex_modelarmor_response_block",
    ],
)  # fmt: skip
def test_what_is_read_from_a_recording_adds_up_to_its_total(shared: Path, name: str) -> None:
    body = body_of(shared, name)
    usage = gemini_usage(body)
    assert usage is not None
    tokens = sum(count for key, count in usage.quantities.items() if key != "requests")
    assert tokens == body["usageMetadata"]["totalTokenCount"]
    assert check_quantities(usage.quantities) == usage.quantities
    assert usage.model_served == body["modelVersion"]


def test_cached_and_modal_parts_are_told_apart(shared: Path) -> None:
    body = body_of(shared, "gemini_dev_implicit_cache_video_audio")
    usage = gemini_usage(body)
    assert usage is not None
    cached = sum(n for key, n in usage.quantities.items() if key.startswith("cached_input_tokens"))
    assert cached == body["usageMetadata"]["cachedContentTokenCount"]
    assert "input_tokens@video" in usage.quantities
    assert "cached_input_tokens@audio" in usage.quantities


@pytest.mark.parametrize("name", ["gemini_dev_batchembed_nousage", "gemini_dev_error429_bare"])
def test_a_body_without_counts_reads_as_nothing(shared: Path, name: str) -> None:
    assert gemini_usage(body_of(shared, name)) is None


def test_a_blocked_prompt_is_reported_as_no_tokens() -> None:
    body = {"promptFeedback": {"blockReason": "X"}, "usageMetadata": {"trafficType": "ON_DEMAND"}}
    usage = gemini_usage(body)
    assert usage is not None and usage.quantities == {"requests": 1}


def test_the_length_is_read_from_a_recording_and_multiplied_by_billed_channels(
    shared: Path,
) -> None:
    body = body_of(shared, "deepgram_listen_nova3_file_summarize_zero")
    usage = deepgram_usage(body)
    assert usage is not None
    assert usage.quantities == {"requests": 1, "audio_milliseconds": 17_566}
    assert usage.model_served == "nova-3"
    body["results"]["channels"] *= 2
    both = deepgram_usage(body, multichannel=True)
    assert both is not None and both.quantities["audio_milliseconds"] == 2 * 17_566


@pytest.mark.parametrize("duration", [None, "3", True, -1, float("nan"), float("inf"), 1e12])
def test_a_length_that_is_none_is_not_believed(duration: object) -> None:
    assert deepgram_usage({"metadata": {"duration": duration}}) is None


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["usageMetadata", "promptTokenCount", "promptTokensDetails", "modality",
                         "tokenCount", "metadata", "duration", "results", "channels", "error"]),
        inner, max_size=4),
    max_leaves=12,
))  # fmt: skip
def test_no_body_whatever_is_an_exception(value: object) -> None:
    body = value if isinstance(value, dict) else {"usageMetadata": value, "metadata": value}
    for usage in (gemini_usage(body), deepgram_usage(body, multichannel=True)):
        if usage is not None:
            check_quantities(usage.quantities)
    reply = HttpReply(429, {}, json.dumps({"error": value}).encode())
    assert failure_advice("gemini", reply, NOW).action in FailureAction
    read_transcript({"results": value}, "zh")


def reply(status: int, body: object = None, **headers: str) -> HttpReply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpReply(status, named, json.dumps(body or {}).encode())


@pytest.mark.parametrize(
    ("answer", "action", "wait"),
    [
        (reply(400), FailureAction.FAIL_FILE, 0),
        (
            reply(400, {"error": {"details": [{"reason": "API_KEY_INVALID"}]}}),
            FailureAction.STOP_RUN,
            0,
        ),
        (reply(401), FailureAction.STOP_RUN, 0),
        (reply(402), FailureAction.STOP_RUN, 0),
        (reply(403), FailureAction.STOP_RUN, 0),
        (reply(404), FailureAction.FAIL_FILE, 0),
        (reply(307), FailureAction.FAIL_FILE, 0),
        (reply(413), FailureAction.FAIL_FILE, 0),
        (reply(408), FailureAction.RETRY, 0),
        (reply(429), FailureAction.RETRY, 0),
        (reply(429, retry_after="12"), FailureAction.RETRY, 12),
        (reply(503, retry_after="Fri, 15 Jan 2027 08:00:09 GMT"), FailureAction.RETRY, 9),
        (reply(503, retry_after="soon"), FailureAction.RETRY, 0),
        (reply(503, retry_after="9999"), FailureAction.FAIL_FILE, 0),
        (reply(429, retry_after="9999"), FailureAction.WAIT_FOR_QUOTA, 9999),
        (reply(504), FailureAction.RETRY, 0),
    ],
)
def test_what_a_status_means(answer: HttpReply, action: FailureAction, wait: float) -> None:
    advice = failure_advice("deepgram", answer, NOW)
    assert (advice.action, round(advice.wait_seconds, 3)) == (action, wait)
    assert str(answer.status) in str(advice.reason)


def test_a_recorded_429_is_waited_for_as_it_asks(shared: Path) -> None:
    advice = failure_advice(
        "gemini", reply(429, body_of(shared, "gemini_dev_error429_paid_tpm")), NOW
    )
    assert (advice.action, advice.wait_seconds) == (FailureAction.RETRY, 45.811975)
    assert "exceeded your current quota" in str(advice.reason)


# The shapes of cases/gemini_429: a daily violation before a minute's, a wait in the message alone,
# and the instant of the reset as a length.
DAY_THEN_MINUTE = {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED",
    "message": "Too many.\nPlease retry in 26.66s.",
    "details": [{"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [
        {"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"},
        {"quotaId": "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"}]},
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "26s"}]}}  # fmt: skip
MESSAGE_ONLY = {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": [],
    "message": "Too many.\nPlease retry in 26.660853464s."}}  # fmt: skip
RESET_DELAY = {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED",
    "message": "Your quota will reset after 9h51m17s.",
    "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "RATE_LIMIT_EXCEEDED",
                 "metadata": {"quotaResetDelay": "35477.2s"}}]}}  # fmt: skip


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize(
    ("body", "action", "wait", "quota"),
    [
        (DAY_THEN_MINUTE, FailureAction.WAIT_FOR_QUOTA, 0,
         "GenerateRequestsPerDayPerProjectPerModel-FreeTier"),
        (MESSAGE_ONLY, FailureAction.RETRY, 26.660854, ""),
        (RESET_DELAY, FailureAction.WAIT_FOR_QUOTA, 35477.2, ""),
    ],
)  # fmt: skip
def test_a_429_of_gemini_is_waited_for_as_long_as_it_tells(
    body: object, action: FailureAction, wait: float, quota: str, wrapped: bool
) -> None:
    advice = failure_advice("gemini", reply(429, [body] if wrapped else body), NOW)
    assert (advice.action, advice.wait_seconds, advice.quota_id) == (action, wait, quota)


@given(st.integers(1, 40), st.floats(0, 0.999))
def test_backing_off_grows_and_has_a_ceiling(attempt: int, jitter: float) -> None:
    seconds = backoff_seconds(attempt, jitter)
    assert 0.5 <= seconds <= 90
    assert backoff_seconds(attempt + 1, jitter) >= seconds


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("#1 Một\n#2 Hai", {1: "Một", 2: "Hai"}),
        ("Đây là bản dịch:\n\n#1 Một\n#2 Hai\n\nHy vọng có ích!", {1: "Một", 2: "Hai"}),
        ("```\n#2 Hai\n#1 Một\n```", {1: "Một", 2: "Hai"}),
        ("#1 [0.35-4.16] Một\n#2. Hai", {1: "Một", 2: "Hai"}),
        ("**#1** Một\n- #2: Hai", {1: "Một", 2: "Hai"}),
        ("1. Một\n2) Hai", {1: "Một", 2: "Hai"}),
        ("#1 Một\nvà nửa\n#2 Hai", {1: "Một và nửa", 2: "Hai"}),
        ("#1 Năm\n2 người đi\n#2 Hai", {1: "Năm 2 người đi", 2: "Hai"}),
        ("#1 Một\n#1 Lại một\n#7 Bảy\n#2 Hai", {1: "Một", 2: "Hai"}),
        ("#2 Hai", {2: "Hai"}),
        ("", {}),
        ("không có gì", {}),
    ],
)
def test_lines_are_read_from_what_models_write(text: str, lines: dict[int, str]) -> None:
    assert read_lines(text, [1, 2]) == lines


SPOKEN = st.text(st.characters(codec="utf-8", exclude_characters="\r"), min_size=1, max_size=40)


@given(st.lists(SPOKEN, min_size=1, max_size=60), st.integers(1, 45))
def test_every_line_is_asked_for_once_and_the_sandbox_answers_each(
    texts: list[str], most: int
) -> None:
    body = {"results": {"utterances": [
        {"start": n, "end": n + 1, "transcript": text} for n, text in enumerate(texts)
    ]}}  # fmt: skip
    segments = read_transcript(body, "zh").segments  # cleaned as the pipeline does it
    asked = list(batches(segments, list(range(1, len(segments) + 1)), most))
    assert [number for batch in asked for number in batch] == list(range(1, len(segments) + 1))
    assert all(len(batch) <= most for batch in asked)
    for batch in asked:
        prompt = translation_prompt(segments, batch)
        answer = ask_sandbox(prompt)
        assert set(read_lines(answer, batch)) == set(batch)


def ask_sandbox(prompt: GeminiPrompt) -> str:
    body = {"contents": [{"parts": [{"text": prompt.text}]}]}
    path = "/v1beta/models/gemini-3.5-flash-lite:generateContent"
    request = SandboxRequest("POST", path, (), {"x-goog-api-key": "k"}, json.dumps(body).encode())
    answer = json.loads(sandbox_gemini.reply_to(request, SandboxTurn(1, 0)).body)
    return str(answer["candidates"][0]["content"]["parts"][0]["text"])


@given(st.text(max_size=400), st.integers(1, 500), st.booleans())
def test_a_plan_is_never_below_what_the_sandbox_bills(text: str, cap: int, thinks: bool) -> None:
    model = "gemini-2.5-pro" if thinks else "gemini-3.5-flash-lite"
    settings = GeminiSettings("http://x", ApiKey("k"), model, 60, default_thinking_budget(model))
    plan = gemini_plan(GeminiPrompt("translate", "Dịch.", text, cap), settings)
    from quotakeeper.pipeline.gemini import _call

    request = _call(GeminiPrompt("translate", "Dịch.", text, cap), settings).request
    assert isinstance(request.body, bytes)
    path = f"/v1beta/models/{model}:generateContent"
    sent = SandboxRequest("POST", path, (), {"x-goog-api-key": "k"}, request.body)
    charge = sandbox_gemini.reply_to(sent, SandboxTurn(1, 0)).charge
    assert charge is not None
    billed = charge.quantities
    assert billed["input_tokens"] <= plan.upper_bound["input_tokens"]
    output = billed.get("output_tokens", 0) + billed.get("thought_tokens", 0)
    assert output <= plan.upper_bound["output_tokens"]


def test_thinking_is_off_only_where_it_can_be() -> None:
    assert default_thinking_budget("gemini-2.5-flash") == 0
    assert default_thinking_budget("gemini-2.5-flash-lite") == 0
    assert default_thinking_budget("gemini-2.5-pro") is None
    assert default_thinking_budget("gemini-3.5-flash-lite") is None


@pytest.mark.parametrize(
    ("results", "segments"),
    [
        ({"utterances": [{"start": 0.35, "end": 4.16, "transcript": "大家 好 ， 欢迎"}]},
         [SpeechSegment(350, 4_160, "大家好，欢迎")]),
        ({"channels": [{"alternatives": [{"confidence": 0.9, "paragraphs": {"paragraphs": [
            {"sentences": [{"text": "Xin chào  bạn", "start": 1, "end": 2.5}]}]}}]}]},
         [SpeechSegment(1_000, 2_500, "Xin chào bạn")]),
        ({"channels": [{"alternatives": [{"transcript": "a b", "words": [
            {"start": 0.5, "end": 1}, {"start": 1, "end": 2}]}]}]},
         [SpeechSegment(500, 2_000, "a b")]),
        ({"channels": [{"alternatives": [{"transcript": "a"}]}]}, [SpeechSegment(0, 1, "a")]),
        ({"utterances": [{"start": 3, "end": 2, "transcript": "x"},
                         {"start": 4, "end": 5, "transcript": " "}]}, [SpeechSegment(3_000, 3_001, "x")]),
        ({"utterances": [{"start": 0, "end": 9, "transcript": "一。 二。"}],
          "channels": [{"alternatives": [{"paragraphs": {"paragraphs": [{"sentences": [
              {"text": "一。", "start": 0, "end": 4}, {"text": "二。", "start": 5, "end": 9}]}]}}]}]},
         [SpeechSegment(0, 4_000, "一。"), SpeechSegment(5_000, 9_000, "二。")]),
        ({}, []),
    ],
)  # fmt: skip
def test_a_transcript_is_read_from_what_there_is(
    results: dict[str, Any], segments: list[SpeechSegment]
) -> None:
    assert list(read_transcript({"results": results}, "zh").segments) == segments


@pytest.mark.parametrize(
    ("language", "confidence", "text", "poor"),
    [
        ("zh", 0.95, "你好", False),
        ("zh", 0.2, "你好", True),
        ("zh", 0.95, "xin chao", True),
        ("vi", 0.95, "xin chào", False),
        ("vi", 0.95, "", True),
    ],
)
def test_a_transcript_that_is_a_guess_is_poor(
    language: str, confidence: float, text: str, poor: bool
) -> None:
    alternative = {"transcript": text, "confidence": confidence}
    body = {"results": {"channels": [{"alternatives": [alternative]}]}}
    assert read_transcript(body, language).is_poor is poor


GOOD = {
    "titles": ["1", "2", "3", "4", "5", "6"], "body": "b", "captions": ["c"], "call_to_action": "d"
}  # fmt: skip


def test_a_rewriting_is_read_with_or_without_a_fence() -> None:
    for text in (json.dumps(GOOD), f"```json\n{json.dumps(GOOD)}\n```"):
        found = read_rewriting(text)
        assert found is not None and found.titles == ("1", "2", "3", "4", "5")


@pytest.mark.parametrize(
    "broken",
    [
        "no json", "[]", "null", "[" * 100_000,
        json.dumps(GOOD | {"titles": ["1"]}), json.dumps(GOOD | {"body": ""}),
        json.dumps(GOOD | {"captions": "x"}), json.dumps(GOOD | {"call_to_action": None}),
    ],
)  # fmt: skip
def test_a_rewriting_that_lacks_something_is_none(broken: str) -> None:
    assert read_rewriting(broken) is None


def test_subtitle_times_go_beyond_an_hour() -> None:
    text = srt_text([SpeechSegment(3_723_004, 3_724_005, "x")], {})
    assert text == "1\n01:02:03,004 --> 01:02:04,005\nx\n"
