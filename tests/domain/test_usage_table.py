"""Usage is added up by how each figure is known; a percentage of nothing is the whole."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal

from quotakeeper.domain.forecasting.status import add_up, percent_of
from quotakeeper.domain.forecasting.time_buckets import BucketSum
from quotakeeper.domain.usage import CallLabels, Outcome, Provenance


def bucket(provenance: Provenance, outcome: Outcome, calls: int) -> BucketSum:
    return BucketSum(0, CallLabels("gemini"), provenance, outcome, calls, 0, {"requests": calls}, 7)


def test_usage_is_added_up_by_provenance_and_outcome() -> None:
    parts = [
        bucket(Provenance.REPORTED, Outcome.OK, 2),
        bucket(Provenance.ASSUMED, Outcome.UNKNOWN, 1),
        bucket(Provenance.REPORTED, Outcome.ERROR, 4),
    ]
    by_provenance = add_up(parts, ("provenance",), UTC)
    assert [(row.key, row.calls, row.cost_pico) for row in by_provenance] == [
        (("assumed",), 1, 7), (("reported",), 6, 14),
    ]  # fmt: skip
    assert [row.key for row in add_up(parts, ("outcome",), UTC)] == [
        ("error",), ("ok",), ("unknown",),
    ]  # fmt: skip


def test_a_limit_of_nothing_is_used_up() -> None:
    assert percent_of(0, 0) == Decimal(100)
    assert percent_of(1, 8) == Decimal("12.50")
