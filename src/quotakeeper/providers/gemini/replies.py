"""Reads Gemini's answers: generated content, embeddings, caches, interactions, batches."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from quotakeeper.providers.contract import Call, ProviderFault, header_text
from quotakeeper.providers.formats.base64_text import base64_size
from quotakeeper.providers.formats.framing import Document
from quotakeeper.providers.formats.json_values import (
    Json,
    child,
    count,
    dumps,
    items,
    last_object,
    name_of,
    objects,
    text_of,
)
from quotakeeper.providers.gemini.bounds import tier_of, token_hours
from quotakeeper.providers.gemini.errors import error_in, fault_of, read_fault
from quotakeeper.providers.gemini.models import is_second_generation
from quotakeeper.providers.gemini.usage import (
    content_usage,
    interaction_usage,
    is_counted,
    prediction_usage,
)
from quotakeeper.providers.reading.token_reader import TokenReader
from quotakeeper.providers.reading.token_split import added, tokens_of
from quotakeeper.providers.reading.waiting_documents import TotalKeys

PROVISIONED = "provisioned throughput: paid in advance"


class GeminiReader(TokenReader):
    """Base class of the readers of Gemini's answers: errors, tiers, names."""

    def __init__(self, call: Call, status: int, headers: Mapping[str, str]) -> None:
        super().__init__(call, status, headers)
        self.tier = tier_of(header_text(headers, "x-gemini-service-tier"))

    def fault_of(self, body: bytes) -> ProviderFault:
        """Return the error that the response's status and `body` state."""
        return read_fault(self.status, self.headers, body)

    def is_fault(self, body: Json) -> bool:
        """Return whether a document is an error, and store the error.

        If an error comes after text in a stream, the call is billed.
        """
        error = error_in(body)
        if error:
            billed = self.counted or bool(self.text.tokens)
            self.fault = fault_of(self.status, self.headers, error, billed=billed)
        return bool(error)

    def name_served(self, body: Json) -> None:
        """Store the model that answered, and the id of the answer."""
        served = name_of(body.get("modelVersion") or body.get("model")).removeprefix("models/")
        self.model_served = served or self.model_served
        self.response_id = name_of(body.get("responseId") or body.get("id")) or self.response_id

    def traffic(self, metadata: Json) -> None:
        """Store the service tier that was applied. The Developer API and Vertex AI report it
        differently.
        """
        told = metadata.get("serviceTier") or metadata.get("trafficType")
        self.tier = tier_of(told) or self.tier
        self.prepaid = told == "PROVISIONED_THROUGHPUT"
        if self.prepaid:
            self.note(PROVISIONED)

    def read_part(self, data: bytes) -> None:
        """Read the end of a document that was cut or is too large.

        If there is no usage in `data`, the length of `data` counts as text.
        """
        metadata = last_object(data, "usageMetadata")
        if is_counted(metadata):
            self.traffic(metadata)
            self.snapshot(content_usage(metadata, self.note))
            self.ended = self.ended or b'"finishReason"' in data
        else:
            self.text.unread += len(data)


_TOTALS = TotalKeys(
    b'"usageMetadata"',
    re.compile(rb'"candidatesTokenCount"\s*:\s*(\d+)'),
    re.compile(rb'"thoughtsTokenCount"\s*:\s*(\d+)'),
    (b'"modelVersion"', b'"model"', b'"responseId"', b'"id"', b'"serviceTier"', b'"trafficType"'),
    (
        b'"finishReason"', b'"promptFeedback"', b'"groundingMetadata"', b'"toolCall"', b'"functionCall"',
        b'"executableCode"', b'"codeExecutionResult"', b'"inlineData"',
        b'"predictions"', b'"PROVISIONED_THROUGHPUT"',
    ),
)  # fmt: skip


class ContentReader(GeminiReader):
    """Reads answers with usageMetadata: generated content, embeddings, predictions; also streams."""

    totals = _TOTALS

    def __init__(self, call: Call, status: int, headers: Mapping[str, str]) -> None:
        self._queries = 0  # a running total, from the grounding of the answer
        self._tool_queries = 0  # a sum over the calls of the search tool
        super().__init__(call, status, headers)

    def read(self, body: Json, document: Document) -> None:
        """Read an answer, or one chunk of a stream."""
        super().read(body, document)
        if self.is_fault(body):
            return
        self.name_served(body)
        finished = False
        for candidate in objects(body.get("candidates")):
            finished = bool(candidate.get("finishReason")) or finished
            for part in objects(child(candidate, "content").get("parts")):
                self._part(part)
        blocked = bool(child(body, "promptFeedback").get("blockReason"))
        self.ended = self.ended or finished or blocked
        self._grounding(body)
        metadata = child(body, "usageMetadata")
        self.traffic(metadata)
        predicted = prediction_usage(body)
        if is_counted(metadata):
            self.snapshot(content_usage(metadata, self.note))
        elif predicted is not None:
            self.snapshot(predicted)
        elif blocked and not self.counted:
            self.snapshot({})  # nothing was counted

    def _part(self, part: Json) -> None:
        self.text.add(part.get("text"))
        for name in ("functionCall", "executableCode", "codeExecutionResult"):
            if name in part:
                self.text.add(dumps(part[name]))
        self.text.unread += _media_size(child(part, "inlineData"))
        call = child(part, "toolCall")
        if text_of(call.get("toolType")).startswith("GOOGLE_SEARCH"):
            queries = items(child(call, "args").get("queries"))
            self._tool_queries += sum(1 for query in queries if query)

    def _grounding(self, body: Json) -> None:
        queries = maps = 0
        for candidate in objects(body.get("candidates")):
            grounding = child(candidate, "groundingMetadata")
            queries += sum(1 for query in items(grounding.get("webSearchQueries")) if query)
            chunks = objects(grounding.get("groundingChunks"))
            maps += any("maps" in chunk for chunk in chunks)
        if maps:
            self.note("grounding with maps, counted as a search")
        self._queries = max(self._queries, queries + maps)
        asked = max(self._queries, self._tool_queries)
        second = is_second_generation(self.model_served or self.call.model)
        self.searches = min(asked, 1) if second else asked


