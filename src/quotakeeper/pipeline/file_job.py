"""Processes one media file. Each finished step is saved, so that no step is paid twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from quotakeeper.pipeline import rewriting, translation
from quotakeeper.pipeline.api_client import ApiClient
from quotakeeper.pipeline.atomic_files import write_atomically
from quotakeeper.pipeline.audio_extraction import extracted_audio
from quotakeeper.pipeline.checkpoint import (
    Checkpoint,
    FinishedSteps,
    cannot_keep,
    output_base,
    read_finished_steps,
    step_key,
)
from quotakeeper.pipeline.errors import MediaFileError
from quotakeeper.pipeline.gemini import GeminiSettings
from quotakeeper.pipeline.media import MediaFile
from quotakeeper.pipeline.output_formats import plain_text, srt_text
from quotakeeper.pipeline.rewriting import Rewriting
from quotakeeper.pipeline.speech_to_text import (
    DeepgramSettings,
    SpeechSegment,
    Transcript,
    best_transcript,
    languages_to_try,
    speech_plan,
    transcribe,
)
from quotakeeper.value_classes import dataclass

STEPS = ("voice", "speech to text", "translation", "rewriting", "files")


@dataclass(frozen=True, slots=True)
class JobSettings:
    """The settings that are the same for all files of a run.

    `out` is the output folder; None means the folder of each media file. With `forget`, finished
    steps are done again.
    """

    deepgram: DeepgramSettings
    gemini: GeminiSettings
    languages: tuple[str, ...]
    ffmpeg: str
    out: Path | None
    rewrites: bool
    forget: bool
    ffprobe: str = ""


@dataclass(frozen=True, slots=True)
class FileResult:
    """The result of one file: the written files, and the number of paid steps."""

    files: tuple[Path, ...]
    paid_steps: int


class FileJob:
    """Does the steps of one media file in order.

    `on_step` is called with the number and name of each step. `before_paying` is called with the
    output folder before each paid step.
    """

    def __init__(
        self,
        media: MediaFile,
        settings: JobSettings,
        client: ApiClient,
        on_step: Callable[[int, str], None],
        before_paying: Callable[[Path], None],
    ) -> None:
        self._media = media
        self._settings = settings
        self._client = client
        self._on_step = on_step
        self._before_paying = before_paying
        base = output_base(media.path, settings.out)
        self._checkpoint = Checkpoint(media, base, forget=settings.forget)
        self._paid_steps = 0

    def check_speech(self) -> None:
        """Raise LimitReachedError if the limits do not allow speech recognition of this file now.

        Reserves nothing. If only ffmpeg can find the length of the file, nothing is checked here.
        """
        told = self._media.exact or not self._settings.ffmpeg
        left = _languages_left(self._checkpoint, self._media.sha256, self._settings)
        if told and left:
            plan = speech_plan(self._settings.deepgram, self._media.milliseconds, left[0])
            self._client.accounting.check(plan)

    def run(self) -> FileResult:
        """Do all steps that are not finished yet, and write the outputs.

        Raises MediaFileError, LimitReachedError or SetupError. Finished steps stay saved.
        """
        transcript = self._transcript()
        segments = transcript.segments
        lines = self._lines(transcript)
        srt = self._checkpoint.srt_path
        _write(srt, srt_text(segments, lines))
        rewritten = self._rewriting(segments, lines) if self._settings.rewrites else None
        self._on_step(4, STEPS[4])
        txt = self._checkpoint.txt_path
        _write(txt, plain_text(segments, lines, rewritten))
        return FileResult((txt, srt, self._checkpoint.path), self._paid_steps)

    def _transcript(self) -> Transcript:
        settings, sha256 = self._settings, self._media.sha256
        key = _transcript_key(sha256, settings)
        known = self._checkpoint.transcript(key)
        if known is not None:
            return known
        asks = bool(_languages_left(self._checkpoint, sha256, settings))
        if asks:
            self._recognise()
        found = best_transcript(
            settings.languages, _recognitions(self._checkpoint, sha256, settings)
        )
        if found is None:
            asked = ", ".join(settings.languages)
            if asks:
                raise MediaFileError("no speech was recognised in it (tried: {asked})", asked=asked)
            raise MediaFileError(
                "no speech was recognised in it (tried in an earlier run: {asked}; --force "
                "tries again)",
                asked=asked,
            )
        self._checkpoint.save_transcript(key, settings.deepgram.model, found)
        return found

    def _recognise(self) -> None:
        """Transcribe in each language until a transcript is good enough.

        Each transcript is saved before the next request.
        """
        settings, sha256 = self._settings, self._media.sha256
        self._on_step(0, STEPS[0])
        self._before_paying(self._checkpoint.base.parent)
        with extracted_audio(self._media, settings.ffmpeg) as track:
            self._on_step(1, STEPS[1])
            for language in _languages_left(self._checkpoint, sha256, settings):
                if language not in _languages_left(self._checkpoint, sha256, settings):
                    break  # an earlier recognition is good enough
                self._paid_steps += 1
                found = transcribe(track, settings.deepgram, self._client, language)
                key = _recognition_key(sha256, settings, language)
                self._checkpoint.save_recognition(key, settings.deepgram.model, found)

    def _lines(self, transcript: Transcript) -> dict[int, str]:
        """Return the Vietnamese lines by number. If the speech is Vietnamese, nothing is translated."""
        segments = transcript.segments
        if transcript.language.split("-")[0] == "vi":
            return {number: segment.text for number, segment in enumerate(segments, 1)}
        settings = self._settings.gemini
        spoken = [segment.text for segment in segments]
        key = step_key("translate", translation.VERSION, settings.model, spoken)
        done = self._checkpoint.lines(key)
        if translation.missing(segments, done):
            self._on_step(2, STEPS[2])
            self._before_paying(self._checkpoint.base.parent)
            self._paid_steps += 1
            done = translation.translate(
                segments,
                done,
                settings,
                self._client,
                lambda lines: self._checkpoint.save_lines(key, settings.model, lines),
            )
        return done

    def _rewriting(self, segments: Sequence[SpeechSegment], lines: dict[int, str]) -> Rewriting:
        settings = self._settings.gemini
        text = "\n".join(lines[number] for number in range(1, len(segments) + 1))
        key = step_key("rewrite", rewriting.VERSION, settings.model, text)
        known = self._checkpoint.rewriting(key)
        if known is not None:
            return known
        self._on_step(3, STEPS[3])
        self._before_paying(self._checkpoint.base.parent)
        self._paid_steps += 1
        found = rewriting.rewrite(text, settings, self._client)
        self._checkpoint.save_rewriting(key, settings.model, found)
        return found


def _write(path: Path, text: str) -> None:
    try:
        write_atomically(path, text)
    except OSError as error:
        raise cannot_keep(path, error) from None


def recognitions_left(path: Path, settings: JobSettings) -> int:
    """Return how many more recognitions a file may need, according to its checkpoint.

    The media file is not read.
    """
    if settings.forget:
        return len(settings.languages)
    sha256, finished = read_finished_steps(path, settings.out)
    return len(_languages_left(finished, sha256, settings))


def _languages_left(finished: FinishedSteps, sha256: str, settings: JobSettings) -> list[str]:
    if finished.transcript(_transcript_key(sha256, settings)) is not None:
        return []
    return languages_to_try(settings.languages, _recognitions(finished, sha256, settings))


def _recognitions(
    finished: FinishedSteps, sha256: str, settings: JobSettings
) -> dict[str, Transcript]:
    each = {
        language: finished.recognition(language, _recognition_key(sha256, settings, language))
        for language in settings.languages
    }
    return {language: found for language, found in each.items() if found is not None}


def _transcript_key(sha256: str, settings: JobSettings) -> str:
    return step_key("speech", sha256, settings.deepgram.model, settings.languages)


def _recognition_key(sha256: str, settings: JobSettings, language: str) -> str:
    return step_key("heard", sha256, settings.deepgram.model, language)
