"""Unusual answers: damaged, incomplete, or with figures that must be derived."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from quotakeeper.domain.usage import Outcome, Provenance
from quotakeeper.providers.formats import encodings, framing
from quotakeeper.providers.gemini.usage import live_usage
from tests.providers.support import (
    ANTHROPIC,
    DEEPGRAM,
    GEMINI,
    GENERATE,
    OPENAI,
    STREAM,
    post,
    read,
    sse,
    tokens,
    understood,
)
from tests.providers.wires import CHUNKS, WIRES


def gemini_answer(metadata: dict[str, Any], text: str = "", finish: str = "STOP") -> bytes:
    candidate = {"content": {"parts": [{"text": text}]}, "finishReason": finish}
    return json.dumps({"candidates": [candidate], "usageMetadata": metadata}).encode()


def test_a_blocked_prompt_costs_nothing() -> None:
    body = {
        "promptFeedback": {"blockReason": "MODEL_ARMOR"},
        "usageMetadata": {"trafficType": "ON_DEMAND"},
    }
    usage = read(GENERATE, json.dumps(body).encode())
    assert usage.quantities == {"requests": 1}
    assert (usage.provenance, usage.options) == (Provenance.REPORTED, {"tier": "standard"})


def test_an_answer_that_spent_its_whole_cap_on_thinking_is_billed() -> None:
    metadata = {"promptTokenCount": 10, "thoughtsTokenCount": 90, "totalTokenCount": 100}
    usage = read(GENERATE, gemini_answer(metadata, finish="MAX_TOKENS"))
    assert usage.quantities == {"input_tokens": 10, "thought_tokens": 90, "requests": 1}
    assert usage.provenance is Provenance.REPORTED


def test_a_missing_count_is_the_total_minus_the_other_counts() -> None:
    usage = read(GENERATE, gemini_answer({"promptTokenCount": 10, "totalTokenCount": 34}, "hi"))
    assert usage.quantities["output_tokens"] == 24
    assert usage.note == ""


def test_tool_prompt_tokens_do_not_count_as_a_missing_answer() -> None:
    metadata = {
        "promptTokenCount": 10, "toolUsePromptTokenCount": 7, "thoughtsTokenCount": 3,
        "totalTokenCount": 34,
    }  # fmt: skip
    usage = read(GENERATE, gemini_answer(metadata, "hi"))
    assert usage.quantities == {
        "input_tokens": 17, "output_tokens": 14, "thought_tokens": 3, "requests": 1,
    }  # fmt: skip
    assert usage.note == ""


def test_a_total_that_does_not_add_up_is_marked_and_not_used() -> None:
    metadata = {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 99}
    usage = read(GENERATE, gemini_answer(metadata, "hi"))
    assert (usage.quantities["input_tokens"], usage.quantities["output_tokens"]) == (10, 5)
    assert "total" in usage.note


def test_impossible_details_do_not_raise() -> None:
    metadata = {
        "promptTokenCount": 10,
        "promptTokensDetails": [
            {"modality": "AUDIO"}, {"modality": "IMAGE", "tokenCount": 900},
            {"modality": "TEXT", "tokenCount": 4},
        ],
        "candidatesTokenCount": 1,
        "totalTokenCount": 11,
    }  # fmt: skip
    usage = read(GENERATE, gemini_answer(metadata))
    assert usage.quantities == {"input_tokens@image": 10, "output_tokens": 1, "requests": 1}


def test_cached_tokens_without_details_are_taken_from_the_known_modalities() -> None:
    metadata = {
        "promptTokenCount": 100, "cachedContentTokenCount": 60, "totalTokenCount": 100,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 20},
                                {"modality": "VIDEO", "tokenCount": 80}],
    }  # fmt: skip
    usage = read(GENERATE, gemini_answer(metadata))
    assert usage.quantities == {
        "cached_input_tokens": 20, "cached_input_tokens@video": 40, "input_tokens@video": 40,
        "requests": 1,
    }  # fmt: skip


def test_a_last_chunk_without_answer_tokens_keeps_the_largest_count_before() -> None:
    forgot = {**CHUNKS[2], "usageMetadata": {"promptTokenCount": 79, "totalTokenCount": 79}}
    usage = read(STREAM, sse([CHUNKS[0], CHUNKS[0], forgot]))
    assert usage.quantities["input_tokens"] == 79
    assert usage.quantities["output_tokens"] >= 12
    assert (usage.provenance, usage.complete) == (Provenance.ESTIMATED, True)


def test_a_stream_cut_after_a_counter_reset_keeps_the_earlier_counts() -> None:
    reset = {"usageMetadata": {"promptTokenCount": 46, "totalTokenCount": 46}, "candidates": []}
    usage = read(STREAM, sse([CHUNKS[0], reset]), complete=False)
    assert usage.quantities["input_tokens"] == 46
    assert usage.quantities["output_tokens"] >= 12
    assert (usage.outcome, usage.complete) == (Outcome.UNKNOWN, False)


def _chunk(text: str, **metadata: int) -> dict[str, Any]:
    chunk: dict[str, Any] = {"candidates": [{"content": {"parts": [{"text": text}]}}]}
    return {**chunk, "usageMetadata": metadata} if metadata else chunk


def test_a_stream_cut_after_a_total_counts_that_total_and_the_later_text() -> None:
    told = _chunk("từ " * 40, promptTokenCount=9, candidatesTokenCount=17, thoughtsTokenCount=5)
    usage = read(STREAM, sse([told]), complete=False)
    # The provider has counted this text, so our own estimate of it does not matter.
    assert usage.quantities == {
        "input_tokens": 9, "output_tokens": 17, "thought_tokens": 5, "requests": 1,
    }  # fmt: skip
    assert (usage.provenance, usage.outcome) == (Provenance.ESTIMATED, Outcome.UNKNOWN)
    usage = read(STREAM, sse([told, _chunk("word " * 8)]), complete=False)
    assert usage.quantities["output_tokens"] == 17 + 10


def test_a_cut_stream_whose_total_decreased_keeps_the_largest_total() -> None:
    first = _chunk("a", promptTokenCount=9, candidatesTokenCount=198, thoughtsTokenCount=30)
    second = _chunk("b", promptTokenCount=11, candidatesTokenCount=46)
    usage = read(STREAM, sse([first, second]), complete=False)
    assert usage.quantities == {
        "input_tokens": 11, "output_tokens": 198, "thought_tokens": 30, "requests": 1,
    }  # fmt: skip
    done = {**second["candidates"][0], "finishReason": "STOP"}
    usage = read(STREAM, sse([first, {**second, "candidates": [done]}]))
    assert (usage.quantities["output_tokens"], usage.provenance) == (46, Provenance.REPORTED)


def test_a_stream_without_usage_is_estimated_from_its_text() -> None:
    chunk = {
        "candidates": [{"content": {"parts": [{"text": "word " * 100}]}, "finishReason": "STOP"}]
    }
    usage = read(STREAM, sse([chunk]))
    assert usage.provenance is Provenance.ESTIMATED
    assert 100 <= usage.quantities["output_tokens"] <= 150
    assert usage.quantities["input_tokens"] > 0


def test_a_chat_stream_without_include_usage_is_estimated() -> None:
    request = post(
        f"{OPENAI}/v1/chat/completions", {"model": "m", "messages": [{"content": "hello " * 50}]}
    )
    pieces = [{"choices": [{"delta": {"content": "word " * 25}}]}] * 4
    usage = read(request, sse(pieces, end="\n") + b"data: [DONE]\n\n")
    assert (usage.provenance, usage.complete) == (Provenance.ESTIMATED, True)
    assert 100 <= usage.quantities["output_tokens"] <= 150
    assert usage.quantities["input_tokens"] >= 50


@pytest.mark.parametrize(
    ("model", "grounding", "searches"),
    [
        ("gemini-2.5-flash", {"webSearchQueries": ["a", "b"]}, 1),
        ("gemini-3-flash-preview", {"webSearchQueries": ["a", "", "b"]}, 2),
        ("gemini-3-flash-preview", {"webSearchQueries": [""]}, 0),
        ("gemini-2.5-flash", {"groundingChunks": [{"maps": {}}]}, 1),
        ("gemini-2.5-flash", {"groundingChunks": [{"retrievedContext": {}}]}, 0),
    ],
)
def test_grounding_is_counted_by_prompts_up_to_2_and_by_queries_from_3(
    model: str, grounding: dict[str, object], searches: int
) -> None:
    body = json.loads(gemini_answer({"promptTokenCount": 1, "totalTokenCount": 1}))
    body["candidates"][0]["groundingMetadata"] = grounding
    body["modelVersion"] = model
    usage = read(post(f"{GEMINI}/v1/models/{model}:generateContent", {}), json.dumps(body).encode())
    assert usage.quantities.get("searches", 0) == searches


def test_grounding_repeated_in_a_stream_is_counted_once() -> None:
    chunk = {"candidates": [{"groundingMetadata": {"webSearchQueries": ["a", "b"]}}],
        "modelVersion": "gemini-3-flash-preview", "usageMetadata": {"promptTokenCount": 5}}  # fmt: skip
    usage = read(STREAM, sse([chunk, chunk, {**chunk, "candidates": [{"finishReason": "STOP"}]}]))
    assert usage.quantities["searches"] == 2


def test_the_served_tier_is_read_from_a_header_or_the_body() -> None:
    body = gemini_answer({"promptTokenCount": 1, "totalTokenCount": 1})
    usage = read(GENERATE, body, headers={"x-gemini-service-tier": "priority"})
    assert usage.options == {"tier": "priority"}
    metadata = {
        "promptTokenCount": 1,
        "totalTokenCount": 1,
        "trafficType": "PROVISIONED_THROUGHPUT",
    }
    assert "provisioned" in read(GENERATE, gemini_answer(metadata)).note


@pytest.mark.parametrize("form", ["data: {}\r\n\r\n", "{}\n", "[{}]"])
def test_an_error_with_status_200_is_an_error(form: str) -> None:
    error = json.dumps({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "no"}})
    adapter, call = understood(STREAM)
    reader = adapter.reader(call, 200, {})
    reader.feed(form.replace("{}", error).encode())
    usage = reader.finish(complete=True)
    assert (usage.outcome, usage.quantities) == (Outcome.ERROR, {"requests": 1})
    assert reader.fault is not None
    assert (reader.fault.status, reader.fault.kind, reader.fault.billed) == (429, "quota", False)


def test_an_error_after_text_is_billed_for_the_text() -> None:
    adapter, call = understood(STREAM)
    reader = adapter.reader(call, 200, {})
    reader.feed(sse(CHUNKS[:1]))
    reader.feed(adapter.interruption(call, message="over the limit"))
    usage = reader.finish(complete=True)
    assert usage.outcome is Outcome.ERROR
    assert usage.quantities["output_tokens"] >= 12
    assert reader.fault is not None
    assert reader.fault.billed


def test_an_unreadable_encoding_is_estimated_at_the_typical_amount_or_more() -> None:
    usage = read(GENERATE, b"\x8b\x00" * 40, headers={"content-encoding": "br"})
    _, call = understood(GENERATE)
    assert usage.quantities == call.typical
    assert (usage.provenance, usage.complete) == (Provenance.ESTIMATED, True)
    long = read(GENERATE, b"\x8b\x00" * 4_000, headers={"content-encoding": "br"})
    assert long.quantities["output_tokens"] == 4_000


def test_a_body_that_was_already_decoded_is_read_unchanged() -> None:
    for encoding in ("gzip", "br", "deflate"):
        usage = read(WIRES[3].request, WIRES[3].body, headers={"content-encoding": encoding})
        assert usage.quantities == WIRES[3].total


def test_a_compression_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = 0
    original = framing.Framing.feed

    def counted(self: framing.Framing, data: bytes) -> None:
        nonlocal seen
        seen += len(data)
        original(self, data)

    monkeypatch.setattr(framing.Framing, "feed", counted)
    for size, most in ((200_000_000, 20_000_000), (9_000_000, 1_500_000)):
        bomb = gzip.compress(b'{"a":"' + b" " * size)
        assert len(bomb) * encodings.MOST_RATIO < most
        seen = 0
        usage = read(GENERATE, bomb, headers={"content-encoding": "gzip"})
        assert 0 < seen <= most + 128 * 1024
        assert usage.provenance is Provenance.ESTIMATED
        assert tokens(usage) > 0


def test_the_end_of_a_document_too_large_to_keep_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framing, "MOST_HELD", 4_000)
    monkeypatch.setattr(framing, "TAIL", 1_000)
    image = {"inlineData": {"mimeType": "image/png", "data": "A" * 50_000}}
    body = {
        "candidates": [{"content": {"parts": [image]}, "finishReason": "STOP"}],
        "usageMetadata": {
            "promptTokenCount": 3,
            "candidatesTokenCount": 1290,
            "totalTokenCount": 1293,
        },
    }
    for data in (json.dumps(body).encode(), sse([body])):
        usage = read(GENERATE, [data[i : i + 700] for i in range(0, len(data), 700)])
        assert (usage.quantities["input_tokens"], usage.quantities["output_tokens"]) == (3, 1290)
        assert (usage.provenance, usage.complete) == (Provenance.REPORTED, True)


@pytest.mark.parametrize("packed", [False, True])
def test_a_transcript_too_large_to_keep_uses_the_length_at_its_start(
    packed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(framing, "MOST_HELD", 4_000)
    monkeypatch.setattr(framing, "TAIL", 1_000)
    words = [{"word": "transcription", "start": i * 0.4, "metadata": {"duration": 1}}
             for i in range(900)]  # fmt: skip
    about = {"request_id": "d-1", "duration": 28_800.5, "channels": 2}
    results = {"channels": [{"alternatives": [{"words": words}]}]}
    plain = json.dumps({"metadata": about, "results": results}).encode()
    data, encoding = (gzip.compress(plain), "gzip") if packed else (plain, "")
    request = post(f"{DEEPGRAM}/v1/listen?multichannel=true", {"url": "https://example.org/a"})
    for step in (200, len(data)):
        pieces = [data[i : i + step] for i in range(0, len(data), step)]
        usage = read(request, pieces, headers={"content-encoding": encoding})
        assert usage.quantities == {"audio_milliseconds": 57_601_000, "requests": 1}
        assert (usage.provenance, usage.complete) == (Provenance.REPORTED, True)
        assert usage.request_id == "d-1"
        cut = read(request, pieces[: len(pieces) // 2] or [data[: len(data) // 2]],
                   headers={"content-encoding": encoding}, complete=False)  # fmt: skip
        assert cut.quantities == usage.quantities
        assert (cut.outcome, cut.complete) == (Outcome.UNKNOWN, False)


def test_a_transcript_that_starts_with_its_results_uses_the_length_at_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(framing, "MOST_HELD", 4_000)
    monkeypatch.setattr(framing, "TAIL", 1_000)
    body = {"results": {"words": ["x"] * 9_000}, "metadata": {"duration": 60.0, "channels": 1}}
    request = post(f"{DEEPGRAM}/v1/listen?model=nova-3", {"url": "https://example.org/a"})
    assert read(request, json.dumps(body).encode()).quantities["audio_milliseconds"] == 60_000


def test_pictures_and_sound_without_usage_are_estimated_above_zero() -> None:
    for mime, data, least in (("image/png", "AAAA", 1_290), ("audio/L16", "A" * 64_000, 25)):
        part = {"inlineData": {"mimeType": mime, "data": data}}
        body = {"candidates": [{"content": {"parts": [part]}, "finishReason": "STOP"}]}
        usage = read(STREAM, sse([body]))
        assert (usage.quantities["output_tokens"], usage.provenance) == (
            least,
            Provenance.ESTIMATED,
        )


def test_a_last_chunk_with_only_the_tier_keeps_the_figures() -> None:
    last = {"candidates": [{"finishReason": "STOP"}], "usageMetadata": {"trafficType": "ON_DEMAND"}}
    usage = read(STREAM, sse([CHUNKS[0], last]))
    assert usage.quantities == {"input_tokens": 169, "output_tokens": 12, "requests": 1}
    assert usage.options == {"tier": "standard"}


def test_a_batch_is_estimated_and_its_result_has_the_true_figures() -> None:
    one = {"request": {"contents": [{"parts": [{"text": "hello"}]}]}}
    made = post(
        f"{GEMINI}/v1beta/models/gemini-2.5-flash:batchGenerateContent",
        {"batch": {"inputConfig": {"requests": {"requests": [one, one]}}}},
    )
    usage = read(made, json.dumps({"name": "batches/b-1", "metadata": {}}).encode())
    assert (usage.request_id, usage.options) == ("batches/b-1", {"tier": "batch"})
    assert usage.provenance is Provenance.ESTIMATED
    assert usage.quantities["output_tokens"] > 0


def test_a_background_interaction_is_estimated() -> None:
    request = post(f"{GEMINI}/v1beta/interactions", {"model": "gemini-3-flash", "input": "hello"})
    body = {"id": "i-1", "status": "in_progress"}
    usage = read(request, json.dumps(body).encode())
    assert (usage.provenance, usage.complete) == (Provenance.ESTIMATED, False)
    assert usage.quantities["output_tokens"] > 0


def test_thoughts_inside_an_interactions_output_are_not_counted_twice() -> None:
    told = {
        "total_input_tokens": 10,
        "total_output_tokens": 30,
        "total_thought_tokens": 20,
        "total_tokens": 40,
    }
    body = {"id": "i-1", "status": "completed", "usage": told}
    request = post(f"{GEMINI}/v1/interactions", {"model": "gemini-3-flash", "input": "hi"})
    usage = read(request, json.dumps(body).encode())
    assert usage.quantities == {
        "input_tokens": 10, "output_tokens": 10, "thought_tokens": 20, "requests": 1,
    }  # fmt: skip


def test_a_live_session_adds_thinking_tokens_that_its_total_leaves_out() -> None:
    notes: list[str] = []
    quantities = live_usage(
        {
            "promptTokenCount": 522, "responseTokenCount": 42, "thoughtsTokenCount": 136,
            "totalTokenCount": 564,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 332},
                                    {"modality": "AUDIO", "tokenCount": 165}],
            "responseTokensDetails": [{"modality": "AUDIO", "tokenCount": 42}],
        },
        notes.append,
    )  # fmt: skip
    assert quantities == {
        "input_tokens": 357, "input_tokens@audio": 165, "output_tokens@audio": 42,
        "thought_tokens": 136,
    }  # fmt: skip
    assert notes == []


def test_vertex_predictions_are_read() -> None:
    root = "https://aiplatform.googleapis.com/v1/projects/p/locations/l/publishers/google/models"
    vectors = {"predictions": [{"embeddings": {"statistics": {"token_count": 4}}}] * 3}
    request = post(f"{root}/text-embedding-005:predict", {"instances": [{"content": "hello"}]})
    assert read(request, json.dumps(vectors).encode()).quantities["input_tokens"] == 12
    pictures = {"predictions": [{"bytesBase64Encoded": "AAAA"}] * 2}
    request = post(f"{root}/imagen-3.0-generate-002:predict", {"parameters": {"sampleCount": 2}})
    assert read(request, json.dumps(pictures).encode()).quantities == {"images": 2, "requests": 1}


def test_a_transcription_with_callback_is_booked_at_its_expected_length() -> None:
    url = f"{DEEPGRAM}/v1/listen?model=nova-3&callback=https://example.org/done"
    usage = read(post(url, {"url": "https://example.org/a.wav"}), b'{"request_id": "d-9"}')
    assert (usage.request_id, usage.provenance) == ("d-9", Provenance.ESTIMATED)
    assert usage.quantities["audio_milliseconds"] > 0
    assert "callback" in usage.note


def test_two_channels_are_billed_twice_only_on_request() -> None:
    listen = WIRES[8]
    plain = post(f"{DEEPGRAM}/v1/listen?model=nova-2-phonecall", {"url": "https://example.org/a"})
    assert read(plain, listen.body).quantities["audio_milliseconds"] == 12_500
    assert read(listen.request, listen.body).quantities["audio_milliseconds"] == 25_000
    assert read(plain, listen.body).model_served == "nova-2-phonecall"


@pytest.mark.parametrize(
    ("body", "quantities"),
    [
        ({"text": "hello", "usage": {"type": "duration", "seconds": 12}}, {"audio_milliseconds": 12_000}),
        ({"text": "hello", "duration": 8.47}, {"audio_milliseconds": 8_470}),
        (
            {"text": "hello", "usage": {"type": "tokens", "input_tokens": 14, "output_tokens": 45,
             "input_token_details": {"text_tokens": 4, "audio_tokens": 10}, "total_tokens": 59}},
            {"input_tokens": 4, "input_tokens@audio": 10, "output_tokens": 45},
        ),
    ],
)  # fmt: skip
def test_transcriptions_are_counted_by_length_or_by_tokens(
    body: dict[str, object], quantities: dict[str, int]
) -> None:
    usage = read(post(f"{OPENAI}/v1/audio/transcriptions"), json.dumps(body).encode())
    assert usage.quantities == {**quantities, "requests": 1}
    assert usage.provenance is Provenance.REPORTED


def test_a_message_counts_cache_writes_as_input_and_notes_them() -> None:
    usage = read(WIRES[7].request, WIRES[7].body)
    assert "60 (5 m), 40 (1 h)" in usage.note
    whole = {"id": "m", "type": "message", "model": "claude-z", "content": [{"type": "text", "text": "x"}],
        "stop_reason": "end_turn", "usage": {"input_tokens": 3, "output_tokens": 2,
        "service_tier": "priority"}}  # fmt: skip
    request = post(f"{ANTHROPIC}/v1/messages", {"model": "claude-z", "messages": []})
    usage = read(request, json.dumps(whole).encode())
    assert usage.quantities == {"input_tokens": 3, "output_tokens": 2, "requests": 1}
    assert usage.options == {"tier": "priority"}
