"""Bounds the cost of a Deepgram request: milliseconds of audio, characters or tokens."""

from __future__ import annotations

from quotakeeper.domain.usage import Provenance
from quotakeeper.providers.addresses import Address
from quotakeeper.providers.audio import longest_milliseconds, read_sound
from quotakeeper.providers.contract import Call, CountText, Request
from quotakeeper.providers.deepgram.options import (
    DEFAULT_VOICE,
    PROVIDER,
    billed_channels,
    features,
    is_raw,
    listen_model,
    price_options,
    raw_format,
)
from quotakeeper.providers.formats.json_values import Json, name_of, parse_object, text_of
from quotakeeper.providers.formats.text_counts import count_text
from quotakeeper.providers.reading.request_body import body_of
from quotakeeper.providers.reading.token_split import added
from quotakeeper.value_classes import replace

# If the request has only an address, the audio's length is unknown before the answer.
UNKNOWN_BOUND_MS = 3 * 3_600_000
UNKNOWN_TYPICAL_MS = 10 * 60_000
_USUAL_BYTES_PER_SECOND = 8_000
_SPOKEN_TOKENS_PER_SECOND = 6
_FEATURE_OUTPUT = 1_000
_MOST_CHARACTERS = 2_000  # the most that /v1/speak accepts in one request
_MARKED = frozenset({"wav", "flac", "ogg", "mp4", "webm", "aiff", "au", "caf"})
_ONE = {"requests": 1}


