"""Writes text to streams that cannot encode all characters: "?" replaces them, and no error is raised.

A Windows console, or a log file with the same encoding, may use cp1252 or cp1258. The log handlers
belong to the program and do not change. Each handler gets text that it can encode.
"""

from __future__ import annotations

import copy
import io
import logging
import sys
from typing import TextIO


def fitted(text: str, stream: object) -> str:
    """Return the text with "?" for each character that `stream` cannot encode."""
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
    """Log one line of text that every handler can encode. Never raises an encoding error."""
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
    """Make the streams replace characters that they cannot encode. Without arguments, changes
    stdout and stderr.

    Use this only in a program's own main function, because it changes the streams of the process.
    """
    for stream in streams or (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")
