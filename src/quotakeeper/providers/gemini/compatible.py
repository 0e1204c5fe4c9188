"""Gemini's endpoints in OpenAI's form: chat completions, embeddings, images."""

from __future__ import annotations

from quotakeeper.domain.usage import Provenance
from quotakeeper.providers.chat_completions.bounds import chat_bound, embedding_bound
from quotakeeper.providers.chat_completions.replies import ChatReader
from quotakeeper.providers.contract import Call, CountText, ProviderFault, Request
from quotakeeper.providers.formats.json_values import Json
from quotakeeper.providers.gemini.bounds import call_for
from quotakeeper.providers.gemini.errors import read_fault
from quotakeeper.providers.gemini.media import Both, image_tokens, media_tokens
from quotakeeper.providers.gemini.models import media_rates, most_input, most_output
from quotakeeper.providers.gemini.prompts import DECLARED_HALVES
from quotakeeper.providers.gemini.routes import Route
from quotakeeper.providers.reading.token_split import added
from quotakeeper.value_classes import replace

COMPATIBLE = ("chat", "chat_embed", "images")


class CompatibleReader(ChatReader):
    """Reads Gemini's answers in OpenAI's form, where only the total includes the reasoning tokens."""

    hidden_thoughts = True

    def fault_of(self, body: bytes) -> ProviderFault:
        """Return Gemini's error for the response's status and `body`, with the exhausted quotas."""
        fault = super().fault_of(body)
        if fault.kind != "quota":
            return fault
        return read_fault(self.status, self.headers, body)


class _Media:
    """How a Gemini model counts media, for requests in OpenAI's form."""

    def __init__(self, model: str) -> None:
        self._model = model

    def image(self, data: bytes, detail: str) -> Both:
        """Return the input of an image. `detail` ("low", "high") is the resolution for the model."""
        rates = media_rates(self._model, detail if detail in ("low", "high") else "")
        most, usual = image_tokens(data, rates)
        return {"input_tokens@image": most}, {"input_tokens@image": usual}

    def sound(self, form: str, encoded: str) -> Both:
        """Return the input of base64 audio. `form` is the format: "wav", "mp3"; "pcm16" is 24 kHz."""
        mime = "audio/pcm;rate=24000" if form.lower() == "pcm16" else f"audio/{form}"
        return media_tokens(mime, encoded, media_rates(self._model))

    def document(self, encoded: str) -> Both:
        """Return the input of a PDF in base64, counted by pages."""
        return media_tokens("application/pdf", encoded, media_rates(self._model))


def compatible_call(
    route: Route, request: Request, body: Json | None, size: int | None, count: CountText | None
) -> Call:
    """Return the call of a request in OpenAI's form, bounded by the limits of Gemini's models."""
    call = call_for(route, request, body, size, count)
    if body is None or not route.billed or route.operation == "images":
        return call
    rules = _Media(call.model)
    if route.operation == "chat":
        bounded = chat_bound(
            body, count, rules, most=most_output(call.model), most_input=most_input(call.model),
            declared_halves=DECLARED_HALVES,
        )  # fmt: skip
    else:
        bounded = embedding_bound(body, count, rules)
    one = {"requests": 1}
    return replace(
        call,
        bound=added(bounded.bound, one),
        typical=added(bounded.typical, one),
        streaming=body.get("stream") is True,
        bound_is=Provenance.ASSUMED if bounded.assumed else Provenance.ESTIMATED,
        note="; ".join(bounded.notes),
    )
