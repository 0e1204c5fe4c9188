"""Answers as bytes on the wire, one of each kind, for the tests of common properties."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from quotakeeper.providers import Request
from tests.providers.support import (
    ANTHROPIC,
    DEEPGRAM,
    GEMINI,
    GENERATE,
    OPENAI,
    STREAM,
    array,
    post,
    sse,
)


@dataclass(frozen=True)
class Wire:
    """A request and the bytes of its answer. `total` is the usage of the whole answer."""

    name: str
    request: Request
    body: bytes
    total: dict[str, int]


def _chunk(text: str, prompt: int, output: int | None, finish: str = "") -> dict[str, object]:
    candidate: dict[str, object] = {"content": {"parts": [{"text": text}], "role": "model"}}
    if finish:
        candidate["finishReason"] = finish
    metadata: dict[str, object] = {
        "promptTokenCount": prompt,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": prompt}],
        "totalTokenCount": prompt + (output or 0),
    }
    if output is not None:
        metadata["candidatesTokenCount"] = output
    return {
        "candidates": [candidate],
        "usageMetadata": metadata,
        "modelVersion": "gemini-2.5-flash",
        "responseId": "r-1",
    }


# The prompt count decreases and the counters reset. A text contains a line separator, as JSON
# allows.
CHUNKS = [
    _chunk('xin "chào" \\ [một] {hai}', 169, 12),
    _chunk("ba\u2028bốn\nnăm", 169, None),
    _chunk("", 79, 31, "STOP"),
]
GEMINI_TOTAL = {"input_tokens": 79, "output_tokens": 31, "requests": 1}


def _events(named: Sequence[tuple[str, object]]) -> bytes:
    return "".join(f"event: {n}\ndata: {json.dumps(b)}\n\n" for n, b in named).encode()


_CHAT = [
    {"id": "c-1", "model": "gpt-x", "choices": [{"index": 0, "delta": {"content": "hello there"}}]},
    {"id": "c-1", "model": "gpt-x", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    {
        "id": "c-1", "model": "gpt-x", "choices": [],
        "usage": {
            "prompt_tokens": 20, "completion_tokens": 9, "total_tokens": 29,
            "prompt_tokens_details": {"cached_tokens": 16, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 5},
        },
    },
]  # fmt: skip
_RESPONSES = [
    ("response.created", {"type": "response.created", "response": {"id": "s-1", "model": "gpt-y"}}),
    ("response.output_text.delta", {"type": "response.output_text.delta", "delta": "hello"}),
    ("response.completed", {"type": "response.completed", "response": {
        "id": "s-1", "model": "gpt-y", "status": "completed", "service_tier": "flex",
        "output": [{"type": "web_search_call"}, {"type": "message", "content": []}],
        "usage": {"input_tokens": 50, "input_tokens_details": {"cached_tokens": 10},
                  "output_tokens": 7, "output_tokens_details": {"reasoning_tokens": 3},
                  "total_tokens": 57}}}),
]  # fmt: skip
_MESSAGES = [
    ("message_start", {"type": "message_start", "message": {
        "id": "m-1", "type": "message", "model": "claude-z", "content": [],
        "usage": {"input_tokens": 25, "cache_creation_input_tokens": 100,
                  "cache_read_input_tokens": 400, "output_tokens": 1,
                  "cache_creation": {"ephemeral_5m_input_tokens": 60,
                                     "ephemeral_1h_input_tokens": 40}}}}),
    ("ping", {"type": "ping"}),
    ("content_block_delta", {"type": "content_block_delta", "index": 0,
                             "delta": {"type": "text_delta", "text": "hello there"}}),
    ("message_delta", {"type": "message_delta", "delta": {"stop_reason": "end_turn"},
                       "usage": {"output_tokens": 15, "server_tool_use": {"web_search_requests": 2}}}),
    ("message_stop", {"type": "message_stop"}),
]  # fmt: skip
_INTERACTION = [
    ("interaction.created", {"event_type": "interaction.created", "interaction": {"id": "i-1"}}),
    ("content.delta", {"event_type": "content.delta", "delta": {"type": "text", "text": "hello"}}),
    ("interaction.completed", {"event_type": "interaction.completed", "interaction": {
        "id": "i-1", "model": "gemini-3-flash-preview", "status": "completed",
        "usage": {"total_input_tokens": 40, "total_cached_tokens": 10, "total_output_tokens": 6,
                  "total_thought_tokens": 20, "total_tool_use_tokens": 5, "total_tokens": 71,
                  "input_tokens_by_modality": [{"modality": "text", "tokens": 30},
                                               {"modality": "audio", "tokens": 10}],
                  "grounding_tool_count": [{"type": "google_search", "count": 3},
                                           {"type": "retrieval", "count": 9}]}}}),
]  # fmt: skip
_LISTEN = {
    "metadata": {"request_id": "d-1", "duration": 12.5, "channels": 2,
                 "model_info": {"u": {"name": "2-phonecall-nova", "arch": "nova-2"}}},
    "results": {"channels": [{"alternatives": [{"transcript": "xin chào"}]}] * 2},
}  # fmt: skip
_ONE = {"contents": [{"parts": [{"text": "hello there, how are you?"}]}]}

WIRES = [
    Wire("gemini sse", STREAM, b"\xef\xbb\xbf: ping\r\n\r\n" + sse(CHUNKS), GEMINI_TOTAL),
    Wire("gemini sse, LF, many data lines", STREAM,
         b"".join(b"data: " + json.dumps(c, indent=1).encode().replace(b"\n", b"\ndata: ") + b"\n\n"
                  for c in CHUNKS), GEMINI_TOTAL),
    Wire("gemini array", STREAM, array(CHUNKS), GEMINI_TOTAL),
    Wire("gemini json", GENERATE, json.dumps(_chunk("hai ba", 7, 3, "STOP"), indent=2).encode(),
         {"input_tokens": 7, "output_tokens": 3, "requests": 1}),
    Wire("interaction", post(f"{GEMINI}/v1/interactions", {"model": "gemini-3-flash", "input": "hi"}),
         _events(_INTERACTION),
         {"input_tokens": 25, "input_tokens@audio": 10, "cached_input_tokens": 10,
          "output_tokens": 6, "thought_tokens": 20, "searches": 3, "requests": 1}),
    Wire("chat stream",
         post(f"{OPENAI}/v1/chat/completions",
              {"model": "gpt-x", "stream": True, "messages": [{"role": "user", "content": "hi"}]}),
         sse(_CHAT, end="\n") + b"data: [DONE]\n\n",
         {"input_tokens": 4, "cached_input_tokens": 16, "output_tokens": 4, "thought_tokens": 5,
          "requests": 1}),
    Wire("responses stream", post(f"{OPENAI}/v1/responses", {"model": "gpt-y", "input": "hi there"}),
         _events(_RESPONSES),
         {"input_tokens": 40, "cached_input_tokens": 10, "output_tokens": 4, "thought_tokens": 3,
          "searches": 1, "requests": 1}),
    Wire("messages stream",
         post(f"{ANTHROPIC}/v1/messages",
              {"model": "claude-z", "max_tokens": 99, "messages": [{"role": "user", "content": "hi"}]}),
         _events(_MESSAGES),
         {"input_tokens": 125, "cached_input_tokens": 400, "output_tokens": 15, "searches": 2,
          "requests": 1}),
    Wire("listen, two channels",
         post(f"{DEEPGRAM}/v1/listen?model=nova-2-phonecall&multichannel=true",
              {"url": "https://example.org/a.wav"}),
         json.dumps(_LISTEN).encode(), {"audio_milliseconds": 25_000, "requests": 1}),
    Wire("read", post(f"{DEEPGRAM}/v1/read?summarize=true&topics=true", {"text": "long " * 50}),
         json.dumps({"metadata": {"request_id": "d-2",
                                  "summary_info": {"input_tokens": 1855, "output_tokens": 146},
                                  "topics_info": {"input_tokens": 5, "output_tokens": 4}}}).encode(),
         {"input_tokens": 1860, "output_tokens": 150, "requests": 1}),
    Wire("embeddings", post(f"{GEMINI}/v1/models/gemini-embedding-001:batchEmbedContents",
                            {"requests": [{"content": {"parts": [{"text": "hello there"}]}}]}),
         json.dumps({"embeddings": [{"values": [0.25] * 30}], "usageMetadata": {
             "promptTokenCount": 9,
             "promptTokenDetails": [{"modality": "TEXT", "tokenCount": 9}]}}).encode(),
         {"input_tokens": 9, "requests": 1}),
    Wire("chat, gemini's own", post(f"{GEMINI}/v1beta/openai/chat/completions",
                                    {"model": "gemini-2.5-flash", "messages": _ONE["contents"]}),
         json.dumps({"id": "g", "model": "gemini-2.5-flash", "choices": [
             {"message": {"content": "noon"}, "finish_reason": "stop"}],
             "usage": {"prompt_tokens": 66, "completion_tokens": 6, "total_tokens": 100}}).encode(),
         {"input_tokens": 66, "output_tokens": 6, "thought_tokens": 28, "requests": 1}),
]  # fmt: skip
