"""Reads and lowers the output cap of a message to Anthropic."""

from __future__ import annotations

from typing import Any

from quotakeeper.domain.decisions import OutputCap
from quotakeeper.providers.contract import Call, Request
from quotakeeper.providers.formats.json_values import EMPTY, child, whole
from quotakeeper.providers.reading.output_caps import json_body, rewritten, why_fixed

_FIELD = "max_tokens"


def message_output_cap(request: Request, call: Call) -> OutputCap | None:
    """Return the output cap of a message; None for another operation.

    The API refuses a cap that does not exceed the thinking budget. So the least accepted cap is the
    budget plus one token.
    """
    if call.operation != "message":
        return None
    body = json_body(request)
    said = body or EMPTY
    budget = whole(child(said, "thinking").get("budget_tokens")) or 0
    return OutputCap(
        _FIELD, bool(whole(said.get(_FIELD))), least=budget + 1, fixed=why_fixed(request, body)
    )


def message_with_output_cap(request: Request, call: Call, tokens: int) -> bytes | None:
    """Return the body with at most `tokens` output tokens; None if the body cannot be changed."""
    if call.operation != "message":
        return None

    def change(body: dict[str, Any]) -> None:
        body[_FIELD] = tokens

    return rewritten(request, change)
