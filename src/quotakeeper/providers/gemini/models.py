"""What Gemini models can take and give at most, and what media cost them in tokens.

Output caps: max_output_tokens of the litellm 1.109.1 price map (MIT), read 2026-11-23; those of 2.0
and 1.5 from Google's model pages. Media: recorded bills (237 requests) and Google's documentation.
They bound a call before it is sent; what it cost is what the reply says.
"""

from __future__ import annotations

from functools import lru_cache

from quotakeeper.value_classes import dataclass, replace

MOST_INPUT = 1_048_576
MOST_IMAGE_OUTPUT = 2_600  # an image of 4K is 2,000 tokens; thoughts and words stand beside it
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
    """Tokens for media, at most: a second of sound or film, an image, a page of a document.

    `images`: how an image is counted. "crops" cuts it by its own shape and adds one tile for the
    whole (1.5, 2.0); "tiles" cuts it in squares of 768 pixels (2.5); "fixed" takes `image`
    whatever the size (3.x, by the resolution asked for).
    """

    audio_second: int
    video_second: int  # at one frame a second
    images: str
    image: int  # of a tile, or of an image where that is fixed
    page: int
    least_image: int = 0  # of any image, where the family is not known


TILE_PIXELS = 768
# Billed: sound 25 to 32 tokens a second, film 258 to 263, one page 258 on 2.5. On 2.0 a page is cut
# as an image is (1,290 billed for one page): at 3072 x 3072 that is 16 tiles and the whole.
_TO_2_0 = MediaRates(audio_second=32, video_second=263, images="crops", image=258, page=17 * 258)
_AT_2_5 = MediaRates(audio_second=32, video_second=263, images="tiles", image=258, page=258)
_FROM_3 = MediaRates(audio_second=25, video_second=70, images="fixed", image=1_120, page=560)
# Tokens of (an image, a page, a second of film) of a 3.x model by the resolution asked for.
_LEVELS = {
    "low": (280, 560, 70),
    "medium": (560, 560, 70),
    "high": (1_120, 1_120, 280),
    "ultra_high": (2_240, 2_240, 280),
}
_UNKNOWN = MediaRates(audio_second=32, video_second=280, images="crops", image=258, page=17 * 258,
    least_image=2_240)  # fmt: skip


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
def media_rates(model: str, resolution: str = "") -> MediaRates:
    """Tokens for media of a model, at the resolution asked for ("MEDIA_RESOLUTION_HIGH", "low").

    A 2.x model takes less for a lower one, which is not counted on; for a high one, 2.5 models zoom
    into an image, which is bounded by the crops of 2.0. A model of an unknown family has the highest
    figures.
    """
    name = short_name(model)
    level = resolution.lower().removeprefix("media_resolution_")
    if name.startswith(("gemini-1", "gemini-2.0")):
        return _TO_2_0
    if is_second_generation(name):
        return replace(_AT_2_5, images="crops") if "high" in level else _AT_2_5
    if not name.startswith(("gemini-3", "gemini-4")):
        return _UNKNOWN
    if level in ("", "unspecified"):
        return _FROM_3
    image, page, film = _LEVELS.get(level, _LEVELS["ultra_high"])
    return replace(_FROM_3, image=image, page=page, video_second=film)


@lru_cache(maxsize=512)
def most_input(model: str) -> int:
    """The longest prompt of a model, in tokens; a model of an unknown family: 1,048,576."""
    return 2 * MOST_INPUT if "gemini-1.5-pro" in short_name(model) else MOST_INPUT
