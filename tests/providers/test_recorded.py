"""Real answers, with figures that were worked out by hand from their bodies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from quotakeeper.domain.usage import Outcome, Provenance
from quotakeeper.providers import Request, Usage, live_session
from quotakeeper.providers.registry import BUILT_IN
from tests.providers.support import DEEPGRAM, GEMINI, array, post, read, sse, understood

VERTEX = "https://aiplatform.googleapis.com/v1beta1/projects/P/locations/global/publishers/google"


@pytest.fixture(scope="session")
def recorded(shared: Path) -> Path:
    folder = shared / "recorded"
    if not folder.is_dir():
        pytest.skip("../shared/recorded not present: real answers can't be compared")
    return folder


def body_of(folder: Path, name: str) -> Any:
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))["body"]


def asked(model: str, method: str = "generateContent", root: str = f"{GEMINI}/v1beta") -> Request:
    return post(f"{root}/models/{model}:{method}", {"contents": [{"parts": [{"text": "hi"}]}]})


# name of the recording, the request, quantities besides the request, served model, tier
GENERATED: list[tuple[str, Request, dict[str, int], str, str]] = [
    ("gemini_dev_20flash_basic", asked("gemini-2.0-flash"),
     {"input_tokens": 22, "output_tokens": 40}, "gemini-2.0-flash", ""),
    # 17 sent + 119 of the search tool; grounded prompts of 2.5 count once
    ("gemini_dev_25pro_google_search", asked("gemini-2.5-pro"),
     {"input_tokens": 136, "output_tokens": 201, "thought_tokens": 213, "searches": 1},
     "gemini-2.5-pro", ""),
    ("gemini_dev_36flash", asked("gemini-3.6-flash"),
     {"input_tokens": 168, "output_tokens": 17, "thought_tokens": 72}, "gemini-3.6-flash", "standard"),
    ("gemini_dev_3flash_image_input", asked("gemini-3-flash-preview"),
     {"input_tokens": 191, "input_tokens@image": 1088, "output_tokens": 74, "thought_tokens": 42},
     "gemini-3-flash-preview", ""),
    # details have 301 of 432, the rest is text; 78 of tools; one query; no answer: 432 + 18 + 78 =
    # 528
    ("gemini_dev_3flash_tooluse_nodetails", asked("gemini-3-flash-preview"),
     {"input_tokens": 510, "thought_tokens": 18, "searches": 1}, "gemini-3-flash-preview", ""),
    ("gemini_dev_document_input", asked("gemini-2.0-flash"),
     {"input_tokens": 15, "input_tokens@document": 1290, "output_tokens": 11},
     "gemini-2.0-flash", ""),
    # not cached: text 16-15, audio 1917-1881, video 15780-15483
    ("gemini_dev_implicit_cache_video_audio", asked("gemini-2.5-flash"),
     {"input_tokens": 1, "input_tokens@audio": 36, "input_tokens@video": 297,
      "cached_input_tokens": 15, "cached_input_tokens@audio": 1881,
      "cached_input_tokens@video": 15483, "output_tokens": 68, "thought_tokens": 821},
     "gemini-2.5-flash", "standard"),
    ("gemini_dev_modelversion_prefixed", asked("gemini-2.5-pro-preview-03-25"),
     {"input_tokens": 15, "output_tokens": 8, "thought_tokens": 275}, "gemini-2.5-pro", ""),
    ("gemini_dev_tooluse_filesearch", asked("gemini-2.5-pro"),
     {"input_tokens": 303, "output_tokens": 40, "thought_tokens": 257}, "gemini-2.5-pro", ""),
    # the details name 1120 of 1216 as image; the rest is text
    ("gemini_image_output", asked("gemini-3-pro-image"),
     {"input_tokens": 22, "output_tokens": 96, "output_tokens@image": 1120, "thought_tokens": 179},
     "gemini-3-pro-image", "standard"),
    ("gemini_vertex_embedcontent", asked("gemini-embedding-2", "embedContent", VERTEX),
     {"input_tokens": 11}, "", ""),
    ("gemini_vertex_flex", asked("gemini-3-flash-preview", root=VERTEX),
     {"input_tokens": 5, "output_tokens": 1, "thought_tokens": 51}, "gemini-3-flash-preview", "flex"),
    # blocked after it was answered: billed
    ("gemini_vertex_modelarmor_response_block", asked("gemini-2.5-flash", root=VERTEX),
     {"input_tokens": 19, "output_tokens": 6, "thought_tokens": 27}, "gemini-2.5-flash", "standard"),
    # total 100 - prompt 66 - answer 6 = 28 thinking tokens, which only the total includes
    ("gemini_openai_compat", post(f"{GEMINI}/v1beta/openai/chat/completions", {"model": "gemini-2.5-pro"}),
     {"input_tokens": 66, "output_tokens": 6, "thought_tokens": 28},
     "gemini-2.5-pro-preview-05-06", ""),
]  # fmt: skip

# The last chunk of each: 147 + 360 of tools; 32 + 4610 of fetched URLs.
STREAMED: list[tuple[str, str, dict[str, int]]] = [
    ("gemini_stream_3flash_codeexec_resets", "gemini-3-flash-preview",
     {"input_tokens": 507, "output_tokens": 108, "thought_tokens": 168}),
    ("gemini_stream_live_usage", "gemini-2.5-flash",
     {"input_tokens": 18, "output_tokens": 80, "thought_tokens": 35}),
    ("gemini_stream_url_context", "gemini-2.5-flash",
     {"input_tokens": 4642, "output_tokens": 25, "thought_tokens": 37}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "request_", "expected", "model", "tier"), GENERATED)
def test_an_answer_is_read_to_the_last_token(
    recorded: Path, name: str, request_: Request, expected: dict[str, int], model: str, tier: str
) -> None:
    body = body_of(recorded, name)
    for data in (json.dumps(body).encode(), json.dumps(body, indent=2).encode() + b"\n"):
        usage = read(request_, data)
        assert usage.quantities == {**expected, "requests": 1}
        assert usage.provenance is Provenance.REPORTED
        assert (usage.outcome, usage.complete, usage.note) == (Outcome.OK, True, "")
        assert usage.model_served == model
        assert usage.options == ({"tier": tier} if tier else {})


@pytest.mark.parametrize(("name", "model", "expected"), STREAMED)
@pytest.mark.parametrize("form", ["crlf", "lf", "array"])
def test_the_last_chunk_of_a_stream_decides(
    recorded: Path, name: str, model: str, expected: dict[str, int], form: str
) -> None:
    chunks = body_of(recorded, name)
    data = array(chunks) if form == "array" else sse(chunks, end="\n" if form == "lf" else "\r\n")
    usage = read(asked(model, "streamGenerateContent"), data)
    assert usage.quantities == {**expected, "requests": 1}
    assert usage.provenance is Provenance.REPORTED
    assert usage.request_id == chunks[-1]["responseId"]


@pytest.mark.parametrize(("name", "model", "expected"), STREAMED)
def test_a_recorded_stream_gives_the_same_in_pieces_and_a_defined_result_at_every_cut(
    recorded: Path, name: str, model: str, expected: dict[str, int]
) -> None:
    request = asked(model, "streamGenerateContent")
    for data in (sse(body_of(recorded, name)), array(body_of(recorded, name))):
        bytewise = [data[i : i + 1] for i in range(len(data))]
        assert read(request, bytewise).quantities == {**expected, "requests": 1}
        for end in range(0, len(data), 3):
            usage = read(request, data[:end], complete=False)
            assert usage.quantities["input_tokens"] > 0
            assert usage.quantities.get("output_tokens", 0) > 0
            assert usage.quantities["input_tokens"] <= expected["input_tokens"]


def test_embeddings_without_usage_are_estimated_from_the_request(recorded: Path) -> None:
    request = post(
        f"{GEMINI}/v1beta/models/gemini-embedding-2-preview:batchEmbedContents",
        {"requests": [{"content": {"parts": [{"text": "hello world"}]}}] * 2},
    )
    usage = read(request, json.dumps(body_of(recorded, "gemini_dev_batchembed_nousage")).encode())
    assert usage.provenance is Provenance.ESTIMATED
    assert 4 <= usage.quantities["input_tokens"] <= 20
    assert usage.complete


def test_a_cache_is_billed_once_and_per_hour(recorded: Path) -> None:
    body = body_of(recorded, "gemini_dev_cachedcontents_create")
    usage = read(
        post(f"{GEMINI}/v1beta/cachedContents", {"model": "models/gemini-2.5-flash"}),
        json.dumps(body).encode(),
    )
    # 3,512 tokens stored from 14:45:17.041 to 14:47:16.701: 119.660 s, 116.7 token-hours
    assert usage.quantities == {"cache_token_hours": 117, "input_tokens": 3512, "requests": 1}
    assert usage.model_served == "gemini-2.5-flash"


def test_a_token_count_request_is_free(recorded: Path) -> None:
    request = asked("gemini-2.5-flash", "countTokens", VERTEX)
    _, call = understood(request)
    usage = read(request, json.dumps(body_of(recorded, "gemini_vertex_counttokens")).encode())
    assert not call.billed
    assert usage.quantities == {"requests": 1}


def test_a_quota_error_gives_the_quota_and_the_wait(recorded: Path) -> None:
    adapter, call = understood(asked("gemini-3.1-pro-preview"))
    reader = adapter.reader(call, 429, {})
    reader.feed(json.dumps(body_of(recorded, "gemini_dev_error429_paid_tpm")).encode())
    usage = reader.finish(complete=True)
    assert usage.quantities == {"requests": 1}
    assert usage.outcome is Outcome.ERROR
    fault = reader.fault
    assert fault is not None
    assert fault.kind == "quota"
    assert fault.quota == "GenerateContentPaidTierInputTokensPerModelPerMinute"
    assert (fault.per_day, fault.billed, fault.retry_after_seconds) == (False, False, 45.811975)


def test_a_quota_error_without_details_is_recognised(recorded: Path) -> None:
    adapter, call = understood(asked("gemini-2.5-pro"))
    reader = adapter.reader(call, 429, {"retry-after": "7"})
    reader.feed(json.dumps(body_of(recorded, "gemini_dev_error429_bare")).encode())
    reader.finish(complete=True)
    assert reader.fault is not None
    assert (reader.fault.kind, reader.fault.quota) == ("quota", "")
    assert reader.fault.retry_after_seconds == 7.0


# 17.566313 s and 19.097937 s, to the nearest millisecond
LISTENED = [
    ("deepgram_listen_nova3_file_summarize_zero", {"audio_milliseconds": 17_566}),
    ("deepgram_listen_nova3_url_summarize",
     {"audio_milliseconds": 19_098, "input_tokens": 63, "output_tokens": 43}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), LISTENED)
def test_a_transcripts_length_is_read_from_its_metadata(
    recorded: Path, name: str, expected: dict[str, int]
) -> None:
    url = f"{DEEPGRAM}/v1/listen?model=nova-3&smart_format=true&summarize=v2"
    body = body_of(recorded, name)
    usage = read(post(url, {"url": "https://example.org/a.wav"}), json.dumps(body).encode())
    assert usage.quantities == {**expected, "requests": 1}
    assert usage.model_served == "nova-3"
    assert usage.request_id == body["metadata"]["request_id"]
    assert usage.provenance is Provenance.REPORTED


def test_speech_is_counted_from_a_header(recorded: Path) -> None:
    told = body_of(recorded, "deepgram_speak_headers_as_parsed")
    headers = {
        "content-type": told["content_type"],
        "dg-char-count": str(told["characters"]),
        "dg-model-name": told["model_name"],
        "dg-request-id": told["request_id"],
    }
    url = f"{DEEPGRAM}/v1/speak?model=aura-2-thalia-en&encoding=linear16"
    usage = read(post(url, {"text": "Hello, world."}), b"RIFF" * 1000, headers=headers)
    assert usage.quantities == {"characters": 13, "requests": 1}
    assert usage.model_served == "aura-2-thalia-en"
    assert usage.request_id == told["request_id"]


def socket(url: str, *frames: object, sent: list[bytes | str] | None = None) -> Usage:
    found = live_session(Request("GET", url), among=BUILT_IN)
    assert found is not None
    session = found[1]
    for message in sent or []:
        session.sent(message)
    for frame in frames:
        session.received(json.dumps(frame))
    return session.finish(complete=False, elapsed_ms=6_000)


def test_a_socket_without_sound_costs_nothing(recorded: Path) -> None:
    frame = body_of(recorded, "deepgram_ws_metadata_noaudio")
    usage = socket("wss://api.deepgram.com/v1/listen?model=nova-3", frame)
    assert usage.quantities == {"requests": 1}
    assert (usage.provenance, usage.complete) == (Provenance.REPORTED, True)


def test_a_dropped_socket_counts_to_the_last_result(recorded: Path) -> None:
    frame = body_of(recorded, "deepgram_ws_results_nova")
    url = "wss://api.deepgram.com/v1/listen?model=nova-3&encoding=mulaw&sample_rate=8000&channels=1"
    usage = socket(url, frame)
    assert usage.quantities == {"audio_milliseconds": 3_820, "requests": 1}  # 0.74 + 3.08 s
    assert (usage.provenance, usage.outcome) == (Provenance.ESTIMATED, Outcome.UNKNOWN)
    assert usage.model_served == "nova-3"


def test_an_agent_is_billed_by_the_time_it_is_open(recorded: Path) -> None:
    events = body_of(recorded, "deepgram_agent_events")
    frames = [event.get("data", event) for event in (events if isinstance(events, list) else [])]
    usage = socket("wss://agent.deepgram.com/v1/agent/converse", *frames)
    assert usage.quantities == {"requests": 1, "session_milliseconds": 6_000}
