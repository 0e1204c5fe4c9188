"""Stand-ins for what an HTTP/1 connection reads from: its socket, and the file of an answer."""

from __future__ import annotations

import io
from typing import Any

from quotakeeper.intercept.hooks.unframing import Unframing
from quotakeeper.intercept.passage import note_fault

_REASONS = {402: "Payment Required", 429: "Too Many Requests"}


def written_out(refusal: Any, **more: str) -> bytes:
    """A refusal as it would come off the wire."""
    headers = {**refusal.headers, "content-length": str(len(refusal.body)), **more}
    head = f"HTTP/1.1 {refusal.status} {_REASONS.get(refusal.status, 'Refused')}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return head.encode("latin-1", "replace") + b"\r\n" + bytes(refusal.body)


class Canned:
    """Stands in for a socket from which a refusal is read."""

    def __init__(self, refusal: Any, real: Any) -> None:
        self.real = real
        self._answer = written_out(refusal)

    def makefile(self, *_: Any, **__: Any) -> Any:
        """The answer."""
        return io.BufferedReader(io.BytesIO(self._answer))

    def settimeout(self, value: Any) -> None:
        """Nothing here takes time."""
        if self.real is not None:
            self.real.settimeout(value)

    def close(self) -> None:
        """Close what it stands in for."""
        if self.real is not None:
            self.real.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


class Tee:
    """The file an answer is read from. Gives what the real one gives, when it gives it."""

    def __init__(self, file: Any, attempt: Any, body: Unframing) -> None:
        self._file = file
        self._attempt = attempt
        self._body = body

    def _took(self, data: bytes, *, asked: bool) -> None:
        attempt, body = self._attempt, self._body
        if attempt is None:
            return
        try:
            body.feed(data)
            ended = body.done or (asked and not data)
        except Exception as error:  # noqa: BLE001 - a fault of ours is not the program's
            note_fault(error)
            ended = True
        if ended:
            self._attempt = None
            attempt.end(body.whole or body.ends_with_connection)

    def read(self, size: Any = -1) -> bytes:
        data: bytes = self._file.read(size)
        self._took(data, asked=size != 0)
        if (size is None or size < 0) and data:
            self._took(b"", asked=True)  # all there is
        return data

    def read1(self, size: Any = -1) -> bytes:
        data: bytes = self._file.read1(size)
        self._took(data, asked=size != 0)
        return data

    def readline(self, size: Any = -1) -> bytes:
        data: bytes = self._file.readline(size)
        self._took(data, asked=size != 0)
        return data

    def readinto(self, buffer: Any) -> Any:
        count = self._file.readinto(buffer)
        self._took(bytes(memoryview(buffer)[: count or 0]), asked=len(buffer) > 0)
        return count

    def readinto1(self, buffer: Any) -> Any:
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
