"""What a call under way needs of the meter that let it out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from quotakeeper.keeper import Keeper
    from quotakeeper.metering.background_settler import BackgroundSettler
    from quotakeeper.metering.retries import Retries


class CallHost(Protocol):
    """The meter as its calls see it; a protocol, so that calls do not import their meter."""

    @property
    def keeper(self) -> Keeper:
        """Where calls are counted."""

    @property
    def scope(self) -> Mapping[str, str]:
        """Labels for every call."""

    @property
    def settler(self) -> BackgroundSettler:
        """The thread that settles calls where nobody may wait."""

    @property
    def retries(self) -> Retries:
        """Links the attempts of one call."""

    def monotonic(self) -> float:
        """Seconds, for durations."""

    def on_asyncio(self) -> bool:
        """Whether the caller runs on an asyncio loop."""

    def fault(self, what: str, error: BaseException) -> None:
        """Log once what went wrong inside quotakeeper; the program goes on."""

    def note(self, word: str, text: str) -> None:
        """Leave a line for the launcher's summary."""
