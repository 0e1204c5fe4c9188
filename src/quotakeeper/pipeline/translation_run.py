"""One run over media files: opens the ledger, processes every file, and shows a summary.

`quotakeeper translate` and `run/all_in_one_backup.py` both call `translate_files`.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from quotakeeper import Keeper, UsageEvent
from quotakeeper.app.media.folders import find_media
from quotakeeper.app.price_notices import notice_lines
from quotakeeper.app.upcoming_prices import price_changes
from quotakeeper.calculator import TokenCalculator
from quotakeeper.clocks import Clock, SystemClock
from quotakeeper.pipeline.accounting import (
    AttemptTotals,
    CallAccounting,
    LedgerAccounting,
    NoAccounting,
    pipeline_errors,
)
from quotakeeper.pipeline.api_client import ApiClient
from quotakeeper.pipeline.batch_run import BatchOptions, BatchRun
from quotakeeper.pipeline.console import ProgressConsole, logging_to
from quotakeeper.pipeline.errors import SetupError
from quotakeeper.pipeline.http_transport import HttpTransport, send
from quotakeeper.pipeline.options import TranslateOptions
from quotakeeper.pipeline.preflight import Preflight
from quotakeeper.pipeline.wording import ENGLISH, Wording
from quotakeeper.value_classes import replace

EXIT_INTERRUPTED = 130
RULE = "=" * 70
_TOKEN_KINDS = ("input", "cached_input", "output", "thought")


def _ignore(event: UsageEvent) -> None:
    """Do nothing; the default value of `on_event`."""


class TranslationRun:
    """One run over media files.

    Without `keeper`, environment variables and the config file select the ledger and the limits. If
    `TokenCalculator` fails, a simple summary is shown instead, and limits still apply. `on_event`
    is called with each booked usage event.

    Raises SetupError if the ledger or its configuration cannot be used.
    """

    def __init__(
        self,
        options: TranslateOptions,
        console: ProgressConsole,
        *,
        keeper: Keeper | None = None,
        clock: Clock | None = None,
        transport: HttpTransport = send,
        on_event: Callable[[UsageEvent], object] = _ignore,
    ) -> None:
        self.options = options
        self.words = options.words
        self._on_event = on_event
        self.console = console
        self.token_calculator: Any = None
        self._own_keeper: Keeper | None = None
        self._failure = self.words("switched off by --no-tracking")
        clock = clock or SystemClock()
        self.accounting: CallAccounting = NoAccounting()
        if options.tracking:
            if keeper is None:
                keeper = self._own_keeper = _opened(Keeper)
            self.accounting = self._ledger_accounting(keeper, clock)
        self._keeper, self._clock = keeper, clock
        client = ApiClient(
            self.accounting,
            transport,
            clock,
            attempts=options.attempts,
            on_retry=lambda told: console.progress(f"  {told.told(self.words)}"),
            redact=self._redact,
        )
        self._batch = BatchRun(
            options.job,
            client,
            clock,
            console,
            BatchOptions(options.wait, self._redact, self.words),
            Preflight(options.job, transport, self._redact),
        )
        if self._keeper is not None:
            self._batch.costs.currency = self._keeper.settings.currency

    def start_calculator(self, keeper: Keeper) -> None:
        """Set `token_calculator` to a calculator that uses the run's ledger."""
        # Without a keeper, TokenCalculator() may count in memory. This is enough for a
        # display, but this calculator must use the ledger with the limits.
        self.token_calculator = TokenCalculator(keeper=keeper)

    def run(self) -> int:
        """Process all files, then show the summary and the errors. Returns the exit code."""
        try:
            return self._do_files()
        finally:
            self.show_summary()
            self._show_problems()

    def process(self) -> int:
        """Process all files, then show the errors but no summary. Returns the exit code."""
        try:
            return self._do_files()
        finally:
            self._show_problems()

    def _do_files(self) -> int:
        words, problems = self.words, self._batch.result.problems
        try:
            return self._found_files_done()
        except KeyboardInterrupt:
            problems.append(
                words("interrupted; finished steps are kept: run the same command again")
            )
            return EXIT_INTERRUPTED
        except SetupError as error:
            self._add_error(error.told(words))
            return error.exit_code
        except OSError as error:
            self._add_error(str(error))
            return 1
        finally:
            self.console.close()

    def _found_files_done(self) -> int:
        if self.options.job.out is not None:
            self.options.job.out.mkdir(parents=True, exist_ok=True)
        found = find_media(self.options.inputs, recursive=self.options.recursive)
        for file in found.skipped:
            skipped, reason = self.words("skipped"), self.words(str(file.reason))
            self.console.line(f"{skipped}: {self._redact(str(file.path))}: {reason}")
        paths = list(found.files)
        if not paths:
            raise SetupError(
                "no media files were found in the given files and folders", exit_code=2
            )
        return self._batch.run(paths).exit_code

    def _add_error(self, text: str) -> None:
        error = self.words("error")
        self._batch.result.problems.append(f"{error}: {self._redact(text)}")

    def _show_problems(self) -> None:
        for line in self._batch.result.problems:
            self.console.line(line)

    def show_summary(self) -> None:
        """Show the summary and warnings of TokenCalculator, or a simple summary if TokenCalculator fails.

        Then show the next price changes of the used models.
        """
        self._show_usage()
        if self._keeper is not None and self._batch.costs.models:
            snapshot, models = self._keeper.prices.snapshot, self._batch.costs.models
            changes = price_changes(snapshot, self._clock.now(), models)
            for line in notice_lines(changes, self.words):
                self.console.line(line)

    def _show_usage(self) -> None:
        calculator = self.token_calculator
        if calculator is None:
            self._show_plainly(self.accounting.totals)
            return
        try:
            calculator.log_summary()
            warnings = calculator.get_quota_warnings()
            if warnings:
                self.console.line(self.words.finished("🚨 QUOTA WARNINGS:"))
                for warning in warnings:
                    self.console.line(self.words.finished(f"  {warning}"))
            if self.options.export is not None:
                calculator.export_to_file(str(self.options.export))
        except Exception as error:  # noqa: BLE001 - a failing display must not stop the run
            self._failure = str(error) or type(error).__name__
            self._show_plainly(self.accounting.totals)

    def close(self) -> None:
        """Close the ledger if this run opened it."""
        if self._own_keeper is not None:
            self._own_keeper.close()

    def _ledger_accounting(self, keeper: Keeper, clock: Clock) -> CallAccounting:
        note: Callable[[UsageEvent], object] = _ignore
        try:
            self.start_calculator(keeper)
            note = self.token_calculator.note_event
        except Exception as error:  # noqa: BLE001 - a failing calculator must not stop the run
            self.token_calculator = None
            self._failure = str(error) or type(error).__name__

        def booked(event: UsageEvent) -> None:
            try:
                note(event)
            except Exception as error:  # noqa: BLE001 - the plain display replaces the calculator
                self.token_calculator = None
                self._failure = str(error) or type(error).__name__
            self._batch.costs.note(event)
            self._on_event(event)

        return LedgerAccounting(keeper, clock, booked, self.options.scope)

    def _show_plainly(self, totals: AttemptTotals) -> None:
        """Show a simple summary of the run's usage, because TokenCalculator is not available."""

        def write(text: str) -> None:
            self.console.line(self.words.finished(text))

        write(RULE)
        write("📊 TOKEN USAGE (this run only)")
        write(RULE)
        write(f"⚠️ The token calculator is not available: {self._redact(self._failure)}")
        tokens = sum(totals.quantities.get(f"{kind}_tokens", 0) for kind in _TOKEN_KINDS)
        minutes = totals.quantities.get("audio_milliseconds", 0) / 60_000
        write(f"🔤 Gemini: {totals.attempts.get('gemini', 0)} calls, {tokens:,} tokens")
        write(f"🎤 Deepgram: {totals.attempts.get('deepgram', 0)} calls, {minutes:.2f} minutes")
        write(RULE)

    def _redact(self, text: str) -> str:
        for key in self.options.keys:
            text = key.redact(text)
        return text


def translate_files(
    read_options: Callable[[], TranslateOptions],
    *,
    open_keeper: Callable[[], Keeper] = Keeper,
    run_class: type[TranslationRun] = TranslationRun,
    words: Wording = ENGLISH,
) -> int:
    """Do a whole run, and return the exit code. Texts are in the language of `words`.

    Output goes to stdout. Setup errors go to stderr.
    """
    try:
        with _sigterm_interrupts():
            options = replace(read_options(), words=words)
            console = ProgressConsole(sys.stdout, quiet=options.quiet)
            with logging_to(console, words):
                if not options.tracking:
                    return run_class(options, console).run()
                with _opened(open_keeper) as keeper:
                    return run_class(options, console, keeper=keeper).run()
    except SetupError as error:
        ProgressConsole(sys.stderr).line(f"{words('error')}: {error.told(words)}")
        return error.exit_code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def _opened(open_keeper: Callable[[], Keeper]) -> Keeper:
    with pipeline_errors():
        return open_keeper()


@contextmanager
def _sigterm_interrupts() -> Iterator[None]:
    """Handle SIGTERM like Ctrl-C inside the `with` block.

    The current call is then booked, and finished steps stay saved.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # Python allows signal handlers in the main thread only
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
