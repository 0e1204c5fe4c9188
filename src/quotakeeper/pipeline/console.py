"""Writes lines and a progress bar to any text stream. Never raises an error.

A character that the stream cannot encode is replaced. Output to a closed stream is ignored.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from quotakeeper.calculator.stream_text import fitted
from quotakeeper.loggers import TOP
from quotakeeper.pipeline.wording import ENGLISH, Wording

_BAR_CELLS = 24
# A file name or a provider's message may contain terminal control codes: they are shown as escapes.
_CONTROLS = (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_ESCAPED = {code: chr(code).encode("unicode_escape").decode("ascii") for code in _CONTROLS}


class ProgressConsole:
    """Writes whole lines. On a terminal, it also shows a progress bar that is rewritten in place."""

    def __init__(self, stream: TextIO | None, *, quiet: bool = False) -> None:
        self._stream = stream
        self._quiet = quiet
        self._status = ""
        try:
            self._tty = bool(stream is not None and stream.isatty())
        except (ValueError, OSError):
            self._tty = False

    def line(self, text: str = "") -> None:
        """Write one line. Characters that the stream cannot encode are replaced."""
        self._erase()
        self._write(text.translate(_ESCAPED) + "\n")

    def progress(self, text: str) -> None:
        """Write a line about progress. With `quiet`, nothing is written."""
        if not self._quiet:
            self.line(text)

    def step(self, done: int, total: int, text: str) -> None:
        """Show that a step begins. A terminal shows a progress bar; another stream gets a line."""
        if self._quiet:
            return
        if not self._tty:
            self.line(text)
            return
        filled = _BAR_CELLS * done // max(1, total)
        cells = self._fitting("█", "#") * filled + self._fitting("░", ".") * (_BAR_CELLS - filled)
        self._erase()
        self._status = f"[{cells}] {text.translate(_ESCAPED)}"[:110]
        self._write(self._status + "\r")

    def close(self) -> None:
        """Erase the progress bar, if it is shown."""
        self._erase()

    def _erase(self) -> None:
        if self._status:
            self._write(" " * (len(self._status) + 8) + "\r")
            self._status = ""

    def _fitting(self, wanted: str, plain: str) -> str:
        # This checks the encoding itself. With `fitted`, a stream that replaces characters would
        # draw a bar of question marks.
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        try:
            wanted.encode(encoding)
        except (UnicodeError, LookupError):
            return plain
        return wanted

    def _write(self, text: str) -> None:
        if self._stream is None:
            return
        try:
            self._stream.write(fitted(text, self._stream))
            self._stream.flush()
        except (OSError, ValueError):
            self._stream = None


class _ConsoleHandler(logging.Handler):
    """Shows log records as plain console lines."""

    def __init__(self, console: ProgressConsole, words: Wording) -> None:
        super().__init__(logging.INFO)
        self._console = console
        self._words = words

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record as one line."""
        self._console.line(self._words.finished(record.getMessage()))


@contextmanager
def logging_to(console: ProgressConsole, words: Wording = ENGLISH) -> Iterator[None]:
    """Show quotakeeper's log records from level INFO up on the console, in the language of `words`.

    So the console also shows the summary that `TokenCalculator` logs. The root logger and its
    handlers do not change. After the `with` block, quotakeeper's logger is as before.
    """
    loggers = [logging.getLogger(TOP)]
    before = [(each.handlers[:], each.level, each.propagate) for each in loggers]
    handler = _ConsoleHandler(console, words)
    for logger in loggers:
        logger.handlers[:], logger.propagate = [handler], False
        logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        for logger, (handlers, level, propagate) in zip(loggers, before, strict=True):
            logger.handlers[:], logger.propagate = handlers, propagate
            logger.setLevel(level)
