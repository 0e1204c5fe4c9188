"""Reads the options in a Deepgram URL that change the price: model, language, add-ons, channels."""

from __future__ import annotations

from quotakeeper.providers.addresses import Address
from quotakeeper.providers.formats.json_values import name_of, whole
from quotakeeper.value_classes import dataclass

PROVIDER = "deepgram"
DEFAULT_MODEL = "base-general"  # /v1/listen without a model; it costs three times nova-3
DEFAULT_VOICE = "aura-asteria-en"
_MOST_CHANNELS = 20
# Query parameter -> add-on of the price catalogue. Other parameters cost nothing.
_ADDONS = (
    ("diarize", "diarize"), ("diarize_model", "diarize"), ("redact", "redact"),
    ("keyterm", "keyterm"), ("detect_entities", "detect_entities"),
)  # fmt: skip
# Features that are billed by tokens, each one separately.
_FEATURES = ("summarize", "topics", "intents", "sentiment")
# Bytes per sample, or usual bytes per second of compressed audio (a browser's Opus has 32 kbit/s).
# The bytes of compressed audio do not determine its length exactly, so such a figure is an estimate.
_SAMPLE_BYTES = {"linear16": 2, "linear32": 4, "mulaw": 1, "alaw": 1}
_CODED_BYTES = {"g729": 1_000, "amr-nb": 1_525, "amr-wb": 2_950, "speex": 3_000}
CODED_BYTES = 4_000


@dataclass(frozen=True, slots=True)
class RawFormat:
    """Converts a number of stream bytes to a length.

    If `exact` is False, the audio is compressed, and the length is an estimate from the usual bit
    rate.
    """

    bytes_per_second: int
    exact: bool

    def milliseconds(self, size: int) -> int:
        """Return the length of `size` bytes in milliseconds, rounded down."""
        return size * 1000 // self.bytes_per_second


def listen_model(place: Address) -> str:
    """Return the requested model. Older requests name it in two parameters, `model` and `tier`."""
    model, tier = name_of(place.value("model")), name_of(place.value("tier"))
    if tier and not model.startswith((tier, "nova-")):
        return f"{tier}-{model or 'general'}"
    return model or DEFAULT_MODEL


def price_options(place: Address, model: str, mode: str) -> dict[str, str]:
    """Return the options that select the price: `mode`, language, and the add-ons in the URL."""
    languages = {value.strip().lower() for value in place.values("language")}
    several = "multi" in languages or model.endswith(("-multilingual", "-multi"))
    addons = sorted({addon for name, addon in _ADDONS if place.is_set(name)})
    options = {"mode": mode, "language": "multi" if several else "mono"}
    if addons:
        options["addons"] = ",".join(addons)
    return options


def features(place: Address) -> int:
    """Return how many of the requested features are billed by tokens."""
    return sum(place.is_set(name) for name in _FEATURES)


def billed_channels(place: Address, found: int = 0) -> int:
    """Return the number of billed channels: all channels with `multichannel`, else 1.

    `found` is the number of channels in the audio; 0 if it is unknown. The URL's `channels`
    replaces an unknown number; without this parameter, 2 channels are billed.
    """
    if not place.is_set("multichannel"):
        return 1
    told = whole(place.value("channels")) or 0
    return max(1, min(found or told or 2, _MOST_CHANNELS))


def raw_format(place: Address) -> RawFormat:
    """Return the format of a stream's audio from the URL. The default sample rate is 8 kHz."""
    encoding = place.value("encoding").lower()
    width = _SAMPLE_BYTES.get(encoding)
    if width is None:
        return RawFormat(_CODED_BYTES.get(encoding, CODED_BYTES), exact=False)
    rate = whole(place.value("sample_rate")) or 8_000
    channels = max(1, min(whole(place.value("channels")) or 1, _MOST_CHANNELS))
    return RawFormat(max(1, rate * width * channels), exact=True)


def is_raw(place: Address) -> bool:
    """Return whether the URL says that the audio is samples without a container."""
    return place.value("encoding").lower() in _SAMPLE_BYTES and bool(place.value("sample_rate"))
