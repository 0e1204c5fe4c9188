"""Holds the ledger against a provider's own account: pure comparison, and the corrections."""

from quotakeeper.reconcile.applying import apply_difference
from quotakeeper.reconcile.bills import BillDifference, BillTotals, compare_bill
from quotakeeper.reconcile.differences import Better, Difference, DifferenceKind, Tally
from quotakeeper.reconcile.requests import Compared, Window, compare_requests, recorded_id

__all__ = [
    "Better", "BillDifference", "BillTotals", "Compared", "Difference", "DifferenceKind",
    "Tally", "Window", "apply_difference", "compare_bill", "compare_requests", "recorded_id",
]  # fmt: skip
