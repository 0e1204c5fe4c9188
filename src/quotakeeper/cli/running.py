"""Run one command: whatever ends it becomes an exit code, quietly where that is right."""

from __future__ import annotations

from collections.abc import Callable

from quotakeeper.cli import failures, streams
from quotakeeper.cli.words import Words
from quotakeeper.errors import QuotakeeperError


def guarded(command: Callable[[], int], words: Words) -> int:
    """Run a command and return its exit code."""
    try:
        code = command()
        streams.close_quietly()
    except QuotakeeperError as error:
        streams.close_quietly()
        return failures.report(error, words)
    except BrokenPipeError:  # the reader, like `head`, has what it wanted
        streams.drop_stdout()
        return failures.OK
    except KeyboardInterrupt:
        streams.close_quietly()
        return failures.INTERRUPTED
    return code
