"""One media file from start to end; every finished step is kept, so that none is paid for twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline import rewriting, translation
from pipeline.calls import Caller
from pipeline.files import write_whole
from pipeline.gemini import GeminiSettings
from pipeline.media import Media
from pipeline.outputs import plain_text, srt_text
from pipeline.problems import FileProblem
from pipeline.rewriting import Rewriting
from pipeline.speech import (
    DeepgramSettings,
    Segment,
    Transcript,
    best_of,
    languages_left,
    listen,
    speech_plan,
)
from pipeline.state import FileState, Memory, output_base, remembered, step_key
from pipeline.voice import voice_of

STEPS = ("voice", "speech to text", "translation", "rewriting", "files")


@dataclass(frozen=True, slots=True)
class JobSettings:
    """What is the same for all files of a run."""

    deepgram: DeepgramSettings
    gemini: GeminiSettings
    languages: tuple[str, ...]
    ffmpeg: str
    out: Path | None
    rewrites: bool
    forget: bool


@dataclass(frozen=True, slots=True)
class Done:
    """A finished file: what was written, and whether anything had to be paid for."""

    files: tuple[Path, ...]
    paid_steps: int


class Job:
    """Does the steps of one file in order. `tell` hears which step begins (its number and name)."""

    def __init__(
        self, media: Media, settings: JobSettings, caller: Caller, tell: Callable[[int, str], None]
    ) -> None:
        self._media = media
        self._settings = settings
        self._caller = caller
        self._tell = tell
        base = output_base(media.path, settings.out)
        self._state = FileState(media, base, forget=settings.forget)
        self._paid_steps = 0

    def check_speech(self) -> None:
        """Raise LimitReached when the speech of this file does not fit now; changes nothing.

        A length that only ffmpeg can tell is left to the reservation itself.
        """
        told = self._media.exact or not self._settings.ffmpeg
        left = _left(self._state, self._media.sha256, self._settings)
        if told and left:
            plan = speech_plan(self._settings.deepgram, self._media.milliseconds, left[0])
            self._caller.books.check(plan)

    def run(self) -> Done:
        """All steps; raises FileProblem, LimitReached or SetupProblem with what was done kept."""
        transcript = self._transcript()
        segments = transcript.segments
        lines = self._lines(transcript)
        srt = self._state.srt_path
        write_whole(srt, srt_text(segments, lines))
        rewritten = self._rewriting(segments, lines) if self._settings.rewrites else None
        self._tell(4, STEPS[4])
        txt = self._state.txt_path
        write_whole(txt, plain_text(segments, lines, rewritten))
        return Done((txt, srt, self._state.path), self._paid_steps)

    def _transcript(self) -> Transcript:
        settings, sha256 = self._settings, self._media.sha256
        key = _settled_key(sha256, settings)
        known = self._state.transcript(key)
        if known is not None:
            return known
        asks = bool(_left(self._state, sha256, settings))
        if asks:
            self._hear()
        found = best_of(settings.languages, _heard(self._state, sha256, settings))
        if found is None:
            asked = ", ".join(settings.languages)
            again = "" if asks else " in an earlier run; --force asks again"
            raise FileProblem(f"no speech was heard in it (asked for {asked}{again})")
        self._state.keep_transcript(key, settings.deepgram.model, found)
        return found

    def _hear(self) -> None:
        """Ask for one language after the other; what each gave is kept before the next is asked."""
        settings, sha256 = self._settings, self._media.sha256
        self._tell(0, STEPS[0])
        with voice_of(self._media, settings.ffmpeg) as voice:
            self._tell(1, STEPS[1])
            for language in _left(self._state, sha256, settings):
                if language not in _left(self._state, sha256, settings):
                    break  # what was heard meanwhile is enough
                self._paid_steps += 1
                found = listen(voice, settings.deepgram, self._caller, language)
                key = _heard_key(sha256, settings, language)
                self._state.keep_heard(key, settings.deepgram.model, found)

    def _lines(self, transcript: Transcript) -> dict[int, str]:
        """The Vietnamese lines: translated, or the words themselves when they are Vietnamese."""
        segments = transcript.segments
        if transcript.language.split("-")[0] == "vi":
            return {number: segment.text for number, segment in enumerate(segments, 1)}
        settings = self._settings.gemini
        spoken = [segment.text for segment in segments]
        key = step_key("translate", translation.VERSION, settings.model, spoken)
        done = self._state.lines(key)
        if translation.missing(segments, done):
            self._tell(2, STEPS[2])
            self._paid_steps += 1
            done = translation.translate(
                segments,
                done,
                settings,
                self._caller,
                lambda lines: self._state.keep_lines(key, settings.model, lines),
            )
        return done

    def _rewriting(self, segments: Sequence[Segment], lines: dict[int, str]) -> Rewriting:
        settings = self._settings.gemini
        text = "\n".join(lines[number] for number in range(1, len(segments) + 1))
        key = step_key("rewrite", rewriting.VERSION, settings.model, text)
        known = self._state.rewriting(key)
        if known is not None:
            return known
        self._tell(3, STEPS[3])
        self._paid_steps += 1
        found = rewriting.rewrite(text, settings, self._caller)
        self._state.keep_rewriting(key, settings.model, found)
        return found


def hearings_left(path: Path, settings: JobSettings) -> int:
    """How many recognitions a file may still need, by its memory alone: nothing is read or asked."""
    if settings.forget:
        return len(settings.languages)
    sha256, memory = remembered(path, settings.out)
    return len(_left(memory, sha256, settings))


def _left(memory: Memory, sha256: str, settings: JobSettings) -> list[str]:
    if memory.transcript(_settled_key(sha256, settings)) is not None:
        return []
    return languages_left(settings.languages, _heard(memory, sha256, settings))


def _heard(memory: Memory, sha256: str, settings: JobSettings) -> dict[str, Transcript]:
    each = {
        language: memory.heard(language, _heard_key(sha256, settings, language))
        for language in settings.languages
    }
    return {language: found for language, found in each.items() if found is not None}


def _settled_key(sha256: str, settings: JobSettings) -> str:
    return step_key("speech", sha256, settings.deepgram.model, settings.languages)


def _heard_key(sha256: str, settings: JobSettings, language: str) -> str:
    return step_key("heard", sha256, settings.deepgram.model, language)
