"""The package's loggers: all below `quotakeeper`, silent until the program sets up logging.

The package leaves the root logger alone. `tell` is for what a person must see even in a program
without logging: that calls are refused or pass uncounted.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

TOP = "quotakeeper"


def silence() -> None:
    """Give the top logger a NullHandler, so that Python does not print what nobody listens to."""
    top = logging.getLogger(TOP)
    if not any(isinstance(handler, logging.NullHandler) for handler in top.handlers):
        top.addHandler(logging.NullHandler())


def is_heard(logger: logging.Logger) -> bool:
    """Whether a handler other than a NullHandler gets what this logger logs."""
    here: logging.Logger | None = logger
    while here is not None:
        if any(not isinstance(handler, logging.NullHandler) for handler in here.handlers):
            return True
        here = here.parent if here.propagate else None
    return False


def tell(
    logger: logging.Logger, level: int, text: str, *values: object,
    error: BaseException | None = None,
) -> None:  # fmt: skip
    """Log a line, with the traceback of `error`; print it on stderr if no handler listens."""
    logger.log(level, text, *values, exc_info=error, stacklevel=2)
    last = logging.lastResort
    if last is None or level < last.level or is_heard(logger) or not logger.isEnabledFor(level):
        return
    raised = None if error is None else (type(error), error, error.__traceback__)
    last.handle(logger.makeRecord(logger.name, level, __file__, 0, text, values, raised))


@contextmanager
def heard() -> Iterator[None]:
    """Show warnings and errors on stderr while a program of this package runs, if nothing else does."""
    top, handler = logging.getLogger(TOP), logging.lastResort
    if handler is None or is_heard(top):
        yield
        return
    top.addHandler(handler)
    try:
        yield
    finally:
        top.removeHandler(handler)
