"""Gemini Live, the WebSocket `BidiGenerateContent`: setup, turns, and the usage of every turn.

Each turn is charged for the whole session so far, and reports its usage once.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping

from quotakeeper.sandbox import gemini
from quotakeeper.sandbox.gemini_usage import PromptCount, count_prompt
from quotakeeper.sandbox.live import NOTHING, SWITCHED, Answer, as_binary, parse_message
from quotakeeper.sandbox.messages import Charge, Reply, SandboxRequest
from quotakeeper.sandbox.websocket import BAD_DATA, INTERNAL_ERROR, Message
from quotakeeper.tokens import estimate_tokens

PATH = re.compile(
    r"/ws/google\.(?:ai\.generativelanguage|cloud\.aiplatform)\.(?:v1|v1beta|v1alpha|v1beta1)\."
    r"(?:GenerativeService|LlmBidiService)[./](?P<method>BidiGenerateContent(?:Constrained)?)"
)
OPERATION = "BidiGenerateContent"
_RATE = re.compile(r"rate=(\d{4,6})")
_RATE_IN, _RATE_OUT, _BYTES = 16_000, 24_000, 2
_OUT_TOKENS_PER_SECOND = 25
_MILLISECONDS_PER_CHARACTER = 60
_FAULTS = {
    "402": "Your prepayment credits are depleted. Please add credits to continue.",
    "429": "You exceeded your current quota, please check your plan and billing details.",
    "500": "Internal error encountered.",
    "503": "The service is currently unavailable.",
}

Json = dict[str, object]
Counts = dict[str, int]  # modality -> tokens


def refusal(request: SandboxRequest) -> Reply | None:
    """Return the reply that refuses a handshake without a key; None if the handshake has a key."""
    if gemini.has_key(request) or request.option("access_token"):
        return None
    return gemini.error_reply(
        403,
        "PERMISSION_DENIED",
        "Method doesn't allow unregistered callers (callers without established identity). "
        "Please use API Key or other form of API consumer identity to call this API.",
    )


def failing(kind: str) -> Answer:
    """Return an error in the form of Gemini Live: the socket opens, and then closes with a reason."""
    return Answer(close=(INTERNAL_ERROR, _FAULTS[kind.partition("-")[0]]))


class GeminiSession:
    """One Gemini Live session."""

    def __init__(self, *, says_usage: bool = True) -> None:
        self._says_usage = says_usage
        self._model = ""
        self._ready = False
        self._speaks = False
        self._context: Counts = {}
        self._fresh: Counts = {}  # of the current turn
        self._sound_us = 0
        self._billed: Counts = {"requests": 1}

    def take(self, message: Message) -> Answer:
        """Return the answer to a message of the client."""
        order = parse_message(message)
        if order is None:
            return Answer(close=(BAD_DATA, "Invalid JSON payload received."))
        setup = _child(order, "setup")
        if not self._ready:
            return self._set_up(setup) if setup else _out_of_order("setup must come first")
        if setup:
            return _out_of_order("setup is only valid in the first message")
        content = _child(order, "clientContent", "client_content")
        if content:
            self._count({"contents": content.get("turns") or []})
            over = content.get("turnComplete", content.get("turn_complete"))
            return self._turn(_words(content)) if over is True else NOTHING
        answers = _child(order, "toolResponse", "tool_response")
        if answers:
            self._count({"contents": [{"parts": [answers]}]})
            return self._turn("")
        return self._heard(_child(order, "realtimeInput", "realtime_input"))

    def idle(self) -> Answer:
        """Return the answer that closes an idle session. The real service waits for minutes."""
        return Answer(close=(INTERNAL_ERROR, "The session was idle for too long."))

    def charge(self) -> Charge:
        """Return the charge for all turns that were answered."""
        return Charge("gemini", OPERATION, self._model, SWITCHED, dict(self._billed))

    def _set_up(self, setup: Mapping[str, object]) -> Answer:
        self._ready = True
        self._model = str(setup.get("model", "")).removeprefix("models/")
        config = _child(setup, "generationConfig", "generation_config")
        modalities = config.get("responseModalities", config.get("response_modalities"))
        self._speaks = isinstance(modalities, list) and "AUDIO" in modalities
        self._count({"systemInstruction": _child(setup, "systemInstruction", "system_instruction")})
        if "tools" in setup:
            self._count({"tools": setup["tools"]})
        return Answer(as_binary([{"setupComplete": {}}]))

    def _heard(self, live: Mapping[str, object]) -> Answer:
        chunks = [live.get("audio"), live.get("video")]
        more = live.get("mediaChunks", live.get("media_chunks"))
        chunks += more if isinstance(more, list) else []
        for blob in chunks:
            if isinstance(blob, dict):
                self._media(blob)
        text = live.get("text")
        if isinstance(text, str) and text:
            self._count({"contents": [{"parts": [{"text": text}]}]})
            return self._turn(text)
        ends = ("audioStreamEnd", "audio_stream_end", "activityEnd", "activity_end")
        return self._turn("") if any(name in live for name in ends) else NOTHING

    def _media(self, blob: Mapping[str, object]) -> None:
        mime = str(blob.get("mimeType", blob.get("mime_type", "")))
        if not mime.startswith("audio/"):
            self._count({"contents": [{"parts": [{"inlineData": dict(blob)}]}]})
            return
        try:
            size = len(base64.b64decode(str(blob.get("data", "")), validate=True))
        except binascii.Error:
            size = 0
        said = _RATE.search(mime)
        rate = int(said[1]) if said else _RATE_IN
        self._sound_us += size * 1_000_000 // (rate * _BYTES)

    def _count(self, body: Mapping[str, object]) -> None:
        counted: PromptCount = count_prompt(body, self._model)
        self._fresh = _sum(self._fresh, counted.by_modality())

    def _turn(self, words: str) -> Answer:
        """Return the model's answer. The prompt of a turn is the whole session so far."""
        rate = 32 if re.match(r"gemini-[12]\.", self._model) else 25
        sound = -(-self._sound_us * rate // 1_000_000)
        prompt = _sum(self._context, self._fresh, {"audio": sound} if sound else {})
        self._fresh, self._sound_us = {}, 0
        heard = f"{len(words)} ký tự" if words else "lời nói"
        text = f"Sandbox: đã nghe {heard}."
        part, response = self._spoken(text) if self._speaks else _written(text)
        self._context = _sum(prompt, response)
        self._billed = _sum(
            self._billed, _meters("input_tokens", prompt), _meters("output_tokens", response)
        )
        last: Json = {"serverContent": {"turnComplete": True}}
        if self._says_usage:
            last["usageMetadata"] = _usage(prompt, response)
        turn: Json = {"serverContent": {"modelTurn": {"parts": [part]}}}
        return Answer(as_binary([turn, {"serverContent": {"generationComplete": True}}, last]))

    def _spoken(self, text: str) -> tuple[Json, Counts]:
        length = _MILLISECONDS_PER_CHARACTER * len(text)
        samples = bytes(_RATE_OUT * _BYTES * length // 1000)
        data = base64.b64encode(samples).decode()
        mime = f"audio/pcm;rate={_RATE_OUT}"
        tokens = -(-length * _OUT_TOKENS_PER_SECOND // 1000)
        return {"inlineData": {"mimeType": mime, "data": data}}, {"audio": tokens}


def _written(text: str) -> tuple[Json, Counts]:
    return {"text": text}, {"text": estimate_tokens(text).tokens}


def _usage(prompt: Counts, response: Counts) -> Json:
    inside, outside = sum(prompt.values()), sum(response.values())
    return {
        "promptTokenCount": inside,
        "responseTokenCount": outside,
        "totalTokenCount": inside + outside,
        "promptTokensDetails": _details(prompt),
        "responseTokensDetails": _details(response),
    }


def _details(counts: Counts) -> list[Json]:
    return [{"modality": name.upper(), "tokenCount": count} for name, count in counts.items()]


def _meters(meter: str, counts: Counts) -> Counts:
    return {meter if name == "text" else f"{meter}@{name}": n for name, n in counts.items()}


def _sum(*counts: Counts) -> Counts:
    total: Counts = {}
    for each in counts:
        for name, number in each.items():
            total[name] = total.get(name, 0) + number
    return total


def _out_of_order(reason: str) -> Answer:
    return Answer(close=(BAD_DATA, f"Request contains an invalid argument: {reason}"))


def _child(value: Mapping[str, object], *names: str) -> dict[str, object]:
    found = next((value[name] for name in names if name in value), None)
    return found if isinstance(found, dict) else {}


def _words(content: Mapping[str, object]) -> str:
    turns = content.get("turns")
    last = turns[-1] if isinstance(turns, list) and turns else {}
    parts = last.get("parts") if isinstance(last, dict) else []
    texts = [str(part.get("text", "")) for part in parts or [] if isinstance(part, dict)]
    return "\n".join(texts)
