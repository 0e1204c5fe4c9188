"""Meters Deepgram's WebSockets: live transcription, Flux, speech output, voice agents.

Transcription is billed by the length of the sent audio, speech output by characters, and agents by
the time that the socket is open. Deepgram reports the audio's length at the end. Before this, or
after a lost connection, the meter computes the length from results and bytes.
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
    """Base class of the meters of Deepgram's WebSockets."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self.fault: ProviderFault | None = None
        self._id = self._model = ""
        self._over = False  # the provider has sent the final figures
        self._elapsed_ms = 0

    @property
    def call(self) -> Call:
        """The call, with the model that the messages named so far."""
        return self._call

    @property
    def audio_milliseconds_sent(self) -> int:
        """The milliseconds of audio sent so far, times the billed channels."""
        return 0

    def sent(self, data: bytes | str, *, elapsed_ms: int = 0) -> Usage:
        """Count a message of the client, and return the usage so far. Bytes are audio, text is a
        command.
        """
        self._elapsed_ms = max(self._elapsed_ms, elapsed_ms)
        if isinstance(data, str):
            self.order(parse_object(data))
        else:
            self.sound(bytes(data))
        return self.finish(complete=False, elapsed_ms=elapsed_ms)

    def received(self, data: bytes | str, *, elapsed_ms: int = 0) -> Usage:
        """Count a message of Deepgram, and return the usage so far."""
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
        """Return the usage so far. `complete` is True if the session ended normally."""
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
        """Count audio that the client sent."""

    def order(self, message: Json) -> None:
        """Read a text message of the client."""

    def told(self, kind: str, message: Json) -> None:
        """Read a text message of Deepgram."""

    def quantities(self) -> dict[str, int]:
        """Return the quantities used so far."""
        return {}


class ListenSocket(DeepgramSocket):
    """Meters /v1/listen by the length of the audio.

    The last Metadata message gives the length. Before it arrives, the end of the last result
    counts; without any result, the number of bytes counts.
    """

    def __init__(self, call: Call, place: Address) -> None:
        super().__init__(call)
        self._place = place
        self._format: RawFormat = raw_format(place)
        self._head = b""
        self._bytes = 0
        self._channels = 0
        self._length: int | None = None
        self._heard = 0  # the latest end of all results

    @property
    def audio_milliseconds_sent(self) -> int:
        """The milliseconds of audio sent so far, computed from the bytes, times the billed
        channels.

        For compressed audio, the length is estimated from the usual bit rate. If the last result
        ends later, the end of this result counts.
        """
        by_bytes = self._format.milliseconds(self._bytes)
        return (by_bytes if self._format.exact else max(by_bytes, self._heard)) * self._billed()

    @property
    def is_timed_by_bytes(self) -> bool:
        """Whether the bytes determine the length exactly; False for compressed audio."""
        return self._format.exact

    def sound(self, data: bytes) -> None:
        """Count audio bytes. A WAV header at the beginning determines the bytes per second."""
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
        """Read Metadata and Results. Interim results overlap, so their lengths are not added."""
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
        """Return the length of the audio times the billed channels."""
        if self._length is not None:
            return added({"audio_milliseconds": self._length * self._billed()})
        if self._heard:
            return added({"audio_milliseconds": self._heard * self._billed()})
        return added({"audio_milliseconds": self.audio_milliseconds_sent})

    def _billed(self) -> int:
        return billed_channels(self._place, self._channels)


class FluxSocket(ListenSocket):
    """Meters /v2/listen, which never reports the total length.

    The larger of two lengths counts: the end of the last result, and the sent audio.
    """

    def told(self, kind: str, message: Json) -> None:
        """Read a TurnInfo message, which reports up to which time the audio was processed."""
        if kind == "TurnInfo":
            self._heard = max(self._heard, milliseconds(message.get("audio_window_end")) or 0)

    def quantities(self) -> dict[str, int]:
        """Return the length of the processed or of the sent audio, whichever is larger."""
        return added({"audio_milliseconds": max(self._heard, self.audio_milliseconds_sent)})


class SpeakSocket(DeepgramSocket):
    """Meters /v1/speak and /v2/speak by characters.

    Deepgram's own number counts. If there is none, the number of sent characters counts.
    """

    def __init__(self, call: Call) -> None:
        super().__init__(call)
        self._characters = 0
        self._billed = 0

    def order(self, message: Json) -> None:
        """Count the characters of a Speak message."""
        if message.get("type") == "Speak":
            self._characters += len(text_of(message.get("text")))

    def told(self, kind: str, message: Json) -> None:
        """Read the billed characters, which Flux reports after each turn and at the end."""
        self._model = name_of(message.get("model_name")) or self._model
        if kind == "SpeechMetadata":
            self._billed += count(message.get("billable_character_count"))
        total = whole(message.get("total_billable_character_count"))
        if kind == "SessionMetadata" and total is not None:
            self._billed, self._over = total, True

    def quantities(self) -> dict[str, int]:
        """Return the number of characters.

        At the end, this is Deepgram's total. Before, it is the larger of the billed and the sent
        characters.
        """
        most = self._billed if self._over else max(self._billed, self._characters)
        return added({"characters": most})


class AgentSocket(DeepgramSocket):
    """Meters a voice agent by the time that the WebSocket is open.

    The price depends on whether the agent uses Deepgram's models or the user's own.
    """

    def __init__(self, call: Call) -> None:
        super().__init__(call)
        self._format = RawFormat(32_000, exact=False)
        self._bytes = 0

    @property
    def audio_milliseconds_sent(self) -> int:
        """The milliseconds of audio sent so far."""
        return self._format.milliseconds(self._bytes)

    def sound(self, data: bytes) -> None:
        """Count the user's audio."""
        self._bytes += len(data)

    def order(self, message: Json) -> None:
        """Read the Settings message, which says whether the language model and the voice are the
        user's own.
        """
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
        """Return the milliseconds that the socket was open; at least the length of the sent audio."""
        return added({"session_milliseconds": max(self._elapsed_ms, self.audio_milliseconds_sent)})


def _is_own(agent: Json, part: str) -> bool:
    """Return whether a part of an agent ("think", "speak") runs on the user's own endpoint."""
    said = agent.get(part)
    choices = items(said) if isinstance(said, list) else [said]
    return any(bool(child(choice, "endpoint")) for choice in choices)
