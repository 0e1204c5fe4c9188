"""What the sandbox's Gemini counts, answers and refuses, without a server."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotakeeper.sandbox import gemini
from quotakeeper.sandbox.messages import Reply, SandboxRequest, SandboxTurn

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
TURN = SandboxTurn(1, 0)
KEY = {"x-goog-api-key": "any"}


def ask(
    text: str, *, model: str = "gemini-2.5-flash", method: str = "generateContent",
    query: tuple[tuple[str, str], ...] = (), **body: Any,
) -> Reply:  # fmt: skip
    whole = {"contents": [{"parts": [{"text": text}]}], **body}
    path = f"/v1beta/models/{model}:{method}"
    return gemini.reply_to(
        SandboxRequest("POST", path, query, KEY, json.dumps(whole).encode()), TURN
    )


def said(reply: Reply) -> str:
    parts = json.loads(reply.body)["candidates"][0]["content"]["parts"]
    return str(parts[0]["text"]) if parts else ""


def test_numbered_lines_come_back_with_the_same_numbers() -> None:
    lines = (
        "Translate.\n\n#3 [0.35-4.16] 谢谢大家，下次再见。\n"
        "#7 [5.00-6.00] 请记得带一点现金。\n#9 未知的句子"
    )
    answer = said(ask(lines)).splitlines()
    assert [line.split(" ")[0] for line in answer] == ["#3", "#7", "#9"]
    assert answer[0] == "#3 Cảm ơn mọi người, hẹn gặp lại lần sau."


def test_json_answers_follow_the_schema() -> None:
    schema = {
        "type": "OBJECT",
        "properties": {
            "mood": {"type": "STRING", "enum": ["vui", "buồn"]},
            "stars": {"type": "INTEGER"},
            "tags": {"type": "ARRAY", "minItems": 2, "items": {"type": "STRING"}},
        },
    }
    config = {"responseMimeType": "application/json", "responseSchema": schema}
    assert json.loads(said(ask("x", generationConfig=config))) == {
        "mood": "vui",
        "stars": 1,
        "tags": ["mẫu", "mẫu"],
    }


@given(
    text=st.text(min_size=1, max_size=300),
    cap=st.integers(1, 300),
    budget=st.sampled_from([None, 0, 5, 100]),
    model=st.sampled_from(["gemini-2.0-flash", "gemini-2.5-flash", "gemini-3.5-flash-lite"]),
)
def test_the_total_is_the_sum_and_the_output_cap_applies(
    text: str, cap: int, budget: int | None, model: str
) -> None:
    config: dict[str, Any] = {"maxOutputTokens": cap}
    if budget is not None:
        config["thinkingConfig"] = {"thinkingBudget": budget}
    reply = ask(text, model=model, generationConfig=config)
    body = json.loads(reply.body)
    usage = body["usageMetadata"]
    visible = usage.get("candidatesTokenCount", 0)
    thoughts = usage.get("thoughtsTokenCount", 0)
    assert usage["totalTokenCount"] == usage["promptTokenCount"] + visible + thoughts
    assert visible + thoughts <= cap
    assert reply.charge is not None
    billed = sum(reply.charge.quantities.values()) - reply.charge.quantities["requests"]
    assert billed == usage["totalTokenCount"]
    if budget == 0 or "lite" in model:
        assert "thoughtsTokenCount" not in usage


def test_a_truncated_answer_has_the_finish_reason() -> None:
    reply = ask("#1 谢谢大家，下次再见。", generationConfig={"maxOutputTokens": 4})
    assert json.loads(reply.body)["candidates"][0]["finishReason"] == "MAX_TOKENS"


def test_a_stream_without_sse_is_one_json_array_with_the_same_text() -> None:
    whole = ask("#1 谢谢大家，下次再见。")
    streamed = ask("#1 谢谢大家，下次再见。", method="streamGenerateContent")
    frames = json.loads(streamed.body)
    text = "".join(frame["candidates"][0]["content"]["parts"][0]["text"] for frame in frames)
    assert text == said(whole)
    last = frames[-1]
    assert last["candidates"][0]["finishReason"] == "STOP"
    assert last["usageMetadata"] == json.loads(whole.body)["usageMetadata"]
    assert streamed.charge is not None and whole.charge is not None
    assert streamed.charge.quantities == whole.charge.quantities


def test_audio_is_counted_by_seconds_in_its_modality() -> None:
    data = base64.b64encode((SAMPLES / "xin-chao.wav").read_bytes()).decode()
    parts = [{"text": "Nghe đi"}, {"inlineData": {"mimeType": "audio/wav", "data": data}}]
    for model, per_second in (("gemini-3-flash", 25), ("gemini-2.5-flash", 32)):
        reply = ask("", model=model, contents=[{"parts": parts}])
        details = json.loads(reply.body)["usageMetadata"]["promptTokensDetails"]
        counts = {one["modality"]: one["tokenCount"] for one in details}
        assert counts["AUDIO"] == -(-16_067 * per_second // 1000)
        assert reply.charge is not None
        assert reply.charge.quantities["input_tokens@audio"] == counts["AUDIO"]


def test_counting_tokens_costs_a_request_and_no_tokens() -> None:
    reply = ask("xin chào", method="countTokens")
    assert json.loads(reply.body)["totalTokens"] > 0
    assert reply.charge is not None and reply.charge.quantities == {"requests": 1}


def test_the_same_request_gets_the_same_reply_in_every_run() -> None:
    assert ask("xin chào") == ask("xin chào")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (SandboxRequest("POST", "/v1beta/models/m:generateContent", (), {}, b"{}"), 403),
        (SandboxRequest("POST", "/v1beta/models/m:generateContent", (), KEY, b"{"), 400),
        (SandboxRequest("POST", "/v1beta/models/m:generateContent", (), KEY, b"{}"), 400),
        (SandboxRequest("POST", "/v1beta/models/m:dance", (), KEY, b"{}"), 404),
        (SandboxRequest("GET", "/v1beta/models/m:generateContent", (), KEY, b"{}"), 404),
    ],
)
def test_requests_that_the_real_api_refuses_get_its_error_format(
    request_: SandboxRequest, status: int
) -> None:
    reply = gemini.reply_to(request_, TURN)
    error = json.loads(reply.body)["error"]
    assert (reply.status, error["code"]) == (status, status)
    assert reply.charge is None


@pytest.mark.parametrize("version", ["v1", "v1beta", "v1alpha"])
def test_every_api_version_is_served(version: str) -> None:
    path = f"/{version}/models/gemini-2.5-flash:generateContent"
    body = json.dumps({"contents": [{"parts": [{"text": "a"}]}]}).encode()
    for headers, query in [
        (KEY, ()),
        ({}, (("key", "any"),)),
        ({"authorization": "Bearer t"}, ()),
    ]:
        reply = gemini.reply_to(SandboxRequest("POST", path, query, headers, body), TURN)
        assert reply.status == 200
