"""The Gemini part of the sandbox: pure functions that return a reply for a request.

The form and the rules follow recorded replies. The prompt count includes everything that is sent.
The candidate count excludes reasoning tokens. total = prompt + candidates + thoughts. Each chunk of
a stream has the usage so far; the last chunk's usage counts.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence

from quotakeeper.domain.windows import moment
from quotakeeper.sandbox.gemini_usage import GeminiCounts, PromptCount, count_prompt, thoughts_for
from quotakeeper.sandbox.messages import (
    Charge,
    Reply,
    SandboxRequest,
    SandboxTurn,
    json_reply,
    parse_json,
    response_id,
)
from quotakeeper.sandbox.phrases import rewritten, translate
from quotakeeper.sandbox.tool_calls import tool_wish
from quotakeeper.tokens import estimate_tokens
from quotakeeper.value_classes import replace

PATH = re.compile(
    r"/(?P<version>v1|v1beta|v1alpha|v1beta1)/(?P<place>(?:projects/[^/]+/locations/[^/]+/)?"
    r"(?:publishers/google/)?)(?P<family>models|tunedModels)/(?P<model>[^/:]+):(?P<method>\w+)"
)
NUMBERED = re.compile(r"^#(\d+)(?: \[[^\]]*\])? +(\S.*)$", re.MULTILINE)
TIERS = ("standard", "flex", "priority")
_TIER_FIELDS = ("serviceTier", "service_tier")
VERTEX_TIER = "x-vertex-ai-llm-shared-request-type"
_STREAM_PIECES = 3
_EMBEDDING_SIZE = 768

Json = dict[str, object]


def is_gemini(request: SandboxRequest) -> bool:
    """Return whether the path of a request is Gemini's (Developer API or Vertex AI)."""
    return PATH.fullmatch(request.path) is not None


def error_reply(status: int, name: str, message: str, details: list[Json] | None = None) -> Reply:
    """Return an error in the form of Google's errors."""
    error: Json = {"code": status, "message": message, "status": name}
    if details:
        error["details"] = details
    return json_reply(status, {"error": error})


def has_key(request: SandboxRequest) -> bool:
    """Return whether a request has any key: in a header, in the query, or as a bearer token."""
    bearer = request.headers.get("authorization", "").lower().startswith("bearer ")
    return bool(request.headers.get("x-goog-api-key") or request.option("key") or bearer)


def reply_to(request: SandboxRequest, turn: SandboxTurn) -> Reply:
    """Answer a request to a Gemini path."""
    found = PATH.fullmatch(request.path)
    if found is None or request.method != "POST":
        return error_reply(404, "NOT_FOUND", f"{request.method} {request.path} is not served here.")
    if not has_key(request):
        return error_reply(
            403,
            "PERMISSION_DENIED",
            "Method doesn't allow unregistered callers (callers without established identity). "
            "Please use API Key or other form of API consumer identity to call this API.",
        )
    body = parse_json(request.body)
    if body is None:
        return error_reply(400, "INVALID_ARGUMENT", "Invalid JSON payload received.")
    vertex = bool(found["place"])
    model, method = found["model"], found["method"]
    if method in ("generateContent", "streamGenerateContent"):
        return _generate(request, turn, body, model, vertex=vertex)
    if method == "countTokens":
        return _count(body, model, vertex=vertex)
    if method in ("embedContent", "batchEmbedContents"):
        return _embed(body, model, method, vertex=vertex)
    return error_reply(404, "NOT_FOUND", f"Method {method!r} is not supported by the sandbox.")


def at_standard_tier(request: SandboxRequest) -> SandboxRequest:
    """Return the request without the fields that select a service tier."""
    body = parse_json(request.body) or {}
    plain = {name: value for name, value in body.items() if name not in _TIER_FIELDS}
    headers = {name: value for name, value in request.headers.items() if name != VERTEX_TIER}
    return replace(request, headers=headers, body=json.dumps(plain).encode())


