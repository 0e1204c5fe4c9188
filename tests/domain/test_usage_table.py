"""Usage is added up by how each figure is known; a percentage of nothing is the whole."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal

import pytest

from quotakeeper.domain.forecasting.status import add_up, percent_of
from quotakeeper.domain.forecasting.time_buckets import BucketSum
from quotakeeper.domain.numbers import percentage
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


@pytest.mark.parametrize(
    ("used", "amount", "expected"),
    [
        (0, 15_000_000, "0.00"), (78, 15_000_000, "0.01"), (1, 2**62, "0.01"),
        (15, 100_000, "0.02"), (9_999, 10_000, "99.99"), (99_996, 100_000, "99.99"),
        (2**62 - 1, 2**62, "99.99"), (10_000, 10_000, "100.00"), (100_004, 100_000, "100.00"),
    ],
)  # fmt: skip
def test_only_nothing_is_0_percent_and_only_the_whole_is_100(
    used: int, amount: int, expected: str
) -> None:
    assert str(percent_of(used, amount)) == expected


def test_a_small_change_downwards_is_not_0_percent() -> None:
    assert str(percentage(-1, 10**9)) == "-0.01"
    assert str(percentage(-1, 3)) == "-33.33"
