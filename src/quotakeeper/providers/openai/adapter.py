"""The adapter for OpenAI's API."""

from __future__ import annotations

import json
from collections.abc import Mapping

from quotakeeper.domain.decisions import OutputCap
from quotakeeper.domain.usage import Provenance
from quotakeeper.providers.adapter import ProviderAdapter
from quotakeeper.providers.addresses import Address
from quotakeeper.providers.chat_completions.bounds import (
    MOST_OUTPUT,
    TYPICAL_OUTPUT,
    Bounded,
    chat_bound,
    embedding_bound,
)
from quotakeeper.providers.chat_completions.clamping import chat_output_cap, chat_with_output_cap
from quotakeeper.providers.chat_completions.media import OpenAIMedia
from quotakeeper.providers.contract import (
    Call,
    CountText,
    Refusal,
    Request,
    UsageReader,
)
from quotakeeper.providers.formats.json_values import name_of, parse_object, text_of, whole
from quotakeeper.providers.openai.facts import FACTS
from quotakeeper.providers.openai.forms import audio_bound, form_fields
from quotakeeper.providers.openai.replies import error_object, reader_of, refuse
from quotakeeper.providers.reading.request_body import body_of
from quotakeeper.providers.reading.token_split import added
from quotakeeper.value_classes import replace

_BILLED = {
    ("chat", "completions"): "chat",
    ("completions",): "chat",
    ("responses",): "responses",
    ("embeddings",): "embed",
    ("audio", "transcriptions"): "transcribe",
    ("audio", "translations"): "transcribe",
    ("audio", "speech"): "speech",
    ("images", "generations"): "images",
    ("images", "edits"): "images",
}
_TIERS = {"flex": "flex", "priority": "priority", "default": "standard"}
_UNSEEN_INPUT = 1_000_000
_ONE = {"requests": 1}


class OpenAIAdapter(ProviderAdapter[str]):
    """OpenAI: chat, responses, embeddings, transcription, speech output, images.

    Realtime WebSockets are not metered yet.
    """

    name = FACTS.name
    hosts = FACTS.hosts
    domains = FACTS.domains
    environment = FACTS.environment
    precedence = FACTS.precedence

    def route(self, method: str, place: Address) -> str | None:
        """Return the operation at a URL: "other" if not metered, None for another provider's URL."""
        if method == "POST":
            for tail in place.tails(("v1",)):
                if tail in _BILLED:
                    return _BILLED[tail]
        return "other" if place.sure else None

    def call(
        self, route: str, request: Request, place: Address, count: CountText | None
    ) -> Call | None:
        """Return the call that a request makes to the operation `route`."""
        if route == "other":
            return Call(self.name, "", route, False, _ONE, _ONE)
        return _call(route, request, count)

    def reader(self, call: Call, status: int, headers: Mapping[str, str]) -> UsageReader:
        """Return a reader for the response to a call."""
        return reader_of(call, status, headers)

    def output_cap(self, request: Request, call: Call) -> OutputCap | None:
        """Return the output cap that a request sets; None if its operation has none."""
        return chat_output_cap(request, call)

    def with_output_cap(self, request: Request, call: Call, tokens: int) -> bytes | None:
        """Return the request's body with a lower output cap; None if the body cannot be changed."""
        return chat_with_output_cap(request, call, tokens)

    def refusal(
        self, call: Call, *, hard: bool, message: str, retry_after_seconds: float | None = None
    ) -> Refusal:
        """Return the answer for a refused call, in the form of OpenAI's errors."""
        return refuse(hard=hard, message=message, retry_after_seconds=retry_after_seconds)

    def interruption(self, call: Call, *, message: str) -> bytes:
        """Return an event that ends an open stream with an error; b"" for a call without a stream.

        The SDK raises the error.
        """
        if not call.streaming:
            return b""
        error = error_object(message, hard=False)
        if call.operation == "responses":
            text = json.dumps({**error, "type": "error"})
            return f"event: error\ndata: {text}\n\n".encode()
        return b"data: " + json.dumps({"error": error}).encode() + b"\n\n"


def _call(operation: str, request: Request, count: CountText | None) -> Call:
    body, size = body_of(request)
    kind = request.header("content-type")
    call = Call("openai", "", operation, bound=_ONE, typical=_ONE)
    if operation == "transcribe":
        fields, file = form_fields(kind, body) if body is not None else ({}, None)
        model = name_of(fields.get("model"))
        bounded = Bounded(*audio_bound(model, file, size), _unseen(body is not None))
        streaming = fields.get("stream") == "true"
        return _finished(replace(call, model=model, streaming=streaming), bounded)
    if body is None:
        most = _UNSEEN_INPUT if size is None else min(size, _UNSEEN_INPUT)
        usual = {"input_tokens": max(1, min(most // 4, 4_000)), "output_tokens": TYPICAL_OUTPUT}
        bound = {"input_tokens": most, "output_tokens": MOST_OUTPUT}
        return _finished(call, Bounded(bound, usual, _unseen(False)))
    fields, _file = form_fields(kind, body)
    said = fields or parse_object(body)
    tier = _TIERS.get(text_of(said.get("service_tier")), "")
    call = replace(
        call,
        model=name_of(said.get("model")),
        options={"tier": tier} if tier else {},
        streaming=said.get("stream") is True,
    )
    rules = OpenAIMedia(call.model)
    if operation == "embed":
        return _finished(call, embedding_bound(said, count, rules))
    if operation == "speech":
        characters = {"characters": len(text_of(said.get("input")))}
        return _finished(call, Bounded(characters, characters))
    if operation == "images":
        images = {"images": whole(said.get("n")) or 1}
        return _finished(call, Bounded(images, images))
    return _finished(call, chat_bound(said, count, rules))


def _unseen(seen: bool) -> list[str]:
    """Return the note for a body that was not seen, in a list; [] if the body was seen."""
    return [] if seen else ["body not seen"]


def _finished(call: Call, bounded: Bounded) -> Call:
    return replace(
        call,
        bound=added(bounded.bound, _ONE),
        typical=added(bounded.typical, _ONE),
        bound_is=Provenance.ASSUMED if bounded.assumed else Provenance.ESTIMATED,
        note="; ".join(bounded.notes),
    )


ADAPTER = OpenAIAdapter()