def _generate(
    request: SandboxRequest, turn: SandboxTurn, body: Json, model: str, *, vertex: bool
) -> Reply:
    if not body.get("contents"):
        return error_reply(
            400,
            "INVALID_ARGUMENT",
            "* GenerateContentRequest.contents: contents is not specified\n",
        )
    prompt = count_prompt(body, model)
    config = _mapping(body.get("generationConfig"))
    cap = _whole(config.get("maxOutputTokens"), 8_192)
    thoughts = thoughts_for(model, config, prompt.total, cap)
    wish = tool_wish(body)
    text, finish = _cut(_answer(body, config), cap - thoughts) if wish is None else ("", "STOP")
    said = text if wish is None else json.dumps(wish, ensure_ascii=False)
    usage = GeminiCounts(prompt, estimate_tokens(said).tokens, thoughts, _tier(request, body))
    served = response_id(turn, model, said)
    frame = {"modelVersion": model, "responseId": served}
    if vertex:
        frame["createTime"] = _rfc3339(turn.now_us)
    streamed = ":streamGenerateContent" in request.path
    operation = "streamGenerateContent" if streamed else "generateContent"
    charge = Charge("gemini", operation, model, 200, usage.billed(), tier=usage.tier)
    tier = () if vertex else (("X-Gemini-Service-Tier", usage.tier),)
    if not streamed:
        whole: Json = {"candidates": [_candidate(text, finish, wish)]}
        whole.update({"usageMetadata": usage.metadata(vertex=vertex), **frame})
        return json_reply(200, whole, headers=tier, charge=charge)
    steps = tuple(_steps(text, usage))
    frames = tuple(_frames(steps, finish, frame, wish, vertex=vertex))
    progress = tuple(replace(charge, quantities=now.billed()) for _, now in steps)
    if request.option("alt") == "sse":
        chunks = tuple(b"data: " + _line(one) + b"\r\n\r\n" for one in frames)
        return Reply(200, chunks, (("Content-Type", "text/event-stream"), *tier), charge, progress)
    opened = tuple((b"," if i else b"[") + _line(one) for i, one in enumerate(frames))
    kind = ("Content-Type", "application/json; charset=UTF-8")
    return Reply(200, (*opened, b"]"), (kind, *tier), charge, progress)


def _tier(request: SandboxRequest, body: Json) -> str:
    """Return the requested service tier. Developer API and Vertex AI have different fields for it."""
    asked = body.get("serviceTier") or body.get("service_tier")
    name = str(asked or request.headers.get(VERTEX_TIER, "")).lower().removeprefix("service_tier_")
    return name if name in TIERS else TIERS[0]


