"""Holds the ledger against a provider's own account: pure comparison, and the corrections."""

from quotakeeper.app.reconcile.applying import apply_difference
from quotakeeper.app.reconcile.bills import BillDifference, BillTotals, compare_bill
from quotakeeper.app.reconcile.differences import Better, Difference, DifferenceKind, Tally
from quotakeeper.app.reconcile.requests import Compared, Window, compare_requests, recorded_id

__all__ = [
    "Better", "BillDifference", "BillTotals", "Compared", "Difference", "DifferenceKind",
    "Tally", "Window", "apply_difference", "compare_bill", "compare_requests", "recorded_id",
]  # fmt: skip
