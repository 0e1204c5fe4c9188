"""Reads and lowers the output cap of a request to Gemini."""

from __future__ import annotations

from typing import Any

from quotakeeper.domain.decisions import OutputCap
from quotakeeper.providers.chat_completions.clamping import chat_output_cap, chat_with_output_cap
from quotakeeper.providers.contract import Call, Request
from quotakeeper.providers.formats.json_values import EMPTY, Json, child, whole
from quotakeeper.providers.reading.output_caps import json_body, rewritten, why_fixed

# Operation -> (names of its settings, by spelling), (names of the cap in them).
_CAMEL = (("generationConfig", "generation_config"), ("maxOutputTokens", "max_output_tokens"))
_SNAKE = (("generation_config",), ("max_output_tokens",))
_SPELT = {"generate": _CAMEL, "stream": _CAMEL, "interaction": _SNAKE}


def gemini_output_cap(request: Request, call: Call) -> OutputCap | None:
    """Return the output cap of a request that generates text; None for another operation.

    Reasoning tokens count as output, so a cap below the thinking budget would leave no answer. The
    least accepted cap is the budget plus one token.
    """
    if call.operation == "chat":
        return chat_output_cap(request, call)
    spelt = _SPELT.get(call.operation)
    if spelt is None:
        return None
    body = json_body(request)
    group, name = _places(body or EMPTY, spelt)
    settings = child(body, group)
    thinking = child(settings, "thinkingConfig") or child(settings, "thinking_config")
    budget = whole(thinking.get("thinkingBudget", thinking.get("thinking_budget"))) or 0
    return OutputCap(
        name,
        is_named=bool(whole(settings.get(name))),
        answers=max(1, min(whole(settings.get("candidateCount")) or 1, 8)),
        least=budget + 1,
        fixed=why_fixed(request, body),
    )


def gemini_with_output_cap(request: Request, call: Call, tokens: int) -> bytes | None:
    """Return the body with at most `tokens` output tokens per answer; None if it cannot be changed."""
    if call.operation == "chat":
        return chat_with_output_cap(request, call, tokens)
    spelt = _SPELT.get(call.operation)
    if spelt is None:
        return None

    def change(body: dict[str, Any]) -> None:
        group, name = _places(body, spelt)
        settings = body.get(group)
        body[group] = {**(settings if isinstance(settings, dict) else {}), name: tokens}

    return rewritten(request, change)


def _places(
    body: Json, spelt: tuple[tuple[str, ...], tuple[str, ...]]
) -> tuple[str, str]:  # fmt: skip
    """Return (name of the settings, name of the cap in the settings), as the body spells both
    names.
    """
    groups, names = spelt
    group = next((each for each in groups if child(body, each)), groups[0])
    settings = child(body, group)
    return group, next((each for each in names if each in settings), names[0])