def _steps(text: str, usage: GeminiCounts) -> Iterator[tuple[str, GeminiCounts]]:
    """Yield the texts of a stream's chunks, each with the usage so far."""
    step = max(1, -(-len(text) // _STREAM_PIECES))
    ends = [*range(step, len(text), step), len(text)]
    start = 0
    for end in ends:
        last = end == len(text)
        so_far = usage.visible if last else estimate_tokens(text[:end]).tokens
        yield text[start:end], replace(usage, visible=min(so_far, usage.visible))
        start = end


def _frames(
    steps: Sequence[tuple[str, GeminiCounts]], finish: str, frame: Mapping[str, object],
    wish: Json | None, *, vertex: bool,
) -> Iterator[Json]:  # fmt: skip
    """Yield the chunks of a stream as JSON objects."""
    for number, (text, now) in enumerate(steps, 1):
        ending = finish if number == len(steps) else ""
        chunk: Json = {"candidates": [_candidate(text, ending, wish)]}
        chunk.update({"usageMetadata": now.metadata(vertex=vertex), **frame})
        yield chunk


def _candidate(text: str, finish: str, wish: Json | None) -> Json:
    parts: list[Json] = [{"text": text}] if text else []
    if wish is not None:
        parts = [{"functionCall": wish}]
    candidate: Json = {"content": {"parts": parts, "role": "model"}}
    if finish:
        candidate["finishReason"] = finish
    candidate["index"] = 0
    return candidate


def _answer(body: Json, config: Mapping[str, object]) -> str:
    """Return the model's text: translated numbered lines, JSON for the schema, or a sentence."""
    prompt = _last_text(body)
    if config.get("responseMimeType") == "application/json":
        schema = _mapping(config.get("responseSchema"))
        return json.dumps(_by_schema(schema, prompt), ensure_ascii=False)
    lines = NUMBERED.findall(prompt)
    if lines:
        return "\n".join(f"#{number} {translate(text)}" for number, text in lines)
    return f"Sandbox: đã nhận lời nhắc dài {len(prompt)} ký tự."


def _by_schema(schema: Mapping[str, object], prompt: str) -> object:
    properties = _mapping(schema.get("properties"))
    if "titles" in properties:
        spoken = prompt.rsplit("\n\n", 1)[-1]
        return {name: value for name, value in rewritten(spoken).items() if name in properties}
    kind = str(schema.get("type", "OBJECT")).upper()
    if kind == "OBJECT":
        return {name: _by_schema(_mapping(part), prompt) for name, part in properties.items()}
    if kind == "ARRAY":
        item = _by_schema(_mapping(schema.get("items")), prompt)
        return [item] * max(1, _whole(schema.get("minItems"), 1))
    choices = schema.get("enum")
    if isinstance(choices, list) and choices:
        return choices[0]
    return {"INTEGER": 1, "NUMBER": 1, "BOOLEAN": True}.get(kind, "mẫu")


def _cut(text: str, cap: int) -> tuple[str, str]:
    """Return the longest beginning of a text that fits in the output cap, and the finish reason."""
    if estimate_tokens(text).tokens <= cap:
        return text, "STOP"
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if estimate_tokens(text[:middle]).tokens <= cap:
            low = middle
        else:
            high = middle - 1
    return text[:low], "MAX_TOKENS"


def _count(body: Json, model: str, *, vertex: bool) -> Reply:
    inner = _mapping(body.get("generateContentRequest")) or body
    prompt = count_prompt(inner, model)
    counted: Json = {"totalTokens": prompt.total, "promptTokensDetails": prompt.details()}
    if vertex:
        counted["totalBillableCharacters"] = prompt.characters
    charge = Charge("gemini", "countTokens", model, 200, {"requests": 1})
    return json_reply(200, counted, charge=charge)


def _embed(body: Json, model: str, method: str, *, vertex: bool) -> Reply:
    requests = body.get("requests") if method == "batchEmbedContents" else [body]
    parts = [_mapping(one) for one in requests] if isinstance(requests, list) else []
    counts = [count_prompt({"contents": [one.get("content")]}, model) for one in parts]
    prompt = PromptCount(text=sum(count.total for count in counts))
    vectors = [
        {
            "values": _vector(
                json.dumps(one, sort_keys=True), _whole(one.get("outputDimensionality"))
            )
        }
        for one in parts
    ]
    key = "promptTokensDetails" if vertex else "promptTokenDetails"
    usage: Json = {"promptTokenCount": prompt.total, key: prompt.details()}
    if vertex:
        usage["totalTokenCount"] = prompt.total
    reply: Json = {"usageMetadata": usage}
    if method == "batchEmbedContents":
        reply["embeddings"] = vectors
    else:
        reply["embedding"] = vectors[0] if vectors else {"values": []}
    charge = Charge("gemini", method, model, 200, GeminiCounts(prompt, 0, 0).billed())
    return json_reply(200, reply, charge=charge)


def _vector(text: str, size: int) -> list[float]:
    """Return a vector of `size` numbers that depends only on the text. `size` 0 means the default
    size."""
    stream = hashlib.shake_256(text.encode("utf-8", "replace")).digest(
        2 * (size or _EMBEDDING_SIZE)
    )
    numbers = [int.from_bytes(stream[i : i + 2], "big") - 32_768 for i in range(0, len(stream), 2)]
    return [round(number / 1_000_000, 9) for number in numbers]


def _last_text(body: Json) -> str:
    contents = body.get("contents")
    last = _mapping(contents[-1]) if isinstance(contents, list) and contents else {}
    parts = last.get("parts")
    texts = (
        [str(_mapping(part).get("text", "")) for part in parts] if isinstance(parts, list) else []
    )
    return "\n".join(texts)


def _mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _whole(value: object, default: int = 0) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def _line(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8")


def _rfc3339(now_us: int) -> str:
    return moment(now_us).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
