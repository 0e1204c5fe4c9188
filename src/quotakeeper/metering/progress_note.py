"""Writes what a live session has used so far to its note, and copies sessions."""

from __future__ import annotations

import copy
import os
from typing import TYPE_CHECKING, Any

from quotakeeper.metering.session_budget import SessionBudget
from quotakeeper.providers.contract import LiveSession

if TYPE_CHECKING:
    from quotakeeper.metering.call_host import CallHost


class ProgressNote:
    """The note of one session. A forked child process does not write its parent's note."""

    def __init__(self, meter: CallHost, budget: SessionBudget) -> None:
        self._meter = meter
        self._budget = budget
        self._pid = os.getpid()
        self._known: dict[str, Any] = {}

    def write(self, figures: dict[str, Any]) -> None:
        """Write the figures to settle the session at, if they have changed."""
        known = {**figures, "duration_ms": 0}
        if known == self._known or self._pid != os.getpid():
            return
        self._known = known
        try:
            self._budget.note(figures)
        except Exception as error:  # noqa: BLE001 - the session is still settled when it ends
            self.drop()
            self._meter.fault("the use of a live session could not be saved", error)

    def drop(self) -> None:
        """Delete the note: the usage is unknown, so a dead process is charged the whole reservation."""
        if self._pid != os.getpid():
            return
        try:
            self._budget.forget_note()
        except OSError as error:
            self._meter.fault("what a live session used could not be noted", error)


def copied(session: LiveSession) -> LiveSession | None:
    """Return a copy of the session; None if it cannot be copied."""
    # The copy shares frozen values: they never change, and some of them cannot be copied.
    frozen = {
        id(value): value
        for value in vars(session).values()
        if getattr(getattr(value, "__dataclass_params__", None), "frozen", False)
    }
    try:
        return copy.deepcopy(session, frozen)
    except Exception:  # noqa: BLE001 - the caller then counts without a copy
        return None
