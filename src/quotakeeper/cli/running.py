"""Runs one command and converts errors to exit codes."""

from __future__ import annotations

from collections.abc import Callable

from quotakeeper.cli import console, exit_codes
from quotakeeper.cli.text.words import Words
from quotakeeper.errors import QuotakeeperError
from quotakeeper.loggers import heard


def guarded(command: Callable[[], int], words: Words) -> int:
    """Run a command and return its exit code. An error is printed on stderr."""
    try:
        with heard():
            code = command()
        console.close_quietly()
    except QuotakeeperError as error:
        console.close_quietly()
        return exit_codes.report(error, words)
    except BrokenPipeError:  # the reader, such as `head`, closed the pipe: this is not an error
        console.drop_stdout()
        return exit_codes.OK
    except OSError as error:  # a file that the user named, or the disk, cannot be used
        console.close_quietly()
        return exit_codes.report_os_error(error, words)
    except KeyboardInterrupt:
        console.close_quietly()
        return exit_codes.INTERRUPTED
    return code
