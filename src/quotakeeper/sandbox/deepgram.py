"""The Deepgram part of the sandbox: pure functions that return a reply for a request.

The header of the audio states its length. The billed time is this length, times the number of
channels if `multichannel=true`. The form of the replies follows recorded replies.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from quotakeeper.domain.windows import moment
from quotakeeper.providers.audio import Sound, read_sound
from quotakeeper.sandbox.messages import (
    Charge,
    Reply,
    SandboxRequest,
    SandboxTurn,
    json_reply,
    parse_json,
    request_uuid,
)
from quotakeeper.sandbox.phrases import SPEECHES, Speech, SpokenSegment, hear
from quotakeeper.tokens import estimate_tokens
from quotakeeper.value_classes import dataclass

DEFAULT_MODEL = "base-general"
_URL_SECONDS = 30
_SPEAK_RATE = 24_000
_MILLISECONDS_PER_CHARACTER = 60
# Even quiet speech has many more bytes per second; only silence has so few.
_SILENT_BYTES_PER_SECOND = 700
_SILENT_LEVEL = 64

Json = dict[str, object]


def is_deepgram(request: SandboxRequest) -> bool:
    """Return whether the path of a request is a Deepgram path that the sandbox answers."""
    return request.path in ("/v1/listen", "/v1/speak")


def error_reply(status: int, code: str, message: str, turn: SandboxTurn) -> Reply:
    """Return an error in the form of Deepgram's errors."""
    identity = request_uuid(turn, code)
    body = {"err_code": code, "err_msg": message, "request_id": identity}
    return json_reply(status, body, headers=(("dg-request-id", identity), ("dg-error", message)))


def has_key(request: SandboxRequest) -> bool:
    """Return whether a request has an API key (`Token KEY`) or a short-lived token (`Bearer
    TOKEN`).
    """
    kind, _, key = request.headers.get("authorization", "").partition(" ")
    return kind.lower() in ("token", "bearer") and bool(key.strip())


def reply_to(
    request: SandboxRequest, turn: SandboxTurn, known: Iterable[Speech] = SPEECHES
) -> Reply:
    """Answer a request to a Deepgram path. `known` are the recordings with a transcript."""
    if not has_key(request):
        return error_reply(401, "INVALID_AUTH", "Invalid credentials.", turn)
    if request.method != "POST":
        return error_reply(405, "METHOD_NOT_ALLOWED", "Use POST.", turn)
    return _listen(request, turn, known) if request.path == "/v1/listen" else _speak(request, turn)


def _listen(request: SandboxRequest, turn: SandboxTurn, known: Iterable[Speech]) -> Reply:
    header = _audio_of(request, known)
    if header is None:
        message = "Bad Request: failed to process audio: corrupt or unsupported data"
        return error_reply(400, "Bad Request", message, turn)
    language = request.option("language", "en")
    speech = hear(header.milliseconds, language, known)
    if is_silent(request.body, header):
        speech = Speech("", language, header.milliseconds, ())
    channels = max(1, header.channels) if request.is_set("multichannel") else 1
    reply: Json = {
        "metadata": _metadata(request, turn, header, channels),
        "results": _results(request, speech, channels),
    }
    quantities = {"requests": 1, "audio_milliseconds": header.billed_milliseconds * channels}
    model = request.option("model", DEFAULT_MODEL)
    if request.is_set("summarize"):
        _summarise(reply, speech)
    charge = Charge("deepgram", "listen", model, 200, quantities, channels)
    identity = str(reply["metadata"]["request_id"])  # type: ignore[index]
    return json_reply(200, reply, headers=(("dg-request-id", identity),), charge=charge)


def _audio_of(request: SandboxRequest, known: Iterable[Speech]) -> Sound | None:
    """Return the format and length of the audio; None if the audio cannot be read.

    For a URL, the length is taken from the known recording with the same name, or is 30 s.
    """
    if not request.headers.get("content-type", "").startswith("application/json"):
        return read_sound(request.body) if request.body else None
    url = (parse_json(request.body) or {}).get("url")
    if not isinstance(url, str) or not url:
        return None
    stem = url.rsplit("/", 1)[-1].partition(".")[0]
    named = (speech.milliseconds for speech in known if speech.name == stem)
    return Sound("url", next(named, _URL_SECONDS * 1000) * 1000, 1)


