"""What Gemini models can take and give at most, and what media cost them in tokens.

Output caps: max_output_tokens of the litellm 1.109.1 price map (MIT), read 2026-11-23; those of 2.0
and 1.5 from Google's model pages. Media: shared provider notes, from recorded replies and Google's
documentation. They bound a call before it is sent; what it cost is what the reply says.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

MOST_INPUT = 1_048_576
_DEFAULT_OUTPUT = 65_536
# (how a name begins or what it contains, most output tokens); the first that fits decides.
_OUTPUT_CAPS: tuple[tuple[str, int], ...] = (
    ("tts", 16_384),
    ("3.1-flash-lite-image", 4_096),
    ("image", 32_768),
    ("nano-banana", 32_768),
    ("gemini-1.5", 8_192),
    ("gemini-1.0", 8_192),
    ("gemini-pro", 8_192),
    ("gemini-2.0", 8_192),
    ("gemini-exp", 8_192),
    ("native-audio", 8_192),
    ("learnlm", 8_192),
    ("lyria-3-", 8_192),
    ("gemma-4", 32_768),
    ("gemma", 8_192),
    ("3.5-transcribe", 32_768),
    ("gemini-4-argon", 1_048_576),
)


@dataclass(frozen=True, slots=True)
class MediaRates:
    """Tokens for media, at most: a second of sound or film, an image tile or image, a page."""

    audio_second: int
    video_second: int
    image: int
    tile: int  # pixels of a tile's side; 0: an image costs the same whatever its size
    page: int


_TO_2_5 = MediaRates(audio_second=32, video_second=263, image=258, tile=768, page=258)
# An image is 1088 to 1120 tokens unless a finer resolution is asked for.
_FROM_3 = MediaRates(audio_second=25, video_second=70, image=1_120, tile=0, page=560)
_FINEST_FROM_3 = MediaRates(audio_second=25, video_second=280, image=2_240, tile=0, page=2_240)
_UNKNOWN = MediaRates(audio_second=32, video_second=280, image=2_240, tile=0, page=2_240)


def short_name(model: str) -> str:
    """A model's name without the path in front of it."""
    return model.rpartition("/")[2].lower()


@lru_cache(maxsize=512)
def is_second_generation(model: str) -> bool:
    """Whether grounding is billed by the prompt (to 2.5) and not by the query (from 3)."""
    return short_name(model).startswith(("gemini-1", "gemini-2", "gemini-live-2"))


@lru_cache(maxsize=512)
def most_output(model: str) -> int:
    """The most tokens a model answers with, thoughts included."""
    name = short_name(model)
    return next((cap for part, cap in _OUTPUT_CAPS if part in name), _DEFAULT_OUTPUT)


@lru_cache(maxsize=512)
def output_key(model: str) -> str:
    """The quantity that bounds a model's output: that of the dearest modality it gives."""
    name = short_name(model)
    if "image" in name or "nano-banana" in name:
        return "output_tokens@image"
    if any(part in name for part in ("tts", "native-audio", "-live")):
        return "output_tokens@audio"
    return "output_tokens@video" if "omni" in name else "output_tokens"


@lru_cache(maxsize=512)
def media_rates(model: str, *, finest: bool = False) -> MediaRates:
    """Tokens for media of a model; `finest`: a resolution above the default was asked for."""
    name = short_name(model)
    if is_second_generation(name):
        return _TO_2_5
    if name.startswith(("gemini-3", "gemini-4")):
        return _FINEST_FROM_3 if finest else _FROM_3
    return _UNKNOWN
