"""Maps errors to exit codes, and prints an error as three lines: error, why, try."""

from __future__ import annotations

from quotakeeper.app.records.csv_text import visible
from quotakeeper.cli.console import tell
from quotakeeper.cli.text.words import Words
from quotakeeper.errors import (
    ClockSuspectError,
    ConfigError,
    FailoverUnsafeError,
    InvalidInputError,
    LedgerCorruptError,
    LedgerError,
    LedgerUnavailableError,
    LedgerWentBackError,
    LimitExceeded,
    MissingExtraError,
    PausedError,
    ProviderError,
    QuotakeeperError,
    TokenizerError,
)

OK = 0
FAILURE = 1
USAGE = 2
OVER = 3
WARNING = 4
DIFFERS = 5
UNSEEN = 6
UNAVAILABLE = 69
BAD_CONFIG = 78
INTERRUPTED = 130


def exit_code(error: QuotakeeperError) -> int:
    """Return the exit code for an error."""
    match error:
        case MissingExtraError() | LedgerUnavailableError() | ProviderError():
            return UNAVAILABLE
        case ConfigError():
            return BAD_CONFIG
        case InvalidInputError():
            return USAGE
        case LimitExceeded() | PausedError():
            return OVER
        case _:
            return FAILURE


def report(error: QuotakeeperError, words: Words) -> int:
    """Print an error as three lines on stderr and return its exit code."""
    what, place, problem, fix = _parts(error)
    why, fix = f"{place}{words.finished(problem)}", words.finished(fix)
    if isinstance(error, LedgerCorruptError):
        why, fix = _damage(error, words)
    tell(f"{words('error')}: {words(what)}")
    tell(f"  {words('why')}: {visible(why)}")
    tell(
        f"  {words('try')}: {visible(fix or words('to check the whole set-up: quotakeeper doctor'))}"
    )
    return exit_code(error)


def report_os_error(error: OSError, words: Words) -> int:
    """Print an error about a file as three lines on stderr, and return the exit code.

    The reason is the operating system's text.
    """
    name = str(error.filename)[:200] if error.filename is not None else ""
    why = f"{name}: {error.strerror or error}".removeprefix(": ")
    tell(f"{words('error')}: {words('a file cannot be used')}")
    tell(f"  {words('why')}: {visible(why)}")
    tell(f"  {words('try')}: {words('use another file or folder, or check its permissions')}")
    return USAGE


def _damage(error: LedgerCorruptError, words: Words) -> tuple[str, str]:
    """Return why a damaged ledger cannot be read, and how to fix it, in the chosen language."""
    fix = words.finished(error.fix)
    if error.seq is None and not error.entry_id:
        return f"{error.ledger}: {words.finished(error.problem)}", fix
    number = "?" if error.seq is None else error.seq
    values = {"ledger": error.ledger, "seq": number, "what": words.finished(error.what)}
    if not error.entry_id:
        return words("{ledger}: entry {seq} cannot be read: {what}", **values), fix
    return words(
        "{ledger}: entry {seq} (call {id!r}) cannot be read: {what}", id=error.entry_id, **values
    ), fix


def _parts(error: QuotakeeperError) -> tuple[str, str, str, str]:
    """Return four English texts: what happened, where (ending with ": "), the problem, and the fix."""
    match error:
        case MissingExtraError():
            what = "an optional package is not installed"
            return what, "", f"{error.where} {error.problem}", error.fix
        case ConfigError():
            what = "the configuration cannot be used"
            return what, f"{error.where}: ", error.problem, error.fix
        case InvalidInputError():
            place = f"{error.field}: " if error.field else ""
            return "a value cannot be used", place, error.problem, error.fix
        case LedgerCorruptError():
            return "the ledger is damaged", f"{error.ledger}: ", error.problem, error.fix
        case LedgerError():
            what = "the ledger cannot be used"
            return what, f"{error.ledger}: ", error.problem, error.fix
        case LimitExceeded():
            return _refusal(error)
        case PausedError():
            return "calls are paused", "", str(error), "quotakeeper resume"
        case ProviderError():
            return (
                "the provider's account cannot be read",
                "",
                str(error),
                "check the key, or give --file",
            )
        case TokenizerError():
            return "the tokenizer cannot be used", "", error.problem, error.fix
        case _:
            return "the command failed", "", str(error), ""


def _refusal(error: LimitExceeded) -> tuple[str, str, str, str]:
    if isinstance(error, ClockSuspectError):
        return "the clock has jumped ahead", "", str(error), "quotakeeper doctor"
    if isinstance(error, LedgerWentBackError):
        return "the ledger lacks calls", "", str(error), "quotakeeper ledger check"
    if isinstance(error, FailoverUnsafeError):
        return "a failover could lose calls", "", str(error), "quotakeeper ledger check"
    return "a limit is reached", "", str(error), "quotakeeper status"