def _media_size(blob: Json) -> int:
    """Return the bytes of text that would have as many tokens as this image or audio."""
    size = base64_size(text_of(blob.get("data")))
    if not size:
        return 0
    if text_of(blob.get("mimeType")).startswith("audio/"):
        return 4 * 25 * size // 48_000  # 25 tokens per second of 24 kHz
    return 4 * 1_290


class CacheReader(GeminiReader):
    """Reads a context cache: its tokens are billed once as input, and its storage by the hour."""

    def read(self, body: Json, document: Document) -> None:
        """Read the state of a cache that was created or extended."""
        super().read(body, document)
        if self.is_fault(body):
            return
        self.name_served(body)
        self.response_id = name_of(body.get("name"))
        tokens = count(child(body, "usageMetadata").get("totalTokenCount"))
        if not tokens:
            return
        prolonged = bool(self.call.facts.get("name", "").partition("/")[2])
        start = instant_ms(body.get("updateTime" if prolonged else "createTime"))
        end = instant_ms(body.get("expireTime"))
        kept = end - start if start is not None and end is not None and end > start else 0
        hours = {"cache_token_hours": token_hours(tokens, kept)}
        if prolonged:
            self.note(
                "storage from this change to the new end; it overlaps the storage recorded before"
            )
            self.snapshot(hours)
        else:
            self.note("storage until the cache expires; less if it is deleted earlier")
            self.snapshot(added({"input_tokens": tokens}, hours))


def instant_ms(value: object) -> int | None:
    """Return the milliseconds of a time in RFC 3339 (UTC, "Z"); None for another value.

    Callers use only the difference between two results.
    """
    text = text_of(value)
    head, dot, rest = text.partition(".")
    digits = rest.rstrip("Z+-:0123456789") if dot else ""
    if digits or not text.endswith("Z"):
        return None
    try:
        moment = datetime.fromisoformat(head.removesuffix("Z") + "+00:00")
    except ValueError:
        return None
    fraction = int(rest.removesuffix("Z")[:3].ljust(3, "0")) if dot and rest[:1].isdigit() else 0
    return int(moment.timestamp()) * 1000 + fraction


class InteractionReader(GeminiReader):
    """Reads an interaction: one object, or a stream of events, of which the last one has the usage."""

    def read(self, body: Json, document: Document) -> None:
        """Read the interaction, or one event of the stream."""
        super().read(body, document)
        if self.is_fault(body):
            return
        inner = child(body, "interaction") or body
        self.name_served(inner)
        status = text_of(inner.get("status"))
        kind = text_of(body.get("event_type")) or document.event
        self.ended = self.ended or status in ("completed", "failed", "cancelled", "incomplete")
        self.ended = self.ended or kind in ("interaction.completed", "interaction.complete")
        self.text.add(child(body, "delta").get("text"))
        for output in (*objects(inner.get("outputs")), *objects(inner.get("steps"))):
            self.text.add(output.get("text"))
        usage = child(inner, "usage") or child(body, "usage") or child(body, "metadata", "usage")
        if is_counted(usage):
            quantities, self.searches = interaction_usage(usage, self.note)
            self.snapshot(quantities)
        elif not document.streamed and status in ("in_progress", "queued"):
            self.ended = False
            self.note("runs in the background; its result has the usage")


class BatchReader(GeminiReader):
    """Reads the state of a batch.

    A new batch is recorded with an estimate. The result of a batch reports the usage of each
    request.
    """

    def read(self, body: Json, document: Document) -> None:
        """Read the state of a batch, and add up the usage of its requests."""
        super().read(body, document)
        if self.is_fault(body):
            return
        inner = (
            child(body, "response") or child(body, "metadata", "output") or child(body, "output")
        )
        self.response_id = name_of(body.get("name"))
        self.tier = "batch"
        summed: dict[str, int] = {}
        responses = child(inner, "inlinedResponses")
        for entry in objects(responses.get("inlinedResponses") or inner.get("inlinedResponses")):
            answer = child(entry, "response")
            self.name_served({"modelVersion": answer.get("modelVersion")})
            summed = added(summed, content_usage(child(answer, "usageMetadata"), self.note))
        if tokens_of(summed, "input_tokens"):
            self.snapshot(summed)
        else:
            self.note("a batch: an estimate is recorded when the batch is created")

    def estimate(self, whole: bool) -> dict[str, int]:
        """Return the typical use of all requests in a batch that was accepted."""
        return {key: n for key, n in self.call.typical.items() if key != "requests"}
