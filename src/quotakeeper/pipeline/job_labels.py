"""The labels of all calls for one media file: the file's name and its length."""

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
    """The name of a media file and its length in milliseconds; 0 if the length is not known."""

    name: str = ""
    milliseconds: int = 0

    def learn(self, event: UsageEvent) -> None:
        """Set an unknown length to the audio length that the provider reported in `event`."""
        heard = event.quantities.get("audio_milliseconds", 0)
        if not self.milliseconds and event.provenance is Provenance.REPORTED:
            self.milliseconds = heard

    def added_to(self, scope: Mapping[str, str]) -> dict[str, str]:
        """Return the labels of a call: `scope` and the labels of this media file.

        If a name is in both, the value in `scope` is used. If there would be too many labels, only
        `scope` is returned.
        """
        ours = {JOB_LABEL: self.name} if self.name else {}
        if self.name and self.milliseconds:
            ours[MEDIA_LABEL] = units_text(self.milliseconds, METERS["audio_seconds"])
        if len({**ours, **scope}) > MAX_SCOPE_LABELS:
            return dict(scope)
        return {**ours, **scope}
