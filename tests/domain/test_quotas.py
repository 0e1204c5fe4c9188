"""Provider quotas: which figures are still valid at an instant, and which of two sources is used."""

from __future__ import annotations

from dataclasses import replace

from quotakeeper.domain.quotas import HEADER, PRESET, ProviderQuota, beside

SEEN = ProviderQuota(
    "gemini", "gemini-2.5-flash", "per-minute", "requests", "1m", 10, 4, 60_000_000, HEADER, 0
)


def test_after_a_quotas_reset_its_remaining_amount_is_unknown() -> None:
    assert SEEN.at(59_999_999) is SEEN
    assert SEEN.at(60_000_000) == replace(SEEN, remaining=None, resets_at=None)
    never = replace(SEEN, resets_at=None)
    assert never.at(10**15) is never


def test_a_preset_is_shown_until_a_reply_has_a_better_figure() -> None:
    preset = replace(SEEN, source=PRESET, remaining=None, resets_at=None, quota_id="preset")
    silent = replace(SEEN, amount=None)
    assert beside([SEEN], [preset], 0) == (SEEN,)
    assert set(beside([silent], [preset], 0)) == {silent, preset}
    (left,) = beside([SEEN], [], 60_000_000)
    assert left.remaining is None
