"""Counts the answers of a gateway by provider and outcome, over all its workers."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from quotakeeper.telemetry.exposition import COUNTER, Family, Labels

_NAME = "answers-{}.json"
_PAUSE_SECONDS = 0.5
REFUSED = "refused"


class AnswerCounts:
    """The counts of one process. With `folder`, each worker writes its own there for the others.

    The file of a worker that has ended stays, so the sums never fall. A worker that is killed loses
    at most its last half second. `faults` returns the errors inside the meter of this process.
    """

    def __init__(self, folder: Path | None, faults: Callable[[], int]) -> None:
        self._folder = folder
        self._faults = faults
        self._answers: dict[tuple[str, str], int] = {}
        self._is_planned = False

    def count(self, provider: str, outcome: str) -> None:
        """Count one answer. Both names come from closed sets. Call it on the event loop."""
        which = provider, outcome
        self._answers[which] = self._answers.get(which, 0) + 1
        if self._folder is not None and not self._is_planned:
            self._is_planned = True
            asyncio.get_running_loop().call_later(_PAUSE_SECONDS, self._write, self._folder)

    def families(self, providers: Iterable[str]) -> tuple[Family, ...]:
        """Return the counts of all workers. `providers` have a count of refusals, even if it is 0."""
        answers, faults = dict(self._answers), self._faults()
        for theirs, failed in self._others():
            faults += failed
            for which, number in theirs.items():
                answers[which] = answers.get(which, 0) + number
        refused: dict[Labels, int] = {
            (("provider", name),): answers.get((name, REFUSED), 0) for name in providers
        }
        told: dict[Labels, int] = {
            (("provider", provider or "none"), ("outcome", outcome)): number
            for (provider, outcome), number in sorted(answers.items())
        }  # fmt: skip
        return (
            Family("quotakeeper_gateway_answers_total", COUNTER,
                   "Answers of the gateway to calls, by how they ended.", told),
            Family("quotakeeper_gateway_refusals_total", COUNTER,
                   "Calls that a limit or a pause refused at the gateway.", refused),
            Family("quotakeeper_gateway_meter_faults_total", COUNTER,
                   "Errors inside the meter of the gateway.", {(): faults}),
        )  # fmt: skip

    def _write(self, folder: Path) -> None:
        self._is_planned = False
        rows = [[*which, number] for which, number in self._answers.items()]
        text = json.dumps({"answers": rows, "faults": self._faults()})
        file = folder / _NAME.format(os.getpid())
        partial = file.with_suffix(".part")
        with suppress(OSError):  # the next count writes it again
            partial.write_text(text, encoding="utf-8")
            os.replace(partial, file)

    def _others(self) -> Iterable[tuple[Mapping[tuple[str, str], int], int]]:
        if self._folder is None:
            return
        own = _NAME.format(os.getpid())
        for file in sorted(self._folder.glob(_NAME.format("*"))):
            if file.name == own:
                continue
            with suppress(OSError, ValueError):
                read = json.loads(file.read_text(encoding="utf-8"))
                yield {(each[0], each[1]): each[2] for each in read["answers"]}, read["faults"]
