"""Meters Deepgram's sockets: live transcription, Flux, speech, voice agents.

What is billed is the sound that was sent, not the time the socket was open; only agents are billed
by that. Deepgram says the length at the end; until then, and after a drop, results and bytes tell.
"""

from __future__ import annotations

from quotakeeper.domain.usage import Outcome, Provenance
from quotakeeper.providers.addresses import Address
from quotakeeper.providers.audio import read_sound
from quotakeeper.providers.contract import Call, ProviderFault, Usage
from quotakeeper.providers.deepgram.errors import read_fault
from quotakeeper.providers.deepgram.options import RawFormat, billed_channels, raw_format
from quotakeeper.providers.deepgram.replies import model_of
from quotakeeper.providers.formats.json_values import (
    Json,
    child,
    count,
    dumps,
    items,
    milliseconds,
    name_of,
    parse_object,
    text_of,
    whole,
)
from quotakeeper.providers.reading.response_reader import REQUEST
from quotakeeper.providers.reading.token_split import added
from quotakeeper.value_classes import replace

_HEADER_BYTES = 4_096


class DeepgramSocket:
    """What all of Deepgram's sockets have alike."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self.fault: ProviderFault | None = None
        self._id = self._model = ""
        self._over = False  # the provider said what the whole came to
        self._elapsed_ms = 0

    @property
    def call(self) -> Call:
        """The session as it is understood so far."""
        return self._call

    @property
    def audio_milliseconds_sent(self) -> int:
        """Length of the sound sent so far, times the channels that are paid for."""
        return 0

    def sent(self, data: bytes | str, *, elapsed_ms: int = 0) -> Usage:
        """Take a message of the client: sound as bytes, orders as text."""
        self._elapsed_ms = max(self._elapsed_ms, elapsed_ms)
        if isinstance(data, str):
            self.order(parse_object(data))
        else:
            self.sound(bytes(data))
        return self.finish(complete=False, elapsed_ms=elapsed_ms)

    def received(self, data: bytes | str, *, elapsed_ms: int = 0) -> Usage:
        """Take a message of Deepgram's."""
        self._elapsed_ms = max(self._elapsed_ms, elapsed_ms)
        if isinstance(data, str) or data[:1] == b"{":
            message = parse_object(data)
            kind = text_of(message.get("type"))
            self._id = name_of(message.get("request_id")) or self._id
            if kind == "Error" or "err_code" in message:
                self.fault = read_fault(500, {}, dumps(message).encode("utf-8", "replace"))
            self.told(kind, message)
        return self.finish(complete=False, elapsed_ms=elapsed_ms)

    def finish(self, *, complete: bool = True, elapsed_ms: int = 0) -> Usage:
        """What was used in all, as far as it is known."""
        self._elapsed_ms = max(self._elapsed_ms, elapsed_ms)
        quantities = self.quantities()
        outcome = Outcome.OK if complete or self._over else Outcome.UNKNOWN
        return Usage(
            added(quantities, REQUEST),
            Provenance.REPORTED if self._over else Provenance.ESTIMATED,
            Outcome.ERROR if self.fault is not None else outcome,
            self._model,
            request_id=self._id,
            complete=complete or self._over,
        )

    def sound(self, data: bytes) -> None:
        """Sound that the client sent."""

    def order(self, message: Json) -> None:
        """A text message of the client."""

    def told(self, kind: str, message: Json) -> None:
        """A text message of Deepgram's."""

    def quantities(self) -> dict[str, int]:
        """What was used so far."""
        return {}


