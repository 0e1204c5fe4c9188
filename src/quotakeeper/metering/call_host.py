"""What a metered call needs from its meter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from quotakeeper.keeper import Keeper
    from quotakeeper.metering.background_settler import BackgroundSettler
    from quotakeeper.metering.retries import Retries


class CallHost(Protocol):
    """The meter as its calls use it; a protocol, so that the modules of calls do not import the
    meter.
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
        """Links the attempts of one call."""

    def monotonic(self) -> float:
        """Return a time in seconds, to measure durations."""

    def on_asyncio(self) -> bool:
        """Return whether the caller runs on an asyncio loop."""

    def fault(self, what: str, error: BaseException) -> None:
        """Log an error inside quotakeeper once per kind; the program goes on."""

    def note(self, word: str, text: str) -> None:
        """Append a line to the file from which the launcher makes its summary."""
