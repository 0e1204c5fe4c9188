"""Guards for the methods that hooks call: no error inside quotakeeper reaches the program."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any, TypeVar, cast

from quotakeeper.metering.call_host import CallHost

_COROUTINE = 0x80  # inspect.CO_COROUTINE; importing inspect is slow
_WHAT = "a call could not be metered; its estimate is counted"
_VERBS = (
    "answered", "feed", "passed", "apassed", "passed_in_background", "end", "aend", "failed",
    "afailed", "hand_over", "sent", "asent", "received", "unsent", "settled",
    "lost_count", "opens",
)  # fmt: skip

Verb = TypeVar("Verb", bound=Callable[..., Any])
Kind = TypeVar("Kind", bound=type)


def guarded(verb: Verb) -> Verb:
    """Wrap a method so that it never raises. On an error, it returns None and the estimate is
    charged."""
    if verb.__code__.co_flags & _COROUTINE:

        @wraps(verb)
        async def arun(attempt: Any, *arguments: Any, **options: Any) -> Any:
            try:
                return await verb(attempt, *arguments, **options)
            except Exception as error:  # noqa: BLE001 - must not stop the program
                _note(attempt, error)

        return cast("Verb", arun)

    @wraps(verb)
    def run(attempt: Any, *arguments: Any, **options: Any) -> Any:
        try:
            return verb(attempt, *arguments, **options)
        except Exception as error:  # noqa: BLE001 - as above
            _note(attempt, error)

    return cast("Verb", run)


def with_guards(kind: Kind) -> Kind:
    """Class decorator: applies `guarded` to every method that hooks call."""
    for name in _VERBS:
        verb = vars(kind).get(name)
        if verb is not None:
            setattr(kind, name, guarded(verb))
    return kind


def _note(attempt: Any, error: Exception) -> None:
    with suppress(Exception):
        attempt._broken = True
        meter: CallHost = attempt._meter
        meter.fault(_WHAT, error)
