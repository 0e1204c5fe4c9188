"""Sandbox replies have the form of recorded replies: the same key paths and the same types."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from quotakeeper.sandbox import deepgram, gemini
from quotakeeper.sandbox.faults import Fault, spoil
from quotakeeper.sandbox.messages import Reply, SandboxRequest, SandboxTurn

ROOT = Path(__file__).resolve().parents[2]
RECORDED = ROOT.parent / "shared" / "recorded"
TURN = SandboxTurn(1, 1_800_000_000_000_000)
GEMINI_KEY = {"x-goog-api-key": "any", "content-type": "application/json"}

pytestmark = pytest.mark.skipif(
    not RECORDED.is_dir(), reason="../shared not present: no recorded replies to compare with"
)


def recorded(*names: str) -> list[object]:
    bodies = []
    for name in names:
        body = json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))["body"]
        bodies += body if name.startswith("gemini_stream") else [body]
    return bodies


def shape(value: object, path: str = "") -> set[tuple[str, str]]:
    """Every path in a JSON value with its type. UUID keys and list indexes are replaced by placeholders."""
    if isinstance(value, dict):
        inner: set[tuple[str, str]] = {(path, "object")}
        for key, part in value.items():
            name = "*" if len(key) == 36 and key.count("-") == 4 else key
            inner |= shape(part, f"{path}.{name}")
        return inner
    if isinstance(value, list):
        inner = {(path, "list")}
        for part in value:
            inner |= shape(part, f"{path}[]")
        return inner
    kind = "number" if isinstance(value, int | float) else type(value).__name__
    return {(path, kind)}


def compare(reply: object, bodies: Iterable[object], *, lacks: Iterable[str] = ()) -> None:
    """Check that a reply has no path that no recording has, and all that every recording has, except
    `missing`.
    """
    shapes = [shape(body) for body in bodies]
    ours = shape(reply)
    invented = ours - set.union(*shapes)
    missing = {
        (path, kind) for path, kind in set.intersection(*shapes) - ours if path not in set(lacks)
    }
    assert not invented, f"no recording has {sorted(invented)}"
    assert not missing, f"all recordings have {sorted(missing)}"


def generate(model: str, method: str, *, place: str = "", **extra: object) -> Reply:
    body = {"contents": [{"role": "user", "parts": [{"text": "Xin chào, bạn khoẻ không?"}]}]}
    url, _, query = method.partition("?")
    path = f"/v1beta/{place}models/{model}:{url}"
    pairs = (("alt", "sse"),) if query else ()
    request = SandboxRequest("POST", path, pairs, GEMINI_KEY, json.dumps(body | extra).encode())
    return gemini.reply_to(request, TURN)


def test_generate_content_has_the_form_of_the_developer_api() -> None:
    reply = json.loads(generate("gemini-2.5-flash", "generateContent").body)
    names = ("gemini_dev_36flash", "gemini_dev_modelversion_prefixed", "gemini_dev_20flash_basic")
    compare(reply, [*recorded(*names), *recorded("gemini_stream_live_usage")])


def test_generate_content_has_the_form_of_vertex() -> None:
    place = "projects/p/locations/global/publishers/google/"
    reply = json.loads(generate("gemini-3-flash", "generateContent", place=place).body)
    names = ("gemini_vertex_flex", "gemini_vertex_modelarmor_response_block")
    bodies = [*recorded(*names), *recorded("gemini_stream_live_usage")]
    compare(reply, bodies)
    assert "trafficType" in reply["usageMetadata"] and "serviceTier" not in reply["usageMetadata"]


def test_a_stream_has_the_form_of_the_recorded_one_event_by_event() -> None:
    reply = generate("gemini-2.5-flash", "streamGenerateContent?alt=sse")
    frames = [json.loads(chunk.removeprefix(b"data: ")) for chunk in reply.chunks]
    real = recorded("gemini_stream_live_usage")
    for ours, theirs in [(frames[0], real[0]), (frames[-1], real[-1])]:
        assert shape(ours) == shape(theirs)
    assert all(chunk.endswith(b"\r\n\r\n") for chunk in reply.chunks)
    counts = [frame["usageMetadata"]["candidatesTokenCount"] for frame in frames]
    assert counts == sorted(counts) and len(counts) > 1


def test_count_tokens_has_the_form_of_vertex() -> None:
    place = "projects/p/locations/global/publishers/google/"
    reply = generate("gemini-2.5-flash", "countTokens", place=place)
    compare(json.loads(reply.body), recorded("gemini_vertex_counttokens"))


def test_embeddings_have_the_form_of_recorded_ones() -> None:
    content = {"parts": [{"text": "xin chào"}]}
    place = "projects/p/locations/global/publishers/google/"
    one = generate("gemini-embedding-2", "embedContent", place=place, content=content)
    compare(json.loads(one.body), recorded("gemini_vertex_embedcontent"))
    many = generate("gemini-embedding-2", "batchEmbedContents", requests=[{"content": content}])
    reply = json.loads(many.body)
    usage = reply.pop("usageMetadata")  # newer than the recording
    compare(reply, recorded("gemini_dev_batchembed_nousage"))
    assert set(usage) == {"promptTokenCount", "promptTokenDetails"}


def test_listen_has_the_form_of_recorded_replies() -> None:
    audio = (ROOT / "samples" / "xin-chao.wav").read_bytes()
    query = (
        ("model", "nova-3"), ("language", "zh"), ("smart_format", "true"), ("summarize", "v2"),
    )  # fmt: skip
    headers = {"authorization": "Token any", "content-type": "audio/wav"}
    request = SandboxRequest("POST", "/v1/listen", query, headers, audio)
    reply = json.loads(deepgram.reply_to(request, TURN).body)
    real = ("deepgram_listen_nova3_file_summarize_zero", "deepgram_listen_nova3_url_summarize")
    compare(reply, recorded(*real))
    info = next(iter(reply["metadata"]["model_info"].values()))
    assert (info["name"], info["arch"]) == ("general-nova-3", "nova-3")


def test_speak_has_the_headers_that_the_sdk_reads() -> None:
    headers = {"authorization": "Token any", "content-type": "application/json"}
    text = json.dumps({"text": "Hello, world!"}).encode()
    query = (("model", "aura-2-thalia-en"),)
    reply = deepgram.reply_to(SandboxRequest("POST", "/v1/speak", query, headers, text), TURN)
    sent = {name.lower(): value for name, value in reply.headers}
    real = recorded("deepgram_speak_headers_as_parsed")[0]
    assert isinstance(real, dict)
    assert sent["content-type"] == real["content_type"]
    assert sent["dg-model-name"] == real["model_name"]
    assert int(sent["dg-char-count"]) == real["characters"] == 13
    assert len(sent["dg-request-id"]) == len(real["request_id"])
    assert len(reply.chunks) > 1  # chunked encoding, which the SDK requires


@pytest.mark.parametrize(
    ("kind", "name"),
    [("429", "gemini_dev_error429_paid_tpm"), ("429-bare", "gemini_dev_error429_bare")],
)
def test_a_429_has_the_real_error_format(kind: str, name: str) -> None:
    request = SandboxRequest(
        "POST", "/v1beta/models/gemini-2.5-flash:generateContent", (), GEMINI_KEY
    )
    ours = spoil(Fault(kind), request, TURN, generate("gemini-2.5-flash", "generateContent"))
    compare(json.loads(ours.body), recorded(name))
