"""Runs the steps of a generator, blocking or awaited: one path for threads and event loops.

The generator yields what to do next and is sent the outcome; an error is raised where it waits.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from types import TracebackType
from typing import Any, Generic, TypeVar

Step = TypeVar("Step")
Outcome = TypeVar("Outcome")
Result = TypeVar("Result")


class _Run(Generic[Step, Outcome, Result]):
    """A generator under way. Under `with`, its `step` is carried out and `outcome` set."""

    __slots__ = ("_steps", "is_done", "outcome", "result", "step")

    step: Step
    outcome: Outcome
    result: Result

    def __init__(self, steps: Generator[Step, Outcome, Result]) -> None:
        self._steps = steps
        self.is_done = False
        try:
            self.step = next(steps)
        except StopIteration as end:
            self.result, self.is_done = end.value, True

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:  # fmt: skip
        steps = self._steps
        try:
            self.step = steps.send(self.outcome) if error is None else steps.throw(error)
        except StopIteration as end:
            self.result, self.is_done = end.value, True
        return True


def drive(
    steps: Generator[Step, Outcome, Result], carry_out: Callable[[Step], Outcome]
) -> Result:  # fmt: skip
    """Carry out every step, blocking; returns what the generator returns."""
    run = _Run(steps)
    while not run.is_done:
        with run:
            run.outcome = carry_out(run.step)
    return run.result


async def adrive(
    steps: Generator[Step, Outcome, Result], carry_out: Callable[[Step], Awaitable[Outcome]]
) -> Result:
    """Carry out every step, awaited; returns what the generator returns."""
    run = _Run(steps)
    while not run.is_done:
        with run:
            run.outcome = await carry_out(run.step)
    return run.result


def called(step: Callable[[], Any]) -> Any:
    """Carry out a step that is a function of its own: what it returns, or what to await."""
    return step()