def listen_call(request: Request, place: Address) -> Call:
    """Return the call for POST /v1/listen. The body is audio, or JSON with the URL of audio."""
    model = listen_model(place)
    call = Call(
        PROVIDER, model, "listen", options=price_options(place, model, "prerecorded"),
        facts={
            "multichannel": "yes" if place.is_set("multichannel") else "",
            "callback": "yes" if place.is_set("callback") else "",
        },
    )  # fmt: skip
    most, usual, exact, channels, note = _length(request, place)
    channels = billed_channels(place, channels)
    bound, typical = (
        {"audio_milliseconds": most * channels},
        {"audio_milliseconds": usual * channels},
    )
    asked = features(place)
    if asked:
        said, gist = _SPOKEN_TOKENS_PER_SECOND * asked, _FEATURE_OUTPUT * asked
        bound = added(bound, {"input_tokens": -(-most * said // 1000), "output_tokens": gist})
        typical = added(
            typical, {"input_tokens": usual * said // 2000, "output_tokens": gist // 10}
        )
    return replace(
        call,
        bound=added(bound, _ONE),
        typical=added(typical, _ONE),
        bound_is=Provenance.ESTIMATED if exact else Provenance.ASSUMED,
        note=note,
    )


def _length(request: Request, place: Address) -> tuple[int, int, bool, int, str]:
    """Return (most ms, typical ms, whether the length is certain, channels or 0, a note)."""
    body, size = body_of(request)
    kind = request.header("content-type").lower()
    if body is None and request.is_partial:
        return _length_by_head(request, place)
    if body is None:
        return (
            *_by_size(size),
            False,
            0,
            "the audio was not read: its length is estimated from its size",
        )
    if kind.startswith("application/json") or (body[:1] == b"{" and "url" in parse_object(body)):
        return (
            UNKNOWN_BOUND_MS,
            UNKNOWN_TYPICAL_MS,
            False,
            0,
            ("the request gives only an address: the length is unknown"),
        )
    sound = read_sound(body)
    if is_raw(place):
        # Raw samples may look like frames by chance; a file with a signature does not.
        length = raw_format(place).milliseconds(len(body))
        if sound is None or sound.form not in _MARKED or sound.milliseconds <= length:
            return length + 1, length, True, 0, ""
    if sound is not None:
        most = sound.milliseconds
        return most, sound.billed_milliseconds, sound.exact, sound.channels, ""
    note = "the header cannot be read: the length is estimated at 6 kbit/s" if body else ""
    return (*_by_size(len(body)), not body, 0, note)


def _length_by_head(request: Request, place: Address) -> tuple[int, int, bool, int, str]:
    """Return the same as `_length`, for audio of which only the beginning was read."""
    head, size = request.body or b"", request.body_size
    sound = None if size is None else read_sound(head, total=size)
    if size is not None and is_raw(place):
        length = raw_format(place).milliseconds(size)
        if sound is None or sound.form not in _MARKED or sound.milliseconds <= length:
            return length + 1, length, True, 0, ""
    if sound is not None:
        return sound.milliseconds, sound.billed_milliseconds, sound.exact, sound.channels, ""
    note = "the beginning does not show the length: it is estimated at 6 kbit/s"
    return (*_by_size(size), False, 0, note)


def _by_size(size: int | None) -> tuple[int, int]:
    if size is None:
        return UNKNOWN_BOUND_MS, UNKNOWN_TYPICAL_MS
    return longest_milliseconds(size), -(-size * 1000 // _USUAL_BYTES_PER_SECOND)


def speak_call(request: Request, place: Address) -> Call:
    """Return the call for POST /v1/speak or /v2/speak. The characters of the text bound its use."""
    body, size = body_of(request)
    model = name_of(place.value("model")) or DEFAULT_VOICE
    characters = len(text_of(parse_object(body).get("text"))) if body is not None else None
    most = characters if characters is not None else min(size or _MOST_CHARACTERS, 100_000)
    quantities = added({"characters": most}, _ONE)
    return Call(
        PROVIDER, model, "speak", bound=quantities, typical=quantities,
        bound_is=Provenance.ASSUMED if characters is None else Provenance.ESTIMATED,
        note="body not seen" if characters is None else "",
    )  # fmt: skip


def read_call(request: Request, place: Address, count: CountText | None) -> Call:
    """Return the call for POST /v1/read. The text's tokens count once for each requested feature."""
    body, size = body_of(request)
    asked = max(1, features(place))
    said: Json = parse_object(body) if body is not None else {}
    text = text_of(said.get("text"))
    known = body is not None and "url" not in said
    if known:
        counted = count_text(text, count)
        most, usual = counted.upper_bound + 8, counted.tokens
    else:
        most = min(size, 200_000) if size is not None and body is None else 50_000
        usual = 2_000
    call = Call(
        PROVIDER,
        "",
        "read",
        bound={
            "requests": 1,
            "input_tokens": most * asked,
            "output_tokens": _FEATURE_OUTPUT * asked,
        },
        typical=added(_ONE, {"input_tokens": usual * asked, "output_tokens": 150 * asked}),
    )
    if known:
        return call
    return replace(
        call,
        bound_is=Provenance.ASSUMED,
        note="the request gives only an address: the length is unknown",
    )


def live_call(operation: str, place: Address) -> Call:
    """Return the call of a WebSocket, with the use to reserve at the beginning.

    This use is one minute, or 1,000 characters of speech output. More is reserved while the
    WebSocket is open.
    """
    note = "one minute is reserved, and more while the session is open"
    if operation == "agent":
        minute = {"requests": 1, "session_milliseconds": 60_000}
        return Call(
            PROVIDER, "agent-standard", operation, bound=minute, typical=minute, streaming=True,
            bound_is=Provenance.ASSUMED, note=note,
        )  # fmt: skip
    if operation == "speak_live":
        model = name_of(place.value("model")) or DEFAULT_VOICE
        minute = {"requests": 1, "characters": 1_000}
        return Call(
            PROVIDER, model, operation, bound=minute, typical=minute, streaming=True,
            bound_is=Provenance.ASSUMED, note="1,000 characters are reserved, and more while the "
                                              "session is open",
        )  # fmt: skip
    model = name_of(place.value("model")) if operation == "flux" else listen_model(place)
    minute = {"requests": 1, "audio_milliseconds": 60_000 * billed_channels(place)}
    return Call(
        PROVIDER, model or "flux-general-en", operation, bound=minute, typical=minute,
        options=price_options(place, model, "streaming"), streaming=True,
        bound_is=Provenance.ASSUMED, note=note,
    )  # fmt: skip
