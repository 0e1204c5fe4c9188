"""Deepgram's live transcription (WebSocket `/v1/listen`): receives audio and sends results.

The length of the sent audio is billed, not the time that the socket is open. The form of the
messages follows recorded frames.
"""

from __future__ import annotations

from quotakeeper.domain.windows import moment
from quotakeeper.providers.audio import Sound, read_sound
from quotakeeper.sandbox import deepgram
from quotakeeper.sandbox.live import NOTHING, SWITCHED, Answer, as_text, parse_message
from quotakeeper.sandbox.messages import Charge, Reply, SandboxRequest, SandboxTurn, request_uuid
from quotakeeper.sandbox.phrases import SpokenSegment, hear
from quotakeeper.sandbox.websocket import INTERNAL_ERROR, NORMAL, POLICY, Message

PATH = "/v1/listen"
OPERATION = "listen"
_SAMPLE_BYTES = {"linear16": 2, "linear32": 4, "mulaw": 1, "alaw": 1}
_FINAL_US = 3_000_000
_INTERIM_US = 1_000_000
_IDLE = "NET-0001: Deepgram did not receive audio data or a text message within the timeout window."
_NOT_UNDERSTOOD = "DATA-0000: the payload could not be understood"


def protocol_of(request: SandboxRequest) -> str:
    """Return the subprotocol that the client sent with its key, for the reply to accept; else "".

    Example: "token" for `Sec-WebSocket-Protocol: token, KEY`.
    """
    return _offered(request)[0] if _key_in_protocol(request) else ""


def refusal(request: SandboxRequest, turn: SandboxTurn) -> Reply | None:
    """Return the reply that refuses a handshake without a key or with wrong options; else None."""
    keyed = deepgram.has_key(request) or _key_in_protocol(request) or request.option("token")
    if not keyed:
        return deepgram.error_reply(401, "INVALID_AUTH", "Invalid credentials.", turn)
    encoding = request.option("encoding")
    if encoding == "linear16" and not request.option("sample_rate").isdigit():
        message = "Bad Request: sample_rate is required with this encoding"
        return deepgram.error_reply(400, "Bad Request", message, turn)
    return None


