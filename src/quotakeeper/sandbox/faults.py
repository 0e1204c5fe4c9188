"""Errors on request: which requests fail, and with which error of the provider. Pure functions.

A fault is written `KIND[:SECONDS][@FROM[-TO]][=OPERATION]`:
- `429@2`: the second request.
- `503@1-3=generateContent`: the first three requests of this operation.
- `slow:0.5`: every request.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from quotakeeper.errors import InvalidInputError
from quotakeeper.sandbox import deepgram, gemini
from quotakeeper.sandbox.messages import Reply, SandboxRequest, SandboxTurn, json_reply, parse_json
from quotakeeper.value_classes import dataclass, replace

HEADER = "x-sandbox-fault"
QUERY = "sandbox_fault"
KINDS = (
    "429",
    "429-day",
    "429-bare",
    "402",
    "500",
    "503",
    "slow",
    "cut",
    "cut-early",
    "malformed",
    "no-usage",
    "downgrade",
)
CUTS = ("cut", "cut-early")  # `cut` bills the whole answer, `cut-early` only what was sent
RETRY_SECONDS = 7
_TEXT = re.compile(
    r"(?P<kind>[0-9a-z-]+?)(?::(?P<seconds>\d+(?:\.\d+)?))?"
    r"(?:@(?P<first>\d+)(?:-(?P<last>\d+))?)?(?:=(?P<operation>\w+))?"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of error, for the requests with the numbers `first` to `last`.

    If `last` is 0, there is no last request. If `operation` is "", all requests are counted;
    otherwise only requests of this operation are counted.
    """

    kind: str
    seconds: float = 1.0
    first: int = 1
    last: int = 0
    operation: str = ""

    def hits(self, number: int, of_operation: int, operation: str) -> bool:
        """Return whether the fault applies to a request.

        `number` is the request's number among all requests. `of_operation` is its number among the
        requests of the same operation.
        """
        if self.operation and self.operation != operation:
            return False
        counted = of_operation if self.operation else number
        return self.first <= counted and (not self.last or counted <= self.last)


def parse_fault(text: str) -> Fault:
    """Return the fault that a text describes. Raises InvalidInputError, which lists the known
    kinds.
    """
    found = _TEXT.fullmatch(text.strip())
    if found is None or found["kind"] not in KINDS:
        raise InvalidInputError(
            "fault",
            f"{text[:60]!r} is not a fault",
            "write KIND[:SECONDS][@FROM[-TO]][=OPERATION] with a kind of " + ", ".join(KINDS),
        )
    first = int(found["first"] or 1)
    last = int(found["last"] or (first if found["first"] else 0))
    return Fault(found["kind"], float(found["seconds"] or 1), first, last, found["operation"] or "")


def fault_for(
    request: SandboxRequest, schedule: Sequence[Fault], number: int, of_operation: int
) -> Fault | None:
    """Return the fault for a request; None if no fault applies.

    A fault in the request's header or query has precedence. Otherwise the first fault in `schedule`
    that applies is returned.
    """
    named = request.headers.get(HEADER) or request.option(QUERY)
    if named:
        return replace(parse_fault(named), first=1, last=0, operation="")
    operation = operation_of(request)
    due = (fault for fault in schedule if fault.hits(number, of_operation, operation))
    return next(due, None)


def operation_of(request: SandboxRequest) -> str:
    """Return the operation in a path: `listen`, `speak`, `generateContent`, `BidiGenerateContent`."""
    found = gemini.PATH.fullmatch(request.path)
    return found["method"] if found else re.split("[/.]", request.path)[-1]


