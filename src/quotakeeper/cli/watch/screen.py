"""The live screen of `watch`: selects the lines that fit, and stores the scroll position."""

from __future__ import annotations

from collections.abc import Callable

from quotakeeper.app.live_frame import LiveFrame
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.table import cut
from quotakeeper.cli.watch.keys import Key
from quotakeeper.cli.watch.view import FittedFrame, fitted_lines
from quotakeeper.clocks import Clock
from quotakeeper.domain.windows import SECOND
from quotakeeper.errors import LedgerUnavailableError

_STALE_SECONDS = 10


class LiveScreen:
    """The content of the live screen. Ages and remaining times are updated between two reads of the
    ledger.

    If the ledger cannot be read, the screen shows the last figures, their age, and the reason.
    """

    def __init__(
        self, take: Callable[[], LiveFrame], session: CommandContext, clock: Clock
    ) -> None:
        self._take = take
        self._session = session
        self._clock = clock
        self._frame: LiveFrame | None = None
        self._taken_at = 0.0
        self._trouble = ""
        self._first = 0
        self._shown = 1

    def look(self) -> None:
        """Read the ledger again. Raises LedgerUnavailableError if the first read fails; later
        failures are shown."""
        try:
            self._frame, self._trouble = self._take(), ""
            self._taken_at = self._clock.monotonic()
        except LedgerUnavailableError as error:
            if self._frame is None:
                raise
            self._trouble = error.problem

    def press(self, key: Key) -> None:
        """Scroll the list of limits. A key that does not scroll changes nothing."""
        page = max(1, self._shown)
        steps = {Key.UP: -1, Key.DOWN: 1, Key.PAGE_UP: -page, Key.PAGE_DOWN: page}
        if key is Key.FIRST:
            self._first = 0
        elif key is Key.LAST:
            self._first = 10**6
        else:
            self._first = max(0, self._first + steps.get(key, 0))

    def lines(self, width: int, height: int) -> list[str]:
        """Return the lines to show now, at most `height` lines."""
        if self._frame is None:
            self.look()
        assert self._frame is not None
        age = max(0, int((self._clock.monotonic() - self._taken_at) * SECOND))
        now = self._frame.status.as_of + age
        fitted = fitted_lines(
            self._frame, self._session, max(40, width), max(1, height - 1), self._first, now
        )
        self._first, self._shown = fitted.first, fitted.shown
        foot = cut(self._foot(fitted, age), width, self._session.glyphs.ellipsis)
        return [*fitted.lines[: max(0, height - 1)], foot]

    def _foot(self, fitted: FittedFrame, age: int) -> str:
        words = self._session.words
        since = figures.age(age, self._session.lang)
        if self._trouble:
            text = "the ledger does not answer: {why}; the figures are from {age}"
            return words(text, why=words.finished(self._trouble), age=since)
        pieces = [words("q: quit")]
        if fitted.hidden:
            pieces.append(words("arrows, j, k: scroll"))
        if age >= _STALE_SECONDS * SECOND:
            pieces.append(words("ledger last read: {age}", age=since))
        return f" {self._session.glyphs.dot} ".join(pieces)
