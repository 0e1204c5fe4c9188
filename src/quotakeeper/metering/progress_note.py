"""What a session has used so far, written down for whoever finds its process dead; and copies of it."""

from __future__ import annotations

import copy
import os
from typing import TYPE_CHECKING, Any

from quotakeeper.metering.session_budget import SessionBudget
from quotakeeper.providers.contract import LiveSession

if TYPE_CHECKING:
    from quotakeeper.metering.call_host import CallHost


class ProgressNote:
    """The note of one session. A forked child leaves that of its parent alone."""

    def __init__(self, meter: CallHost, budget: SessionBudget) -> None:
        self._meter = meter
        self._budget = budget
        self._pid = os.getpid()
        self._known: dict[str, Any] = {}

    def write(self, figures: dict[str, Any]) -> None:
        """What it would be settled at now. Nothing is written where nothing has changed."""
        known = {**figures, "duration_ms": 0}
        if known == self._known or self._pid != os.getpid():
            return
        self._known = known
        try:
            self._budget.note(figures)
        except Exception as error:  # noqa: BLE001 - it is settled at its end all the same
            self.drop()
            self._meter.fault("what a live session used could not be noted", error)

    def drop(self) -> None:
        """What it used is not known any more: all that is set aside counts."""
        if self._pid == os.getpid():
            self._budget.forget_note()


def copied(session: LiveSession) -> LiveSession | None:
    """The session as it is now; None when it cannot be copied."""
    # Frozen values are shared: they never change, and not all of them can be copied.
    frozen = {
        id(value): value
        for value in vars(session).values()
        if getattr(getattr(value, "__dataclass_params__", None), "frozen", False)
    }
    try:
        return copy.deepcopy(session, frozen)
    except Exception:  # noqa: BLE001 - then what stays here is counted all the same
        return None
