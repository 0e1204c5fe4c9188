"""Quotas of the providers themselves: what they said of them, and what a preset says.

They are facts to look at. They limit nothing here, and are no part of the journal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from quotakeeper.domain.windows import SECOND

REPLY = "429 reply"
HEADER = "response header"
PRESET = "preset"
# Of calls that are under way at one time: a quota may count them, no limit does.
CONCURRENCY = "concurrency"
FORGOTTEN_AFTER = 35 * 86_400 * SECOND  # what was not seen for so long is not kept


@dataclass(frozen=True, slots=True)
class ProviderQuota:
    """One quota of a provider.

    `quota_id` is the provider's own name for it. `meter` is a meter's name, or CONCURRENCY; `window`
    is a window's text; each is "" where it is not said. `amount` and `remaining` are in base units of
    the meter, None where they are not said. `resets_at` and `seen_at` are microseconds since 1970
    UTC; `seen_at` of a preset is its date. `source` is REPLY, HEADER or PRESET. `known` says how the
    figures are known: "reported" by the provider, or what the preset says of them.
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
        """Of quotas with the same key the newest counts."""
        return self.provider, self.model, self.quota_id

    def at(self, now: int) -> ProviderQuota:
        """What is still true of it at an instant: once it was reset, what was left is not known."""
        if self.resets_at is None or self.resets_at > now:
            return self
        return replace(self, remaining=None, resets_at=None)

    def says_as(self, other: ProviderQuota) -> bool:
        """Whether the other says the same of the quota itself, whatever is left of it."""
        return (self.meter, self.window, self.amount, self.source) == (
            other.meter, other.window, other.amount, other.source
        )  # fmt: skip


def beside(
    seen: Sequence[ProviderQuota], presets: Sequence[ProviderQuota], now: int
) -> tuple[ProviderQuota, ...]:
    """What was seen, and those of the presets that no reply has told better, in a fixed order."""
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
