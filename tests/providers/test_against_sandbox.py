"""An adapter reads exactly what the sandbox bills, and the bill never exceeds the reserved bound."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlsplit

import pytest

from quotakeeper.domain.usage import Provenance
from quotakeeper.providers import Request
from quotakeeper.sandbox import deepgram, gemini
from quotakeeper.sandbox.messages import SandboxRequest, SandboxTurn
from quotakeeper.tokens import estimate_tokens
from tests.providers import sounds
from tests.providers.support import DEEPGRAM, GEMINI, post, read, understood

TURN = SandboxTurn(1, 1_800_000_000_000_000)
TEXT = "Xin chào các bạn, hôm nay chúng ta cùng học cách giữ hạn mức. Hello, 你好。"
SAID = {"contents": [{"role": "user", "parts": [{"text": TEXT}]}]}
KEYS = {"x-goog-api-key": "any", "authorization": "Token any"}
VERTEX = f"{GEMINI}/v1beta1/projects/p/locations/global/publishers/google"
EMBED = {"content": {"parts": [{"text": TEXT}]}}

ASKED = [
    post(f"{GEMINI}/v1beta/models/gemini-2.5-flash:generateContent", SAID, KEYS),
    post(f"{GEMINI}/v1/models/gemini-2.0-flash:generateContent",
         SAID | {"generationConfig": {"maxOutputTokens": 30}}, KEYS),
    post(f"{GEMINI}/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse", SAID, KEYS),
    post(f"{GEMINI}/v1beta/models/gemini-3-flash-preview:streamGenerateContent", SAID, KEYS),
    post(f"{VERTEX}/models/gemini-3-flash-preview:generateContent", SAID, KEYS),
    post(f"{VERTEX}/models/gemini-embedding-2:embedContent", EMBED, KEYS),
    post(f"{GEMINI}/v1beta/models/gemini-embedding-001:batchEmbedContents", {"requests": [EMBED] * 3}, KEYS),
    post(f"{GEMINI}/v1beta/models/gemini-2.5-flash:countTokens", SAID, KEYS),
    post(f"{DEEPGRAM}/v1/listen?model=nova-3", sounds.wav(7.25), KEYS | {"content-type": "audio/wav"}),
    post(f"{DEEPGRAM}/v1/listen?model=nova-3&multichannel=true&summarize=v2",
         sounds.wav(61.5, channels=2), KEYS | {"content-type": "audio/wav"}),
    post(f"{DEEPGRAM}/v1/listen?model=nova-3", {"url": "https://example.org/a.wav"}, KEYS),
    post(f"{DEEPGRAM}/v1/speak?model=aura-2-thalia-en", {"text": "Hello there, my friends."}, KEYS),
]  # fmt: skip


@pytest.mark.parametrize("request_", ASKED, ids=lambda r: urlsplit(r.url).path.rpartition("/")[2])
def test_the_sandboxs_bill_is_read_and_is_within_the_bound(request_: Request) -> None:
    parts = urlsplit(request_.url)
    sent = SandboxRequest(
        "POST", parts.path, tuple(parse_qsl(parts.query)), request_.headers, request_.body or b""
    )
    answerer = deepgram if "deepgram" in parts.netloc else gemini
    reply = answerer.reply_to(sent, TURN)
    assert reply.status == 200, reply.body
    assert reply.charge is not None
    headers = {name.lower(): value for name, value in reply.headers}
    usage = read(request_, reply.chunks, headers=headers)
    assert usage.quantities == {k: n for k, n in reply.charge.quantities.items() if n}
    assert usage.provenance is Provenance.REPORTED
    _, call = understood(request_, count=estimate_tokens)
    if call.billed and call.bound_is is not Provenance.ASSUMED:
        billed, bound = total(usage.quantities), total(call.bound)
        assert all(billed[meter] <= bound.get(meter, 0) for meter in billed)


def total(quantities: object) -> dict[str, int]:
    """The sums that a bound covers: all input, and output including thinking tokens."""
    assert isinstance(quantities, dict)
    summed: dict[str, int] = {}
    for key, amount in quantities.items():
        meter = key.partition("@")[0].replace("cached_input", "input").replace("thought", "output")
        summed[meter] = summed.get(meter, 0) + amount
    return summed


def test_the_sandboxs_errors_are_understood() -> None:
    adapter, call = understood(ASKED[0])
    reply = gemini.error_reply(429, "RESOURCE_EXHAUSTED", "slow down", [{"retryDelay": "30s"}])
    reader = adapter.reader(call, reply.status, {})
    reader.feed(reply.body)
    reader.finish(complete=True)
    assert reader.fault is not None
    assert (reader.fault.kind, reader.fault.retry_after_seconds) == ("quota", 30.0)
    adapter, call = understood(ASKED[8])
    reply = deepgram.error_reply(402, "ASR_PAYMENT_REQUIRED", "no credit", TURN)
    reader = adapter.reader(call, reply.status, {})
    reader.feed(reply.body)
    reader.finish(complete=True)
    assert reader.fault is not None
    assert reader.fault.kind == "payment"
    assert json.loads(reply.body)["err_msg"] in reader.fault.message
