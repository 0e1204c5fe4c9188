"""From a request in OpenAI's shape to what it can cost: texts, tools, media, output caps."""

from __future__ import annotations

from quotakeeper.providers.audio import longest_milliseconds
from quotakeeper.providers.contract import CountText
from quotakeeper.providers.formats.json_values import (
    Json,
    child,
    dumps,
    items,
    objects,
    text_of,
    whole,
)
from quotakeeper.providers.formats.text_counts import base64_size, count_text
from quotakeeper.providers.reading.token_split import added

# Where a request sets no cap. OpenAI publishes one for each model; this is the largest of them.
MOST_OUTPUT = 128_000
TYPICAL_OUTPUT = 1_024
# An image in full detail: 768 x 2048 in tiles of 512 are 8 tiles of 170 and 85; newer models
# count patches, 1536 at most, times up to 1.72.
_IMAGE_TOKENS = 2_700
AUDIO_TOKENS_PER_SECOND = 10
_OVERHEAD = 8
_MOST_DEPTH = 8
_NOT_TEXT = ("image_url", "url", "data", "file_data", "file_id", "id", "encrypted_content")
_SEARCH_TOOLS = ("web_search", "web_search_preview", "web_search_20250305")

Both = tuple[dict[str, int], dict[str, int]]


class Texts:
    """Gathers the texts of a request for one count; media are counted by what they are."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.images = self.audio_tokens = self.parts = 0

    def add(self, value: object, depth: int = 0) -> None:
        """Messages, parts, or lists of them."""
        if depth > _MOST_DEPTH:
            return
        if isinstance(value, str):
            self.found.append(value)
            self.parts += 1
        elif isinstance(value, list):
            for item in value:
                self.add(item, depth + 1)
        elif isinstance(value, dict):
            self._object(value, depth)

    def _object(self, value: Json, depth: int) -> None:
        kind = text_of(value.get("type"))
        if kind in ("image_url", "input_image", "image"):
            self.images += 1
            return
        if kind == "input_audio":
            encoded = text_of(child(value, "input_audio").get("data"))
            seconds = -(-longest_milliseconds(base64_size(encoded)) // 1000)
            self.audio_tokens += seconds * AUDIO_TOKENS_PER_SECOND
            return
        for name, inner in value.items():
            if name not in _NOT_TEXT and name not in ("role", "type"):
                self.add(inner, depth + 1)

    def quantities(self, count: CountText | None) -> Both:
        """(at most, typically)."""
        counted = count_text("\n".join(self.found), count)
        self.found.clear()
        media = added({"input_tokens@image": self.images * _IMAGE_TOKENS},
            {"input_tokens@audio": self.audio_tokens})  # fmt: skip
        return (
            added(media, {"input_tokens": counted.upper_bound + _OVERHEAD * self.parts}),
            added(media, {"input_tokens": counted.tokens + 4 * self.parts}),
        )


def chat_bound(body: Json, count: CountText | None, *, most: int = MOST_OUTPUT) -> Both:
    """Chat and responses alike: everything that is sent, and the cap on what comes back."""
    texts = Texts()
    for name in ("messages", "input", "instructions", "system"):
        texts.add(body.get(name))
    for name in ("tools", "functions", "response_format", "text"):
        if name in body:
            texts.found.append(dumps(body[name]))
    bound, typical = texts.quantities(count)
    asked = (whole(body.get(name)) for name in
        ("max_completion_tokens", "max_output_tokens", "max_tokens"))  # fmt: skip
    cap = next((value for value in asked if value), most)
    answers = max(1, min(whole(body.get("n")) or 1, 128))
    bound = added(bound, {"output_tokens": cap * answers})
    typical = added(typical, {"output_tokens": min(cap, TYPICAL_OUTPUT) * answers})
    searching = sum(text_of(t.get("type")) in _SEARCH_TOOLS for t in objects(body.get("tools")))
    if searching or "web_search_options" in body:
        bound = added(bound, {"searches": 10, "input_tokens": 20_000})
    return bound, typical


def embedding_bound(body: Json, count: CountText | None) -> Both:
    """Texts, or tokens counted already, one list or many."""
    given = items(body.get("input"))
    numbers = sum(1 for item in given if isinstance(item, int))
    numbers += sum(len(item) for item in given if isinstance(item, list))
    texts = Texts()
    texts.add([item for item in given if isinstance(item, str)] or body.get("input"))
    bound, typical = texts.quantities(count)
    return added(bound, {"input_tokens": numbers}), added(typical, {"input_tokens": numbers})
