"""A run over many files: which are done, which failed, where it stopped, and waiting for a reset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.calls import Caller
from pipeline.console import Console
from pipeline.job import STEPS, Done, Job, JobSettings
from pipeline.media import exact_milliseconds, open_media
from pipeline.problems import FileProblem, LimitReached
from pipeline.speech import speech_plan
from pipeline.state import was_heard
from quotakeeper.clocks import local_zone_name, zone_named
from quotakeeper.domain.windows import moment

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
class Tallied:
    """How a run ended."""

    done: list[Path] = field(default_factory=list)
    failed: list[tuple[Path, str]] = field(default_factory=list)
    left: list[Path] = field(default_factory=list)
    stopped: str = ""
    exit_code: int = OK


class Rounds:
    """Takes files one after the other."""

    def __init__(
        self,
        settings: JobSettings,
        caller: Caller,
        clock: Clock,
        console: Console,
        *,
        waits: bool,
        redact: Callable[[str], str] = str,
    ) -> None:
        self._settings = settings
        self._caller = caller
        self._clock = clock
        self._console = console
        self._waits = waits
        self._redact = redact
        self._tallied = Tallied()

    def run(self, paths: Sequence[Path]) -> Tallied:
        """All files, until the end or a limit. Problems of one file do not stop the others."""
        tallied = self._tallied
        self._forecast(paths)
        for number, path in enumerate(paths):
            try:
                self._one(number, len(paths), path)
            except LimitReached as limit:
                tallied.left = list(paths[number:])
                tallied.exit_code = AT_LIMIT
                tallied.stopped = str(limit)
                self._explain_stop(limit, len(paths))
                break
        if tallied.failed and tallied.exit_code == OK:
            tallied.exit_code = SOME_FAILED
        return tallied

    def _forecast(self, paths: Sequence[Path]) -> None:
        """Say beforehand how many files have room in the quota for speech, by their lengths."""
        settings = self._settings
        new = [p for p in paths if settings.forget or not was_heard(p, settings.out)]
        lengths = [exact_milliseconds(path) for path in new]
        known = [length for length in lengths if length is not None]
        self._console.progress(
            f"{len(paths)} media file(s), {len(new)} to be heard: {sum(known) / 60_000:.2f} minutes"
            + (f" and {len(new) - len(known)} of unknown length" if len(known) < len(new) else "")
        )
        if known:
            self._console.progress(
                f"heard once each, {self._fitting(known)} of {len(known)} fit in the quota now"
            )

    def _fitting(self, lengths: Sequence[int]) -> int:
        for number in range(len(lengths)):
            together = sum(lengths[: number + 1])
            try:
                self._caller.books.check(speech_plan(self._settings.deepgram, together))
            except LimitReached:
                return number
        return len(lengths)

    def _one(self, number: int, total: int, path: Path) -> None:
        name = path.name

        def tell(step: int, step_name: str) -> None:
            text = f"[{number + 1}/{total}] {name}: {step_name}"
            self._console.step(number * len(STEPS) + step, total * len(STEPS), text)

        try:
            done = self._until_admitted(path, tell)
        except (FileProblem, OSError) as problem:
            reason = self._redact(str(problem))
            self._tallied.failed.append((path, reason))
            self._console.line(f"[{number + 1}/{total}] {name}: FAILED: {reason}")
            return
        self._tallied.done.append(path)
        how = "" if done.paid_steps else " (all steps were done before; nothing was paid)"
        names = ", ".join(file.name for file in done.files)
        self._console.progress(f"[{number + 1}/{total}] {name}: done{how}: {names}")

    def _until_admitted(self, path: Path, tell: Callable[[int, str], None]) -> Done:
        media = open_media(path)
        while True:
            job = Job(media, self._settings, self._caller, tell)
            try:
                job.check_speech()
                return job.run()
            except LimitReached as limit:
                if limit.hopeless:
                    self._tallied.exit_code = AT_LIMIT
                    unknown = "" if media.exact else _UNKNOWN_LENGTH
                    raise FileProblem(f"too large for the limit alone{unknown}: {limit}") from None
                if not self._may_wait(limit):
                    raise
                self._wait(limit)

    def _may_wait(self, limit: LimitReached) -> bool:
        if limit.resets_at <= 0:
            return False
        seconds = (limit.resets_at - self._clock.now()) / 1_000_000
        return self._waits or seconds <= SHORT_WAIT_SECONDS

    def _wait(self, limit: LimitReached) -> None:
        self._console.progress(f"waiting for {when(limit, self._clock.now())}: {limit}")
        while (left := limit.resets_at - self._clock.now()) > 0:
            self._clock.sleep(min(_NAP_SECONDS, left / 1_000_000 + 0.001))

    def _explain_stop(self, limit: LimitReached, total: int) -> None:
        done = len(self._tallied.done)
        write = self._console.line
        write(f"STOPPED AT A LIMIT: {self._redact(str(limit))}")
        write(f"  {done} of {total} file(s) fit; {len(self._tallied.left)} left, nothing is lost")
        if limit.resets_at:
            write(f"  room again at {when(limit, self._clock.now())}")
        write("  run the same command again then, or use --wait; finished steps are not paid again")


def when(limit: LimitReached, now_us: int) -> str:
    """The reset in the limit's zone, in local time where that differs, and how long that is."""
    zone = limit.zone or "UTC"
    text = f"{moment(limit.resets_at, zone_named(zone)):%Y-%m-%d %H:%M:%S} {zone}"
    local = local_zone_name()
    if local != zone:
        text += f" ({moment(limit.resets_at, zone_named(local)):%Y-%m-%d %H:%M:%S} here)"
    return f"{text}, in {timedelta(seconds=max(0, limit.resets_at - now_us) // 1_000_000)}"
