"""Processes many files in one run: notes which files failed, waits for limits, and says why a run
stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from quotakeeper.app.records.amounts import grouped
from quotakeeper.clocks import local_zone_name, zone_named
from quotakeeper.domain.windows import moment
from quotakeeper.pipeline.api_client import ApiClient
from quotakeeper.pipeline.console import ProgressConsole
from quotakeeper.pipeline.errors import LimitReachedError, MediaFileError
from quotakeeper.pipeline.file_job import STEPS, FileJob, FileResult, JobSettings, recognitions_left
from quotakeeper.pipeline.job_labels import JobLabels
from quotakeeper.pipeline.media import exact_milliseconds, open_media
from quotakeeper.pipeline.speech_to_text import speech_plan
from quotakeeper.pipeline.step_costs import FileCost, StepCosts
from quotakeeper.pipeline.wording import ENGLISH, Wording, message
from quotakeeper.value_classes import dataclass, field

if TYPE_CHECKING:
    from quotakeeper.clocks import Clock

# If a limit resets within this time, the run always waits and does not stop.
SHORT_WAIT_SECONDS = 90
_NAP_SECONDS = 60.0
_UNKNOWN_LENGTH = (
    " (its length is unknown without ffmpeg, so the longest possible length was reserved)"
)
_ALL_DONE_BEFORE = "done (all steps were done before; nothing was paid)"
_AGAIN = "run the same command again then, or use --wait; finished steps are not paid again"
_AGAIN_WITHOUT_FORCE = (
    "run the same command again then without --force, or use --wait; finished steps are not paid "
    "again"
)
_MOST_NAMED = 20

OK, SOME_FAILED, AT_LIMIT = 0, 1, 3


@dataclass(slots=True)
class BatchResult:
    """The result of a run.

    `left` are the files that were not processed because a limit stopped the run. `stopped` is the
    text about this limit, or "". `problems` are the lines about errors to show at the end.
    """

    done: list[Path] = field(default_factory=list)
    failed: list[tuple[Path, str]] = field(default_factory=list)
    left: list[Path] = field(default_factory=list)
    stopped: str = ""
    exit_code: int = OK
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """The options of a run. If `waits` is true, the run waits until a limit resets; otherwise it
    stops.

    `redact` removes API keys from a text before it is shown. `words` translates the texts.
    """

    waits: bool = False
    redact: Callable[[str], str] = str
    words: Wording = ENGLISH


class BatchRun:
    """Processes files one after the other.

    `before_paying` is called with the output folder before each paid step.
    """

    def __init__(
        self,
        settings: JobSettings,
        client: ApiClient,
        clock: Clock,
        console: ProgressConsole,
        options: BatchOptions,
        before_paying: Callable[[Path], None],
    ) -> None:
        self._settings = settings
        self._client = client
        self._clock = clock
        self._console = console
        self._options = options
        self._before_paying = before_paying
        self.costs = StepCosts()
        self.result = BatchResult()

    def run(self, paths: Sequence[Path]) -> BatchResult:
        """Process the files until all are done or a limit stops the run.

        If one file fails, the run continues with the next file.
        """
        result = self.result
        try:
            stopped_by = self._each(paths)
        finally:
            self._explain_failures(len(paths))
        if stopped_by is not None:
            result.exit_code = AT_LIMIT
            result.stopped = str(stopped_by)
            self._explain_stop(stopped_by, len(paths))
        elif result.failed and result.exit_code == OK:
            result.exit_code = SOME_FAILED
        return result

    def _each(self, paths: Sequence[Path]) -> LimitReachedError | None:
        """Process the files in order. Returns the limit error that stopped the run, or None."""
        self._forecast(paths)
        for number, path in enumerate(paths):
            try:
                self._one(number, len(paths), path)
            except LimitReachedError as limit:
                self.result.left = list(paths[number:])
                return limit
        return None

    def _forecast(self, paths: Sequence[Path]) -> None:
        """Show how many of the files the limits allow now for speech recognition.

        The number depends on the lengths of the files.
        """
        counted = [(path, recognitions_left(path, self._settings)) for path in paths]
        ffprobe = self._settings.ffprobe
        new = [(exact_milliseconds(path, ffprobe), times) for path, times in counted if times]
        known = [(length, times) for length, times in new if length is not None]
        total = sum(length for length, _ in known)
        words = self._options.words
        text = words(
            "{files} media file(s), {new} to be transcribed: {minutes} minutes",
            files=len(paths), new=len(new), minutes=grouped(f"{total / 60_000:.2f}", words.lang),
        )  # fmt: skip
        if len(known) < len(new):
            text += words(" and {n} of unknown length", n=len(new) - len(known))
        self._console.progress(text)
        if not known:
            return
        text = words(
            "speech to text: {n} of {total} files fit in the quota now if each is "
            "transcribed once",
            n=self._fitting([(length, 1) for length, _ in known]), total=len(known),
        )  # fmt: skip
        if any(times > 1 for _, times in known):
            text += words(
                ", {n} if each has to be transcribed in {languages}",
                n=self._fitting(known), languages=words(" and ").join(self._settings.languages),
            )  # fmt: skip
        self._console.progress(text)

    def _fitting(self, files: Sequence[tuple[int, int]]) -> int:
        """Return how many of the files, from the first on, the limits allow now for speech
        recognition.

        Each file is a pair: its length in milliseconds, and how often it is recognised.
        """
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
        words, name = self._options.words, path.name
        place = f"[{number + 1}/{total}] {name}"
        cost = FileCost(self.costs, words, self._console.progress)

        def on_step(step: int, step_name: str) -> None:
            cost.end_step()
            self._console.step(
                number * len(STEPS) + step, total * len(STEPS), f"{place}: {words(step_name)}"
            )
            cost.begin_step(step_name)

        try:
            done = self._until_admitted(path, on_step, cost)
        except (MediaFileError, OSError) as error:
            told = error.told(words) if isinstance(error, MediaFileError) else str(error)
            reason = self._options.redact(told)
            self.result.failed.append((path, reason))
            self._console.line(f"{place}: {words('FAILED')}: {reason}")
            return
        finally:
            cost.end_step()
        self.result.done.append(path)
        how = words("done") if done.paid_steps else words(_ALL_DONE_BEFORE)
        self._console.progress(f"{place}: {how}: {', '.join(file.name for file in done.files)}")
        cost.end_file()

    def _until_admitted(
        self, path: Path, on_step: Callable[[int, str], None], cost: FileCost
    ) -> FileResult:
        media = open_media(path, self._settings.ffprobe)
        labels = JobLabels(path.name, media.milliseconds if media.exact else 0)
        self._client.accounting.begin_job(labels)
        cost.labels = labels
        # All tries use one FileJob: after a wait, it continues after its finished steps, even with
        # --force.
        job = FileJob(media, self._settings, self._client, on_step, self._before_paying)
        while True:
            try:
                job.check_speech()
                return job.run()
            except LimitReachedError as limit:
                if limit.never_fits:
                    self.result.exit_code = AT_LIMIT
                    unknown = "" if media.exact else message(_UNKNOWN_LENGTH)
                    raise MediaFileError(
                        "this file alone exceeds the limit{unknown}: {limit}",
                        unknown=unknown, limit=limit.message,
                    ) from None  # fmt: skip
                if not self._may_wait(limit):
                    raise
                self._wait(limit)

    def _may_wait(self, limit: LimitReachedError) -> bool:
        if limit.resets_at <= 0:
            return False
        seconds = (limit.resets_at - self._clock.now()) / 1_000_000
        return self._options.waits or seconds <= SHORT_WAIT_SECONDS

    def _wait(self, limit: LimitReachedError) -> None:
        words = self._options.words
        text = words(
            "waiting for {when}: {limit}",
            when=when(limit, self._clock.now(), words), limit=limit.told(words),
        )  # fmt: skip
        self._console.progress(self._options.redact(text))
        while (left := limit.resets_at - self._clock.now()) > 0:
            self._clock.sleep(min(_NAP_SECONDS, left / 1_000_000 + 0.001))

    def _explain_stop(self, limit: LimitReachedError, total: int) -> None:
        words, write = self._options.words, self.result.problems.append
        write(words(
            "STOPPED AT A LIMIT: {limit}", limit=self._options.redact(limit.told(words))
        ))  # fmt: skip
        write("  " + words(
            "{done} of {total} file(s) are finished; {left} remain, nothing is lost",
            done=len(self.result.done), total=total, left=len(self.result.left),
        ))  # fmt: skip
        if limit.resets_at:
            at = when(limit, self._clock.now(), words)
            write("  " + words("calls fit again at {when}", when=at))
        again = _AGAIN_WITHOUT_FORCE if self._settings.forget else _AGAIN
        write("  " + words(again))

    def _explain_failures(self, total: int) -> None:
        words, failed = self._options.words, self.result.failed
        if not failed:
            return
        write = self.result.problems.append
        write(words("FAILED: {n} of {total} file(s)", n=len(failed), total=total))
        for path, reason in failed[:_MOST_NAMED]:
            write(f"  {path.name}: {reason}")
        if len(failed) > _MOST_NAMED:
            write("  " + words("and {n} more", n=len(failed) - _MOST_NAMED))


def when(limit: LimitReachedError, now_us: int, words: Wording = ENGLISH) -> str:
    """Format when a limit resets: the time in the limit's zone, the local time, and the remaining
    wait.

    If the local zone is the limit's zone, the local time is left out.
    """
    zone = limit.zone or "UTC"
    text = f"{moment(limit.resets_at, zone_named(zone)):%Y-%m-%d %H:%M:%S} {zone}"
    local = local_zone_name()
    if local != zone:
        here = f"{moment(limit.resets_at, zone_named(local)):%Y-%m-%d %H:%M:%S}"
        text += words(" ({time} here)", time=here)
    left = timedelta(seconds=max(0, limit.resets_at - now_us) // 1_000_000)
    return text + words(", in {time}", time=left)
