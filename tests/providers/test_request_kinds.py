"""Every kind of request is bounded: each part that a bill can contain is counted or marked as unknown."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from quotakeeper.domain.usage import Provenance
from quotakeeper.providers import Call, Request
from quotakeeper.providers.formats.declared import Declarations
from quotakeeper.tokens import estimate_tokens
from tests.providers import sounds
from tests.providers.bills import png
from tests.providers.support import ANTHROPIC, GEMINI, OPENAI, post, understood

URL = f"{GEMINI}/v1beta/models/MODEL:generateContent"
PDF = b"%PDF-1.4 /Type /Pages /Count 2 /Type /Page  /Type /Page "
VIETNAMESE = "Thời tiết ở Hà Nội hôm nay nắng đẹp, nhiệt độ ba mươi hai độ. " * 20


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def call_of(url: str, body: object) -> Call:
    return understood(post(url, body), count=estimate_tokens)[1]


def generate(*parts: object, model: str = "gemini-3-flash-preview", **body: Any) -> Call:
    return call_of(URL.replace("MODEL", model), {"contents": [{"parts": list(parts)}], **body})


def inputs(call: Call) -> int:
    return sum(n for key, n in call.bound.items() if key.startswith("input"))


@pytest.mark.parametrize("name", ["thoughtSignature", "thought_signature"])
@pytest.mark.parametrize(
    "part",
    [{"text": "ok"}, {"functionCall": {"name": "f", "args": {}}},
     {"inlineData": {"mimeType": "image/png", "data": encoded(png(10, 10))}}],
)  # fmt: skip
def test_a_signature_on_any_part_is_bounded(name: str, part: dict[str, object]) -> None:
    plain, signed = generate(part), generate({**part, name: "A" * 6_000})
    assert inputs(signed) - inputs(plain) == 2_250  # 1,200 to 1,500 are billed
    assert signed.typical["input_tokens"] - plain.typical["input_tokens"] == 600


def test_media_in_a_functions_response_are_counted_as_media() -> None:
    image = {"inlineData": {"mimeType": "image/jpeg", "data": encoded(bytes(300_000))}}
    answer = {"name": "f", "response": {"image": {"$ref": "a.jpg"}}, "parts": [image]}
    call = generate({"functionResponse": answer})
    assert call.bound["input_tokens@image"] == 1_120
    assert call.bound["input_tokens"] < 100
    assert call.bound_is is Provenance.ESTIMATED


@pytest.mark.parametrize(
    ("mime", "key"),
    [("video/mp4", "@audio"), ("audio/mpeg", "@audio"), (None, "@audio"), ("application/pdf", "")],
)
@pytest.mark.parametrize("inside", [False, True])
def test_a_file_by_reference_has_an_unknown_length(
    mime: str | None, key: str, inside: bool
) -> None:
    about = {} if mime is None else {"mimeType": mime}
    part: dict[str, object] = {"fileData": {"fileUri": "https://example.org/f", **about}}
    if inside:
        part = {"functionResponse": {"name": "f", "response": {}, "parts": [part]}}
    call = generate(part)
    assert "a file of unknown length" in call.note
    assert call.bound_is is Provenance.ASSUMED
    assert inputs(call) == 1_048_576
    assert call.bound[f"input_tokens{key}"] > 1_000_000  # the most expensive kind that it can be


def test_an_image_by_reference_is_bounded_by_the_model_family() -> None:
    part = {"fileData": {"fileUri": "https://example.org/a.jpg", "mimeType": "image/jpeg"}}
    assert generate(part).bound["input_tokens@image"] == 1_120
    assert generate(part, model="gemini-2.0-flash").bound["input_tokens@image"] == 25 * 258
    assert generate(part).bound_is is Provenance.ESTIMATED


def test_escapes_in_json_count_as_what_they_decode_to() -> None:
    answer = {"functionResponse": {"name": "weather", "response": {"said": VIETNAMESE}}}
    body = {"contents": [{"parts": [answer]}]}
    url = URL.replace("MODEL", "gemini-2.5-flash")
    calls = [
        understood(Request("POST", url, {}, text.encode()), count=estimate_tokens)[1]
        for text in (json.dumps(body), json.dumps(body, ensure_ascii=False))
    ]
    assert calls[0].bound == calls[1].bound
    whole = estimate_tokens(VIETNAMESE)
    assert calls[0].typical["input_tokens"] >= whole.tokens
    assert whole.upper_bound <= calls[0].bound["input_tokens"] < whole.upper_bound + 80


def test_a_text_file_counts_as_its_text() -> None:
    inline = {"mimeType": "text/plain; charset=utf-8", "data": encoded(VIETNAMESE.encode())}
    call = generate({"inlineData": inline})
    whole = estimate_tokens(VIETNAMESE)
    assert whole.upper_bound <= call.bound["input_tokens"] < whole.upper_bound + 40


@pytest.mark.parametrize(
    ("body", "note"),
    [
        ({"contents": [{"parts": [{"hologram": {"x": 1}}]}]}, "a part of an unknown kind"),
        ({"contents": 7}, "contents in an unknown format"),
        ({"contents": [{"parts": [{"text": "?"}]}], "tools": [{"timeMachine": {}}]},
         "a tool of an unknown kind"),
        ({"contents": [{"parts": [{"text": "?"}]}], "tools": [{"urlContext": {}}]},
         "the length of their results is not known"),
        ({"contents": [{"parts": [{"text": "?"}]}], "cachedContent": "cachedContents/c"},
         "cached content of unknown size"),
    ],
)  # fmt: skip
def test_unknown_parts_of_a_gemini_request_are_marked(body: object, note: str) -> None:
    call = call_of(URL.replace("MODEL", "gemini-2.5-flash"), body)
    assert note in call.note
    assert call.bound_is is Provenance.ASSUMED
    assert inputs(call) == 1_048_576


@pytest.mark.parametrize(
    ("tool", "most"),
    [("googleSearch", 20_000), ("codeExecution", 65_536), ("fileSearch", 65_536)],
)
def test_results_of_googles_own_tools_are_bounded(tool: str, most: int) -> None:
    call = generate({"text": "?"}, tools=[{tool: {}}])
    assert most <= inputs(call) < most + 100
    assert call.bound_is is Provenance.ASSUMED


def test_declarations_are_bounded_above_their_json() -> None:
    """332 tokens of JSON were billed as 742."""
    schema = {"type": "object", "properties": {
        f"place_{i}": {"type": "string", "description": "where it is"} for i in range(15)}}  # fmt: skip
    function = {"name": "find", "description": "Finds.", "parametersJsonSchema": schema}
    tools = [{"functionDeclarations": [function]}]
    told = estimate_tokens(json.dumps(function, separators=(",", ":"))).tokens
    assert inputs(generate({"text": "?"}, tools=tools)) > told * 742 / 332
    snake = [{"function_declarations": [function]}]
    assert generate({"text": "?"}, tools=snake).bound == generate({"text": "?"}, tools=tools).bound


def test_a_referenced_schema_counts_for_each_reference() -> None:
    point = {"type": "object", "properties": {"x": {"type": "number"}, "y": {"type": "number"}}}

    def function(times: int) -> dict[str, Any]:
        corners = {f"c{i}": {"$ref": "#/$defs/Point"} for i in range(times)}
        return {"name": "f", "parameters": {
            "$defs": {"Point": point}, "type": "object", "properties": corners}}  # fmt: skip

    pieces = []
    for times in (1, 5):
        declared = Declarations()
        declared.add(function(times))
        assert declared.nested and not declared.cut
        pieces.append(declared.pieces)
    assert pieces[1] - pieces[0] == 4 * 4  # a parameter, a reference, two coordinates


@pytest.mark.parametrize(
    ("schema", "nested"),
    [
        ({"type": "string"}, False),
        ({"type": "object", "properties": {"x": {"type": "number"}}}, True),
        ({"type": "array", "items": {"type": "number"}}, True),
        ({"anyOf": [{"type": "number"}, {"type": "null"}]}, True),
    ],
)
@pytest.mark.parametrize("key", ["parameters", "parametersJsonSchema", "input_schema", "function"])
def test_a_schema_nested_in_a_schema_is_counted(
    schema: dict[str, object], nested: bool, key: str
) -> None:
    parameters: dict[str, object] = {"type": "object", "properties": {"place": schema}}
    declared = Declarations()
    inner = {"parameters": parameters} if key == "function" else parameters
    declared.add({"name": "f", key: inner})
    assert declared.nested is nested


def test_an_endless_schema_is_cut_and_marked() -> None:
    node = {"type": "object", "properties": {
        f"n{i}": {"$ref": "#/$defs/Node"} for i in range(9)}}  # fmt: skip
    function = {"name": "f", "parameters": {"$defs": {"Node": node}, "$ref": "#/$defs/Node"}}
    call = generate({"text": "?"}, tools=[{"functionDeclarations": [function]}])
    assert "tool declarations of unknown size" in call.note
    assert inputs(call) == 1_048_576


def chat(*content: object, model: str = "gpt-4o", **body: Any) -> Call:
    said = [{"role": "user", "content": list(content)}]
    return call_of(f"{OPENAI}/v1/chat/completions", {"model": model, "messages": said, **body})


def image(data: bytes, detail: str = "auto") -> dict[str, object]:
    url = f"data:image/png;base64,{encoded(data)}"
    return {"type": "image_url", "image_url": {"url": url, "detail": detail}}


@pytest.mark.parametrize(
    ("model", "size", "detail", "tokens"),
    [
        ("gpt-4o", (1024, 1024), "high", 85 + 4 * 170),
        ("gpt-4o", (2048, 4096), "auto", 85 + 6 * 170),
        ("gpt-4o", (4096, 4096), "low", 85),
        ("gpt-4o-mini", (512, 512), "high", 2_833 + 5_667),
        ("gpt-4.1-nano", (1024, 1024), "auto", -(-1_024 * 246 // 100)),
        ("gpt-5.4", (9000, 9000), "original", 24_600),
    ],
)
def test_images_of_openai_are_bounded_by_model_size_and_detail(
    model: str, size: tuple[int, int], detail: str, tokens: int
) -> None:
    assert chat(image(png(*size), detail), model=model).bound["input_tokens@image"] == tokens


def test_an_openai_image_by_url_is_bounded_as_the_largest() -> None:
    there = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
    assert chat(there).bound["input_tokens@image"] == 85 + 8 * 170
    assert chat(there, model="gpt-4o-mini").bound["input_tokens@image"] == 2_833 + 8 * 5_667


@pytest.mark.parametrize(
    ("form", "data", "tokens"),
    [("wav", sounds.wav(3), 30), ("pcm16", bytes(48_000 * 3), 30),
     ("g711_ulaw", bytes(8_000 * 3), 30), ("mp3", b"?" * 7_500, 100)],
)  # fmt: skip
def test_sound_in_a_chat_is_measured(form: str, data: bytes, tokens: int) -> None:
    part = {"type": "input_audio", "input_audio": {"data": encoded(data), "format": form}}
    assert chat(part).bound["input_tokens@audio"] == tokens


def test_documents_of_openai_are_bounded_by_pages() -> None:
    file = {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{encoded(PDF)}"}
    for part in ({"type": "file", "file": file}, {"type": "input_file", **file}):
        call = chat(part)
        assert call.bound["input_tokens@image"] == 2 * (85 + 8 * 170)
        assert 8_000 <= call.bound["input_tokens"] < 8_100
        assert (call.bound_is, "not known" in call.note) == (Provenance.ASSUMED, True)
    text = {"type": "file", "file": {"filename": "a.txt", "file_data": encoded(b"hello there")}}
    assert chat(text).bound["input_tokens"] < 40


@pytest.mark.parametrize(
    ("body", "note"),
    [
        ({"messages": [{"content": [{"type": "file", "file": {"file_id": "f-1"}}]}]}, "a file of"),
        ({"messages": [{"content": [{"type": "hologram", "data": "x"}]}]}, "unknown kind"),
        ({"input": "hi", "previous_response_id": "r"}, "an earlier conversation"),
        ({"input": [{"type": "item_reference", "id": "i"}]}, "unknown"),
        ({"prompt": {"id": "p-1"}}, "a stored prompt"),
        ({"dialogue": ["hi"]}, "a request in an unknown format"),
        ({"input": "hi", "tools": [{"type": "mcp", "server_url": "https://x"}]}, "a tool of an"),
    ],
)
def test_unknown_parts_of_an_openai_request_are_marked(body: dict[str, object], note: str) -> None:
    call = call_of(f"{OPENAI}/v1/responses", {"model": "gpt-5", **body})
    assert note in call.note
    assert call.bound_is is Provenance.ASSUMED
    assert inputs(call) == 1_000_000


def test_openai_responses_count_reasoning_and_tools_and_completions_count_prompts() -> None:
    items = [{"type": "reasoning", "encrypted_content": "A" * 800, "summary": []},
        {"type": "function_call", "name": "f", "arguments": "{}", "call_id": "c"},
        {"type": "function_call_output", "call_id": "c", "output": VIETNAMESE}]  # fmt: skip
    call = call_of(f"{OPENAI}/v1/responses", {"model": "gpt-5", "input": items})
    assert call.bound["input_tokens"] >= 300 + estimate_tokens(VIETNAMESE).upper_bound
    assert call.bound_is is Provenance.ESTIMATED
    url = f"{OPENAI}/v1/completions"
    assert call_of(url, {"model": "m", "prompt": [[1, 2, 3]]}).bound["input_tokens"] == 3
    assert call_of(url, {"model": "m", "prompt": VIETNAMESE}).bound["input_tokens"] > 300
    best = call_of(url, {"model": "m", "prompt": "a", "max_tokens": 10, "best_of": 3})
    assert best.bound["output_tokens"] == 30


def test_a_gemini_request_in_openais_form_counts_geminis_media() -> None:
    url = f"{GEMINI}/v1beta/openai/chat/completions"
    sound = {
        "type": "input_audio",
        "input_audio": {"data": encoded(sounds.wav(3)), "format": "wav"},
    }
    call = {"function": {"name": "f", "arguments": "{}"}, "extra_content": {
        "google": {"thought_signature": "A" * 6_000}}}  # fmt: skip
    said = [{"role": "user", "content": [image(png(540, 360)), sound]},
        {"role": "assistant", "tool_calls": [call]}]  # fmt: skip
    old = call_of(url, {"model": "gemini-2.0-flash", "messages": said})
    assert (old.bound["input_tokens@image"], old.bound["input_tokens@audio"]) == (1_806, 96)
    assert 2_250 <= old.bound["input_tokens"] < 2_400
    new = call_of(url, {"model": "gemini-3-flash-preview", "messages": said})
    assert (new.bound["input_tokens@image"], new.bound["input_tokens@audio"]) == (1_120, 75)


def message(*content: object, model: str = "claude-z", **body: Any) -> Call:
    said = [{"role": "user", "content": list(content)}]
    return call_of(f"{ANTHROPIC}/v1/messages",
        {"model": model, "max_tokens": 10, "messages": said, **body})  # fmt: skip


def source(mime: str, data: bytes) -> dict[str, object]:
    return {"source": {"type": "base64", "media_type": mime, "data": encoded(data)}}


def test_anthropic_messages_count_images_documents_and_results() -> None:
    small = message({"type": "image", **source("image/png", png(300, 300))})
    assert 120 <= small.bound["input_tokens"] < 150
    there = {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}}
    assert message(there, model="claude-3-5-haiku").bound["input_tokens"] == 1_608
    assert message(there).bound["input_tokens"] == 4_792
    pages = message({"type": "document", **source("application/pdf", PDF)})
    assert 2 * 8_784 <= pages.bound["input_tokens"] < 2 * 8_784 + 50
    assert "the text of its pages is not known" in pages.note
    told = message({"type": "document", "source": {"type": "text", "data": VIETNAMESE}})
    assert told.bound["input_tokens"] < estimate_tokens(VIETNAMESE).upper_bound + 60
    used = message({"type": "tool_use", "name": "f", "input": {"city": VIETNAMESE}},
        {"type": "tool_result", "content": [{"type": "text", "text": "rain"}]})  # fmt: skip
    whole = estimate_tokens(VIETNAMESE).upper_bound  # decoded, not as "\\u1ea1"
    assert whole <= used.bound["input_tokens"] < whole + 80
    assert used.bound_is is Provenance.ESTIMATED


def test_anthropics_thinking_and_tools_are_bounded() -> None:
    thinking = {"type": "thinking", "thinking": "hm", "signature": "A" * 8_000}
    assert 3_000 <= message(thinking).bound["input_tokens"] < 3_050
    sealed = {"type": "redacted_thinking", "data": "A" * 8_000}
    assert 3_000 <= message(sealed).bound["input_tokens"] < 3_050
    tools = [{"name": "f", "description": "Finds.", "input_schema": {"type": "object"}}]
    assert 1_000 < message("hi", tools=tools).bound["input_tokens"] < 1_100
    search = message("hi", tools=[{"type": "web_search_20250305", "max_uses": 3}])
    assert (search.bound["searches"], search.bound_is) == (3, Provenance.ASSUMED)
    assert 61_000 <= search.bound["input_tokens"] < 61_100


@pytest.mark.parametrize(
    ("content", "body"),
    [
        ({"type": "document", "source": {"type": "file", "file_id": "f-1"}}, {}),
        ({"type": "hologram", "x": "y"}, {}),
        ({"type": "text", "text": "?"}, {"tools": [{"type": "web_fetch_20250910"}]}),
        ({"type": "text", "text": "?"}, {"mcp_servers": [{"url": "https://example.org"}]}),
        ({"type": "text", "text": "?"}, {"messages": "hi"}),
    ],
)
def test_unknown_parts_of_an_anthropic_request_are_marked(
    content: object, body: dict[str, Any]
) -> None:
    call = message(content, **body)
    assert "unknown" in call.note or "not known" in call.note
    assert call.bound_is is Provenance.ASSUMED
    assert call.bound["input_tokens"] >= 1_000_000
