"""The labels by which the calls for one media file are found again: its name and its length."""

from __future__ import annotations

from collections.abc import Mapping

from quotakeeper.domain.units import METERS, units_text
from quotakeeper.domain.usage import (
    JOB_LABEL,
    MAX_SCOPE_LABELS,
    MEDIA_LABEL,
    Provenance,
    UsageEvent,
)
from quotakeeper.value_classes import dataclass


@dataclass(slots=True)
class JobLabels:
    """The file that calls are made for, and how long it plays; 0 milliseconds where not known."""

    name: str = ""
    milliseconds: int = 0

    def learn(self, event: UsageEvent) -> None:
        """Take the length from what speech recognition reports, where the file does not tell it."""
        heard = event.quantities.get("audio_milliseconds", 0)
        if not self.milliseconds and event.provenance is Provenance.REPORTED:
            self.milliseconds = heard

    def added_to(self, scope: Mapping[str, str]) -> dict[str, str]:
        """The labels of a call: those of `scope`, which come first, and these."""
        ours = {JOB_LABEL: self.name} if self.name else {}
        if self.name and self.milliseconds:
            ours[MEDIA_LABEL] = units_text(self.milliseconds, METERS["audio_seconds"])
        if len({**ours, **scope}) > MAX_SCOPE_LABELS:
            return dict(scope)
        return {**ours, **scope}
