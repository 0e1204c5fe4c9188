"""Meters the answers of urllib3-future: wraps the read functions of a connection's low-level
answer."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from quotakeeper.intercept.http_gate import note_fault

if TYPE_CHECKING:
    from quotakeeper.metering.http_attempt import HttpAttempt
    from quotakeeper.metering.stream_budget import StreamCut


def read_along(low: Any, attempt: HttpAttempt, root: str, metered: Any) -> None:
    """Wrap the read functions of an answer, so that `attempt` gets every byte that is read.

    `metered` is the function `metered` or `async_metered` of this module.
    """
    try:
        broken = import_module(f"{root}.exceptions").ProtocolError
        for name in ("read", "read1"):
            if hasattr(low, name):
                setattr(low, name, metered(low, getattr(low, name), attempt, broken))
        low.close = _closing(low.close, attempt)
    except Exception as error:  # noqa: BLE001 - must not reach the program
        note_fault(error)
        attempt.hand_over()


def metered(low: Any, original: Any, attempt: HttpAttempt, broken: Any) -> Any:
    """Return a read function that gives the attempt every byte that is read.

    It raises `broken` when a stream is cut without an error in the provider's format.
    """

    def read(*given: Any) -> bytes:
        try:
            data: bytes = original(*given)
        except BaseException:
            attempt.hand_over()
            raise
        cut = attempt.passed(data) if data else None
        if cut is not None:
            return _cut(low, cut, data, broken)
        if low.closed:
            attempt.end(True)
        return data

    return read


def async_metered(low: Any, original: Any, attempt: HttpAttempt, broken: Any) -> Any:
    """Return a read function as `metered` does, for event loops."""

    async def read(*given: Any) -> bytes:
        try:
            data: bytes = await original(*given)
        except BaseException:
            attempt.hand_over()
            raise
        cut = await attempt.apassed(data) if data else None
        if cut is not None:
            return _cut(low, cut, data, broken)
        if low.closed:
            await attempt.aend(True)
        return data

    return read


def _cut(low: Any, cut: StreamCut, data: bytes, broken: Any) -> bytes:
    """Return the last chunk of a stream that is cut."""
    low.close()
    low._eot = True
    if not cut.ending:
        raise broken(cut.reason)
    return data[: cut.keep] + cut.ending


def _closing(original: Any, attempt: HttpAttempt) -> Any:
    def close() -> Any:
        try:
            return original()
        finally:
            attempt.hand_over()

    return close
