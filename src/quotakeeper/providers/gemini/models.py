"""The limits of Gemini models for input and output, and the tokens that media have.

Output caps: max_output_tokens of the litellm 1.109.1 price map (MIT), read 2026-11-23; the caps of
2.0 and 1.5 are from Google's model pages. Media: recorded bills (237 requests) and Google's
documentation. The figures bound a call before it is sent; the reply reports what it used.
"""

from __future__ import annotations

from functools import lru_cache

from quotakeeper.value_classes import dataclass, replace

MOST_INPUT = 1_048_576
MOST_IMAGE_OUTPUT = 2_600  # a 4K image is 2,000 tokens, plus reasoning and text
_DEFAULT_OUTPUT = 65_536
# (prefix or part of a name, most output tokens); the first match decides.
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
    """The most tokens for media: a second of audio or video, an image, a page of a document.

    `images` states how an image is counted:
    - "crops" (models 1.5, 2.0): tiles that depend on the image's shape, and one tile for the whole.
    - "tiles" (models 2.5): squares of 768 pixels.
    - "fixed" (models 3.x): always `image` tokens; the requested resolution determines how many.
    """

    audio_second: int
    video_second: int  # at one frame per second
    images: str
    image: int  # of a tile; for "fixed", of a whole image
    page: int
    least_image: int = 0  # the least for an image of an unknown model family


TILE_PIXELS = 768
# Billed: audio 25 to 32 tokens per second, video 258 to 263, a page 258 on 2.5. On 2.0 a page is
# cut like an image (1,290 billed for one page): 3072 x 3072 has 16 tiles and the whole.
_TO_2_0 = MediaRates(audio_second=32, video_second=263, images="crops", image=258, page=17 * 258)
_AT_2_5 = MediaRates(audio_second=32, video_second=263, images="tiles", image=258, page=258)
_FROM_3 = MediaRates(audio_second=25, video_second=70, images="fixed", image=1_120, page=560)
# Tokens of (an image, a page, a second of video) of a 3.x model by the requested resolution.
_LEVELS = {
    "low": (280, 560, 70),
    "medium": (560, 560, 70),
    "high": (1_120, 1_120, 280),
    "ultra_high": (2_240, 2_240, 280),
}
_UNKNOWN = MediaRates(audio_second=32, video_second=280, images="crops", image=258, page=17 * 258,
    least_image=2_240)  # fmt: skip


def short_name(model: str) -> str:
    """Return a model's name in lower case, without the path before it."""
    return model.rpartition("/")[2].lower()


@lru_cache(maxsize=512)
def is_second_generation(model: str) -> bool:
    """Return True if Google bills grounding per prompt, as for models up to 2.5.

    False means per search, as for models from 3 on.
    """
    return short_name(model).startswith(("gemini-1", "gemini-2", "gemini-live-2"))


@lru_cache(maxsize=512)
def most_output(model: str) -> int:
    """Return the most tokens that a model's answer can have, including reasoning."""
    name = short_name(model)
    return next((cap for part, cap in _OUTPUT_CAPS if part in name), _DEFAULT_OUTPUT)


@lru_cache(maxsize=512)
def output_key(model: str) -> str:
    """Return the quantity in which a model's output is bounded, such as "output_tokens@image".

    The modality is the most expensive one that the model can answer with.
    """
    name = short_name(model)
    if "image" in name or "nano-banana" in name:
        return "output_tokens@image"
    if any(part in name for part in ("tts", "native-audio", "-live")):
        return "output_tokens@audio"
    return "output_tokens@video" if "omni" in name else "output_tokens"


@lru_cache(maxsize=512)
def media_rates(model: str, resolution: str = "") -> MediaRates:
    """Return a model's tokens for media at a resolution ("MEDIA_RESOLUTION_HIGH", "low").

    If `resolution` is "", the default resolution is used. For 2.x models, a low resolution does not
    lower the result. At a high resolution, 2.5 models enlarge parts of an image, so images are
    counted as for 2.0. An unknown model family gets the highest figures.
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
    """Return the most tokens that a model's prompt can have; 1,048,576 for an unknown model."""
    return 2 * MOST_INPUT if "gemini-1.5-pro" in short_name(model) else MOST_INPUT
