"""The store contract: tests that every store of a ledger must pass. Anybody can run them.

    from quotakeeper.testing.contract import StoreContract

    class TestMyStore(StoreContract):
        def make_store(self, zones, owner):
            return MyStore(..., zones, owner)

Every test has its own ledger. `owner` is the name of the process that opens the store. A test may
call `make_store` again, for another process or after closing. The new store must open the same
ledger. If this is impossible, set `lasting = False`. At the end of a test, its ledger is verified.
"""

from __future__ import annotations

from quotakeeper.testing.attempt_rules import AttemptRules
from quotakeeper.testing.correction_rules import CorrectionRules
from quotakeeper.testing.credit_rules import CreditRules
from quotakeeper.testing.crossing_rules import CrossingRules
from quotakeeper.testing.journal_rules import JournalRules
from quotakeeper.testing.lease_rules import LeaseRules
from quotakeeper.testing.limit_rules import LimitRules
from quotakeeper.testing.overdue_lease_rules import OverdueLeaseRules
from quotakeeper.testing.pause_rules import PauseRules
from quotakeeper.testing.quota_rules import QuotaRules
from quotakeeper.testing.reservation_rules import ReservationRules
from quotakeeper.testing.value_rules import ValueRules
from quotakeeper.testing.window_rules import WindowRules


class StoreContract(
    ReservationRules,
    CorrectionRules,
    AttemptRules,
    LeaseRules,
    OverdueLeaseRules,
    LimitRules,
    CrossingRules,
    PauseRules,
    QuotaRules,
    CreditRules,
    ValueRules,
    WindowRules,
    JournalRules,
):
    """All tests of the contract."""
