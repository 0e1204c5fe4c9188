"""The adapter for Gemini."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from quotakeeper.domain.usage import Provenance
from quotakeeper.providers.addresses import Address, locate
from quotakeeper.providers.contract import (
    NOTHING,
    Call,
    CountText,
    LiveSession,
    Refusal,
    Request,
    UsageReader,
)
from quotakeeper.providers.formats.json_values import Json, parse_object
from quotakeeper.providers.gemini.bounds import PROVIDER, call_for
from quotakeeper.providers.gemini.errors import error_object, interrupt, refuse
from quotakeeper.providers.gemini.live import GeminiLive
from quotakeeper.providers.gemini.models import most_output
from quotakeeper.providers.gemini.replies import (
    BatchReader,
    CacheReader,
    ContentReader,
    InteractionReader,
)
from quotakeeper.providers.gemini.routes import HOSTS, Route, route_of
from quotakeeper.providers.openai.bounds import chat_bound, embedding_bound
from quotakeeper.providers.openai.replies import CompatibleReader
from quotakeeper.providers.reading.request_body import body_of
from quotakeeper.providers.reading.token_split import added

_READERS = {
    "cache": CacheReader,
    "interaction": InteractionReader,
    "interaction_result": InteractionReader,
    "batch": BatchReader,
    "batch_embed": BatchReader,
    "batch_result": BatchReader,
}
_COMPATIBLE = ("chat", "chat_embed", "images")


class GeminiAdapter:
    """Gemini on both of its platforms, in every shape it answers in."""

    name = PROVIDER

    def recognise(
        self,
        request: Request,
        *,
        known_hosts: Mapping[str, str] = NOTHING,
        count: CountText | None = None,
    ) -> Call | None:
        """Understand a request, or None when it is not Gemini's."""
        found = self._route(request, known_hosts)
        if found is None:
            return None
        route, place = found
        raw, size = body_of(request)
        body = None if raw is None else parse_object(raw)
        make = _compatible if route.operation in _COMPATIBLE else call_for
        call = make(route, request, body, size, count)
        if route.operation == "stream" and place.value("alt") != "sse":
            call = replace(call, facts={**call.facts, "form": "array"})
        return call

    def reader(self, call: Call, status: int, headers: Mapping[str, str]) -> UsageReader:
        """A reader for the response to a call."""
        if call.operation in _COMPATIBLE:
            return CompatibleReader(call, status, headers)
        return _READERS.get(call.operation, ContentReader)(call, status, headers)

    def refusal(
        self, call: Call, *, hard: bool, message: str, retry_after_seconds: float | None = None
    ) -> Refusal:
        """Google's own kind of error."""
        return refuse(call, hard=hard, message=message, retry_after_seconds=retry_after_seconds)

    def interruption(self, call: Call, *, message: str) -> bytes:
        """An error that ends an open stream."""
        if call.operation in _COMPATIBLE and call.streaming:
            error = {"error": error_object(call, 429, message)}
            return b"data: " + json.dumps(error).encode() + b"\n\n"
        return interrupt(call, message)

    def live(
        self,
        request: Request,
        *,
        known_hosts: Mapping[str, str] = NOTHING,
        count: CountText | None = None,
    ) -> LiveSession | None:
        """A meter for a Live session."""
        found = self._route(request, known_hosts)
        if found is None or found[0].operation != "live":
            return None
        return GeminiLive(count)

    def _route(
        self, request: Request, known_hosts: Mapping[str, str]
    ) -> tuple[Route, Address] | None:
        place = locate(request.url, self.name, HOSTS, known_hosts)
        route = route_of(request.method, place) if place is not None else None
        return None if route is None or place is None else (route, place)


def _compatible(
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
