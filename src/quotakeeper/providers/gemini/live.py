"""Meters a Gemini Live session by the usage that the server reports for each turn.

Google charges each turn for the whole session so far, so the usages of all turns are added. Within
a turn, the last usage counts. For a turn without a usage, the length of the audio and the text give
an estimate.
"""

from __future__ import annotations

import re

from quotakeeper.domain.usage import Outcome, Provenance
from quotakeeper.providers.contract import Call, CountText, ProviderFault, Usage
from quotakeeper.providers.formats.base64_text import base64_size
from quotakeeper.providers.formats.json_values import (
    child,
    dumps,
    items,
    name_of,
    objects,
    parse_object,
    text_of,
)
from quotakeeper.providers.formats.text_counts import TextTally
from quotakeeper.providers.gemini.bounds import LIVE_NOTE, PROVIDER
from quotakeeper.providers.gemini.errors import error_in, fault_of
from quotakeeper.providers.gemini.models import media_rates
from quotakeeper.providers.gemini.usage import is_counted, live_usage
from quotakeeper.providers.reading.response_reader import REQUEST
from quotakeeper.providers.reading.token_split import added
from quotakeeper.value_classes import replace

_RATE = re.compile(r"rate=([0-9]{4,6})")
_RATE_IN, _RATE_OUT = 16_000, 24_000
_IMAGE_TOKENS = 258
_BYTES_PER_SAMPLE = 2


class _Flow:
    """What was sent in one direction since the last reported usage: text, audio, images."""

    def __init__(self) -> None:
        self.text = TextTally()
        self.sound_us = 0
        self.images = 0

    def quantities(self, meter: str, tokens_a_second: int) -> dict[str, int]:
        """Return the estimated tokens under the name `meter`, by modality."""
        return added(
            {meter: self.text.tokens},
            {f"{meter}@audio": -(-self.sound_us * tokens_a_second // 1_000_000)},
            {f"{meter}@image": self.images * _IMAGE_TOKENS},
        )


class GeminiLive:
    """Meters one Live session."""

    def __init__(self, count: CountText | None = None) -> None:
        minute = {"requests": 1, "input_tokens@audio": 1_920, "output_tokens@audio": 1_500}
        self._call = Call(
            PROVIDER, "", "live", bound=minute, typical=minute, streaming=True,
            bound_is=Provenance.ASSUMED, note=LIVE_NOTE,
        )  # fmt: skip
        self.fault: ProviderFault | None = None
        self._turns: dict[str, int] = {}  # of finished turns
        self._turn: dict[str, int] | None = None  # the last figure of the current turn
        self._in, self._out = _Flow(), _Flow()
        self._sent_us = 0
        self._notes: list[str] = []

    @property
    def call(self) -> Call:
        """The call of this session. The client's first message names the model."""
        return self._call

    @property
    def audio_milliseconds_sent(self) -> int:
        """The milliseconds of audio sent so far."""
        return self._sent_us // 1000

    def sent(self, data: bytes | str, *, elapsed_ms: int = 0) -> Usage:
        """Count a message of the client, and return the usage so far."""
        message = parse_object(data)
        setup = child(message, "setup")
        model = name_of(setup.get("model"))
        if model:
            self._call = replace(self._call, model=model.removeprefix("models/"))
        self._spoken(self._in, setup.get("systemInstruction") or setup.get("system_instruction"))
        if "tools" in setup:
            self._in.text.add(dumps(setup["tools"]))
        content = child(message, "clientContent") or child(message, "client_content")
        for turn in objects(content.get("turns")):
            self._spoken(self._in, turn)
        live = child(message, "realtimeInput") or child(message, "realtime_input")
        self._in.text.add(live.get("text"))
        chunks = [live.get("audio"), live.get("video")]
        chunks += items(live.get("mediaChunks") or live.get("media_chunks"))
        for blob in chunks:
            self._sent_us += self._blob(self._in, blob, _RATE_IN)
        answers = child(message, "toolResponse") or child(message, "tool_response")
        if answers:
            self._in.text.add(dumps(answers))
        return self._usage(complete=False, over=False)

    def received(self, data: bytes | str, *, elapsed_ms: int = 0) -> Usage:
        """Count a message of the server, and return the usage so far."""
        message = parse_object(data)
        error = error_in(message)
        if error:
            self.fault = fault_of(0, {}, error, billed=bool(self._turns or self._turn))
        content = child(message, "serverContent")
        self._spoken(self._out, content.get("modelTurn"))
        if "toolCall" in message:
            self._out.text.add(dumps(message["toolCall"]))
        metadata = child(message, "usageMetadata")
        if is_counted(metadata):
            self._turn = live_usage(metadata, self._note)
            self._in, self._out = _Flow(), _Flow()
        if content.get("turnComplete") is True and self._turn is not None:
            self._turns = added(self._turns, self._turn)
            self._turn = None
        return self._usage(complete=False, over=False)

    def finish(self, *, complete: bool = True, elapsed_ms: int = 0) -> Usage:
        """Return the usage of the whole session."""
        return self._usage(complete=complete, over=True)

    def _spoken(self, flow: _Flow, content: object) -> None:
        if isinstance(content, str):
            flow.text.add(content)
        for part in objects(child(content).get("parts")):
            flow.text.add(part.get("text"))
            blob = child(part, "inlineData") or child(part, "inline_data")
            self._blob(flow, blob, _RATE_OUT if flow is self._out else _RATE_IN)
            for name in ("functionCall", "functionResponse", "executableCode"):
                if name in part:
                    flow.text.add(dumps(part[name]))

    def _blob(self, flow: _Flow, value: object, rate: int) -> int:
        """Count audio or an image; return the microseconds of the audio, 0 for an image."""
        blob = child(value)
        size = base64_size(text_of(blob.get("data")))
        mime = text_of(blob.get("mimeType") or blob.get("mime_type")).lower()
        if not size:
            return 0
        if mime.startswith(("image/", "video/")):
            flow.images += 1
            return 0
        said = _RATE.search(mime)
        rate = max(1_000, int(said.group(1))) if said else rate
        length = size * 1_000_000 // (rate * _BYTES_PER_SAMPLE)
        flow.sound_us += length
        return length

    def _note(self, text: str) -> None:
        if text not in self._notes:
            self._notes.append(text)

    def _usage(self, *, complete: bool, over: bool) -> Usage:
        rate = media_rates(self._call.model).audio_second
        unsaid_in = self._in.quantities("input_tokens", rate)
        unsaid_out = self._out.quantities("output_tokens", rate)
        said = added(self._turns, self._turn or {})
        quantities = added(said, unsaid_in, unsaid_out, REQUEST)
        estimated = bool(unsaid_out or unsaid_in) and not (
            over and complete and said and not unsaid_out
        )
        if not estimated:
            quantities = added(said, REQUEST)
        return Usage(
            quantities,
            Provenance.ESTIMATED if estimated else Provenance.REPORTED,
            Outcome.ERROR if self.fault else Outcome.OK if complete else Outcome.UNKNOWN,
            self._call.model,
            complete=complete,
            note="; ".join(self._notes),
        )
