"""One path for threads and coroutines: a generator yields its steps, a driver carries each out.

A step is whatever has to wait: a command for the worker, or one of the steps below. `run` waits
in the calling thread, `arun` on the event loop; both send the answer, or throw the error, back into
the generator.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any, Protocol, TypeVar

from quotakeeper.domain.ledger.commands import Command
from quotakeeper.engine.worker.offload import offload
from quotakeeper.engine.worker.work_items import Question

T = TypeVar("T")


class StepWorker(Protocol):
    """What a step needs of the worker."""

    def carry_out(self, command: Command) -> Any:
        """Have a command carried out and durable; give its outcome. Blocks."""

    def ask(self, question: Question) -> Any:
        """Have a question answered. Blocks."""

    def acarry_out(self, command: Command) -> Coroutine[Any, Any, Any]:
        """`carry_out`, awaited."""

    def aask(self, question: Question) -> Coroutine[Any, Any, Any]:
        """`ask`, awaited."""


class Pauses(Protocol):
    """What a pause needs of the clock."""

    def sleep(self, seconds: float) -> None:
        """Wait. Blocks."""


class Step:
    """One thing to wait for that is no command; a subclass says how."""

    # No abstract class: `isinstance` is asked for every command, and that would cost three times.
    __slots__ = ()

    def block(self, worker: StepWorker) -> Any:
        """Wait in this thread; give the answer."""

    def wait(self, worker: StepWorker) -> Awaitable[Any]:
        """Wait on the event loop; give the answer."""
        return _answered()


async def _answered() -> None:
    """An answer that is there."""


# What is sent back into the generator for a command is its outcome.
Steps = Generator[Command | Step, Any, T]


class AskWorker(Step):
    """Have the worker answer a question."""

    __slots__ = ("_question",)

    def __init__(self, question: Question) -> None:
        self._question = question

    def block(self, worker: StepWorker) -> Any:
        """As Step's."""
        return worker.ask(self._question)

    def wait(self, worker: StepWorker) -> Awaitable[Any]:
        """As Step's."""
        return worker.aask(self._question)


class Pause(Step):
    """Let some seconds pass."""

    __slots__ = ("_clock", "_seconds")

    def __init__(self, clock: Pauses, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds

    def block(self, worker: StepWorker) -> Any:
        """As Step's."""
        self._clock.sleep(self._seconds)

    def wait(self, worker: StepWorker) -> Awaitable[Any]:
        """As Step's."""
        import asyncio  # noqa: PLC0415 - see Worker

        return asyncio.sleep(self._seconds)


class Offload(Step):
    """Do what waits for the disk: in this thread, or beside the event loop."""

    __slots__ = ("_act",)

    def __init__(self, act: Callable[[], object]) -> None:
        self._act = act

    def block(self, worker: StepWorker) -> Any:
        """As Step's."""
        return self._act()

    def wait(self, worker: StepWorker) -> Awaitable[Any]:
        """As Step's."""
        return offload(self._act)


def run(worker: StepWorker, steps: Steps[T]) -> T:
    """Carry out steps in this thread; give what they come to, raise what they raise."""
    try:
        step = next(steps)
        while True:
            try:
                answer = step.block(worker) if isinstance(step, Step) else worker.carry_out(step)
            except BaseException as error:  # noqa: BLE001 - the generator decides, signals included
                step = steps.throw(error)
            else:
                step = steps.send(answer)
    except StopIteration as end:
        result: T = end.value
        return result


async def arun(worker: StepWorker, steps: Steps[T]) -> T:
    """`run` on the event loop. What cancels it is thrown into the generator like any error."""
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