def is_silent(body: bytes, header: Sound) -> bool:
    """Return whether the audio is silent: samples near zero, or very few bytes per second."""
    if header.form == "url":
        return False
    if header.form == "wav" and body[34:36] == b"\x10\x00":
        samples = memoryview(body[44 : 44 + (len(body) - 44) // 2 * 2]).cast("h")
        return all(abs(samples[at]) < _SILENT_LEVEL for at in range(0, len(samples), 7))
    return len(body) * 1_000_000 < _SILENT_BYTES_PER_SECOND * header.microseconds


@dataclass(frozen=True, slots=True)
class Model:
    """A model, as Deepgram's replies describe it."""

    name: str
    version: str
    arch: str


def model_served(asked: str) -> Model:
    """Return the model that serves a request which asks for the model name `asked`."""
    family = "-".join(asked.split("-")[:2])
    domain = asked[len(family) :].strip("-") or "general"
    if family == "nova-3":
        return Model(f"{domain}-nova-3", "2024-12-20.0", "nova-3")
    if family == "nova-2":
        return Model(f"2-{domain}-nova", "2024-01-18.26916", "nova-2")
    return Model("general", "2024-01-26.8851", family.partition("-")[0])


def _metadata(request: SandboxRequest, turn: SandboxTurn, header: Sound, channels: int) -> Json:
    model = model_served(request.option("model", DEFAULT_MODEL))
    identity = request_uuid(turn, "model", model.name)
    created = moment(turn.now_us).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    metadata: Json = {
        "transaction_key": "deprecated",
        "request_id": request_uuid(turn, "listen"),
        "sha256": hashlib.sha256(request.body).hexdigest(),
        "created": created,
        "duration": header.seconds,
        "channels": channels,
        "models": [identity],
        "model_info": {
            identity: {"name": model.name, "version": model.version, "arch": model.arch}
        },
    }
    tags = [value for key, value in request.query if key == "tag"]
    if tags:
        metadata["tags"] = tags
    return metadata


def _results(request: SandboxRequest, speech: Speech, channels: int) -> Json:
    one: Json = {"alternatives": [alternative(request, speech.segments)]}
    results: Json = {"channels": [one] * channels}
    if request.is_set("utterances"):
        results["utterances"] = [
            {
                "start": segment.start_ms / 1000,
                "end": segment.end_ms / 1000,
                "confidence": _confidence(segment.text),
                "channel": 0,
                "transcript": segment.text,
                "words": _words(segment),
                "id": request_uuid(SandboxTurn(number, 0), segment.text),
            }
            for number, segment in enumerate(speech.segments)
        ]
    return results


def alternative(request: SandboxRequest, segments: Sequence[SpokenSegment]) -> Json:
    """Return a transcript with its words and, if the request asks for them, its paragraphs."""
    transcript = " ".join(segment.text for segment in segments)
    words = [word for segment in segments for word in _words(segment)]
    confidence = min((_confidence(segment.text) for segment in segments), default=0.0)
    found: Json = {"transcript": transcript, "confidence": confidence, "words": words}
    if segments and (request.is_set("smart_format") or request.is_set("paragraphs")):
        start, end = segments[0].start_ms / 1000, segments[-1].end_ms / 1000
        sentences = [
            {"text": each.text, "start": each.start_ms / 1000, "end": each.end_ms / 1000}
            for each in segments
        ]
        paragraph = {"sentences": sentences, "start": start, "end": end, "num_words": len(words)}
        found["paragraphs"] = {"transcript": "\n" + transcript, "paragraphs": [paragraph]}
    return found


def _words(segment: SpokenSegment) -> list[Json]:
    """Return the words of a segment, each with an equal share of its time.

    In Chinese, each character is a word.
    """
    tokens = segment.text.split() if segment.text.isascii() or " " in segment.text else []
    tokens = tokens or [c for c in segment.text if c.isalnum()]
    share = (segment.end_ms - segment.start_ms) / max(1, len(tokens)) / 1000
    start = segment.start_ms / 1000
    return [
        {
            "word": token.lower().strip(".,!?"),
            "start": round(start + number * share, 3),
            "end": round(start + (number + 1) * share, 3),
            "confidence": _confidence(token),
            "punctuated_word": token,
        }
        for number, token in enumerate(tokens)
    ]


def _confidence(text: str) -> float:
    """Return a confidence from 0.90 to 0.9999 that depends only on the text."""
    return round(0.9 + hashlib.sha256(text.encode("utf-8")).digest()[0] / 2_560, 6)


def _summarise(reply: Json, speech: Speech) -> None:
    text = " ".join(segment.text for segment in speech.segments)
    short = speech.segments[0].text if speech.segments else ""
    tokens = estimate_tokens(text).tokens if len(text.split()) > 50 else 0
    metadata, results = reply["metadata"], reply["results"]
    assert isinstance(metadata, dict) and isinstance(results, dict)
    metadata["summary_info"] = {
        "model_uuid": request_uuid(SandboxTurn(0, 0), "summary"),
        "input_tokens": tokens,
        "output_tokens": estimate_tokens(short).tokens if tokens else 0,
    }
    results["summary"] = {"result": "success", "short": short}


def _speak(request: SandboxRequest, turn: SandboxTurn) -> Reply:
    text = (parse_json(request.body) or {}).get("text")
    if not isinstance(text, str) or not text:
        return error_reply(400, "INVALID_JSON", "The body must be JSON with a `text`.", turn)
    if len(text) > 2_000:
        return error_reply(413, "PAYLOAD_TOO_LARGE", "The limit is 2000 characters.", turn)
    model = request.option("model", "aura-asteria-en")
    headers = (
        ("Content-Type", "audio/wav"),
        ("dg-request-id", request_uuid(turn, "speak")),
        ("dg-model-name", model),
        ("dg-model-uuid", request_uuid(SandboxTurn(0, 0), model)),
        ("dg-char-count", str(len(text))),
    )
    charge = Charge("deepgram", "speak", model, 200, {"requests": 1, "characters": len(text)})
    samples = bytes(2 * _SPEAK_RATE * _MILLISECONDS_PER_CHARACTER // 1000 * len(text))
    head = b"RIFF" + (36 + len(samples)).to_bytes(4, "little") + b"WAVEfmt \x10\0\0\0\x01\0\x01\0"
    head += _SPEAK_RATE.to_bytes(4, "little") + (2 * _SPEAK_RATE).to_bytes(4, "little")
    head += b"\x02\0\x10\0data" + len(samples).to_bytes(4, "little")
    return Reply(200, (head, samples), headers, charge)
