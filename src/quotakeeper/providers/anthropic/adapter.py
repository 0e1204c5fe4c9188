"""The adapter for Anthropic's API."""

from __future__ import annotations

import json
from collections.abc import Mapping

from quotakeeper.domain.decisions import OutputCap
from quotakeeper.domain.usage import Provenance
from quotakeeper.providers.adapter import ProviderAdapter
from quotakeeper.providers.addresses import Address
from quotakeeper.providers.anthropic.bounds import (
    MOST_INPUT,
    MOST_OUTPUT,
    TYPICAL_OUTPUT,
    Message,
)
from quotakeeper.providers.anthropic.clamping import message_output_cap, message_with_output_cap
from quotakeeper.providers.anthropic.facts import FACTS
from quotakeeper.providers.anthropic.replies import MessageReader, error_body, refuse
from quotakeeper.providers.contract import (
    Call,
    CountText,
    Refusal,
    Request,
    UsageReader,
)
from quotakeeper.providers.formats.json_values import name_of, parse_object
from quotakeeper.providers.reading.request_body import body_of
from quotakeeper.providers.reading.response_reader import REQUEST
from quotakeeper.providers.reading.token_split import added


class AnthropicAdapter(ProviderAdapter[str]):
    """Anthropic: messages. Batches are not metered, because separate requests fetch their results."""

    name = FACTS.name
    hosts = FACTS.hosts
    domains = FACTS.domains
    environment = FACTS.environment
    precedence = FACTS.precedence

    def route(self, method: str, place: Address) -> str | None:
        """Return the operation at a URL: "other" if not metered, None for another provider's URL."""
        for tail in place.tails(("v1",)):
            if tail == ("messages",) and method == "POST":
                return "message"
            if tail == ("messages", "count_tokens"):
                return "count_tokens"
        return "other" if place.sure else None

    def call(
        self, route: str, request: Request, place: Address, count: CountText | None
    ) -> Call | None:
        """Return the call that a request makes. Only a message is billed."""
        if route == "message":
            return _message(request, count)
        return Call(self.name, "", route, False, REQUEST, REQUEST)

    def reader(self, call: Call, status: int, headers: Mapping[str, str]) -> UsageReader:
        """Return a reader for the response to a call."""
        return MessageReader(call, status, headers)

    def output_cap(self, request: Request, call: Call) -> OutputCap | None:
        """Return the output cap that a request sets; None if the request is not a message."""
        return message_output_cap(request, call)

    def with_output_cap(self, request: Request, call: Call, tokens: int) -> bytes | None:
        """Return the request's body with a lower output cap; None if the body cannot be changed."""
        return message_with_output_cap(request, call, tokens)

    def refusal(
        self, call: Call, *, hard: bool, message: str, retry_after_seconds: float | None = None
    ) -> Refusal:
        """Return the answer for a refused call, in the form of Anthropic's errors."""
        return refuse(hard=hard, message=message, retry_after_seconds=retry_after_seconds)

    def interruption(self, call: Call, *, message: str) -> bytes:
        """Return an event that ends an open stream with an error; b"" for a call without a stream.

        The SDK raises the error.
        """
        if not call.streaming:
            return b""
        text = json.dumps(error_body(message, hard=False))
        return f"event: error\ndata: {text}\n\n".encode()


def _message(request: Request, count: CountText | None) -> Call:
    raw, size = body_of(request)
    if raw is None:
        most = MOST_INPUT if size is None else min(size, MOST_INPUT)
        return Call(
            "anthropic", "", "message",
            bound={"requests": 1, "input_tokens": most, "output_tokens": MOST_OUTPUT},
            typical=added(REQUEST, {"input_tokens": max(1, min(most // 4, 4_000)),
                "output_tokens": TYPICAL_OUTPUT}),
            bound_is=Provenance.ASSUMED, note="body not seen",
        )  # fmt: skip
    body = parse_object(raw)
    model = name_of(body.get("model"))
    message = Message(model)
    bound, typical = message.quantities(body, count)
    return Call(
        "anthropic", model, "message", bound=added(bound, REQUEST), typical=added(typical, REQUEST),
        streaming=body.get("stream") is True,
        bound_is=Provenance.ASSUMED if message.assumed else Provenance.ESTIMATED,
        note="; ".join(message.notes),
    )  # fmt: skip


ADAPTER = AnthropicAdapter()
