"""Writes one line of JSON for each request. It has no query, header or body, so it has no key."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping

from quotakeeper.app.records.instants import rfc3339
from quotakeeper.clocks import SystemClock
from quotakeeper.gateway.call_note import CallNote
from quotakeeper.gateway.uploads import PREFIX
from quotakeeper.http_server.head_errors import RequestRefusedError
from quotakeeper.http_server.seam import Exchange
from quotakeeper.providers.reading.redaction import redact

_MOST_PATH = 200
log = logging.getLogger("quotakeeper.gateway")


class AccessLog:
    """The access log. `write` gets each line; None: nothing is logged.

    If a line cannot be written, such as on a full disk, it is left out, and one warning is logged.
    `now` returns the time in microseconds since 1970 UTC.
    """

    def __init__(
        self, write: Callable[[str], None] | None, now: Callable[[], int] | None = None
    ) -> None:
        self._write = write
        self._now = now or SystemClock().now
        self._is_broken = False

    def log(self, exchange: Exchange, note: CallNote, at_us: int, seconds: float) -> None:
        """Log one answered request. `at_us`: when it arrived, in microseconds since 1970 UTC."""
        if self._write is None:
            return
        head = exchange.head
        record = {
            "at": rfc3339(at_us), "remote": exchange.remote, "method": head.method,
            "path": _shown(head.path), "status": exchange.status,
            "bytes": exchange.bytes_sent, "ms": round(seconds * 1_000), "key": note.key,
            "project": note.project, "provider": note.provider, "model": redact(note.model, _MOST_PATH),
            "operation": note.operation, "call": note.call_id, "outcome": note.outcome,
        }  # fmt: skip
        self._line(record)

    def refused(self, remote: str, refusal: RequestRefusedError) -> None:
        """Log a request that the server refused before its head was read. It has no path."""
        self._line({
            "at": rfc3339(self._now()), "remote": remote, "status": refusal.status,
            "outcome": "bad_request", "problem": refusal.problem,
        })  # fmt: skip

    def _line(self, record: Mapping[str, object]) -> None:
        if self._write is None:
            return
        kept = {name: value for name, value in record.items() if value != ""}
        try:
            self._write(json.dumps(kept, ensure_ascii=False))
        except (OSError, ValueError) as error:  # ValueError: the file was closed
            if not self._is_broken:
                text = "quotakeeper: the access log cannot be written (%s), so lines are left out"
                log.warning(text, type(error).__name__)
            self._is_broken = True
        else:
            self._is_broken = False


def _shown(path: str) -> str:
    """Return a path for the log. The name of an upload and what looks like a key are left out."""
    return f"{PREFIX}..." if path.startswith(PREFIX) else redact(path, _MOST_PATH)
