"""Reads Anthropic's answers, and writes errors in Anthropic's form."""

from __future__ import annotations

import re
from collections.abc import Mapping

from quotakeeper.providers.anthropic.quota_headers import quotas_in_headers
from quotakeeper.providers.contract import (
    Call,
    ProviderFault,
    QuotaReading,
    Refusal,
    header_text,
)
from quotakeeper.providers.formats.framing import Document
from quotakeeper.providers.formats.json_values import (
    Json,
    child,
    count,
    last_object,
    name_of,
    objects,
    parse_object,
    text_of,
)
from quotakeeper.providers.reading.redaction import own_message, redact
from quotakeeper.providers.reading.refusals import refusal_with
from quotakeeper.providers.reading.response_reader import kind_of_status, with_retry_after
from quotakeeper.providers.reading.token_reader import TokenReader
from quotakeeper.providers.reading.token_split import added
from quotakeeper.providers.reading.waiting_documents import TotalKeys

_KINDS = {
    "rate_limit_error": "quota",
    "billing_error": "payment",
    "authentication_error": "auth",
    "permission_error": "auth",
    "invalid_request_error": "bad_request",
    "not_found_error": "bad_request",
    "request_too_large": "bad_request",
    "api_error": "server",
    "overloaded_error": "server",
}
_TIERS = {"standard": "standard", "priority": "priority", "batch": "batch"}
_FIELDS = (
    "input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens",
)  # fmt: skip


_OUTPUT = re.compile(rb'"output_tokens"\s*:\s*(\d+)')
_TOTALS = TotalKeys(
    b'"usage"', _OUTPUT, re.compile(rb"(?!)"), (),
    (b'"usage"', b'"message_start"', b'"message_stop"', b'"stop_reason"'),
)  # fmt: skip


class MessageReader(TokenReader):
    """Reads a message, or the events of a streamed message.

    The first event reports the input; later events report the output so far.
    """

    totals = _TOTALS

    def __init__(self, call: Call, status: int, headers: Mapping[str, str]) -> None:
        self._told: dict[str, int] = {}
        super().__init__(call, status, headers)

    def read(self, body: Json, document: Document) -> None:
        """Read a message, or one event of a streamed message."""
        super().read(body, document)
        kind = text_of(body.get("type"))
        if kind == "error" or "error" in body:
            billed = self.counted or bool(self.text.tokens)
            self.fault = fault_of(self.status, self.headers, child(body, "error"), billed=billed)
            return
        message = child(body, "message") if kind == "message_start" else body
        if kind in ("message", "message_start"):
            self.model_served = name_of(message.get("model")) or self.model_served
            self.response_id = name_of(message.get("id")) or self.response_id
        for block in (*objects(message.get("content")), child(body, "delta")):
            for name in ("text", "thinking", "partial_json"):
                self.text.add(block.get(name))
        self._usage(child(message, "usage"))
        if kind == "message_stop" or child(body, "delta").get("stop_reason"):
            self.ended = True

    def read_part(self, data: bytes) -> None:
        """Read the end of a document that was cut or is too large."""
        usage = last_object(data, "usage")
        if usage:
            self._usage(usage)
        else:
            self.text.unread += len(data)

    def fault_of(self, body: bytes) -> ProviderFault:
        """Return the error that the response's status and `body` state."""
        error = child(parse_object(body), "error") if body else {}
        return fault_of(self.status, self.headers, error)

    def request_id(self) -> str:
        """Return the id of the message, else the id of the request; "" if both are unknown."""
        return self.response_id or name_of(header_text(self.headers, "request-id"))

    def quotas_in_headers(self) -> tuple[QuotaReading, ...]:
        """Return the quotas in the rate-limit headers."""
        return quotas_in_headers(self.headers)

    def _usage(self, usage: Json) -> None:
        if not any(name in usage for name in _FIELDS):
            return
        for name in _FIELDS:
            if name in usage and usage[name] is not None:
                self._told[name] = count(usage[name])
        self.tier = _TIERS.get(text_of(usage.get("service_tier")), self.tier)
        self.searches = max(
            self.searches, count(child(usage, "server_tool_use").get("web_search_requests"))
        )
        written = self._told.get("cache_creation_input_tokens", 0)
        kinds = child(usage, "cache_creation")
        if written:
            hour = count(kinds.get("ephemeral_1h_input_tokens"))
            self.note(f"input has cache writes: {written - min(hour, written)} (5 m), {hour} (1 h)")
        # `input_tokens` leaves out cached tokens. Cache writes are input at a higher price.
        self.snapshot(
            added(
                {"input_tokens": self._told.get("input_tokens", 0) + written},
                {"cached_input_tokens": self._told.get("cache_read_input_tokens", 0)},
                {"output_tokens": self._told.get("output_tokens", 0)},
            )
        )


def fault_of(
    status: int, headers: Mapping[str, str], error: Json, *, billed: bool = False
) -> ProviderFault:
    """Return the fault for the error object `error`.

    For an error inside a stream, which has no HTTP status, the type in `error` determines the
    status.
    """
    named = text_of(error.get("type"))
    if status < 300:
        status = {"overloaded_error": 529, "rate_limit_error": 429}.get(named, 500)
    kind = _KINDS.get(named, kind_of_status(status))
    fault = ProviderFault(
        status, kind, billed, name_of(named) if kind == "quota" else "",
        message=redact(text_of(error.get("message"))),
        quotas=(QuotaReading(name_of(named) or kind),) if kind == "quota" else (),
    )  # fmt: skip
    return with_retry_after(fault, headers)


def refuse(*, hard: bool, message: str, retry_after_seconds: float | None) -> Refusal:
    """Return the answer for a refused call.

    With `hard`, the program must not retry: the error is 402 billing_error. Otherwise it is 429.
    """
    body = error_body(message, hard=hard)
    return refusal_with(body, hard=hard, retry_after_seconds=retry_after_seconds)


def error_body(message: str, *, hard: bool) -> dict[str, object]:
    """Return the body of an error in the form of Anthropic's errors."""
    kind = "billing_error" if hard else "rate_limit_error"
    return {"type": "error", "error": {"type": kind, "message": own_message(message)}}
