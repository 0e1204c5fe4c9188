"""Replacements for the objects that an HTTP/1 connection reads from: its socket and an answer's
file."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from quotakeeper.intercept.hooks.unframing import Unframing
from quotakeeper.intercept.http_gate import REASONS, note_fault


def written_out(refusal: Any, **more: str) -> bytes:
    """Return a refusal as the bytes of an HTTP/1.1 response."""
    headers = {**refusal.headers, "content-length": str(len(refusal.body)), **more}
    head = f"HTTP/1.1 {refusal.status} {REASONS.get(refusal.status, 'Refused')}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return head.encode("latin-1", "replace") + b"\r\n" + bytes(refusal.body)


class RefusalSocket:
    """Replaces the socket of a connection, which then reads the refusal as its answer."""

    def __init__(self, refusal: Any, real: Any) -> None:
        self.real = real
        self._answer = written_out(refusal)

    def makefile(self, *_: Any, **__: Any) -> Any:
        """Return a file that contains the refusal."""
        return io.BufferedReader(io.BytesIO(self._answer))

    def settimeout(self, value: Any) -> None:
        """Set the timeout of the replaced socket. Reads of the refusal never wait."""
        if self.real is not None:
            self.real.settimeout(value)

    def close(self) -> None:
        """Close the socket that this object replaces."""
        if self.real is not None:
            self.real.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


class MeteredFile:
    """Replaces the file that an answer is read from. The attempt gets every byte that is read.

    A stream that must end early is read to the end of the current chunk. After this, reads return
    the bytes that end the stream, and `drop` closes the connection.
    """

    def __init__(self, file: Any, attempt: Any, drop: Callable[[], None], **framing: Any) -> None:
        self._file = file
        self._attempt = attempt
        self._drop = drop
        self._body = Unframing(self._passed, **framing)
        self._cut: Any = None

    @property
    def is_over(self) -> bool:
        """Whether the whole body has been read."""
        return self._body.done

    def _passed(self, data: bytes) -> None:
        # The data has already been returned. With a Content-Length no ending can follow, so the
        # stream may be cut anywhere.
        body = self._body
        breaks = not (body.is_chunked or body.ends_with_connection)
        self._cut = self._attempt.passed(data, splits=breaks)

    def _took(self, data: bytes, *, asked: bool) -> None:
        attempt, body = self._attempt, self._body
        if attempt is None:
            return
        try:
            body.feed(data)
            ended = body.done or (asked and not data)
        except Exception as error:  # noqa: BLE001 - must not reach the program
            note_fault(error)
            ended = True
        if ended:
            self._attempt = None
            attempt.end(body.whole or body.ends_with_connection)

    def _before(self, *, line: bool = False) -> None:
        """End the stream here if it must end early. Called before each read."""
        cut, body, attempt = self._cut, self._body, self._attempt
        if cut is None or attempt is None or body.done:
            return
        if body.is_chunked and not (line and body.between_chunks):
            return  # a chunk must be as long as its header says
        ending = bytes(cut.ending)
        self._attempt = None
        attempt.hand_over(False)
        self._file.close()
        self._drop()
        if not ending or not (body.is_chunked or body.ends_with_connection):
            self._file = io.BufferedReader(io.BytesIO())
            raise ConnectionResetError(cut.reason)  # fewer bytes come than the Content-Length says
        if body.is_chunked:
            ending = b"%x\r\n%b\r\n0\r\n\r\n" % (len(ending), ending)
        self._file = io.BufferedReader(io.BytesIO(ending))

    def read(self, size: Any = -1) -> bytes:
        self._before()
        data: bytes = self._file.read(size)
        self._took(data, asked=size != 0)
        if (size is None or size < 0) and data:
            self._took(b"", asked=True)  # everything has been read
        return data

    def read1(self, size: Any = -1) -> bytes:
        self._before()
        data: bytes = self._file.read1(size)
        self._took(data, asked=size != 0)
        return data

    def readline(self, size: Any = -1) -> bytes:
        self._before(line=True)
        data: bytes = self._file.readline(size)
        self._took(data, asked=size != 0)
        return data

    def readinto(self, buffer: Any) -> Any:
        self._before()
        count = self._file.readinto(buffer)
        self._took(bytes(memoryview(buffer)[: count or 0]), asked=len(buffer) > 0)
        return count

    def readinto1(self, buffer: Any) -> Any:
        self._before()
        count = self._file.readinto1(buffer)
        self._took(bytes(memoryview(buffer)[: count or 0]), asked=len(buffer) > 0)
        return count

    def close(self) -> None:
        attempt, self._attempt = self._attempt, None
        if attempt is not None:
            attempt.hand_over()
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
