"""Quotas of the providers: what is still true of one at an instant, and which of two counts."""

from __future__ import annotations

from dataclasses import replace

from quotakeeper.domain.quotas import HEADER, PRESET, ProviderQuota, beside

SEEN = ProviderQuota(
    "gemini", "gemini-2.5-flash", "per-minute", "requests", "1m", 10, 4, 60_000_000, HEADER, 0
)


def test_once_it_was_reset_what_was_left_is_not_known() -> None:
    assert SEEN.at(59_999_999) is SEEN
    assert SEEN.at(60_000_000) == replace(SEEN, remaining=None, resets_at=None)
    never = replace(SEEN, resets_at=None)
    assert never.at(10**15) is never


def test_a_preset_stands_beside_what_was_seen_until_a_reply_tells_better() -> None:
    preset = replace(SEEN, source=PRESET, remaining=None, resets_at=None, quota_id="preset")
    silent = replace(SEEN, amount=None)
    assert beside([SEEN], [preset], 0) == (SEEN,)
    assert set(beside([silent], [preset], 0)) == {silent, preset}
    (left,) = beside([SEEN], [], 60_000_000)
    assert left.remaining is None
