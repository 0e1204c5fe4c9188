"""Pauses: a person has stopped the calls to one provider, or to all of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from quotakeeper.domain.windows import moment


@dataclass(frozen=True, slots=True)
class CallPause:
    """Calls to `provider` are stopped, those to all providers where it is "".

    `at` and `until` are microseconds since 1970 UTC: since when, and from when on it no longer
    holds; None: until somebody resumes. `by` is user@host.
    """

    provider: str
    at: int
    until: int | None
    why: str
    by: str

    def holds(self, at: int) -> bool:
        """Whether it is in force at an instant."""
        return self.until is None or at < self.until

    @property
    def undone_by(self) -> str:
        """The command that ends it."""
        of = f" --provider {self.provider}" if self.provider else ""
        return f"quotakeeper resume{of}"

    def explain(self, zone: tzinfo | None = None) -> str:
        """One line for people: what is paused, by whom, since when, until when, why; the fix."""
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
