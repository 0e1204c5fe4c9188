"""Converts the accuracy of the built-in token estimate, by language, to a JSON record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from quotakeeper.schemas import Schema

if TYPE_CHECKING:
    from quotakeeper.tokens.accuracy import AccuracyRow


def accuracy_record(rows: Sequence[AccuracyRow]) -> dict[str, object]:
    """Return the errors of the estimate for each language. Percentages are decimal text."""
    return {"schema": Schema.TOKEN_ACCURACY, "languages": [_row_record(row) for row in rows]}


def accuracy_errors(row: AccuracyRow) -> dict[str, str]:
    """Return the errors for one language, in percent with one decimal."""
    return {
        "mean_abs_error_percent": f"{row.mean_abs_error_pct:.1f}",
        "bias_percent": f"{row.bias_pct:.1f}",
        "p95_abs_error_percent": f"{row.p95_abs_error_pct:.1f}",
        "upper_bound_coverage_percent": f"{row.upper_bound_coverage_pct:.1f}",
    }


def _row_record(row: AccuracyRow) -> dict[str, object]:
    return {
        "language": row.language,
        "texts": row.texts,
        "tokens": row.tokens,
        **accuracy_errors(row),
    }
