"""Helpers of the providers' tests: requests, answers in pieces, streams built from bodies."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from quotakeeper.providers import Adapter, Call, Request, Usage, recognise
from quotakeeper.providers.contract import CountText
from quotakeeper.providers.registry import BUILT_IN

GEMINI = "https://generativelanguage.googleapis.com"
DEEPGRAM = "https://api.deepgram.com"
OPENAI = "https://api.openai.com"
ANTHROPIC = "https://api.anthropic.com"
JSON_TYPE = {"content-type": "application/json"}


def post(url: str, body: object = None, headers: Mapping[str, str] | None = None) -> Request:
    """A POST request. A body that is not bytes is sent as JSON."""
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    return Request("POST", url, dict(JSON_TYPE) | dict(headers or {}), data)


def understood(request: Request, *, count: CountText | None = None) -> tuple[Adapter, Call]:
    """The adapter and the call of a request that an adapter must recognise; plug-ins are not loaded."""
    found = recognise(request, among=BUILT_IN, count=count)
    assert found is not None
    return found


def read(
    request: Request,
    chunks: Iterable[bytes] | bytes,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    complete: bool = True,
) -> Usage:
    """The usage of an answer to a request."""
    adapter, call = understood(request)
    reader = adapter.reader(call, status, dict(headers or {}))
    for chunk in [chunks] if isinstance(chunks, bytes) else chunks:
        reader.feed(chunk)
    return reader.finish(complete=complete)


def sse(bodies: Iterable[object], *, end: str = "\r\n") -> bytes:
    """Server-sent events as Gemini sends them."""
    return "".join(f"data: {json.dumps(b)}{end}{end}" for b in bodies).encode()


def array(bodies: Iterable[object]) -> bytes:
    """The JSON array that streamGenerateContent sends without alt=sse."""
    return b"[" + b",\r\n".join(json.dumps(b, indent=1).encode() for b in bodies) + b"]"


def tokens(usage: Usage) -> int:
    """The sum of all tokens of a usage."""
    return sum(n for key, n in usage.quantities.items() if key.partition("@")[0].endswith("tokens"))


GENERATE = post(
    f"{GEMINI}/v1beta/models/gemini-2.5-flash:generateContent",
    {"contents": [{"parts": [{"text": "Dịch câu này sang tiếng Anh."}]}]},
)
STREAM = post(
    f"{GEMINI}/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse",
    {"contents": [{"parts": [{"text": "Đếm từ một đến ba mươi."}]}]},
)
