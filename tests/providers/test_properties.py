"""Properties of every answer: split into any pieces, cut anywhere, or filled with random values."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quotakeeper.domain.units import check_quantities
from quotakeeper.domain.usage import Outcome, Provenance
from quotakeeper.providers import NO_RESPONSE, Request, Usage, live_session, recognise
from quotakeeper.providers.registry import BUILT_IN
from tests.providers.cutting import PACKED, SOCKETS, cut, socket_cut, socket_places, split
from tests.providers.support import DEEPGRAM, GEMINI, read, understood
from tests.providers.wires import WIRES, Wire

by_wire = pytest.mark.parametrize("wire", WIRES, ids=lambda wire: wire.name)


@by_wire
def test_a_whole_answer_gives_the_providers_figures(wire: Wire) -> None:
    usage = read(wire.request, wire.body)
    assert usage.quantities == wire.total
    assert (usage.provenance, usage.outcome) == (Provenance.REPORTED, Outcome.OK)
    assert usage.complete


@by_wire
@pytest.mark.parametrize("encoding", PACKED)
@given(cuts=st.lists(st.integers(0, 100_000), max_size=12))
@settings(max_examples=40)
def test_an_answer_in_any_pieces_gives_the_same_figures(
    wire: Wire, encoding: str, cuts: list[int]
) -> None:
    split(wire, cuts, encoding)


@by_wire
def test_an_answer_byte_by_byte_gives_the_same_figures(wire: Wire) -> None:
    usage = read(wire.request, [wire.body[i : i + 1] for i in range(len(wire.body))])
    assert usage == read(wire.request, wire.body)


@by_wire
@pytest.mark.parametrize("complete", [True, False])
def test_an_answer_cut_at_any_byte_has_a_defined_result(wire: Wire, complete: bool) -> None:
    for end in range(len(wire.body)):
        cut(wire, end, complete=complete)


@pytest.mark.parametrize("name", SOCKETS)
@pytest.mark.parametrize("complete", [True, False])
def test_a_session_cut_within_any_message_has_a_defined_result(name: str, complete: bool) -> None:
    for messages, end in socket_places(name):
        socket_cut(name, messages, end, complete=complete)


@by_wire
def test_an_answer_in_pieces_cut_at_any_byte_gives_the_same_as_whole(wire: Wire) -> None:
    for end in range(0, len(wire.body), 7):
        part = wire.body[:end]
        assert read(wire.request, [part[:3], part[3:50], part[50:]], complete=False) == read(
            wire.request, part, complete=False
        )


@by_wire
def test_a_call_without_an_answer_is_assumed_at_its_bound(wire: Wire) -> None:
    _, call = understood(wire.request)
    usage = read(wire.request, b"", status=NO_RESPONSE, complete=False)
    assert usage.quantities == call.bound
    assert (usage.provenance, usage.outcome) == (Provenance.ASSUMED, Outcome.UNKNOWN)


@by_wire
@given(data=st.binary(max_size=400), status=st.sampled_from([200, 0, 429, 500, 302]))
@settings(max_examples=60)
def test_random_bytes_never_raise(wire: Wire, data: bytes, status: int) -> None:
    for encoding in ("", "gzip", "br", "deflate"):
        usage = read(
            wire.request, [data, data], status=status, headers={"content-encoding": encoding}
        )
        check_quantities(usage.quantities)


# JSON with the field names that we read, and any values in them.
_NAMES = (
    "usageMetadata promptTokenCount candidatesTokenCount totalTokenCount promptTokensDetails "
    "modality tokenCount candidates content parts text finishReason groundingMetadata "
    "webSearchQueries usage prompt_tokens completion_tokens total_tokens details error code "
    "message status metadata duration channels results model_info arch type delta choices "
    "response interaction cacheTokensDetails cachedContentTokenCount thoughtsTokenCount "
    "total_input_tokens input_tokens_by_modality tokens toolCall args queries predictions "
    "embeddings statistics token_count output input_tokens output_tokens summary_info "
    "createTime expireTime serverContent modelTurn inlineData data setup model turnComplete "
    "realtimeInput start channel_index audio_window_end agent think endpoint inlinedResponses"
)
NAMES = st.sampled_from(_NAMES.split())
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        ["AUDIO", "Metadata", "Results", "TurnInfo", "Settings", "message_start", "STOP"]
    ),
)
LIES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(NAMES, inner, max_size=5)),
    max_leaves=25,
)


@by_wire
@given(lie=LIES)
@settings(max_examples=60)
def test_wrong_values_never_raise_and_stay_within_bounds(wire: Wire, lie: object) -> None:
    data = json.dumps(lie).encode()
    for body in (data, b"data: " + data + b"\n\n", b"[" + data + b"]"):
        check_quantities(read(wire.request, body).quantities)
    adapter, call = understood(wire.request)
    reader = adapter.reader(call, 429, {"retry-after": str(lie)})
    reader.feed(data)
    reader.finish(complete=True)
    fault = reader.fault
    assert fault is not None
    assert len(fault.message) <= 300


def leaves(value: object) -> int:
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return sum(leaves(item) for item in inner) + 1
    return 1


def replaced(value: object, at: int, lie: object) -> object:
    """The value with its node number `at` replaced."""
    if at == 0:
        return lie
    at -= 1
    if isinstance(value, dict | list):
        pairs = list(value.items() if isinstance(value, dict) else enumerate(value))
        for key, item in pairs:
            size = leaves(item)
            if at < size:
                changed = {**dict(pairs), key: replaced(item, at, lie)}
                return changed if isinstance(value, dict) else list(changed.values())
            at -= size
    return value


@given(
    wire=st.sampled_from([w for w in WIRES if w.body[:1] == b"{"]), at=st.integers(0, 60), lie=LIES
)
@settings(max_examples=300)
def test_one_wrong_value_in_a_true_answer_does_not_raise(wire: Wire, at: int, lie: object) -> None:
    truth = json.loads(wire.body)
    body = json.dumps(replaced(truth, at % leaves(truth), lie)).encode()
    usage = read(wire.request, body)
    check_quantities(usage.quantities)
    assert usage.quantities["requests"] == 1


def strings_in(value: object, depth: int = 0) -> str:
    """All text and bytes that an object holds, at any depth."""
    if isinstance(value, bytes | bytearray):
        return value.decode("utf-8", "replace")
    if isinstance(value, str):
        return value
    if depth > 6:
        return ""
    inner: list[object] = []
    if isinstance(value, Mapping):
        inner = [*value, *value.values()]
    elif isinstance(value, list | tuple | set):
        inner = list(value)
    elif hasattr(value, "__dict__"):
        inner = list(vars(value).values())
    elif hasattr(value, "__slots__"):
        inner = [getattr(value, name, None) for name in value.__slots__]
    return " ".join(strings_in(item, depth + 1) for item in inner)


@by_wire
def test_no_text_and_no_key_is_kept_after_reading(wire: Wire) -> None:
    sent = wire.request.body or b""
    key = "AIzaSyD-secret-secret-secret-secret-12"
    request = Request(
        "POST", wire.request.url, {"authorization": f"Bearer {key}", "x-goog-api-key": key}, sent
    )
    adapter, call = understood(request)
    reader = adapter.reader(call, 200, {})
    reader.feed(wire.body)
    usage = reader.finish(complete=True)
    kept = strings_in(call) + strings_in(usage) + strings_in(reader) + repr(request)
    for text in ("hello", "chào", "một", "noon", "Đếm", "câu này", "long long", key):
        assert text not in kept


@given(lie=LIES, raw=st.binary(max_size=60))
@settings(max_examples=150)
def test_requests_of_any_kind_are_bounded_without_raising(lie: object, raw: bytes) -> None:
    bodies = [json.dumps(lie).encode(), raw, json.dumps({"contents": lie, "tools": lie}).encode(),
        json.dumps({"messages": lie, "input": lie, "ttl": lie}).encode()]  # fmt: skip
    for wire in WIRES:
        for body in bodies:
            found = recognise(Request("POST", wire.request.url, {}, body), among=BUILT_IN)
            assert found is not None
            check_quantities(found[1].bound)
            check_quantities(found[1].typical)


@given(url=st.text(max_size=60), method=st.sampled_from(["GET", "POST", "", "patch"]))
def test_urls_of_any_kind_never_raise(url: str, method: str) -> None:
    for address in (url, "https://" + url, f"{GEMINI}/{url}", f"{DEEPGRAM}/{url}", f"ws://[{url}"):
        recognise(Request(method, address), among=BUILT_IN)
        live_session(Request(method, address), among=BUILT_IN)


SOCKETS = [
    "wss://generativelanguage.googleapis.com/ws/"
    "google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent",
    "wss://api.deepgram.com/v1/listen?model=nova-3&encoding=linear16&sample_rate=16000",
    "wss://api.deepgram.com/v1/listen",
    "wss://api.deepgram.com/v2/listen?model=flux-general-en",
    "wss://api.deepgram.com/v1/speak",
    "wss://agent.deepgram.com/v1/agent/converse",
]


@pytest.mark.parametrize("url", SOCKETS)
@given(lie=LIES, raw=st.binary(max_size=60))
@settings(max_examples=60)
def test_sockets_never_raise(url: str, lie: object, raw: bytes) -> None:
    found = live_session(Request("GET", url), among=BUILT_IN)
    assert found is not None
    session = found[1]
    usages: list[Usage] = []
    for message in (json.dumps(lie), json.dumps(lie).encode(), raw, "", b""):
        usages += [session.sent(message), session.received(message)]
    usages.append(session.finish())
    for usage in usages:
        check_quantities(usage.quantities)
        assert isinstance(usage.options, Mapping)
    assert session.audio_milliseconds_sent >= 0
