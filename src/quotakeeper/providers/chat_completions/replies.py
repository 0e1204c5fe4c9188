"""Reads answers in OpenAI's form: chat, responses, embeddings, transcriptions."""

from __future__ import annotations

import re
from collections.abc import Mapping

from quotakeeper.providers.chat_completions.quota_headers import quotas_in_headers
from quotakeeper.providers.chat_completions.usage import is_counted, token_usage
from quotakeeper.providers.contract import ProviderFault, QuotaReading, header_text
from quotakeeper.providers.formats.framing import Document
from quotakeeper.providers.formats.json_values import (
    Json,
    child,
    dumps,
    items,
    last_object,
    milliseconds,
    name_of,
    objects,
    parse_json,
    text_of,
    whole,
)
from quotakeeper.providers.reading.durations import longest_in_text
from quotakeeper.providers.reading.redaction import redact
from quotakeeper.providers.reading.response_reader import kind_of_status, with_retry_after
from quotakeeper.providers.reading.token_reader import TokenReader
from quotakeeper.providers.reading.waiting_documents import TotalKeys

_TIERS = {"default": "standard", "standard": "standard", "flex": "flex", "priority": "priority"}


TOTALS = TotalKeys(
    b'"usage"',
    re.compile(rb'"(?:completion|output)_tokens"\s*:\s*(\d+)'),
    re.compile(rb'"reasoning_tokens"\s*:\s*(\d+)'),
    (b'"model"', b'"id"', b'"service_tier"'),
    (
        b'"web_search_call"', b'"duration"', b'"seconds"', b'"response.completed"',
        b'"response.incomplete"', b'"response.failed"',
    ),
    includes_thoughts=True,
)  # fmt: skip


class ChatReader(TokenReader):
    """Reads answers with `usage`: chat, responses and embeddings, whole or streamed.

    `hidden_thoughts` is True if only the total includes the reasoning tokens.
    """

    hidden_thoughts = False
    totals = TOTALS

    def read(self, body: Json, document: Document) -> None:
        """Read an answer, or one event of a stream."""
        super().read(body, document)
        error = child(body, "error") or (body if body.get("type") == "error" else {})
        if error:
            billed = self.counted or bool(self.text.tokens)
            self.fault = fault_of_error(self.status, self.headers, error, billed=billed)
            return
        inner = child(body, "response") or body
        self.model_served = name_of(inner.get("model")) or self.model_served
        self.response_id = name_of(inner.get("id")) or self.response_id
        self.tier = _TIERS.get(text_of(inner.get("service_tier")), self.tier)
        self._text(body)
        self._outputs(inner)
        usage = child(inner, "usage")
        if is_counted(usage):
            self.snapshot(token_usage(usage, self.note, hidden_thoughts=self.hidden_thoughts))
            self.ended = self.ended or not items(body.get("choices"))
        elif "duration" in inner or "seconds" in usage:
            self._length(inner, usage)
        kind = text_of(body.get("type"))
        if kind in ("response.completed", "response.incomplete", "response.failed"):
            self.ended = True

    def done(self) -> None:
        """Mark the answer as complete, because the stream sent [DONE]."""
        self.ended = True

    def read_part(self, data: bytes) -> None:
        """Read the end of a document that was cut or is too large."""
        usage = last_object(data, "usage")
        if is_counted(usage):
            self.snapshot(token_usage(usage, self.note, hidden_thoughts=self.hidden_thoughts))
        else:
            self.text.unread += len(data)

    def fault_of(self, body: bytes) -> ProviderFault:
        """Return the error that the response's status and `body` state."""
        value = parse_json(body) if body else None
        error = child(value, "error")
        if isinstance(value, list):  # Gemini's compatible endpoint wraps its errors in a list
            error = next((found for item in value if (found := child(item, "error"))), {})
        return fault_of_error(self.status, self.headers, error)

    def request_id(self) -> str:
        """Return the id in the answer, else the id in its headers; "" if both are absent."""
        return self.response_id or name_of(header_text(self.headers, "x-request-id"))

    def quotas_in_headers(self) -> tuple[QuotaReading, ...]:
        """Return the quotas in the rate-limit headers."""
        return quotas_in_headers(self.headers)

    def _text(self, body: Json) -> None:
        for choice in objects(body.get("choices")):
            for name in ("message", "delta"):
                said = child(choice, name)
                self.text.add(said.get("content"))
                self.text.add(said.get("reasoning_content"))
                if "tool_calls" in said:
                    self.text.add(dumps(said["tool_calls"]))
        self.text.add(body.get("delta"))
        if self.call.operation == "transcribe":
            self.text.add(body.get("text"))

    def _outputs(self, inner: Json) -> None:
        searched = 0
        for output in objects(inner.get("output")):
            searched += output.get("type") == "web_search_call"
            if self.latest is None and not is_counted(child(inner, "usage")):
                for part in objects(output.get("content")):
                    self.text.add(part.get("text"))
        self.searches = max(self.searches, searched)

    def _length(self, inner: Json, usage: Json) -> None:
        length = milliseconds(usage.get("seconds", inner.get("duration")))
        if length is not None:
            self.snapshot({"audio_milliseconds": length})

    def estimate(self, whole: bool) -> dict[str, int]:
        """Return estimated quantities for an answer without usage.

        `whole` is True if the answer is complete. A transcription, image or speech output is
        estimated from its request.
        """
        if self.call.operation in ("transcribe", "images", "speech"):
            return {key: n for key, n in self.call.typical.items() if key != "requests"}
        return super().estimate(whole)


def fault_of_error(
    status: int, headers: Mapping[str, str], error: Json, *, billed: bool = False
) -> ProviderFault:
    """Return the fault for the error object `error`. A 429 may also mean that the credit is spent."""
    code = text_of(error.get("code")) or text_of(error.get("type"))
    if status < 300:
        status = whole(error.get("code")) or 0
        status = status if 300 <= status < 600 else 500
    kind = kind_of_status(status)
    if code in ("insufficient_quota", "billing_hard_limit_reached"):
        kind = "payment"
    elif code in ("rate_limit_exceeded", "tokens", "requests"):
        kind = "quota"
    message = text_of(error.get("message"))
    per_day, wait = "per day" in message.lower(), longest_in_text(message)
    quotas: tuple[QuotaReading, ...] = ()
    if kind == "quota":
        window = "day" if per_day else "minute" if "per min" in message.lower() else ""
        quotas = (QuotaReading(name_of(code) or kind, window=window, resets_in_us=wait),)
    fault = ProviderFault(
        status, kind, billed, name_of(code) if kind == "quota" else "", per_day,
        None if wait is None else wait / 1_000_000, redact(message), quotas,
    )  # fmt: skip
    return with_retry_after(fault, headers)
