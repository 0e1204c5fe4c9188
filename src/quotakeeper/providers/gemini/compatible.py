"""Gemini's endpoints in OpenAI's shape: chat completions, embeddings, images."""

from __future__ import annotations

from dataclasses import replace

from quotakeeper.domain.usage import Provenance
from quotakeeper.providers.chat_completions.bounds import chat_bound, embedding_bound
from quotakeeper.providers.chat_completions.replies import ChatReader
from quotakeeper.providers.contract import Call, CountText, Request
from quotakeeper.providers.formats.json_values import Json
from quotakeeper.providers.gemini.bounds import call_for
from quotakeeper.providers.gemini.models import most_output
from quotakeeper.providers.gemini.routes import Route
from quotakeeper.providers.reading.token_split import added

COMPATIBLE = ("chat", "chat_embed", "images")


class CompatibleReader(ChatReader):
    """Gemini behind OpenAI's shape: thoughts are only in the total."""

    hidden_thoughts = True


def compatible_call(
    route: Route, request: Request, body: Json | None, size: int | None, count: CountText | None
) -> Call:
    """OpenAI's shape, with Gemini's models and their caps."""
    call = call_for(route, request, body, size, count)
    if body is None or not route.billed or route.operation == "images":
        return call
    if route.operation == "chat":
        bound, typical = chat_bound(body, count, most=most_output(call.model))
    else:
        bound, typical = embedding_bound(body, count)
    one = {"requests": 1}
    return replace(
        call,
        bound=added(bound, one),
        typical=added(typical, one),
        streaming=body.get("stream") is True,
        bound_is=Provenance.ESTIMATED,
    )
