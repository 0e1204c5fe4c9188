"""Estimates what texts and audio files cost with each model that has a price for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from quotakeeper.app.media.folders import SkippedFile, files_in
from quotakeeper.app.media.lengths import find_ffprobe
from quotakeeper.app.planning.media_files import AudioSize, audio_size, media_in
from quotakeeper.app.planning.text_files import TEXTS, TextSize, read_text, text_size
from quotakeeper.catalogue import PriceSnapshot
from quotakeeper.domain.money import usd_text
from quotakeeper.domain.units import METERS, Quantities, units_text
from quotakeeper.errors import InvalidInputError
from quotakeeper.schemas import Schema
from quotakeeper.value_classes import dataclass

# Shown unless the user names others: the current models that most people choose between.
USUAL_MODELS = frozenset(
    {
        "gemini-2.5-flash-lite", "gemini-2.5-flash", "gemini-2.5-pro", "gemini-3-flash-preview",
        "gemini-3.1-flash-lite", "gemini-3.1-pro-preview", "gemini-3.8-flash",
        "nova-2", "nova-3", "whisper-1",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CostEstimate:
    """The sizes of the texts and audio files, and the cost for each model.

    `costs` are pairs of "provider/model" and pico-dollars, lowest cost first.
    """

    texts: tuple[TextSize, ...]
    audio: tuple[AudioSize, ...]
    costs: tuple[tuple[str, int], ...]
    skipped: tuple[SkippedFile, ...] = ()


def sizes_in(folder: str) -> tuple[list[TextSize], list[AudioSize], list[SkippedFile]]:
    """Measure the text and audio files in a folder and its subfolders. Also returns the skipped files.

    Raises InvalidInputError if the folder has no such files, or if a file cannot be read.
    """
    found, ffprobe = media_in(folder), find_ffprobe()
    skipped = list(found.skipped)
    measured = [audio_size(path, ffprobe) for path in found.files]
    skipped += [SkippedFile(Path(each.name), each.without) for each in measured if each.without]
    audio = [each for each in measured if not each.without]
    files = [path for path in files_in(Path(folder)) if path.suffix.lower() in TEXTS]
    texts = [text_size(str(path), read_text(str(path))) for path in files]
    if not audio and not texts:
        raise InvalidInputError(
            "FOLDER", f"{folder} has no text or audio files", "name another folder"
        )
    return texts, audio, skipped


def estimate_costs(
    snapshot: PriceSnapshot, now: int, texts: Sequence[TextSize], audio: Sequence[AudioSize],
    models: Sequence[str] = (), *, every: bool = False,
) -> CostEstimate:  # fmt: skip
    """Return what the texts and audio files cost with each model at the instant `now`.

    `now` is in microseconds since 1970 UTC. Without `models`, only USUAL_MODELS are priced; with
    `every`, all models. Raises InvalidInputError for a model without a price.
    """
    tokens = {"input_tokens": sum(each.tokens for each in texts)}
    length = {"audio_milliseconds": sum(each.milliseconds for each in audio)}
    costs = [each for size in (tokens, length) for each in _costs(snapshot, size, models, now)]
    unknown = [name for name in models if all(name.split("/")[-1] not in each[0] for each in costs)]
    if unknown:
        raise InvalidInputError(
            "--model",
            f"{unknown[0]!r} has no price for these files",
            "to see all models with a price: quotakeeper prices list",
        )
    if not models and not every:
        costs = [each for each in costs if each[0].partition("/")[2] in USUAL_MODELS]
    return CostEstimate(tuple(texts), tuple(audio), tuple(costs))


def estimate_record(estimate: CostEstimate) -> dict[str, object]:
    """Return an estimate as a JSON record. Money and seconds are decimal text."""
    texts, audio = estimate.texts, estimate.audio
    milliseconds = sum(each.milliseconds for each in audio)
    return {
        "schema": Schema.ESTIMATE,
        "provenance": _known_by(texts),
        "tokens": sum(each.tokens for each in texts),
        "upper_bound": sum(each.upper_bound for each in texts),
        "audio_seconds": units_text(milliseconds, METERS["audio_seconds"]),
        "texts": [
            {
                "name": each.name,
                "tokens": each.tokens,
                "upper_bound": each.upper_bound,
                "language": each.language,
                "provenance": each.provenance,
            }
            for each in texts
        ],
        "audio": [
            {
                "name": each.name,
                "seconds": units_text(each.milliseconds, METERS["audio_seconds"]),
                "exact": each.exact,
                "form": each.form,
            }
            for each in audio
        ],
        "skipped": [{"name": str(each.path), "why": each.reason} for each in estimate.skipped],
        "costs": [{"model": name, "cost_usd": usd_text(cost)} for name, cost in estimate.costs],
    }


def _costs(
    snapshot: PriceSnapshot, quantities: Quantities, models: Sequence[str], now: int
) -> Iterator[tuple[str, int]]:
    if not any(quantities.values()):
        return
    # A price for all models of a provider (Deepgram's add-ons) does not mean that each model has
    # this meter. Only models with a row of their own are shown.
    own = {(row.provider, row.model) for row in snapshot.rows() if row.key in quantities}
    found = []
    for provider in snapshot.providers():
        names = [snapshot.canonical_model(provider, name.split("/")[-1]) for name in models]
        for model in snapshot.models(provider):
            if (provider, model) not in own or (models and model not in names):
                continue
            cost = snapshot.price(provider, model, quantities, now).cost_pico
            if cost is not None:
                found.append((f"{provider}/{model}", cost))
    yield from sorted(found, key=lambda each: (each[1], each[0]))


def _known_by(texts: Sequence[TextSize]) -> str:
    # A sum of several texts is only as reliable as its least reliable part.
    return "tokenizer" if texts and all(x.provenance == "tokenizer" for x in texts) else "estimated"
