"""The name and the number of every JSON document that quotakeeper writes.

Each document carries its schema under the key `schema`, which comes first. The number goes up when
a key is renamed, removed or given another meaning; a new key leaves it as it is.
docs/en/reference/compatibility.md lists all of them.
"""

from __future__ import annotations

from enum import StrEnum, unique


@unique
class Schema(StrEnum):
    """The value of the key `schema`: what the document is, and the number of its layout."""

    CALCULATOR = "quotakeeper.calculator/1"
    COMPACT = "quotakeeper.compact/1"
    CONFIG = "quotakeeper.config/1"
    DOCTOR = "quotakeeper.doctor/1"
    ESTIMATE = "quotakeeper.estimate/1"
    EVENT = "quotakeeper.event/1"
    EVENTS = "quotakeeper.events/1"
    EXPORT = "quotakeeper.export/1"
    LIMITS = "quotakeeper.limits/1"
    MEDIA = "quotakeeper.media/1"
    PLAN = "quotakeeper.plan/1"
    PRICES = "quotakeeper.prices/1"
    RECONCILE = "quotakeeper.reconcile/1"
    RECONCILE_BILL = "quotakeeper.reconcile-bill/1"
    REPORT = "quotakeeper.report/1"
    RUN = "quotakeeper.run/1"
    SANDBOX_BILL = "quotakeeper.sandbox-bill/1"
    SELF_CHECK = "quotakeeper.self-check/1"
    STATUS = "quotakeeper.status/1"
    TOKEN_ACCURACY = "quotakeeper.token-accuracy/1"
    VERIFY = "quotakeeper.verify/1"
    WATCH = "quotakeeper.watch/1"
