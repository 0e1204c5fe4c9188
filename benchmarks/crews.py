"""Worker processes that live through all rounds, so that no figure includes an import."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import IO, Any

from benchmarks.measuring import PYTHON, ROOT, SOURCE, child_environment

_SCRIPT = ROOT / "benchmarks" / "admitting.py"


class CaseFailedError(Exception):
    """A worker process could not run its order. The message says why in one line."""


@dataclass(frozen=True)
class Outcome:
    """The results of all processes of a run. Times are in microseconds."""

    admitted: int
    refused: int
    failed: int
    seconds: float
    p50: float | None
    p99: float | None
    first_p50: float | None
    first_p99: float | None
    before: int = 0
    why: str = ""

    @property
    def rate(self) -> float:
        """Admitted calls per second."""
        return self.admitted / self.seconds if self.seconds else 0.0


def together(answers: Sequence[dict[str, Any]]) -> Outcome:
    """Combine the results of all processes of a run.

    The elapsed time is from the first start to the last end. The p50 is the median of the processes' p50.
    The p99 is the largest of their p99.
    """
    return Outcome(
        admitted=sum(each["admitted"] for each in answers),
        refused=sum(each["refused"] for each in answers),
        failed=sum(each["failed"] for each in answers),
        seconds=max(each["ended"] for each in answers) - min(each["started"] for each in answers),
        p50=_over(median, answers, "p50"),
        p99=_over(max, answers, "p99"),
        first_p50=_over(median, answers, "first_p50"),
        first_p99=_over(max, answers, "first_p99"),
        before=sum(each["before"] for each in answers),
        why=next((each["why"] for each in answers if each["why"]), ""),
    )


def _over(take: Any, answers: Sequence[dict[str, Any]], name: str) -> float | None:
    values = [each[name] for each in answers if each[name] is not None]
    return float(take(values)) if values else None


class Crew:
    """Worker processes of one environment. A run that needs more starts more."""

    def __init__(self, python: str | Path, errors: Path, source: Path = SOURCE) -> None:
        self._python = str(python)
        self._errors = errors
        self._source = source
        self._hands: list[subprocess.Popen[str]] = []

    def run(self, told: dict[str, Any], processes: int = 1) -> Outcome:
        """Run one order in this many processes at once. Raises CaseFailedError."""
        while len(self._hands) < processes:
            self._hands.append(self._started())
        hands = self._hands[:processes]
        for hand in hands:  # in turn, so that each finds the files of the one before
            _tell(hand, json.dumps(told))
            self._heard(hand)
        for hand in hands:
            _tell(hand, "go")
        return together([self._heard(hand) for hand in hands])

    def close(self) -> None:
        """End all processes."""
        for hand in self._hands:
            hand.kill()
            hand.wait()
            for pipe in (hand.stdin, hand.stdout):
                _there(pipe).close()
        self._hands.clear()

    def _started(self) -> subprocess.Popen[str]:
        environment = child_environment() | {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}
        environment["PYTHONPATH"] = str(self._source)
        if self._python != PYTHON:
            environment.pop("PYTHONPATH", None)  # a peer's environment contains only the peer
        with self._errors.open("a", encoding="utf-8") as errors:
            return subprocess.Popen(
                [self._python, "-P", str(_SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=errors, encoding="utf-8", env=environment,
            )  # fmt: skip

    def _heard(self, hand: subprocess.Popen[str]) -> dict[str, Any]:
        said = _there(hand.stdout).readline()
        if not said:
            told = self._errors.read_text(encoding="utf-8").strip().splitlines()
            self.close()
            raise CaseFailedError(told[-1][:200] if told else "the process ended")
        answer: dict[str, Any] = json.loads(said)
        if "error" in answer:
            self.close()  # the other processes wait for a start that does not come
            raise CaseFailedError(answer["error"])
        return answer


def _there(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


def _tell(hand: subprocess.Popen[str], text: str) -> None:
    pipe = _there(hand.stdin)
    pipe.write(text + "\n")
    pipe.flush()