def spoil(fault: Fault, request: SandboxRequest, turn: SandboxTurn, reply: Reply) -> Reply:
    """Return the reply with the fault applied.

    The faults `slow`, `cut` and `cut-early` do not change the content of the reply. The server
    applies these faults when it sends the reply.
    """
    if fault.kind == "cut-early" and reply.progress:
        sent = max(1, len(reply.chunks) - 1)
        return replace(reply, charge=reply.progress[min(sent, len(reply.progress)) - 1])
    if fault.kind in ("slow", *CUTS) or (reply.charge is None and reply.status >= 400):
        return reply
    if fault.kind == "malformed":
        half = reply.body[: max(1, len(reply.body) // 2)]
        return replace(reply, chunks=(half,))
    if fault.kind == "no-usage":
        return _without_usage(reply)
    if fault.kind == "downgrade":
        is_tiered = gemini.is_gemini(request)
        return gemini.reply_to(gemini.at_standard_tier(request), turn) if is_tiered else reply
    found = gemini.PATH.fullmatch(request.path)
    spoiled = _gemini_error(fault, found["model"]) if found else _deepgram_error(fault, turn)
    if reply.charge is None:
        return spoiled
    charge = replace(reply.charge, status=spoiled.status, quantities={"requests": 1})
    return replace(spoiled, charge=charge)


def _without_usage(reply: Reply) -> Reply:
    body = parse_json(reply.body)
    if body is None:
        return reply
    body.pop("usageMetadata", None)
    metadata = body.get("metadata")
    if isinstance(metadata, dict):
        metadata.pop("duration", None)
    return replace(json_reply(reply.status, body), charge=reply.charge)


def _gemini_error(fault: Fault, model: str) -> Reply:
    if fault.kind == "402":
        return gemini.error_reply(
            402,
            "RESOURCE_EXHAUSTED",
            "Your prepayment credits are depleted. Please add credits to continue.",
        )
    if fault.kind == "500":
        return gemini.error_reply(500, "INTERNAL", "An internal error has occurred. Please retry.")
    if fault.kind == "503":
        return gemini.error_reply(
            503, "UNAVAILABLE", "The model is overloaded. Please try again later."
        )
    if fault.kind == "429-bare":
        return gemini.error_reply(
            429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."
        )
    return _quota_failure(model, per_day=fault.kind == "429-day")


def _quota_failure(model: str, *, per_day: bool) -> Reply:
    """Return the 429 reply of an exhausted quota. Even for a daily quota, RetryInfo has only
    seconds.
    """
    metric = "generativelanguage.googleapis.com/generate_content_free_tier_requests"
    span, value = ("Day", "20") if per_day else ("Minute", "10")
    details: list[dict[str, object]] = [
        {
            "@type": "type.googleapis.com/google.rpc.Help",
            "links": [
                {
                    "description": "Learn more about Gemini API quotas",
                    "url": "https://ai.google.dev/gemini-api/docs/rate-limits",
                }
            ],
        },
        {
            "@type": "type.googleapis.com/google.rpc.QuotaFailure",
            "violations": [
                {
                    "quotaMetric": metric,
                    "quotaId": f"GenerateRequestsPer{span}PerProjectPerModel-FreeTier",
                    "quotaDimensions": {"model": model, "location": "global"},
                    "quotaValue": value,
                }
            ],
        },
        {
            "@type": "type.googleapis.com/google.rpc.RetryInfo",
            "retryDelay": f"{RETRY_SECONDS}s",
        },
    ]
    message = (
        "You exceeded your current quota, please check your plan and billing details.\n"
        f"* Quota exceeded for metric: {metric}, limit: {value}, model: {model}\n"
        f"Please retry in {RETRY_SECONDS}.25s."
    )
    reply = gemini.error_reply(429, "RESOURCE_EXHAUSTED", message, details)
    return replace(reply, headers=(*reply.headers, ("Retry-After", str(RETRY_SECONDS))))


def _deepgram_error(fault: Fault, turn: SandboxTurn) -> Reply:
    if fault.kind == "402":
        message = "Project does not have enough credits for an ASR request."
        return deepgram.error_reply(402, "ASR_PAYMENT_REQUIRED", message, turn)
    if fault.kind == "500":
        return deepgram.error_reply(500, "INTERNAL_SERVER_ERROR", "Something went wrong.", turn)
    if fault.kind == "503":
        return deepgram.error_reply(503, "SERVICE_UNAVAILABLE", "Try again later.", turn)
    reply = deepgram.error_reply(
        429, "TOO_MANY_REQUESTS", "Too many requests. Please try again later", turn
    )
    return replace(reply, headers=(*reply.headers, ("Retry-After", str(RETRY_SECONDS))))
