"""Compares the ledger with a provider's own account, and corrects the ledger."""

from quotakeeper.app.reconcile.applying import apply_difference
from quotakeeper.app.reconcile.bills import BillDifference, BillTotals, compare_bill
from quotakeeper.app.reconcile.differences import Better, CallTally, Difference, DifferenceKind
from quotakeeper.app.reconcile.requests import (
    Compared,
    RequestWindow,
    compare_requests,
    recorded_id,
)

__all__ = [
    "Better", "BillDifference", "BillTotals", "Compared", "Difference", "DifferenceKind",
    "CallTally", "RequestWindow", "apply_difference", "compare_bill", "compare_requests", "recorded_id",
]  # fmt: skip
