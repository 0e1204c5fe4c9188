"""A run over many files: which are done, which failed, where it stopped, and waiting for a reset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from quotakeeper.clocks import local_zone_name, zone_named
from quotakeeper.domain.windows import moment
from quotakeeper.pipeline.api_client import ApiClient
from quotakeeper.pipeline.console import ProgressConsole
from quotakeeper.pipeline.errors import LimitReachedError, MediaFileError
from quotakeeper.pipeline.file_job import STEPS, FileJob, FileResult, JobSettings, recognitions_left
from quotakeeper.pipeline.media import exact_milliseconds, open_media
from quotakeeper.pipeline.speech_to_text import speech_plan
from quotakeeper.value_classes import dataclass, field

if TYPE_CHECKING:
    from quotakeeper.clocks import Clock

# A reset this near is waited for without being asked: a limit per minute is no reason to stop.
SHORT_WAIT_SECONDS = 90
_NAP_SECONDS = 60.0
_UNKNOWN_LENGTH = (
    " (its length cannot be told without ffmpeg, so the longest it can be was asked for)"
)

OK, SOME_FAILED, AT_LIMIT = 0, 1, 3


@dataclass(slots=True)
class BatchResult:
    """How a run ended."""

    done: list[Path] = field(default_factory=list)
    failed: list[tuple[Path, str]] = field(default_factory=list)
    left: list[Path] = field(default_factory=list)
    stopped: str = ""
    exit_code: int = OK


class BatchRun:
    """Takes files one after the other."""

    def __init__(
        self,
        settings: JobSettings,
        client: ApiClient,
        clock: Clock,
        console: ProgressConsole,
        *,
        waits: bool,
        redact: Callable[[str], str] = str,
    ) -> None:
        self._settings = settings
        self._client = client
        self._clock = clock
        self._console = console
        self._waits = waits
        self._redact = redact
        self._result = BatchResult()

    def run(self, paths: Sequence[Path]) -> BatchResult:
        """All files, until the end or a limit. Problems of one file do not stop the others."""
        result = self._result
        self._forecast(paths)
        for number, path in enumerate(paths):
            try:
                self._one(number, len(paths), path)
            except LimitReachedError as limit:
                result.left = list(paths[number:])
                result.exit_code = AT_LIMIT
                result.stopped = str(limit)
                self._explain_stop(limit, len(paths))
                break
        if result.failed and result.exit_code == OK:
            result.exit_code = SOME_FAILED
        return result

    def _forecast(self, paths: Sequence[Path]) -> None:
        """Say beforehand how many files have room in the quota for speech, by their lengths."""
        counted = [(path, recognitions_left(path, self._settings)) for path in paths]
        ffprobe = self._settings.ffprobe
        new = [(exact_milliseconds(path, ffprobe), times) for path, times in counted if times]
        known = [(length, times) for length, times in new if length is not None]
        total = sum(length for length, _ in known)
        self._console.progress(
            f"{len(paths)} media file(s), {len(new)} to be heard: {total / 60_000:.2f} minutes"
            + (f" and {len(new) - len(known)} of unknown length" if len(known) < len(new) else "")
        )
        if not known:
            return
        once = self._fitting([(length, 1) for length, _ in known])
        text = f"{once} of {len(known)} fit in the quota now if each is heard once"
        if any(times > 1 for _, times in known):
            languages = " and ".join(self._settings.languages)
            text += f", {self._fitting(known)} if each has to be heard in {languages}"
        self._console.progress(f"speech: {text}")

    def _fitting(self, files: Sequence[tuple[int, int]]) -> int:
        """How many fit one after the other, each of a length and heard so many times."""
        settings = self._settings
        priced = "multi" if "multi" in settings.languages else ""
        together = requests = 0
        for number, (length, times) in enumerate(files):
            together, requests = together + length * times, requests + times
            plan = speech_plan(settings.deepgram, together, priced, requests=requests)
            try:
                self._client.accounting.check(plan)
            except LimitReachedError:
                return number
        return len(files)

    def _one(self, number: int, total: int, path: Path) -> None:
        name = path.name

        def on_step(step: int, step_name: str) -> None:
            text = f"[{number + 1}/{total}] {name}: {step_name}"
            self._console.step(number * len(STEPS) + step, total * len(STEPS), text)

        try:
            done = self._until_admitted(path, on_step)
        except (MediaFileError, OSError) as error:
            reason = self._redact(str(error))
            self._result.failed.append((path, reason))
            self._console.line(f"[{number + 1}/{total}] {name}: FAILED: {reason}")
            return
        self._result.done.append(path)
        how = "" if done.paid_steps else " (all steps were done before; nothing was paid)"
        names = ", ".join(file.name for file in done.files)
        self._console.progress(f"[{number + 1}/{total}] {name}: done{how}: {names}")

    def _until_admitted(self, path: Path, on_step: Callable[[int, str], None]) -> FileResult:
        media = open_media(path, self._settings.ffprobe)
        # One for all rounds: after a wait it goes on from what it has, also when told to --force.
        job = FileJob(media, self._settings, self._client, on_step)
        while True:
            try:
                job.check_speech()
                return job.run()
            except LimitReachedError as limit:
                if limit.never_fits:
                    self._result.exit_code = AT_LIMIT
                    unknown = "" if media.exact else _UNKNOWN_LENGTH
                    raise MediaFileError(
                        f"too large for the limit alone{unknown}: {limit}"
                    ) from None
                if not self._may_wait(limit):
                    raise
                self._wait(limit)

    def _may_wait(self, limit: LimitReachedError) -> bool:
        if limit.resets_at <= 0:
            return False
        seconds = (limit.resets_at - self._clock.now()) / 1_000_000
        return self._waits or seconds <= SHORT_WAIT_SECONDS

    def _wait(self, limit: LimitReachedError) -> None:
        self._console.progress(f"waiting for {when(limit, self._clock.now())}: {limit}")
        while (left := limit.resets_at - self._clock.now()) > 0:
            self._clock.sleep(min(_NAP_SECONDS, left / 1_000_000 + 0.001))

    def _explain_stop(self, limit: LimitReachedError, total: int) -> None:
        done = len(self._result.done)
        write = self._console.line
        write(f"STOPPED AT A LIMIT: {self._redact(str(limit))}")
        write(f"  {done} of {total} file(s) fit; {len(self._result.left)} left, nothing is lost")
        if limit.resets_at:
            write(f"  room again at {when(limit, self._clock.now())}")
        advice = "run the same command again then, or use --wait; finished steps are not paid again"
        write(f"  {advice}" + (" without --force" if self._settings.forget else ""))


def when(limit: LimitReachedError, now_us: int) -> str:
    """The reset in the limit's zone, in local time where that differs, and how long that is."""
    zone = limit.zone or "UTC"
    text = f"{moment(limit.resets_at, zone_named(zone)):%Y-%m-%d %H:%M:%S} {zone}"
    local = local_zone_name()
    if local != zone:
        text += f" ({moment(limit.resets_at, zone_named(local)):%Y-%m-%d %H:%M:%S} here)"
    return f"{text}, in {timedelta(seconds=max(0, limit.resets_at - now_us) // 1_000_000)}"
