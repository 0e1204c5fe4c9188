"""Converts the usage in a provider's reply to the ledger's quantities. Does no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal

from quotakeeper.value_classes import dataclass

Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ReportedUsage:
    """The quantities that a provider reported. `model_served` is the model that answered, or ""."""

    quantities: dict[str, int]
    model_served: str = ""


def gemini_usage(body: Json) -> ReportedUsage | None:
    """Read the quantities from `usageMetadata`. Returns None if the reply has no token counts.

    Gemini includes cached tokens in the prompt's count, so they are subtracted. Gemini does not
    include the tokens of tool results, so they are added. Tokens without a modality count as text.
    """
    metadata = body.get("usageMetadata")
    blocked = isinstance(body.get("promptFeedback"), dict) and not body.get("candidates")
    if not isinstance(metadata, dict) or not ("promptTokenCount" in metadata or blocked):
        return None
    prompt = _by_modality(metadata, "promptTokenCount", "promptTokensDetails")
    cached = _by_modality(metadata, "cachedContentTokenCount", "cacheTokensDetails")
    tools = _by_modality(metadata, "toolUsePromptTokenCount", "toolUsePromptTokensDetails")
    quantities = {"requests": 1}
    for modality in sorted({*prompt, *cached, *tools}):
        fresh = prompt.get(modality, 0) - cached.get(modality, 0) + tools.get(modality, 0)
        quantities[_key("input_tokens", modality)] = max(0, fresh)
        quantities[_key("cached_input_tokens", modality)] = cached.get(modality, 0)
    output = _by_modality(metadata, "candidatesTokenCount", "candidatesTokensDetails")
    for modality, count in output.items():
        quantities[_key("output_tokens", modality)] = count
    quantities["thought_tokens"] = _count(metadata.get("thoughtsTokenCount"))
    served = body.get("modelVersion")
    used = {key: count for key, count in quantities.items() if count}
    return ReportedUsage(used, served if isinstance(served, str) else "")


def deepgram_usage(body: Json, *, multichannel: bool = False) -> ReportedUsage | None:
    """Read the audio length from `metadata.duration`, in milliseconds. Returns None without a duration.

    With `multichannel`, the length is multiplied by the number of channels, as Deepgram bills it.
    """
    metadata = body.get("metadata")
    duration = metadata.get("duration") if isinstance(metadata, dict) else None
    if not isinstance(metadata, dict) or isinstance(duration, bool):
        return None
    if not isinstance(duration, int | float) or not 0 <= duration < 10**9:
        return None
    channels = 1
    if multichannel:
        results = body.get("results")
        listed = results.get("channels") if isinstance(results, dict) else None
        channels = len(listed) if isinstance(listed, list) else _count(metadata.get("channels"))
    exact = Decimal(repr(duration)) * 1000
    milliseconds = int(exact.to_integral_value(ROUND_HALF_EVEN)) * max(1, channels)
    return ReportedUsage({"requests": 1, "audio_milliseconds": milliseconds}, _arch(metadata))


def _arch(metadata: Json) -> str:
    info = metadata.get("model_info")
    if isinstance(info, dict):
        for model in info.values():
            if isinstance(model, dict) and isinstance(model.get("arch"), str):
                return str(model["arch"])
    return ""


def _by_modality(metadata: Json, total_key: str, details_key: str) -> dict[str, int]:
    """Return token counts by modality. Their sum is the total at `total_key`.

    Tokens that the details do not list count as text.
    """
    total = _count(metadata.get(total_key))
    counts: dict[str, int] = {}
    details = metadata.get(details_key)
    for detail in details if isinstance(details, list) else []:
        if isinstance(detail, dict):
            modality = str(detail.get("modality", "TEXT")).lower()
            counts[modality] = counts.get(modality, 0) + _count(detail.get("tokenCount"))
    rest = total - sum(counts.values())
    if rest:
        counts["text"] = max(0, counts.get("text", 0) + rest)
    return counts


def _key(meter: str, modality: str) -> str:
    known = modality in ("audio", "image", "video", "document")
    return f"{meter}@{modality}" if known else meter


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