class DeepgramSession:
    """One session of live transcription."""

    def __init__(
        self, request: SandboxRequest, turn: SandboxTurn, *, says_usage: bool = True
    ) -> None:
        self._request = request
        self._says_usage = says_usage
        self._turn = turn
        self._model = deepgram.model_served(request.option("model", deepgram.DEFAULT_MODEL))
        self._declared = _whole(request.option("channels")) or 1
        width = _SAMPLE_BYTES.get(request.option("encoding"), 0)
        rate = _whole(request.option("sample_rate")) or 8_000
        self._bytes_per_second = width * rate * self._declared
        self._coded = b"" if width else bytearray()
        self._size = 0
        self._over = False  # audio in a container is measured only at the end
        self._loud = False
        self._final_us = 0  # the results are final up to this time
        self._interim_us = 0

    def take(self, message: Message) -> Answer:
        """Return the answer to a message of the client: bytes are audio, text is a command."""
        if isinstance(message, str):
            return self._order(message)
        if not message:  # an older form of CloseStream
            return self._finish()
        begun = self._size > 0
        self._size += len(message)
        self._loud = self._loud or any(message[44:] if message[:4] == b"RIFF" else message)
        if isinstance(self._coded, bytearray):
            self._coded += message
        started: list[dict[str, object]] = []
        if not begun and self._request.is_set("vad_events"):
            started = [{"type": "SpeechStarted", "channel": [0, 1], "timestamp": 0.0}]
        return Answer(as_text([*started, *self._results()]))

    def idle(self) -> Answer:
        """Return the Metadata and a close frame. Called if neither audio nor KeepAlive arrived in
        time.
        """
        return Answer(as_text([self._metadata()]), (INTERNAL_ERROR, _IDLE))

    def charge(self) -> Charge:
        """Return the charge: the length of the sent audio, times the billed channels."""
        self._over = True
        milliseconds = self._heard().billed_milliseconds * self._billed_channels()
        quantities = {"requests": 1}
        if milliseconds:
            quantities["audio_milliseconds"] = milliseconds
        model = self._request.option("model", deepgram.DEFAULT_MODEL)
        channels = self._billed_channels()
        return Charge("deepgram", OPERATION, model, SWITCHED, quantities, channels)

    def _order(self, message: str) -> Answer:
        order = parse_message(message)
        kind = order.get("type") if order is not None else None
        if kind == "KeepAlive" or kind == "Configure":
            return NOTHING
        if kind == "Finalize":
            return Answer(as_text(self._flushed(from_finalize=True)))
        if kind == "CloseStream":
            return self._finish()
        error = {
            "type": "Error",
            "description": "Could not deserialize last text message.",
            "message": "unknown message type",
            "variant": "SchemaError",
        }
        return Answer(as_text([error]), (POLICY, _NOT_UNDERSTOOD))

    def _finish(self) -> Answer:
        self._over = True
        last = self._flushed(from_finalize=False)
        if self._says_usage:
            last.append(self._metadata())
        return Answer(as_text(last), (NORMAL, ""))

    def _heard(self) -> Sound:
        """Return the format and length of all audio sent so far."""
        if isinstance(self._coded, bytearray):
            head = bytes(self._coded[:44])
            rate = int.from_bytes(head[28:32], "little") if head[:4] == b"RIFF" else 0
            if rate:  # a stream's header has no length: use the number of bytes
                length = max(0, self._size - 44) * 1_000_000 // rate
                return Sound("wav", length, int.from_bytes(head[22:24], "little"))
            found = read_sound(bytes(self._coded)) if self._over else None
            return found or Sound("coded", 0, 1)
        length = self._size * 1_000_000 // self._bytes_per_second
        return Sound("raw", length, self._declared)

    def _billed_channels(self) -> int:
        if not self._request.is_set("multichannel"):
            return 1
        return max(1, self._heard().channels or self._declared)

    def _results(self) -> list[dict[str, object]]:
        """Return the new final results: one for every whole 3 s of audio.

        If the request asks for interim results, an interim result is added as soon as at least 1 s
        of audio is new.
        """
        now, found = self._heard().microseconds, []
        while now - self._final_us >= _FINAL_US:
            found += self._result(self._final_us + _FINAL_US, final=True)
        wanted = self._request.is_set("interim_results")
        if wanted and now - max(self._interim_us, self._final_us) >= _INTERIM_US:
            self._interim_us = now
            found += self._result(now, final=False)
        return found

    def _flushed(self, *, from_finalize: bool) -> list[dict[str, object]]:
        now = self._heard().microseconds
        if now <= self._final_us and not from_finalize:
            return []
        return self._result(now, final=True, from_finalize=from_finalize)

    def _result(
        self, end_us: int, *, final: bool, from_finalize: bool = False
    ) -> list[dict[str, object]]:
        start_us = self._final_us
        if final:
            self._final_us = end_us
        spoken = deepgram.alternative(self._request, self._segments(start_us, end_us))
        channels = self._billed_channels()
        model: dict[str, object] = {
            "name": self._model.name,
            "version": self._model.version,
            "arch": self._model.arch,
        }
        return [
            {
                "type": "Results",
                "channel_index": [channel, channels],
                "duration": round((end_us - start_us) / 1_000_000, 6),
                "start": round(start_us / 1_000_000, 6),
                "is_final": final,
                "speech_final": final,
                "channel": {"alternatives": [spoken]},
                "metadata": {
                    "request_id": self._id,
                    "model_info": model,
                    "model_uuid": self._model_id,
                },
                "from_finalize": from_finalize,
            }
            for channel in range(channels)
        ]

    def _segments(self, start_us: int, end_us: int) -> tuple[SpokenSegment, ...]:
        if not self._loud:
            return ()
        start, end = start_us // 1000, end_us // 1000
        heard = hear(end - start, self._request.option("language", "en"), ())
        return tuple(
            SpokenSegment(start + each.start_ms, start + each.end_ms, each.text)
            for each in heard.segments
        )

    @property
    def _id(self) -> str:
        return request_uuid(self._turn, "listen")

    @property
    def _model_id(self) -> str:
        return request_uuid(self._turn, "model", self._model.name)

    def _metadata(self) -> dict[str, object]:
        created = moment(self._turn.now_us).isoformat(timespec="milliseconds")
        heard = self._heard()
        metadata: dict[str, object] = {
            "type": "Metadata",
            "transaction_key": "deprecated",
            "request_id": self._id,
            "sha256": "incomplete",
            "created": created.replace("+00:00", "Z"),
            "duration": heard.seconds,
            "channels": self._billed_channels(),
        }
        if heard.microseconds:
            model = {
                "name": self._model.name,
                "version": self._model.version,
                "arch": self._model.arch,
            }
            metadata["models"] = [self._model_id]
            metadata["model_info"] = {self._model_id: model}
        return metadata


def _offered(request: SandboxRequest) -> list[str]:
    offered = request.headers.get("sec-websocket-protocol", "").split(",")
    return [part.strip() for part in offered if part.strip()]


def _key_in_protocol(request: SandboxRequest) -> bool:
    offered = _offered(request)
    return len(offered) == 2 and offered[0].lower() in ("token", "bearer")


def _whole(text: str) -> int:
    return int(text) if text.isdigit() and len(text) < 7 else 0
