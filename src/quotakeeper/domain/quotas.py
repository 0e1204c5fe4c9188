"""Provider quotas: what a provider reported about its own limits, and what presets say about them.

Quotas are shown beside limits. They refuse no call and are not part of the journal.
"""

from __future__ import annotations

from collections.abc import Sequence

from quotakeeper.domain.windows import SECOND
from quotakeeper.value_classes import dataclass, replace

REPLY = "429 reply"
HEADER = "response header"
PRESET = "preset"
# The meter of a quota on simultaneous calls. No limit of this package uses it.
CONCURRENCY = "concurrency"
FORGOTTEN_AFTER = 35 * 86_400 * SECOND  # a quota that was not reported for this long is deleted


@dataclass(frozen=True, slots=True)
class ProviderQuota:
    """One quota of a provider.

    - `quota_id`: the provider's own name for the quota.
    - `meter`: a meter's name, or CONCURRENCY; "" if unknown.
    - `window`: the text of a window; "" if unknown.
    - `amount`, `remaining`: in base units of the meter; None if unknown.
    - `resets_at`, `seen_at`: in microseconds since 1970 UTC. For a preset, `seen_at` is its date.
    - `source`: REPLY, HEADER or PRESET.
    - `known`: "reported" for figures from the provider; for a preset, how its figures are known.
    """

    provider: str
    model: str
    quota_id: str
    meter: str
    window: str
    amount: int | None
    remaining: int | None
    resets_at: int | None
    source: str
    seen_at: int
    known: str = "reported"

    @property
    def key(self) -> tuple[str, str, str]:
        """The identity of the quota. Of several reports with the same key, the newest counts."""
        return self.provider, self.model, self.quota_id

    def at(self, now: int) -> ProviderQuota:
        """Return the quota at instant `now`. After its reset, `remaining` and `resets_at` are None."""
        if self.resets_at is None or self.resets_at > now:
            return self
        return replace(self, remaining=None, resets_at=None)

    def says_as(self, other: ProviderQuota) -> bool:
        """Return whether both describe the same quota. `remaining` and the times are not compared."""
        return (self.meter, self.window, self.amount, self.source) == (
            other.meter, other.window, other.amount, other.source
        )  # fmt: skip


def beside(
    seen: Sequence[ProviderQuota], presets: Sequence[ProviderQuota], now: int
) -> tuple[ProviderQuota, ...]:
    """Return the reported quotas, and the presets that no report replaces, sorted by `key`."""
    told = [each for each in seen if each.amount is not None]
    rest = [each for each in presets if not any(_is_told(each, better) for better in told)]
    return tuple(sorted((each.at(now) for each in (*seen, *rest)), key=lambda each: each.key))


def _is_told(preset: ProviderQuota, told: ProviderQuota) -> bool:
    same = (preset.provider, preset.meter, preset.window) == (
        told.provider, told.meter, told.window
    )  # fmt: skip
    if preset.model.endswith("*"):
        return same and told.model.startswith(preset.model[:-1])
    return same and preset.model == told.model
