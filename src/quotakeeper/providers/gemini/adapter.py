"""The adapter for Gemini."""

from __future__ import annotations

import json
from collections.abc import Mapping

from quotakeeper.domain.decisions import OutputCap
from quotakeeper.providers.adapter import ProviderAdapter
from quotakeeper.providers.addresses import Address
from quotakeeper.providers.contract import (
    Call,
    CountText,
    LiveSession,
    Refusal,
    Request,
    UsageReader,
)
from quotakeeper.providers.formats.json_values import parse_object
from quotakeeper.providers.gemini.bounds import call_for
from quotakeeper.providers.gemini.clamping import gemini_output_cap, gemini_with_output_cap
from quotakeeper.providers.gemini.compatible import COMPATIBLE, CompatibleReader, compatible_call
from quotakeeper.providers.gemini.errors import error_object, interrupt, refuse
from quotakeeper.providers.gemini.facts import FACTS
from quotakeeper.providers.gemini.live import GeminiLive
from quotakeeper.providers.gemini.replies import (
    BatchReader,
    CacheReader,
    ContentReader,
    InteractionReader,
)
from quotakeeper.providers.gemini.routes import Route, route_of
from quotakeeper.providers.reading.request_body import body_of
from quotakeeper.value_classes import replace

_READERS = {
    "cache": CacheReader,
    "interaction": InteractionReader,
    "interaction_result": InteractionReader,
    "batch": BatchReader,
    "batch_embed": BatchReader,
    "batch_result": BatchReader,
}


class GeminiAdapter(ProviderAdapter[Route]):
    """Gemini on the Developer API and on Vertex AI: REST, streams, Live, and OpenAI's form."""

    name = FACTS.name
    hosts = FACTS.hosts
    domains = FACTS.domains
    environment = FACTS.environment
    precedence = FACTS.precedence

    def route(self, method: str, place: Address) -> Route | None:
        """Return the endpoint at a URL; None for another provider's URL."""
        return route_of(method, place)

    def call(
        self, route: Route, request: Request, place: Address, count: CountText | None
    ) -> Call | None:
        """Return the call that a request makes to the endpoint `route`."""
        raw, size = body_of(request)
        body = None if raw is None else parse_object(raw)
        make = compatible_call if route.operation in COMPATIBLE else call_for
        call = make(route, request, body, size, count)
        if route.operation == "stream" and place.value("alt") != "sse":
            call = replace(call, facts={**call.facts, "form": "array"})
        return call

    def reader(self, call: Call, status: int, headers: Mapping[str, str]) -> UsageReader:
        """Return a reader for the response to a call."""
        if call.operation in COMPATIBLE:
            return CompatibleReader(call, status, headers)
        return _READERS.get(call.operation, ContentReader)(call, status, headers)

    def output_cap(self, request: Request, call: Call) -> OutputCap | None:
        """Return the output cap that a request sets; None if its operation has none."""
        return gemini_output_cap(request, call)

    def with_output_cap(self, request: Request, call: Call, tokens: int) -> bytes | None:
        """Return the request's body with a lower output cap; None if the body cannot be changed."""
        return gemini_with_output_cap(request, call, tokens)

    def refusal(
        self, call: Call, *, hard: bool, message: str, retry_after_seconds: float | None = None
    ) -> Refusal:
        """Return the answer for a refused call, in the form of Google's errors."""
        return refuse(call, hard=hard, message=message, retry_after_seconds=retry_after_seconds)

    def interruption(self, call: Call, *, message: str) -> bytes:
        """Return bytes that end an open stream with an error; b"" for a call without a stream."""
        if call.operation in COMPATIBLE and call.streaming:
            error = {"error": error_object(call, 429, message)}
            return b"data: " + json.dumps(error).encode() + b"\n\n"
        return interrupt(call, message)

    def session(self, route: Route, place: Address, count: CountText | None) -> LiveSession | None:
        """Return the meter of a Live session; None if `route` is not a Live session."""
        return GeminiLive(count) if route.operation == "live" else None


ADAPTER = GeminiAdapter()
