"""Runs the steps of a generator in a thread or on an event loop, so that both share one code path.

The generator yields a step and receives the outcome of the step. If the step raises, the error is
thrown into the generator.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from types import TracebackType
from typing import Any, Generic, TypeVar

Step = TypeVar("Step")
Outcome = TypeVar("Outcome")
Result = TypeVar("Result")


class _Run(Generic[Step, Outcome, Result]):
    """A running generator and its present step.

    The block of `with run:` executes `step` and sets `outcome`. At its end, the generator continues
    to its next step.
    """

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
    """Execute every step in this thread, and return the generator's result."""
    run = _Run(steps)
    while not run.is_done:
        with run:
            run.outcome = carry_out(run.step)
    return run.result


async def adrive(
    steps: Generator[Step, Outcome, Result], carry_out: Callable[[Step], Awaitable[Outcome]]
) -> Result:
    """Execute and await every step, and return the generator's result."""
    run = _Run(steps)
    while not run.is_done:
        with run:
            run.outcome = await carry_out(run.step)
    return run.result


def called(step: Callable[[], Any]) -> Any:
    """Execute a step that is a function: return the function's result, which may be an
    awaitable."""
    return step()
