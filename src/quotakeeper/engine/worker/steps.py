"""One code path for threads and coroutines: a generator yields steps, and a driver runs each step.

A step is a command for the worker, or an object of a class below: something to wait for. The driver
`run` waits in the calling thread, the driver `arun` on the event loop. Both send the answer into
the generator, or throw the error into it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any, Protocol, TypeVar

from quotakeeper.domain.ledger.commands import Command
from quotakeeper.engine.worker.offload import offload
from quotakeeper.engine.worker.work_items import Question

T = TypeVar("T")


class StepWorker(Protocol):
    """The methods of the worker that steps use."""

    def carry_out(self, command: Command) -> Any:
        """Execute a command durably, and return its outcome. Blocks."""

    def ask(self, question: Question) -> Any:
        """Return the answer to a question about the store. Blocks."""

    def acarry_out(self, command: Command) -> Coroutine[Any, Any, Any]:
        """Awaitable form of `carry_out`."""

    def aask(self, question: Question) -> Coroutine[Any, Any, Any]:
        """Awaitable form of `ask`."""


class Pauses(Protocol):
    """The method of a clock that `Pause` uses."""

    def sleep(self, seconds: float) -> None:
        """Sleep for this many seconds. Blocks."""


class Step:
    """Something to wait for that is not a command. Subclasses define how to wait."""

    # Not an abstract class, because `isinstance` on one takes three times as long, for every
    # command.
    __slots__ = ()

    def block(self, worker: StepWorker) -> Any:
        """Wait in this thread, and return the answer."""

    def wait(self, worker: StepWorker) -> Awaitable[Any]:
        """Return an awaitable of the answer, which does not block the event loop."""
        return _answered()


async def _answered() -> None:
    """Return None: the default answer of a step."""


# The generator receives the outcome of each command.
Steps = Generator[Command | Step, Any, T]


class AskWorker(Step):
    """A step: the worker answers a question about the store."""

    __slots__ = ("_question",)

    def __init__(self, question: Question) -> None:
        self._question = question

    def block(self, worker: StepWorker) -> Any:
        """Wait for the answer in this thread; see Step."""
        return worker.ask(self._question)

    def wait(self, worker: StepWorker) -> Awaitable[Any]:
        """Return an awaitable of the answer; see Step."""
        return worker.aask(self._question)


class Pause(Step):
    """A step: wait for `seconds`."""

    __slots__ = ("_clock", "_seconds")

    def __init__(self, clock: Pauses, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds

    def block(self, worker: StepWorker) -> Any:
        """Sleep in this thread; see Step."""
        self._clock.sleep(self._seconds)

    def wait(self, worker: StepWorker) -> Awaitable[Any]:
        """Return an awaitable that sleeps; see Step."""
        import asyncio  # noqa: PLC0415 - slow to import

        return asyncio.sleep(self._seconds)


class Offload(Step):
    """A step: run blocking disk work, which must not block an event loop."""

    __slots__ = ("_act",)

    def __init__(self, act: Callable[[], object]) -> None:
        self._act = act

    def block(self, worker: StepWorker) -> Any:
        """Run the work in this thread; see Step."""
        return self._act()

    def wait(self, worker: StepWorker) -> Awaitable[Any]:
        """Return an awaitable that runs the work in another thread; see Step."""
        return offload(self._act)


def run(worker: StepWorker, steps: Steps[T]) -> T:
    """Run steps in this thread. Returns the generator's result, or raises its error."""
    try:
        step = next(steps)
        while True:
            try:
                answer = step.block(worker) if isinstance(step, Step) else worker.carry_out(step)
            except BaseException as error:  # noqa: BLE001 - the generator handles it, signals included
                step = steps.throw(error)
            else:
                step = steps.send(answer)
    except StopIteration as end:
        result: T = end.value
        return result


async def arun(worker: StepWorker, steps: Steps[T]) -> T:
    """Run steps on the event loop, as `run` does in a thread.

    A cancellation is thrown into the generator like any other error.
    """
    try:
        step = next(steps)
        while True:
            try:
                if isinstance(step, Step):
                    answer = await step.wait(worker)
                else:
                    answer = await worker.acarry_out(step)
            except BaseException as error:  # noqa: BLE001 - as in `run`
                step = steps.throw(error)
            else:
                step = steps.send(answer)
    except StopIteration as end:
        result: T = end.value
        return result
