"""One generator gives the same results and errors when a thread or an event loop runs it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from typing import Any

import pytest

from quotakeeper.metering.steps import adrive, drive

Drive = Callable[[Generator[Any, Any, Any], Callable[[Any], Any]], Any]


def awaited(steps: Generator[Any, Any, Any], carry_out: Callable[[Any], Any]) -> Any:
    async def ready(step: Any) -> Any:
        await asyncio.sleep(0)
        return carry_out(step)

    return asyncio.run(adrive(steps, ready))


BOTH = pytest.mark.parametrize("driven", [drive, awaited], ids=["thread", "loop"])


@BOTH
def test_each_steps_result_is_sent_back_and_the_last_value_is_returned(driven: Drive) -> None:
    def steps() -> Generator[int, int, list[int]]:
        first = yield 1
        return [first, (yield first + 1)]

    assert driven(steps(), lambda step: step * 10) == [10, 110]


@BOTH
def test_a_generator_without_steps_returns_its_result(driven: Drive) -> None:
    def steps() -> Generator[int, int, str]:
        yield from ()
        return "done"

    assert driven(steps(), lambda step: step) == "done"


@BOTH
def test_a_steps_error_is_raised_inside_the_generator(driven: Drive) -> None:
    seen: list[object] = []

    def steps() -> Generator[str, None, str]:
        try:
            yield "fail"
        except LookupError as error:
            seen.append(error)
            yield "clean up"
            raise
        return "never"

    def carry_out(step: str) -> None:
        seen.append(step)
        if step == "fail":
            raise LookupError("gone")

    with pytest.raises(LookupError, match="gone") as raised:
        driven(steps(), carry_out)
    assert seen == ["fail", raised.value, "clean up"]


def test_a_cancelled_task_runs_the_generators_cleanup() -> None:
    ended: list[type[BaseException]] = []

    def steps() -> Generator[str, None, None]:
        try:
            yield "wait"
        except BaseException as error:
            ended.append(type(error))
            raise

    async def main() -> None:
        started = asyncio.Event()

        async def wait(_: str) -> None:
            started.set()
            await asyncio.Event().wait()

        task = asyncio.create_task(adrive(steps(), wait))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert ended == [asyncio.CancelledError]
