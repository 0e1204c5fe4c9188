"""The interface of the meter for a metered call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from quotakeeper.keeper import Keeper
    from quotakeeper.metering.background_settler import BackgroundSettler
    from quotakeeper.metering.retries import Retries


class CallHost(Protocol):
    """The parts of the meter that a metered call uses.

    This is a protocol, so that the modules of calls need not import the meter.
    """

    @property
    def keeper(self) -> Keeper:
        """The keeper that counts the calls."""

    @property
    def scope(self) -> Mapping[str, str]:
        """The labels for every call."""

    @property
    def settler(self) -> BackgroundSettler:
        """The thread that settles calls for code that must not wait."""

    @property
    def retries(self) -> Retries:
        """The recent failed requests, by which a retry is recognised."""

    def monotonic(self) -> float:
        """Return a time in seconds, to measure durations."""

    def on_asyncio(self) -> bool:
        """Return whether this code runs on an asyncio event loop."""

    def fault(self, what: str, error: BaseException) -> None:
        """Log an error inside quotakeeper, once per kind of error. Does not raise it."""

    def note(self, word: str, text: str) -> None:
        """Append a line to the file that the summary of `quotakeeper run` is made from."""
