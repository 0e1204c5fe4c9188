"""Answer streams for httpx and httpx2. They meter every chunk, and end early when the meter cuts a
call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from quotakeeper.metering.http_attempt import HttpAttempt
    from quotakeeper.metering.stream_budget import StreamCut


class PassedStream:
    """Base class of the streams. Gets its chunks from another stream, as they arrive."""

    def __init__(self, stream: Any, attempt: HttpAttempt) -> None:
        self._stream = stream
        self._attempt = attempt

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _ending(self, cut: StreamCut, chunk: bytes, broken: Any) -> Any:
        """Yield the last chunks of a stream that is cut."""
        if cut.keep:
            yield chunk[: cut.keep]
        if not cut.ending:
            raise broken(cut.reason)
        yield cut.ending


def metered_stream(kind: Any, broken: Any) -> Any:
    """Return a metered stream class for threads, derived from the library's class `kind`.

    A stream that is cut without an error in the provider's format raises `broken`.
    """

    class MeteredByteStream(PassedStream, kind):  # type: ignore[misc]
        def __iter__(self) -> Any:
            attempt = self._attempt
            for chunk in self._stream:
                cut = attempt.passed(chunk)
                if cut is None:
                    yield chunk
                    continue
                self.close()
                yield from self._ending(cut, chunk, broken)
                return
            attempt.end(True)

        def close(self) -> None:
            try:
                self._stream.close()
            finally:
                self._attempt.hand_over()

    return MeteredByteStream


def async_metered_stream(kind: Any, broken: Any) -> Any:
    """Return a stream class as `metered_stream` does, for event loops."""

    class AsyncMeteredByteStream(PassedStream, kind):  # type: ignore[misc]
        async def __aiter__(self) -> Any:
            attempt = self._attempt
            async for chunk in self._stream:
                cut = await attempt.apassed(chunk)
                if cut is None:
                    yield chunk
                    continue
                await self.aclose()
                for piece in self._ending(cut, chunk, broken):
                    yield piece
                return
            await attempt.aend(True)

        async def aclose(self) -> None:
            try:
                await self._stream.aclose()
            finally:
                self._attempt.hand_over()

    return AsyncMeteredByteStream