class ListenSocket(DeepgramSocket):
    """/v1/listen: the last Metadata says the length; else the last result's end; else bytes."""

    def __init__(self, call: Call, place: Address) -> None:
        super().__init__(call)
        self._place = place
        self._format: RawFormat = raw_format(place)
        self._head = b""
        self._bytes = 0
        self._channels = 0
        self._length: int | None = None
        self._heard = 0  # the end of the furthest result

    @property
    def audio_milliseconds_sent(self) -> int:
        """By the bytes; of coded sound at its usual bit rate, or as far as results reach."""
        by_bytes = self._format.milliseconds(self._bytes)
        return (by_bytes if self._format.exact else max(by_bytes, self._heard)) * self._billed()

    @property
    def is_timed_by_bytes(self) -> bool:
        """Whether the bytes tell the length exactly: not so for coded sound."""
        return self._format.exact

    def sound(self, data: bytes) -> None:
        """Count bytes; the first ones may be a WAV header that tells the rate."""
        if self._bytes < _HEADER_BYTES and not self._format.exact:
            self._head += data[:_HEADER_BYTES]
            self._read_header()
        self._bytes += len(data)

    def _read_header(self) -> None:
        sound = read_sound(self._head, total=10**9) if self._head[:4] == b"RIFF" else None
        if sound is not None and sound.microseconds > 0:
            declared = max(1, int.from_bytes(self._head[28:32], "little"))
            self._format = RawFormat(declared, exact=True)
            self._channels = self._channels or sound.channels

    def told(self, kind: str, message: Json) -> None:
        """Metadata and Results; interim results overlap and are not added up."""
        if kind == "Metadata":
            length = milliseconds(message.get("duration"))
            if length is not None and (length or not self._bytes):
                self._length, self._over = length, True
            self._channels = whole(message.get("channels")) or self._channels
            self._model = model_of(message) or self._model
        elif kind == "Results":
            start = milliseconds(message.get("start")) or 0
            self._heard = max(self._heard, start + (milliseconds(message.get("duration")) or 0))
            indices = items(message.get("channel_index"))
            self._channels = self._channels or (count(indices[1]) if len(indices) > 1 else 0)
            metadata = child(message, "metadata")
            self._model = model_of(metadata) or self._model
            self._id = name_of(metadata.get("request_id")) or self._id

    def quantities(self) -> dict[str, int]:
        """The length times the channels that are paid for."""
        if self._length is not None:
            return added({"audio_milliseconds": self._length * self._billed()})
        if self._heard:
            return added({"audio_milliseconds": self._heard * self._billed()})
        return added({"audio_milliseconds": self.audio_milliseconds_sent})

    def _billed(self) -> int:
        return billed_channels(self._place, self._channels)


class FluxSocket(ListenSocket):
    """/v2/listen: there is no length at the end; the larger of window and bytes counts."""

    def told(self, kind: str, message: Json) -> None:
        """TurnInfo says how far the sound was heard."""
        if kind == "TurnInfo":
            self._heard = max(self._heard, milliseconds(message.get("audio_window_end")) or 0)

    def quantities(self) -> dict[str, int]:
        """The larger of what was heard and what was sent."""
        return added({"audio_milliseconds": max(self._heard, self.audio_milliseconds_sent)})


class SpeakSocket(DeepgramSocket):
    """/v1/speak and /v2/speak: characters of what was to be said, as billed where that is told."""

    def __init__(self, call: Call) -> None:
        super().__init__(call)
        self._characters = 0
        self._billed = 0

    def order(self, message: Json) -> None:
        """Text to be spoken."""
        if message.get("type") == "Speak":
            self._characters += len(text_of(message.get("text")))

    def told(self, kind: str, message: Json) -> None:
        """Flux says the characters billed, by the turn and at the end."""
        self._model = name_of(message.get("model_name")) or self._model
        if kind == "SpeechMetadata":
            self._billed += count(message.get("billable_character_count"))
        total = whole(message.get("total_billable_character_count"))
        if kind == "SessionMetadata" and total is not None:
            self._billed, self._over = total, True

    def quantities(self) -> dict[str, int]:
        """The characters billed, or all that were sent."""
        most = self._billed if self._over else max(self._billed, self._characters)
        return added({"characters": most})


class AgentSocket(DeepgramSocket):
    """A voice agent: minutes of connection, at a rate that depends on whose models it uses."""

    def __init__(self, call: Call) -> None:
        super().__init__(call)
        self._format = RawFormat(32_000, exact=False)
        self._bytes = 0

    @property
    def audio_milliseconds_sent(self) -> int:
        """Length of the sound sent so far."""
        return self._format.milliseconds(self._bytes)

    def sound(self, data: bytes) -> None:
        """Sound of the person who talks."""
        self._bytes += len(data)

    def order(self, message: Json) -> None:
        """The settings say whose language model and whose voice it is."""
        if message.get("type") != "Settings":
            return
        agent = child(message, "agent")
        model = "agent-standard"
        if _is_own(agent, "think"):
            model = "agent-byo-llm-tts" if _is_own(agent, "speak") else "agent-byo-llm"
        self._call = replace(self._call, model=model)
        heard = child(message, "audio", "input")
        rate = whole(heard.get("sample_rate"))
        if rate:
            width = 1 if text_of(heard.get("encoding")) in ("mulaw", "alaw") else 2
            self._format = RawFormat(max(1, rate * width), exact=True)

    def quantities(self) -> dict[str, int]:
        """The time it was open: by the clock of who watches, at least the sound that was sent."""
        return added({"session_milliseconds": max(self._elapsed_ms, self.audio_milliseconds_sent)})


def _is_own(agent: Json, part: str) -> bool:
    """Whether a part of an agent runs on an endpoint of the user's own."""
    said = agent.get(part)
    choices = items(said) if isinstance(said, list) else [said]
    return any(bool(child(choice, "endpoint")) for choice in choices)
