"""Converts Gemini's usage objects to quantities: content, embeddings, interactions, Live."""

from __future__ import annotations

from collections.abc import Callable

from quotakeeper.providers.formats.json_values import Json, count, objects, text_of, whole
from quotakeeper.providers.reading.token_split import (
    Parts,
    parts_of,
    quantities_of,
    split_cached,
    tidy,
)

Note = Callable[[str], None]
BROKEN_TOTAL = "the provider's total is not the sum of its parts"


def _listed(metadata: Json, *names: str) -> object:
    """Return the value of the first of `names` that is present; None if all are absent.

    Google itself spells one name in two ways ("promptTokensDetails", "promptTokenDetails").
    """
    return next((metadata[name] for name in names if name in metadata), None)


def content_usage(metadata: Json, note: Note) -> dict[str, int]:
    """Return the quantities of a usageMetadata object for generated content or embeddings.

    Each token counts in exactly one quantity. A missing count means 0, with one exception: a
    missing answer count is the total minus all other counts.
    """
    prompt_total = count(metadata.get("promptTokenCount"))
    cached_total = count(metadata.get("cachedContentTokenCount"))
    thoughts = count(metadata.get("thoughtsTokenCount"))
    tools_total = count(metadata.get("toolUsePromptTokenCount"))
    answer = whole(metadata.get("candidatesTokenCount"))
    total = whole(metadata.get("totalTokenCount"))
    given = prompt_total + thoughts + tools_total
    if answer is None and total is not None and total > given:
        answer = total - given
    answer = answer or 0
    if total is not None and total != given + answer:
        note(BROKEN_TOTAL)
    prompt = parts_of(prompt_total, _listed(metadata, "promptTokensDetails", "promptTokenDetails"))
    cached = parts_of(cached_total, metadata.get("cacheTokensDetails"))
    fresh, hit = split_cached(prompt, cached)
    return quantities_of(
        ("input_tokens", fresh),
        ("input_tokens", parts_of(tools_total, metadata.get("toolUsePromptTokensDetails"))),
        ("cached_input_tokens", hit),
        ("output_tokens", parts_of(answer, metadata.get("candidatesTokensDetails"))),
        ("thought_tokens", {"": thoughts}),
    )


def live_usage(metadata: Json, note: Note) -> dict[str, int]:
    """Return the quantities of one turn in a Live session.

    Live uses other names than generated content, and its total does not include reasoning.
    """
    renamed = dict(metadata)
    for old, new in (
        ("responseTokenCount", "candidatesTokenCount"),
        ("responseTokensDetails", "candidatesTokensDetails"),
    ):
        if old in renamed:
            renamed[new] = renamed.pop(old)
    renamed.pop("totalTokenCount", None)
    return content_usage(renamed, note)


def interaction_usage(usage: Json, note: Note) -> tuple[dict[str, int], int]:
    """Return (quantities, number of billed searches) for the usage object of an interaction."""
    thoughts = count(usage.get("total_thought_tokens"))
    tools = count(usage.get("total_tool_use_tokens"))
    prompt_total = count(usage.get("total_input_tokens"))
    answer = count(usage.get("total_output_tokens"))
    total = whole(usage.get("total_tokens"))
    if total is not None and total != prompt_total + tools + answer + thoughts:
        if thoughts and answer >= thoughts and total == prompt_total + tools + answer:
            answer -= thoughts  # the output includes the reasoning tokens
        else:
            note(BROKEN_TOTAL)

    def by(name: str, amount: int) -> Parts:
        return parts_of(amount, usage.get(f"{name}_tokens_by_modality"), "tokens")

    cached = by("cached", count(usage.get("total_cached_tokens")))
    fresh, hit = split_cached(by("input", prompt_total), cached)
    quantities = quantities_of(
        ("input_tokens", fresh),
        ("input_tokens", by("tool_use", tools)),
        ("cached_input_tokens", hit),
        ("output_tokens", by("output", answer)),
        ("thought_tokens", {"": thoughts}),
    )
    grounding = objects(usage.get("grounding_tool_count"))
    searches = sum(
        count(entry.get("count"))
        for entry in grounding
        if text_of(entry.get("type")).lower() != "retrieval"
    )
    return quantities, searches


def prediction_usage(body: Json) -> dict[str, int] | None:
    """Return the quantities of an answer of Vertex's :predict: embedding tokens or images.

    Returns None if the answer has no usage.
    """
    tokens = images = 0
    counted = False
    for prediction in objects(body.get("predictions")):
        embedding = prediction.get("embeddings")
        statistics = embedding.get("statistics") if isinstance(embedding, dict) else None
        if isinstance(statistics, dict):
            tokens += count(statistics.get("token_count"))
            counted = True
        elif "bytesBase64Encoded" in prediction or "gcsUri" in prediction:
            images += 1
            counted = True
    return tidy((("input_tokens", tokens), ("images", images))) if counted else None


def is_counted(metadata: Json) -> bool:
    """Return whether a usage object has token counts. The usage object of a blocked prompt may have
    none.
    """
    return any(name.endswith(("TokenCount", "_tokens")) for name in metadata)
