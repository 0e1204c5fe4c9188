"""Reads Deepgram's errors in their old, new and plain-text forms, and writes errors."""

from __future__ import annotations

from collections.abc import Mapping

from quotakeeper.providers.contract import ProviderFault, Refusal, header_text
from quotakeeper.providers.deepgram.quotas import quotas_of_refusal
from quotakeeper.providers.formats.json_values import name_of, parse_json, parse_object, text_of
from quotakeeper.providers.reading.redaction import own_message, redact
from quotakeeper.providers.reading.refusals import refusal_with
from quotakeeper.providers.reading.response_reader import kind_of_status, with_retry_after

_PAYMENT = ("ASR_PAYMENT_REQUIRED", "INSUFFICIENT_CREDITS", "PAYMENT_REQUIRED")


def read_fault(status: int, headers: Mapping[str, str], body: bytes) -> ProviderFault:
    """Return the error that an answer states. Deepgram bills no failed request."""
    said = parse_object(body) if body else {}
    code = text_of(said.get("err_code") or said.get("category") or said.get("code"))
    message = text_of(said.get("err_msg") or said.get("message") or said.get("description"))
    if not message and body and parse_json(body) is None:
        message = body[:1_200].decode("utf-8", "replace")
    message = message or header_text(headers, "dg-error")
    kind = "payment" if code in _PAYMENT else kind_of_status(status)
    quota = name_of(code) if kind == "quota" else ""
    quotas = quotas_of_refusal(quota, headers) if kind == "quota" else ()
    fault = ProviderFault(status, kind, quota=quota, message=redact(message), quotas=quotas)
    return with_retry_after(fault, headers)


def refuse(*, hard: bool, message: str, retry_after_seconds: float | None) -> Refusal:
    """Return the answer for a refused call.

    With `hard`, the program must not retry: the status is 402. Otherwise it is 429 with the wait.
    """
    code = "ASR_PAYMENT_REQUIRED" if hard else "TOO_MANY_REQUESTS"
    return refusal_with(
        {"err_code": code, "err_msg": own_message(message), "request_id": ""},
        hard=hard,
        retry_after_seconds=retry_after_seconds,
        headers={"content-type": "application/json", "dg-error": code},
    )
