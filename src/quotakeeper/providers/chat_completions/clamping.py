"""Reads and lowers the output cap of a request in the form of OpenAI's API."""

from __future__ import annotations

from typing import Any

from quotakeeper.domain.decisions import OutputCap
from quotakeeper.providers.contract import Call, Request
from quotakeeper.providers.formats.json_values import EMPTY, Json, whole
from quotakeeper.providers.reading.output_caps import json_body, rewritten, why_fixed

CLAMPED = ("chat", "responses")
_FIELDS = ("max_completion_tokens", "max_output_tokens", "max_tokens")
_LEAST_OF_RESPONSES = 16  # the least max_output_tokens in OpenAI's API reference


def chat_output_cap(request: Request, call: Call) -> OutputCap | None:
    """Return the output cap of a chat completion or response; None for another operation."""
    if call.operation not in CLAMPED:
        return None
    body = json_body(request)
    said = body or EMPTY
    named = _named(said)
    return OutputCap(
        named or _field(call, said),
        is_named=bool(named),
        answers=max(1, min(whole(said.get("n")) or 1, 128)),
        least=_LEAST_OF_RESPONSES if call.operation == "responses" else 1,
        fixed=why_fixed(request, body),
    )


def chat_with_output_cap(request: Request, call: Call, tokens: int) -> bytes | None:
    """Return the body with at most `tokens` output tokens per answer; None if it cannot be changed."""
    if call.operation not in CLAMPED:
        return None

    def change(body: dict[str, Any]) -> None:
        names = [name for name in _FIELDS if whole(body.get(name))]
        for name in names or [_field(call, body)]:
            body[name] = tokens

    return rewritten(request, change)


def _named(body: Json) -> str:
    return next((name for name in _FIELDS if whole(body.get(name))), "")


def _field(call: Call, body: Json) -> str:
    """Return the name of the field for the output cap, for a request that sets no cap."""
    if call.operation == "responses":
        return "max_output_tokens"
    is_legacy = "prompt" in body and "messages" not in body
    return "max_tokens" if is_legacy else "max_completion_tokens"
