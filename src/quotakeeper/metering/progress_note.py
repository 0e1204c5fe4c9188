"""Writes the usage of an open session so far to a file, and copies sessions."""

from __future__ import annotations

import copy
import os
from typing import TYPE_CHECKING, Any

from quotakeeper.metering.session_budget import SessionBudget
from quotakeeper.providers.contract import LiveSession

if TYPE_CHECKING:
    from quotakeeper.metering.call_host import CallHost


class ProgressNote:
    """The file with the usage so far of one session. A forked child does not write the parent's
    file."""

    def __init__(self, meter: CallHost, budget: SessionBudget) -> None:
        self._meter = meter
        self._budget = budget
        self._pid = os.getpid()
        self._known: dict[str, Any] = {}

    def write(self, figures: dict[str, Any]) -> None:
        """Write the figures that settle the session so far. Does nothing if they have not
        changed."""
        known = {**figures, "duration_ms": 0}
        if known == self._known or self._pid != os.getpid():
            return
        self._known = known
        try:
            self._budget.note(figures)
        except Exception as error:  # noqa: BLE001 - the session is still settled when it ends
            self.drop()
            self._meter.fault("the usage of a live session could not be saved", error)

    def drop(self) -> None:
        """Delete the figures, because the usage is unknown.

        If the process is killed after this, the whole reservation is charged.
        """
        if self._pid != os.getpid():
            return
        try:
            self._budget.forget_note()
        except OSError as error:
            self._meter.fault("the usage of a live session could not be saved", error)


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
