"""Chinese video or sound in; Vietnamese subtitles, text, titles and captions out, within the quota.

Deepgram listens, Gemini translates and rewrites. Every paid call is reserved against the limits
before it leaves and settled by what the provider reports. Runs with a bare `python3`:
`python3 all_in_one_backup.py --help`.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if sys.version_info < (3, 11):  # noqa: UP036 - said here, not by an import that fails
    sys.exit("quotakeeper needs Python 3.11 or newer, this is %d.%d" % sys.version_info[:2])  # noqa: UP031

HERE = Path(__file__).resolve().parent
for _folder in (HERE, HERE.parent / "src"):
    if _folder.is_dir() and str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))

from pipeline.books import EXIT_CONFIG, Books, KeeperBooks, NoBooks, Tally  # noqa: E402
from pipeline.calls import Caller  # noqa: E402
from pipeline.console import Console, logging_to  # noqa: E402
from pipeline.media import find_media  # noqa: E402
from pipeline.options import Options, read_options  # noqa: E402
from pipeline.problems import SetupProblem  # noqa: E402
from pipeline.rounds import Rounds  # noqa: E402
from pipeline.transport import Transport, send  # noqa: E402
from quotakeeper.clocks import Clock, SystemClock  # noqa: E402
from quotakeeper.errors import ConfigError, QuotakeeperError  # noqa: E402

if TYPE_CHECKING:
    from quotakeeper import Keeper, UsageEvent

EXIT_INTERRUPTED = 130
RULE = "=" * 70


def _ignore(event: UsageEvent) -> None:
    """Nobody wants to hear of it."""


class AllInOneBackup:
    """One run over some media files, as the brief's main script.

    Without `keeper`, the environment says which ledger and limits are used. A calculator that
    fails is replaced by a plain display; the limits hold all the same.
    """

    def __init__(
        self,
        options: Options,
        console: Console,
        *,
        keeper: Keeper | None = None,
        clock: Clock | None = None,
        transport: Transport = send,
        on_event: Callable[[UsageEvent], object] = _ignore,
    ) -> None:
        self.options = options
        self._on_event = on_event
        self.console = console
        self.token_calculator: Any = None
        self._own_keeper: Keeper | None = None
        self._failure = "switched off by --no-tracking"
        clock = clock or SystemClock()
        self.books: Books = NoBooks()
        if options.tracking:
            self.books = self._open_books(keeper, clock)
        caller = Caller(
            self.books,
            transport,
            clock,
            attempts=options.attempts,
            tell=lambda text: console.progress(f"  {text}"),
            redact=self._redact,
        )
        self._rounds = Rounds(
            options.job, caller, clock, console, waits=options.wait, redact=self._redact
        )

    def run(self) -> int:
        """Do all files and show the summary; returns the exit code."""
        try:
            return self.process()
        finally:
            self.show_summary()

    def process(self) -> int:
        """Do all files; returns the exit code."""
        try:
            if self.options.job.out is not None:
                self.options.job.out.mkdir(parents=True, exist_ok=True)
            paths = list(find_media(self.options.inputs, recursive=self.options.recursive))
            if not paths:
                raise SetupProblem("no media files were found there", exit_code=2)
            return self._rounds.run(paths).exit_code
        except KeyboardInterrupt:
            self.console.line("interrupted; finished steps are kept: run the same command again")
            return EXIT_INTERRUPTED
        except SetupProblem as problem:
            self.console.line(f"error: {self._redact(str(problem))}")
            return problem.exit_code
        except OSError as error:
            self.console.line(f"error: {self._redact(str(error))}")
            return 1
        finally:
            self.console.close()

    def show_summary(self) -> None:
        """The brief's summary and warnings; a plain display when the calculator cannot."""
        calculator = self.token_calculator
        if calculator is None:
            self._show_plainly(self.books.tally)
            return
        try:
            calculator.log_summary()
            warnings = calculator.get_quota_warnings()
            if warnings:
                self.console.line("🚨 QUOTA WARNINGS:")
                for warning in warnings:
                    self.console.line(f"  {warning}")
            if self.options.export is not None:
                calculator.export_to_file(str(self.options.export))
        except Exception as error:  # noqa: BLE001 - the brief: a display never breaks the run
            self._failure = str(error) or type(error).__name__
            self._show_plainly(self.books.tally)

    def close(self) -> None:
        """Let go of the ledger, if this run opened it."""
        if self._own_keeper is not None:
            self._own_keeper.close()

    def _open_books(self, keeper: Keeper | None, clock: Clock) -> Books:
        # Opened here and not by the calculator, which would go on in memory without a ledger: that
        # is right for a display, and wrong for what holds the limits.
        if keeper is None:
            keeper = self._own_keeper = _open_keeper()
        note: Callable[[UsageEvent], object] = _ignore
        try:
            from token_calculator import TokenCalculator

            self.token_calculator = TokenCalculator(keeper=keeper)
            note = self.token_calculator.note_event
        except Exception as error:  # noqa: BLE001 - the brief: a calculator never breaks the run
            self._failure = str(error) or type(error).__name__

        def booked(event: UsageEvent) -> None:
            try:
                note(event)
            except Exception as error:  # noqa: BLE001 - as above; the display goes plain
                self.token_calculator = None
                self._failure = str(error) or type(error).__name__
            self._on_event(event)

        return KeeperBooks(keeper, clock, booked, self.options.scope)

    def _show_plainly(self, tally: Tally) -> None:
        """The brief's fallback display."""
        write = self.console.line
        write(RULE)
        write("📊 TOKEN USAGE (this run only)")
        write(RULE)
        write(f"⚠️ The token calculator is not available: {self._redact(self._failure)}")
        tokens = sum(tally.quantities.get(f"{kind}_tokens", 0) for kind in _TOKEN_KINDS)
        minutes = tally.quantities.get("audio_milliseconds", 0) / 60_000
        write(f"🔤 Gemini: {tally.attempts.get('gemini', 0)} calls, {tokens:,} tokens")
        write(f"🎤 Deepgram: {tally.attempts.get('deepgram', 0)} calls, {minutes:.2f} minutes")
        write(RULE)

    def _redact(self, text: str) -> str:
        for key in self.options.keys:
            text = key.redact(text)
        return text


_TOKEN_KINDS = ("input", "cached_input", "output", "thought")


def _open_keeper() -> Keeper:
    from quotakeeper import Keeper

    try:
        return Keeper()
    except ConfigError as error:
        raise SetupProblem(str(error), exit_code=EXIT_CONFIG) from None
    except QuotakeeperError as error:
        raise SetupProblem(f"the quota ledger cannot be used: {error}") from None


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """The script: returns its exit code."""
    try:
        options = read_options(arguments, environ)
        console = Console(sys.stdout, quiet=options.quiet)
        with logging_to(console):
            run = AllInOneBackup(options, console)
            try:
                return run.run()
            finally:
                run.close()
    except SetupProblem as problem:
        Console(sys.stderr).line(f"error: {problem}")
        return problem.exit_code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


if __name__ == "__main__":
    # Being told to stop is like Ctrl-C: what is under way is booked, what is finished is kept.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main(sys.argv[1:], os.environ))
