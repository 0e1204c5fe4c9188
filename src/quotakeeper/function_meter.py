"""Meters functions with a decorator, and adds labels to all calls in a block."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, ParamSpec, Protocol, TypeVar, cast

from quotakeeper.engine.assembly import Engine
from quotakeeper.engine.pending_reservation import PendingReservation
from quotakeeper.engine.reservation import Reservation
from quotakeeper.errors import InvalidInputError
from quotakeeper.order_giver import OrderGiver
from quotakeeper.value_classes import dataclass

P = ParamSpec("P")
R = TypeVar("R")
Given = Mapping[str, Any]


class Reserver(Protocol):
    """The methods of a keeper that a decorated function uses."""

    def reserve(self, provider: str, **given: Any) -> Reservation:
        """Reserve the most that a call can use."""

    def areserve(self, provider: str, **given: Any) -> PendingReservation:
        """Awaitable form of `reserve`."""


@dataclass(frozen=True, slots=True)
class MeteredCall:
    """How to reserve and settle the calls of one decorated function."""

    provider: str
    asked: Given
    bound: Callable[..., Given] | None
    usage: Callable[[Any], Given | None] | None

    def most(self, arguments: tuple[Any, ...], named: Given) -> dict[str, Any]:
        """Return the arguments of `reserve` for a call of the function with `arguments` and
        `named`."""
        more = dict(self.bound(*arguments, **named)) if self.bound is not None else {}
        return {**self.asked, **more}

    def used(self, result: Any) -> Given | None:
        """Return the arguments of `settle` for the function's return value `result`; None if the
        usage is not known."""
        return self.usage(result) if self.usage is not None else None


class FunctionMeter(OrderGiver):
    """The methods of a Keeper that meter functions and label blocks."""

    _engine: Engine

    def tag(self, **labels: str) -> AbstractContextManager[None]:
        """Add labels to every call of this keeper in a `with` block: `with keeper.tag(user="an"):`.

        The labels apply to the calls of this thread or task, and to calls that `watch(keeper)`
        meters. Tasks started in the block, and `asyncio.to_thread`, keep the labels. A new thread
        starts without labels. A label given with a call overrides the label of a block. An inner
        block overrides an outer block. Raises InvalidInputError for a label that cannot be stored.
        """
        return self._engine.calls.tags.block(labels)

    def metered(
        self: Reserver, provider: str, *, model: str = "", operation: str = "",
        bound: Callable[..., Given] | None = None,
        usage: Callable[[Any], Given | None] | None = None, **reserved: Any,
    ) -> Callable[[Callable[P, R]], Callable[P, R]]:  # fmt: skip
        """Decorate a function, or an async function, that makes one call.

        Before each call of the function, `reserve` runs with the arguments in `reserved` and those
        that `bound(*args, **kwargs)` returns. Afterwards, the call is settled at what
        `usage(result)` returns. Without `usage`, or if `usage` returns None, the call is settled at
        the reserved amounts, marked `estimated`. If the function raises an exception, the reserved
        amounts are booked as `assumed`.

        If `operation` is not given, it is the name of the function. If a limit refuses the call,
        the function is not called. Raises InvalidInputError for a generator function, and the
        errors of `reserve`.
        """
        keeper = self

        def decorate(function: Callable[P, R]) -> Callable[P, R]:
            name = operation or getattr(function, "__name__", "call")
            asked = {"model": model, "operation": name, "sent": True, **reserved}
            return _metered(keeper, function, MeteredCall(provider, asked, bound, usage))

        return decorate


def _metered(keeper: Reserver, function: Callable[P, R], call: MeteredCall) -> Callable[P, R]:
    import inspect  # noqa: PLC0415 - five milliseconds that few programs need

    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise InvalidInputError(
            "metered", "a generator is not one call", "use `with keeper.reserve(...)` inside it"
        )
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def awaited(*arguments: P.args, **named: P.kwargs) -> Any:
            most = call.most(arguments, named)
            async with keeper.areserve(call.provider, **most) as reservation:
                result = await function(*arguments, **named)
                used = call.used(result)
                if used is not None:
                    await reservation.asettle(**used)
            return result

        return cast("Callable[P, R]", awaited)

    @functools.wraps(function)
    def called(*arguments: P.args, **named: P.kwargs) -> R:
        with keeper.reserve(call.provider, **call.most(arguments, named)) as reservation:
            result = function(*arguments, **named)
            used = call.used(result)
            if used is not None:
                reservation.settle(**used)
        return result

    return called
