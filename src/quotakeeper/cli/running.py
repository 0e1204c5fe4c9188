"""Run one command: whatever ends it becomes an exit code, quietly where that is right."""

from __future__ import annotations

from collections.abc import Callable

from quotakeeper.cli import console, exit_codes
from quotakeeper.cli.text.words import Words
from quotakeeper.errors import QuotakeeperError
from quotakeeper.loggers import heard


def guarded(command: Callable[[], int], words: Words) -> int:
    """Run a command and return its exit code."""
    try:
        with heard():
            code = command()
        console.close_quietly()
    except QuotakeeperError as error:
        console.close_quietly()
        return exit_codes.report(error, words)
    except BrokenPipeError:  # the reader, like `head`, has what it wanted
        console.drop_stdout()
        return exit_codes.OK
    except OSError as error:  # a file that was named, or the disk
        console.close_quietly()
        return exit_codes.report_os_error(error, words)
    except KeyboardInterrupt:
        console.close_quietly()
        return exit_codes.INTERRUPTED
    return code
