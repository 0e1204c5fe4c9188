"""Reads Gemini's errors (quota, wait, whether they are billed), and writes errors in the same form."""

from __future__ import annotations

import json
from collections.abc import Mapping

from quotakeeper.providers.contract import Call, ProviderFault, Refusal
from quotakeeper.providers.formats.json_values import (
    Json,
    as_object,
    child,
    parse_json,
    text_of,
    whole,
)
from quotakeeper.providers.gemini.quotas import first_to_name, is_daily, quotas_in, waits_in
from quotakeeper.providers.reading.redaction import own_message, redact
from quotakeeper.providers.reading.refusals import refusal_with, whole_seconds
from quotakeeper.providers.reading.response_reader import kind_of_status, with_retry_after

_KINDS = {
    "RESOURCE_EXHAUSTED": "quota",
    "UNAUTHENTICATED": "auth",
    "PERMISSION_DENIED": "auth",
    "INVALID_ARGUMENT": "bad_request",
    "FAILED_PRECONDITION": "bad_request",
    "NOT_FOUND": "bad_request",
    "INTERNAL": "server",
    "UNAVAILABLE": "server",
    "DEADLINE_EXCEEDED": "server",
    "payment_required": "payment",
    "rate_limit_exceeded": "quota",
}


def error_in(body: object) -> Json:
    """Return the error object in an answer, which may be inside a list; {} if there is none."""
    if isinstance(body, list):
        return next((error for item in body if (error := error_in(as_object(item)))), {})
    return child(body, "error")


def read_fault(status: int, headers: Mapping[str, str], body: bytes) -> ProviderFault:
    """Return the error that an answer states. A failed request is not billed, but uses quota."""
    return fault_of(status, headers, error_in(parse_json(body)) if body else {})


def fault_of(
    status: int, headers: Mapping[str, str], error: Json, *, billed: bool = False
) -> ProviderFault:
    """Return the fault for the error object `error`.

    For an error inside a stream, which has no HTTP status, the code in `error` is the status.
    """
    code = whole(error.get("code"))
    status = status if status >= 300 or code is None or code > 599 else code
    named = text_of(error.get("status")) or text_of(error.get("code"))
    kind = kind_of_status(status)
    # A wrong key has status INVALID_ARGUMENT, spent credit RESOURCE_EXHAUSTED.
    if kind != "payment":
        kind = _KINDS.get(named, kind)
    message = text_of(error.get("message"))
    if kind == "bad_request" and "api key" in message.lower():
        kind = "auth"
    wait = waits_in(error).longest_us
    quotas = quotas_in(error) if kind == "quota" else ()
    fault = ProviderFault(
        status, kind, billed, first_to_name(quotas), any(map(is_daily, quotas)),
        None if wait is None else wait / 1_000_000, redact(message), quotas,
    )  # fmt: skip
    return with_retry_after(fault, headers)


def refuse(call: Call, *, hard: bool, message: str, retry_after_seconds: float | None) -> Refusal:
    """Return the answer for a refused call.

    With `hard`, the program must not retry: the status is 402. Otherwise it is 429 with the wait.
    """
    error = error_object(call, 402 if hard else 429, message)
    seconds = None if hard else whole_seconds(retry_after_seconds)
    if seconds is not None and call.operation != "interaction":
        kind = "type.googleapis.com/google.rpc.RetryInfo"
        error["details"] = [{"@type": kind, "retryDelay": f"{seconds}s"}]
    whole_body: object = {"error": error}
    if call.operation == "stream" and call.facts.get("form") == "array":
        whole_body = [whole_body]
    headers = {"content-type": "application/json; charset=UTF-8"}
    return refusal_with(
        whole_body, hard=hard, retry_after_seconds=retry_after_seconds, headers=headers
    )


def interrupt(call: Call, message: str) -> bytes:
    """Return bytes that end an open stream with an error; b"" for a call without a stream.

    The SDKs raise the error.
    """
    if call.operation not in ("stream", "interaction"):
        return b""
    body: dict[str, object] = {"error": error_object(call, 429, message)}
    if call.operation == "interaction":
        text = json.dumps({"event_type": "error", **body})
        return f"event: error\ndata: {text}\n\n".encode()
    if call.facts.get("form") == "array":
        return b",\r\n" + json.dumps(body).encode() + b"]"
    return b"data: " + json.dumps(body).encode() + b"\r\n\r\n"


def error_object(call: Call, status: int, message: str) -> dict[str, object]:
    """Return an error object in the form of the endpoint that was called."""
    if call.operation == "interaction":
        code = "payment_required" if status == 402 else "rate_limit_exceeded"
        return {"code": code, "message": own_message(message)}
    return {"code": status, "message": own_message(message), "status": "RESOURCE_EXHAUSTED"}
