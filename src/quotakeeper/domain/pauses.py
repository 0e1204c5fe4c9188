"""Pauses: orders that stop calls to one provider, or to all providers."""

from __future__ import annotations

from datetime import tzinfo

from quotakeeper.domain.windows import moment
from quotakeeper.value_classes import dataclass


@dataclass(frozen=True, slots=True)
class CallPause:
    """An order that stops calls to `provider`, or to all providers if `provider` is "".

    `at` is when the pause began, `until` when it ends, in microseconds since 1970 UTC. If `until`
    is None, the pause ends when somebody resumes calls. `by` is user@host.
    """

    provider: str
    at: int
    until: int | None
    why: str
    by: str

    def holds(self, at: int) -> bool:
        """Return whether the pause is in force at `at` (microseconds since 1970 UTC)."""
        return self.until is None or at < self.until

    @property
    def undone_by(self) -> str:
        """The command that ends the pause."""
        of = f" --provider {self.provider}" if self.provider else ""
        return f"quotakeeper resume{of}"

    def explain(self, zone: tzinfo | None = None) -> str:
        """Return one line for people: what is paused, by whom, since when, until when, why, how to
        resume.

        Times are shown in `zone`, by default in UTC.
        """
        what = f"calls to {self.provider}" if self.provider else "all calls"
        by = f" by {self.by}" if self.by else ""
        until = "until somebody resumes" if self.until is None else f"until {_at(self.until, zone)}"
        since = _at(self.at, zone)
        return (
            f"{what} paused{by} since {since} {until}: {self.why}; undo it with: {self.undone_by}"
        )


def _at(instant: int, zone: tzinfo | None) -> str:
    when = moment(instant, zone) if zone else moment(instant)
    return when.isoformat(timespec="seconds")
