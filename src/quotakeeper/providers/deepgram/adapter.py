"""The adapter for Deepgram."""

from __future__ import annotations

from collections.abc import Mapping

from quotakeeper.providers.addresses import Address, locate
from quotakeeper.providers.contract import (
    NOTHING,
    Call,
    CountText,
    LiveSession,
    Refusal,
    Request,
    UsageReader,
)
from quotakeeper.providers.deepgram.bounds import listen_call, live_call, read_call, speak_call
from quotakeeper.providers.deepgram.errors import refuse
from quotakeeper.providers.deepgram.live import (
    AgentSocket,
    FluxSocket,
    ListenSocket,
    SpeakSocket,
)
from quotakeeper.providers.deepgram.options import PROVIDER
from quotakeeper.providers.deepgram.replies import (
    DeepgramReader,
    ListenReader,
    ReadReader,
    SpeakReader,
)

HOSTS = (
    "api.deepgram.com",
    "agent.deepgram.com",
    ".api.deepgram.com",
    "api.eu.deepgram.com",
    "api.au.deepgram.com",
    "api.in.deepgram.com",
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


class DeepgramAdapter:
    """Deepgram: speech to text, text to speech, text intelligence, voice agents."""

    name = PROVIDER

    def recognise(
        self,
        request: Request,
        *,
        known_hosts: Mapping[str, str] = NOTHING,
        count: CountText | None = None,
    ) -> Call | None:
        """Understand a request, or None when it is not Deepgram's."""
        place = locate(request.url, self.name, HOSTS, known_hosts)
        if place is None:
            return None
        operation = _operation(request, place)
        if operation == "listen":
            return listen_call(request, place)
        if operation == "speak":
            return speak_call(request, place)
        if operation == "read":
            return read_call(request, place, count)
        if operation:
            return live_call(operation, place)
        if not place.sure:
            return None
        # Questions about the account are no usage: no budget may keep anyone from asking them.
        one = {} if place.path[1:2] in _ACCOUNT else {"requests": 1}
        return Call(self.name, "", "manage", False, one, one)

    def reader(self, call: Call, status: int, headers: Mapping[str, str]) -> UsageReader:
        """A reader for the response to a call; for a socket, of the answer to its opening."""
        return _READERS.get(call.operation, DeepgramReader)(call, status, headers)

    def refusal(
        self, call: Call, *, hard: bool, message: str, retry_after_seconds: float | None = None
    ) -> Refusal:
        """Deepgram's own kind of error, for a request and for the opening of a socket."""
        return refuse(hard=hard, message=message, retry_after_seconds=retry_after_seconds)

    def interruption(self, call: Call, *, message: str) -> bytes:
        """Nothing: no answer of Deepgram's can carry an error after it has begun."""
        return b""

    def live(
        self,
        request: Request,
        *,
        known_hosts: Mapping[str, str] = NOTHING,
        count: CountText | None = None,
    ) -> LiveSession | None:
        """A meter for a socket."""
        place = locate(request.url, self.name, HOSTS, known_hosts)
        operation = _operation(request, place) if place is not None else ""
        if place is None or operation in ("", *_READERS):
            return None
        call = live_call(operation, place)
        if operation == "flux":
            return FluxSocket(call, place)
        if operation == "speak_live":
            return SpeakSocket(call)
        return AgentSocket(call) if operation == "agent" else ListenSocket(call, place)


def _operation(request: Request, place: Address) -> str:
    """What a request is for; "" for what is free or not known."""
    is_post = request.method.upper() == "POST"
    for tail in place.tails(_VERSIONS):
        if is_post and tail in _POSTED:
            return _POSTED[tail]
    ending = place.path[-2:]
    return _SOCKETS.get(ending, "") if not is_post else ""
