"""Reads Deepgram's answers: transcripts, speech output, text intelligence."""

from __future__ import annotations

from collections.abc import Mapping

from quotakeeper.domain.usage import Outcome, Provenance
from quotakeeper.providers.contract import Call, ProviderFault, Usage, header_text
from quotakeeper.providers.deepgram.errors import read_fault
from quotakeeper.providers.formats.framing import Document
from quotakeeper.providers.formats.json_values import (
    Json,
    as_object,
    child,
    count,
    first_object,
    items,
    last_object,
    milliseconds,
    name_of,
    text_of,
    whole,
)
from quotakeeper.providers.reading.response_reader import REQUEST, ResponseReader
from quotakeeper.providers.reading.token_split import added

_FEATURES = ("summary_info", "topics_info", "intents_info", "sentiment_info")


def model_of(metadata: Json) -> str:
    """Return the model that served, in the form that requests use; "" if unknown.

    Replies use other names than requests. So the name is built from the model's family and domain.
    """
    info = as_object(metadata.get("model_info"))
    entries = [info] if "arch" in info else [as_object(entry) for entry in info.values()]
    for entry in entries:
        family = name_of(entry.get("arch"))
        if family:
            words = text_of(entry.get("name")).split("-")
            known = {
                *family.split("-"),
                "nova",
                "enhanced",
                "base",
                "whisper",
                "general",
                "polaris",
            }
            domain = next((w for w in words if w and w not in known and not w.isdigit()), "")
            return name_of(f"{family}-{domain}" if domain else family)
    return ""


def feature_tokens(metadata: Json) -> dict[str, int]:
    """Return the tokens of all features. A feature reports 0 if the text was too short."""
    blocks = [child(metadata, name) for name in _FEATURES]
    return added(
        {"input_tokens": sum(count(block.get("input_tokens")) for block in blocks)},
        {"output_tokens": sum(count(block.get("output_tokens")) for block in blocks)},
    )


class DeepgramReader(ResponseReader):
    """Base class of the readers of Deepgram's answers."""

    def __init__(self, call: Call, status: int, headers: Mapping[str, str]) -> None:
        self.quantities: dict[str, int] | None = None
        self.model_served = ""
        self.id = name_of(header_text(headers, "dg-request-id"))
        self.ended = False
        self.notes: list[str] = []
        super().__init__(call, status, headers)

    def fault_of(self, body: bytes) -> ProviderFault:
        """Return the error that the response's status and `body` state."""
        return read_fault(self.status, self.headers, body)

    def request_id(self) -> str:
        """Return Deepgram's id of the request."""
        return self.id

    def read(self, body: Json, document: Document) -> None:
        """Read the whole answer."""
        self.ended = True
        metadata = child(body, "metadata")
        self.id = name_of(metadata.get("request_id") or body.get("request_id")) or self.id
        if "err_code" in body:
            self.fault = read_fault(500, self.headers, document.data)
            return
        self.about(body, metadata)

    def read_ends(self, head: bytes, tail: bytes) -> None:
        """Read the metadata of an answer that was cut or is too large."""
        metadata = first_object(head or tail, "metadata") or last_object(tail, "metadata")
        if metadata:
            self.id = name_of(metadata.get("request_id")) or self.id
            self.about({"metadata": metadata}, metadata)

    def about(self, body: Json, metadata: Json) -> None:
        """Store the usage that the answer reports. Subclasses define this."""

    def usage(self, *, complete: bool) -> Usage:
        """Return the usage that the answer reports, else the call's typical use."""
        known = self.quantities is not None
        typical = {key: n for key, n in self.call.typical.items() if key != "requests"}
        quantities = self.quantities if self.quantities is not None else typical
        whole_answer = self.ended or (complete and known)
        if not known and whole_answer and not self.notes:
            self.notes.append("the answer has no usage")
        return Usage(
            added(quantities, REQUEST),
            Provenance.REPORTED if known else Provenance.ESTIMATED,
            Outcome.OK if whole_answer else Outcome.UNKNOWN,
            self.model_served,
            request_id=self.id,
            complete=whole_answer,
            note="; ".join(self.notes),
        )


class ListenReader(DeepgramReader):
    """Reads a transcript. Deepgram bills its duration times the channels, and the tokens of
    features.
    """

    def about(self, body: Json, metadata: Json) -> None:
        """Store the billed length of the audio and the tokens of the features."""
        self.model_served = model_of(metadata)
        length = milliseconds(metadata.get("duration"))
        if length is None:
            if self.call.facts.get("callback"):
                self.notes.append("the callback address gets the result; this answer has no usage")
            return
        channels = 1
        if self.call.facts.get("multichannel"):
            listed = items(child(body, "results").get("channels"))
            channels = len(listed) or whole(metadata.get("channels")) or 1
        self.quantities = added({"audio_milliseconds": length * channels}, feature_tokens(metadata))


class ReadReader(DeepgramReader):
    """Reads text intelligence: the tokens of every feature are billed."""

    def about(self, body: Json, metadata: Json) -> None:
        """Store the tokens of the features."""
        if any(name in metadata for name in _FEATURES):
            self.quantities = feature_tokens(metadata)


class SpeakReader(DeepgramReader):
    """Reads speech output. The answer is audio; a header reports the billed characters."""

    def __init__(self, call: Call, status: int, headers: Mapping[str, str]) -> None:
        super().__init__(call, status, headers)
        characters = whole(header_text(headers, "dg-char-count").strip())
        if characters is not None:
            self.quantities = added({"characters": characters})
        self.model_served = name_of(header_text(headers, "dg-model-name"))

    def look(self, chunk: bytes) -> None:
        """Read the text of an error. Audio has no figures, so it is ignored."""
        if self.refused:
            super().look(chunk)

    def usage(self, *, complete: bool) -> Usage:
        """Return the billed characters: the header's number, else the length of the sent text."""
        self.ended = complete
        return super().usage(complete=complete)
