"""The gateway's own answers. Each has a form that the SDKs of all providers read."""

from __future__ import annotations

import json

from quotakeeper.http_server.heads import Headers
from quotakeeper.http_server.seam import Exchange
from quotakeeper.providers.contract import Refusal

_KINDS = {
    400: "invalid_request_error", 401: "authentication_error", 403: "permission_error",
    404: "not_found_error", 405: "invalid_request_error", 413: "request_too_large",
    429: "rate_limit_error", 501: "not_implemented", 502: "api_error", 503: "overloaded_error",
    504: "timeout_error",
}  # fmt: skip
_STATUSES = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
    413: "INVALID_ARGUMENT", 429: "RESOURCE_EXHAUSTED", 501: "UNIMPLEMENTED", 502: "UNAVAILABLE",
    503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED",
}  # fmt: skip


class GatewayAnswerError(Exception):
    """The gateway itself answers a request with an error. `code` names the reason for programs."""

    def __init__(self, status: int, code: str, text: str) -> None:
        self.status = status
        self.code = code
        self.text = text
        super().__init__(f"{status} {code}: {text}")


def error_refusal(status: int, code: str, text: str) -> Refusal:
    """Return an error of the gateway, in a form that the SDKs of all providers read.

    OpenAI and Gemini read `error.message`, Anthropic `error.type`, Deepgram `err_code`, `err_msg`.
    """
    message = f"quotakeeper: {text}"
    body = {
        "type": "error",
        "error": {
            "code": status, "message": message, "status": _STATUSES.get(status, "UNKNOWN"),
            "type": _KINDS.get(status, "api_error"), "reason": code,
        },
        "err_code": code.upper(), "err_msg": message,
    }  # fmt: skip
    return Refusal(
        status, {"Content-Type": "application/json"}, json.dumps(body, ensure_ascii=False).encode()
    )


def cannot_count() -> GatewayAnswerError:
    """Return the answer for a call that cannot be counted now. It says nothing of the ledger."""
    text = "the call cannot be counted now, so it was not sent; try again later"
    return GatewayAnswerError(503, "ledger_unavailable", text)


async def send_refusal(exchange: Exchange, refusal: Refusal) -> None:
    """Answer a request with a refusal."""
    named: Headers = tuple(refusal.headers.items())
    headers = tuple(each for each in named if each[0].lower() != "content-length")
    await exchange.reply(refusal.status, headers, refusal.body)


async def send_json(exchange: Exchange, status: int, record: object) -> None:
    """Answer a request with a JSON record."""
    body = json.dumps(record, ensure_ascii=False).encode() + b"\n"
    headers = (("Content-Type", "application/json"), ("Cache-Control", "no-store"))
    await exchange.reply(status, headers, body)
