"""The package's loggers. All names begin with `quotakeeper`.

The loggers print nothing until the program configures logging. The package does not change the root
logger. `tell` is for messages that a user must see even in a program without logging, for example
that calls are refused or not counted.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

TOP = "quotakeeper"


def silence() -> None:
    """Give the top logger a NullHandler, so that Python prints nothing when no handler is
    configured."""
    top = logging.getLogger(TOP)
    if not any(isinstance(handler, logging.NullHandler) for handler in top.handlers):
        top.addHandler(logging.NullHandler())


def is_heard(logger: logging.Logger) -> bool:
    """Whether a handler other than a NullHandler receives the records of this logger."""
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
    """Log a message, with the traceback of `error`. Print it on stderr if no handler receives it."""
    logger.log(level, text, *values, exc_info=error, stacklevel=2)
    last = logging.lastResort
    if last is None or level < last.level or is_heard(logger) or not logger.isEnabledFor(level):
        return
    raised = None if error is None else (type(error), error, error.__traceback__)
    last.handle(logger.makeRecord(logger.name, level, __file__, 0, text, values, raised))


@contextmanager
def heard() -> Iterator[None]:
    """Show warnings and errors on stderr in a `with` block. For the package's own programs.

    Does nothing if the program has configured a handler.
    """
    top, handler = logging.getLogger(TOP), logging.lastResort
    if handler is None or is_heard(top):
        yield
        return
    top.addHandler(handler)
    try:
        yield
    finally:
        top.removeHandler(handler)
