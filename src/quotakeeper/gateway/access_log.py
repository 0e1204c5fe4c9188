"""Writes one line of JSON for each request. It has no query, header or body, so it has no key."""

from __future__ import annotations

import json
from collections.abc import Callable

from quotakeeper.app.records.instants import rfc3339
from quotakeeper.gateway.call_note import CallNote
from quotakeeper.gateway.uploads import PREFIX
from quotakeeper.http_server.seam import Exchange
from quotakeeper.providers.reading.redaction import redact

_MOST_PATH = 200
_US = 1_000_000


class AccessLog:
    """The access log. `write` gets each line; None: nothing is logged."""

    def __init__(self, write: Callable[[str], None] | None) -> None:
        self._write = write

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
        self._write(json.dumps({name: value for name, value in record.items() if value != ""},
                               ensure_ascii=False))  # fmt: skip


def _shown(path: str) -> str:
    """Return a path for the log. The name of an upload and what looks like a key are left out."""
    return f"{PREFIX}..." if path.startswith(PREFIX) else redact(path, _MOST_PATH)
