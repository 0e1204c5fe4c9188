"""Adds the input of an interaction to a prompt: text, media, turns, or lists of these."""

from __future__ import annotations

from quotakeeper.providers.formats.json_values import Json, text_of
from quotakeeper.providers.gemini.prompts import Prompt

_MOST_DEPTH = 8


def add_input(prompt: Prompt, value: object, depth: int = 0) -> None:
    """Add the input of an interaction, or one part of the input, to a prompt."""
    if depth > _MOST_DEPTH:
        prompt.mark("input in an unknown format")
    elif isinstance(value, str):
        prompt.add_contents(value)
    elif isinstance(value, list):
        for item in value:
            add_input(prompt, item, depth + 1)
    elif isinstance(value, dict):
        _add_piece(prompt, value, depth)


def _add_piece(prompt: Prompt, piece: Json, depth: int) -> None:
    kind = text_of(piece.get("type"))
    if "content" in piece:
        add_input(prompt, piece["content"], depth + 1)
    elif kind.endswith(("_call", "_result")):
        _add_step(prompt, piece, depth)
    elif kind == "thought":
        prompt.add_part({"thoughtSignature": piece.get("signature")})
        add_input(prompt, piece.get("summary"), depth + 1)
    elif isinstance(piece.get("data"), str):
        inline = {"data": piece["data"], "mimeType": piece.get("mime_type")}
        prompt.add_part({"inlineData": inline, "mediaResolution": piece.get("resolution")})
    elif "uri" in piece:
        prompt.add_part({"fileData": {"mimeType": piece.get("mime_type")}})
    else:
        prompt.add_part(piece)


def _add_step(prompt: Prompt, step: Json, depth: int) -> None:
    """Add a tool call or the result of a tool, which may contain media."""
    result = step.get("result")
    mixed = isinstance(result, list | dict)
    prompt.parts += 1
    prompt.add_json({**step, "result": None} if mixed else step)
    for item in result if isinstance(result, list) else [result] if mixed else []:
        if isinstance(item, dict) and text_of(item.get("type")) in ("image", "audio", "video"):
            add_input(prompt, item, depth + 1)
        else:
            prompt.add_json(item)
