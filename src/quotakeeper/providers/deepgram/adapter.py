"""The adapter for Deepgram."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from quotakeeper.providers.adapter import ProviderAdapter
from quotakeeper.providers.addresses import Address
from quotakeeper.providers.contract import (
    Call,
    CountText,
    LiveSession,
    Refusal,
    Request,
    UsageReader,
)
from quotakeeper.providers.deepgram.bounds import listen_call, live_call, read_call, speak_call
from quotakeeper.providers.deepgram.errors import refuse
from quotakeeper.providers.deepgram.facts import FACTS
from quotakeeper.providers.deepgram.live import (
    AgentSocket,
    FluxSocket,
    ListenSocket,
    SpeakSocket,
)
from quotakeeper.providers.deepgram.replies import (
    DeepgramReader,
    ListenReader,
    ReadReader,
    SpeakReader,
)

_VERSIONS = ("v1", "v2")
_ACCOUNT = (("projects",), ("models",), ("auth",))
_POSTED = {("listen",): "listen", ("speak",): "speak", ("read",): "read"}
_SOCKETS: dict[tuple[str, ...], str] = {
    ("v1", "listen"): "listen_live",
    ("v2", "listen"): "flux",
    ("v1", "speak"): "speak_live",
    ("v2", "speak"): "speak_live",
    ("agent", "converse"): "agent",
}
_READERS: dict[str, type[DeepgramReader]] = {
    "listen": ListenReader,
    "read": ReadReader,
    "speak": SpeakReader,
}


class DeepgramAdapter(ProviderAdapter[str]):
    """Deepgram: speech to text, text to speech, text intelligence, voice agents.

    Deepgram cannot report an error in an answer that has begun, so `interruption` returns b"".
    """

    name = FACTS.name
    hosts = FACTS.hosts
    domains = FACTS.domains
    environment = FACTS.environment
    farewells = MappingProxyType(
        {
            "listen_live": '{"type":"CloseStream"}',
            "flux": '{"type":"CloseStream"}',
            "speak_live": '{"type":"Close"}',
        }
    )
    precedence = FACTS.precedence

    def route(self, method: str, place: Address) -> str | None:
        """Return the operation at a URL: "manage" if free of charge, None for another provider's
        URL.
        """
        if method == "POST":
            for tail in place.tails(_VERSIONS):
                if tail in _POSTED:
                    return _POSTED[tail]
        elif place.path[-2:] in _SOCKETS:
            return _SOCKETS[place.path[-2:]]
        return "manage" if place.sure else None

    def call(
        self, route: str, request: Request, place: Address, count: CountText | None
    ) -> Call | None:
        """Return the call that a request makes to the operation `route`."""
        if route == "listen":
            return listen_call(request, place)
        if route == "speak":
            return speak_call(request, place)
        if route == "read":
            return read_call(request, place, count)
        if route != "manage":
            return live_call(route, place)
        # A query about the account counts nothing, so that no limit can refuse the query.
        one = {} if place.path[1:2] in _ACCOUNT else {"requests": 1}
        return Call(self.name, "", "manage", False, one, one)

    def reader(self, call: Call, status: int, headers: Mapping[str, str]) -> UsageReader:
        """Return a reader for the response to a call. For a WebSocket, this is the handshake's
        response.
        """
        return _READERS.get(call.operation, DeepgramReader)(call, status, headers)

    def refusal(
        self, call: Call, *, hard: bool, message: str, retry_after_seconds: float | None = None
    ) -> Refusal:
        """Return the answer for a refused request or handshake, in the form of Deepgram's errors."""
        return refuse(hard=hard, message=message, retry_after_seconds=retry_after_seconds)

    def session(self, route: str, place: Address, count: CountText | None) -> LiveSession | None:
        """Return the meter of a WebSocket; None if `route` is not a WebSocket."""
        if route == "manage" or route in _READERS:
            return None
        call = live_call(route, place)
        if route == "flux":
            return FluxSocket(call, place)
        if route == "speak_live":
            return SpeakSocket(call)
        return AgentSocket(call) if route == "agent" else ListenSocket(call, place)


ADAPTER = DeepgramAdapter()
