"""The adapter for Anthropic's API."""

from __future__ import annotations

import json
from collections.abc import Mapping

from quotakeeper.domain.decisions import OutputCap
from quotakeeper.domain.usage import Provenance
from quotakeeper.providers.adapter import EnvironmentNames, ProviderAdapter
from quotakeeper.providers.addresses import Address
from quotakeeper.providers.anthropic.clamping import message_output_cap, message_with_output_cap
from quotakeeper.providers.anthropic.replies import MessageReader, error_body, refuse
from quotakeeper.providers.contract import (
    Call,
    CountText,
    Refusal,
    Request,
    UsageReader,
)
from quotakeeper.providers.formats.json_values import (
    Json,
    child,
    dumps,
    items,
    name_of,
    objects,
    parse_object,
    text_of,
    whole,
)
from quotakeeper.providers.formats.text_counts import count_text
from quotakeeper.providers.reading.request_body import body_of
from quotakeeper.providers.reading.response_reader import REQUEST
from quotakeeper.providers.reading.token_split import added

_MOST_INPUT = 1_000_000
_MOST_OUTPUT = 128_000
_TYPICAL_OUTPUT = 1_024
_IMAGE_TOKENS = 1_600  # the most an image is made smaller to
_MOST_DEPTH = 8


class AnthropicAdapter(ProviderAdapter[str]):
    """Anthropic: messages. Batches are passed by as free: their results are read elsewhere."""

    name = "anthropic"
    hosts = ("api.anthropic.com",)
    domains = (".anthropic.com",)
    environment = EnvironmentNames(base_urls=("ANTHROPIC_BASE_URL",))
    precedence = 40

    def route(self, method: str, place: Address) -> str | None:
        """The operation at a path."""
        for tail in place.tails(("v1",)):
            if tail == ("messages",) and method == "POST":
                return "message"
            if tail == ("messages", "count_tokens"):
                return "count_tokens"
        return "other" if place.sure else None

    def call(
        self, route: str, request: Request, place: Address, count: CountText | None
    ) -> Call | None:
        """A message; everything else is free."""
        if route == "message":
            return _message(request, count)
        return Call(self.name, "", route, False, REQUEST, REQUEST)

    def reader(self, call: Call, status: int, headers: Mapping[str, str]) -> UsageReader:
        """A reader for the response to a call."""
        return MessageReader(call, status, headers)

    def output_cap(self, request: Request, call: Call) -> OutputCap | None:
        """The cap that a request sets on its output."""
        return message_output_cap(request, call)

    def with_output_cap(self, request: Request, call: Call, tokens: int) -> bytes | None:
        """The request with a lower cap."""
        return message_with_output_cap(request, call, tokens)

    def refusal(
        self, call: Call, *, hard: bool, message: str, retry_after_seconds: float | None = None
    ) -> Refusal:
        """Anthropic's own kind of error."""
        return refuse(hard=hard, message=message, retry_after_seconds=retry_after_seconds)

    def interruption(self, call: Call, *, message: str) -> bytes:
        """An error event, which the SDK raises."""
        if not call.streaming:
            return b""
        text = json.dumps(error_body(message, hard=False))
        return f"event: error\ndata: {text}\n\n".encode()


def _message(request: Request, count: CountText | None) -> Call:
    raw, size = body_of(request)
    if raw is None:
        most = _MOST_INPUT if size is None else min(size, _MOST_INPUT)
        return Call(
            "anthropic", "", "message",
            bound={"requests": 1, "input_tokens": most, "output_tokens": _MOST_OUTPUT},
            typical=added(REQUEST, {"input_tokens": max(1, min(most // 4, 4_000)),
                "output_tokens": _TYPICAL_OUTPUT}),
            bound_is=Provenance.ASSUMED, note="body not seen",
        )  # fmt: skip
    body = parse_object(raw)
    texts: list[str] = []
    media = 0
    for message in objects(body.get("messages")):
        media += _gather(message.get("content"), texts)
    media += _gather(body.get("system"), texts)
    if "tools" in body:
        texts.append(dumps(body["tools"]))
    counted = count_text("\n".join(texts), count)
    cap = whole(body.get("max_tokens")) or _MOST_OUTPUT
    overhead = 8 * len(texts)
    bound = {"input_tokens": counted.upper_bound + overhead + media, "output_tokens": cap}
    typical = {
        "input_tokens": counted.tokens + 2 * len(texts) + media,
        "output_tokens": min(cap, _TYPICAL_OUTPUT),
    }
    searches = _searches(body)
    return Call(
        "anthropic", name_of(body.get("model")), "message",
        bound=added(bound, REQUEST, {"searches": searches}), typical=added(typical, REQUEST),
        streaming=body.get("stream") is True,
    )  # fmt: skip


def _searches(body: Json) -> int:
    tools = [
        t for t in objects(body.get("tools")) if text_of(t.get("type")).startswith("web_search")
    ]
    return sum(whole(tool.get("max_uses")) or 10 for tool in tools)


def _gather(content: object, texts: list[str], depth: int = 0) -> int:
    """Collect the texts of a content; returns tokens of its media, at most."""
    if isinstance(content, str):
        texts.append(content)
    media = 0
    for block in items(content) if depth < _MOST_DEPTH else []:
        inner = child({"block": block}, "block")
        kind = text_of(inner.get("type"))
        if kind == "image":
            media += _IMAGE_TOKENS
        elif kind == "document":
            data = text_of(child(inner, "source").get("data"))
            media += min(_MOST_INPUT, len(data)) or 50_000
        elif kind in ("tool_use", "server_tool_use"):
            texts.append(dumps(inner.get("input")))
        else:
            for name in ("text", "thinking"):
                if isinstance(inner.get(name), str):
                    texts.append(text_of(inner[name]))
            media += _gather(inner.get("content"), texts, depth + 1)
    return media
