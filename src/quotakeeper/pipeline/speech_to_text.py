"""Transcribes speech with Deepgram. By default, Vietnamese is tried if the Chinese transcript is poor.

Each recognition is paid separately, so each transcript is saved separately.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from quotakeeper.pipeline.accounting import CallPlan
from quotakeeper.pipeline.api_client import ApiClient, Json, PaidCall
from quotakeeper.pipeline.api_keys import ApiKey
from quotakeeper.pipeline.audio_extraction import AudioTrack
from quotakeeper.pipeline.http_transport import HttpRequest
from quotakeeper.pipeline.reported_usage import deepgram_usage
from quotakeeper.value_classes import dataclass

OPERATION = "speech_to_text"
# Below this confidence, a transcript is not reliable: the language is probably wrong.
POOR_CONFIDENCE = 0.4
_CJK = "\u3400-\u9fff\uf900-\ufaff\u3000-\u303f\uff00-\uffef"
_CJK_GAP = re.compile(f"(?<=[{_CJK}]) +(?=[{_CJK}])")
_HAN = re.compile("[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class SpeechSegment:
    """A segment of speech. Times are in milliseconds from the start of the audio."""

    start_ms: int
    end_ms: int
    text: str


@dataclass(frozen=True, slots=True)
class Transcript:
    """The recognised speech and its language. `confidence` comes from Deepgram and is from 0 to 1."""

    language: str
    confidence: float
    segments: tuple[SpeechSegment, ...]

    @property
    def is_poor(self) -> bool:
        """Whether the text is empty, has low confidence, or is "Chinese" without Chinese characters."""
        text = "".join(segment.text for segment in self.segments)
        if not text.strip() or self.confidence < POOR_CONFIDENCE:
            return True
        return self.language.startswith("zh") and not _HAN.search(text)


@dataclass(frozen=True, slots=True)
class DeepgramSettings:
    """The address, key and model for calls to Deepgram."""

    base_url: str
    key: ApiKey
    model: str
    timeout_seconds: float


def speech_plan(
    settings: DeepgramSettings, milliseconds: int, language: str = "", *, requests: int = 1
) -> CallPlan:
    """Return a CallPlan with the upper bound: `milliseconds` of audio with one channel, and the
    number of requests.
    """
    most = {"requests": requests, "audio_milliseconds": milliseconds}
    options = {"language": "multi"} if language == "multi" else {}  # "multi" has its own price
    timeout = settings.timeout_seconds
    return CallPlan("deepgram", settings.model, OPERATION, most, timeout, options)


def languages_to_try(languages: Sequence[str], heard: Mapping[str, Transcript]) -> list[str]:
    """Return the languages to try next, in order. `heard` has the transcripts up to now.

    Languages after the first good transcript are left out.
    """
    left = []
    for language in languages:
        found = heard.get(language)
        if found is None:
            left.append(language)
        elif not found.is_poor:
            break
    return left


def best_transcript(languages: Sequence[str], heard: Mapping[str, Transcript]) -> Transcript | None:
    """Return the first good transcript, in the order of `languages`.

    If none is good, return the transcript with words that has the highest confidence, or None.
    """
    found = [heard[language] for language in languages if language in heard]
    good = next((each for each in found if not each.is_poor), None)
    worded = [each for each in found if each.segments]
    return good or max(worded, key=lambda each: each.confidence, default=None)


def transcribe(
    track: AudioTrack, settings: DeepgramSettings, client: ApiClient, language: str
) -> Transcript:
    """Transcribe the audio in one language. The request is paid even if the transcript is poor."""
    return read_transcript(client.call(_call(track, settings, language)), language)


def _call(track: AudioTrack, settings: DeepgramSettings, language: str) -> PaidCall:
    options = {
        "model": settings.model,
        "language": language,
        "smart_format": "true",
        "utterances": "true",
    }
    request = HttpRequest(
        f"{settings.base_url}/v1/listen?{urlencode(options)}",
        {"Authorization": f"Token {settings.key.reveal()}", "Content-Type": track.content_type},
        track.path,
        settings.timeout_seconds,
    )
    plan = speech_plan(settings, track.milliseconds, language)
    return PaidCall(plan, request, deepgram_usage, lambda body: dict(plan.upper_bound))


def read_transcript(body: Json, language: str) -> Transcript:
    """Read the transcript from a reply. Its segments are the utterances or the sentences, whichever
    are more.

    If the reply has neither, the whole transcript is one segment.
    """
    results = _mapping(body.get("results"))
    channel = _mapping(_first(results.get("channels")))
    alternative = _mapping(_first(channel.get("alternatives")))
    confidence = alternative.get("confidence")
    sentences = [
        sentence
        for paragraph in _listed(_mapping(alternative.get("paragraphs")).get("paragraphs"))
        for sentence in _listed(_mapping(paragraph).get("sentences"))
    ]
    uttered = _segments(results.get("utterances"), "transcript")
    segments = max(uttered, _segments(sentences, "text"), key=len)
    whole = str(alternative.get("transcript") or "")
    if not segments and whole.strip():
        words = [_mapping(word) for word in _listed(alternative.get("words"))]
        start, end = (words[0].get("start"), words[-1].get("end")) if words else (0, 0)
        segments = _segments([{"start": start, "end": end, "text": whole}], "text")
    sure = float(confidence) if isinstance(confidence, int | float) else 0.0
    return Transcript(language, sure, tuple(segments))


def _segments(items: object, text_key: str) -> list[SpeechSegment]:
    found = []
    for item in _listed(items):
        each = _mapping(item)
        text = " ".join(_CJK_GAP.sub("", str(each.get(text_key) or "")).split())
        start, end = _milliseconds(each.get("start")), _milliseconds(each.get("end"))
        if text:
            found.append(SpeechSegment(start, max(end, start + 1), text))
    return found


def _milliseconds(value: object) -> int:
    known = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 10**7
    return round(value * 1000) if known else 0  # type: ignore[operator]


def _mapping(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _first(value: object) -> object:
    return value[0] if isinstance(value, list) and value else None
