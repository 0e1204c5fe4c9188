"""Counts the tokens of a Gemini request and answer in the sandbox, and builds `usageMetadata`."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping

from quotakeeper.providers.audio import read_sound
from quotakeeper.tokens import estimate_tokens
from quotakeeper.value_classes import dataclass

_IMAGE_TOKENS = 258
_PAGE_TOKENS = 258


@dataclass(frozen=True, slots=True)
class PromptCount:
    """The tokens of a prompt by modality, and the number of characters in its text."""

    text: int = 0
    audio: int = 0
    image: int = 0
    document: int = 0
    characters: int = 0

    @property
    def total(self) -> int:
        """The tokens of all modalities."""
        return self.text + self.audio + self.image + self.document

    def by_modality(self) -> dict[str, int]:
        """Return modality (in lower case) -> tokens, without zeros."""
        counts = {
            "text": self.text,
            "audio": self.audio,
            "image": self.image,
            "document": self.document,
        }
        return {name: count for name, count in counts.items() if count}

    def details(self) -> list[dict[str, object]]:
        """Return the tokens in the form of a reply: a list of `{modality, tokenCount}`."""
        return [
            {"modality": name.upper(), "tokenCount": count}
            for name, count in self.by_modality().items()
        ]


@dataclass(frozen=True, slots=True)
class GeminiCounts:
    """All token counts of one answer: prompt, visible text, reasoning."""

    prompt: PromptCount
    visible: int
    thoughts: int
    tier: str = "standard"

    def metadata(self, *, vertex: bool) -> dict[str, object]:
        """Return the `usageMetadata` object. Counts of zero are left out, as in real replies."""
        usage: dict[str, object] = {"promptTokenCount": self.prompt.total}
        if self.visible:
            usage["candidatesTokenCount"] = self.visible
        usage["totalTokenCount"] = self.prompt.total + self.visible + self.thoughts
        usage["promptTokensDetails"] = self.prompt.details()
        if self.thoughts:
            usage["thoughtsTokenCount"] = self.thoughts
        if vertex:
            own = "" if self.tier == "standard" else f"_{self.tier.upper()}"
            usage["trafficType"] = f"ON_DEMAND{own}"
            usage["candidatesTokensDetails"] = [{"modality": "TEXT", "tokenCount": self.visible}]
        else:
            usage["serviceTier"] = self.tier
        return usage

    def billed(self) -> dict[str, int]:
        """Return the counts as quantities, named by the ledger's meters."""
        billed = {"requests": 1}
        for modality, count in self.prompt.by_modality().items():
            billed["input_tokens" if modality == "text" else f"input_tokens@{modality}"] = count
        if self.visible:
            billed["output_tokens"] = self.visible
        if self.thoughts:
            billed["thought_tokens"] = self.thoughts
        return billed


def thoughts_for(model: str, config: Mapping[str, object], prompt_tokens: int, cap: int) -> int:
    """Return the number of reasoning tokens, which is at most half of the output cap `cap`.

    The number is 0 for lite and older models, and for a thinking budget of 0.
    """
    thinking = config.get("thinkingConfig")
    budget = thinking.get("thinkingBudget") if isinstance(thinking, dict) else None
    if not re.match(r"gemini-(2\.5|[3-9])", model) or "lite" in model or budget == 0:
        return 0
    most = budget if isinstance(budget, int) and budget > 0 else 8_192
    return min(24 + prompt_tokens // 8, most, cap // 2)


def count_prompt(body: Mapping[str, object], model: str) -> PromptCount:
    """Count the tokens of everything that a request sends: contents, system instruction, tools."""
    text = audio = image = document = characters = 0
    for part in _parts(body):
        words = part.get("text")
        if isinstance(words, str):
            text += estimate_tokens(words).tokens
            characters += len(words)
            continue
        inline = part.get("inlineData", part.get("inline_data"))
        if not isinstance(inline, dict):
            text += estimate_tokens(json.dumps(part, ensure_ascii=False)).tokens
            continue
        kind = str(inline.get("mimeType", inline.get("mime_type", "")))
        if kind.startswith("audio/"):
            audio += _audio_tokens(str(inline.get("data", "")), model)
        elif kind.startswith("image/"):
            image += _IMAGE_TOKENS
        else:
            document += _PAGE_TOKENS
    tools = body.get("tools")
    if tools:
        text += estimate_tokens(json.dumps(tools, ensure_ascii=False)).tokens
    return PromptCount(text, audio, image, document, characters)


def _parts(body: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    contents = body.get("contents")
    system = body.get("systemInstruction", body.get("system_instruction"))
    for content in [system, *(contents if isinstance(contents, list) else [contents])]:
        parts = content.get("parts") if isinstance(content, dict) else None
        for part in parts if isinstance(parts, list) else [parts]:
            if isinstance(part, dict):
                yield part


def _audio_tokens(encoded: str, model: str) -> int:
    """Return the tokens of base64 audio: 32 per second up to Gemini 2.5, 25 from Gemini 3 on."""
    try:
        sound = read_sound(base64.b64decode(encoded, validate=True))
    except binascii.Error:
        sound = None
    per_second = 32 if re.match(r"gemini-[12]\.", model) else 25
    return -(-sound.microseconds * per_second // 1_000_000) if sound else per_second
