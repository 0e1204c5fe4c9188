"""Checks of answers that are cut or split at any byte, for tests and for the proof."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from quotakeeper.domain.units import check_quantities
from quotakeeper.domain.usage import Outcome, Provenance
from quotakeeper.providers import LiveSession, Request, Usage, live_session
from quotakeeper.providers.registry import BUILT_IN
from tests.providers.support import read
from tests.providers.wires import Wire

PACKED: Mapping[str, Callable[[bytes], bytes]] = {
    "": bytes, "gzip": gzip.compress, "deflate": zlib.compress,
}  # fmt: skip
# The messages of a socket, as (sent by the program, message), for each kind of session.
SOUND = bytes(3_200)
SOCKETS: Mapping[str, tuple[str, Sequence[tuple[bool, str | bytes]]]] = {
    "gemini live": (
        "wss://generativelanguage.googleapis.com/ws/"
        "google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent",
        (
            (True, json.dumps({"setup": {"model": "models/gemini-2.5-flash-native-audio"}})),
            (True, json.dumps({"realtimeInput": {"text": "xin chào, đây là một câu"}})),
            (False, json.dumps({"serverContent": {"modelTurn": {"parts": [{"text": "hello"}]}}})),
            (False, json.dumps({"usageMetadata": {"promptTokenCount": 9, "responseTokenCount": 2}})),
            (False, json.dumps({"serverContent": {"turnComplete": True}})),
            (False, json.dumps({"usageMetadata": {"promptTokenCount": 19, "responseTokenCount": 5}})),
        ),
    ),
    "deepgram listen": (
        "wss://api.deepgram.com/v1/listen?model=nova-3&encoding=linear16&sample_rate=16000",
        (
            (True, SOUND),
            (True, '{"type": "KeepAlive"}'),
            (False, json.dumps({"type": "Results", "start": 0.0, "duration": 0.1,
                                "channel_index": [0, 1]})),
            (True, SOUND),
            (True, '{"type": "CloseStream"}'),
            (False, json.dumps({"type": "Metadata", "duration": 0.2, "channels": 1})),
        ),
    ),
    "deepgram speak": (
        "wss://api.deepgram.com/v1/speak?model=aura-2-thalia-en",
        (
            (True, json.dumps({"type": "Speak", "text": "hello there, how are you?"})),
            (True, '{"type": "Flush"}'),
            (False, bytes(640)),
            (False, '{"type": "Flushed", "sequence_id": 0}'),
        ),
    ),
}  # fmt: skip


def pieces(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    """Data cut at these places. The places may be in any order, repeated, or beyond the end."""
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[a:b] for a, b in pairwise(places)]


def cut(wire: Wire, end: int, *, complete: bool, encoding: str = "") -> Usage:
    """Read an answer up to a byte, and check what must hold wherever an answer ends."""
    data = PACKED[encoding](wire.body)[:end]
    usage = read(wire.request, data, complete=complete, headers={"content-encoding": encoding})
    paid = {key: n for key, n in usage.quantities.items() if key != "requests"}
    assert sum(paid.values()) > 0, f"{wire.name} cut at {end} is free"
    check_quantities(usage.quantities)
    if usage.provenance is Provenance.REPORTED:  # only if the provider's figures arrived
        assert usage.quantities == wire.total or usage.quantities.keys() <= wire.total.keys()
    if not usage.complete:
        assert usage.outcome is Outcome.UNKNOWN
    return usage


def split(wire: Wire, cuts: Sequence[int], encoding: str) -> None:
    """Check that an answer in these pieces gives the provider's figures."""
    data = PACKED[encoding](wire.body)
    headers = {"content-encoding": encoding}
    usage = read(wire.request, pieces(data, cuts), headers=headers)
    assert usage == read(wire.request, data, headers=headers)
    assert usage.quantities == wire.total, f"{wire.name} in pieces {cuts}"


def socket_cut(name: str, messages: int, end: int, *, complete: bool) -> Usage:
    """Check a session that ends inside a message: it costs no less than before that message, and never 0."""
    url, script = SOCKETS[name]
    session = _session(url)
    before: Usage | None = None
    for mine, message in script[:messages]:
        before = session.sent(message) if mine else session.received(message)
    if messages < len(script):
        mine, message = script[messages]
        (session.sent if mine else session.received)(message[:end])
    usage = session.finish(complete=complete)
    check_quantities(usage.quantities)
    assert usage.quantities["requests"] == 1
    if before is not None:
        spoken = sum(n for key, n in before.quantities.items() if key != "requests")
        assert not spoken or sum(usage.quantities.values()) > 1, f"{name} cut in {messages} is free"
    return usage


def socket_places(name: str) -> list[tuple[int, int]]:
    """Every place to cut a session: (messages that arrived whole, bytes of the next one)."""
    _, script = SOCKETS[name]
    places = [(n, end) for n, (_, message) in enumerate(script) for end in range(len(message))]
    return [*places, (len(script), 0)]


def _session(url: str) -> LiveSession:
    found = live_session(Request("GET", url), among=BUILT_IN)
    assert found is not None
    return found[1]
