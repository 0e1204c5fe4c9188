"""Text on streams that cannot write all of it: shown with replacements, never an error.

A Windows console may speak cp1252 or cp1258, and a log file inherits that. The handlers belong to
the host, so nothing about them is changed: each is given a text that it can write.
"""

from __future__ import annotations

import copy
import io
import logging
import sys
from typing import TextIO


def fitted(text: str, stream: object) -> str:
    """The text as `stream` can write it: what it cannot encode becomes "?"."""
    encoding = getattr(stream, "encoding", None)
    if not encoding or getattr(stream, "errors", "strict") not in (None, "strict"):
        return text
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.encode(encoding, "replace").decode(encoding)
    except LookupError:
        return text.encode("ascii", "replace").decode("ascii")
    return text


def log_line(logger: logging.Logger, level: int, text: str) -> None:
    """Log one line so that every handler on the way can write it; never raises."""
    if not logger.isEnabledFor(level):
        return
    name, line, function, _ = logger.findCaller(stacklevel=3)
    record = logger.makeRecord(logger.name, level, name, line, text, (), None, function)
    if not logger.filter(record):
        return
    found = False
    here: logging.Logger | None = logger
    while here is not None:
        for handler in here.handlers:
            if isinstance(handler, logging.NullHandler):
                continue
            found = True
            if level >= handler.level:
                _handle(handler, record)
        here = here.parent if here.propagate else None
    if not found and logging.lastResort is not None and level >= logging.lastResort.level:
        _handle(logging.lastResort, record)


def _handle(handler: logging.Handler, record: logging.LogRecord) -> None:
    text = fitted(str(record.msg), getattr(handler, "stream", None))
    if text != record.msg:
        record = copy.copy(record)
        record.msg = text
    handler.handle(record)


def make_legible(*streams: TextIO) -> None:
    """For a program's own console: let what cannot be encoded be replaced. Default: stdout, stderr."""
    for stream in streams or (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")
