"""The name and version number of every JSON document that quotakeeper writes.

The first key of each document is `schema`, and its value is the version number. The number grows
when a key is renamed or removed, or when a key's meaning changes. A new key does not change the
number. docs/en/reference/compatibility.md lists all documents.
"""

from __future__ import annotations

from enum import Enum, unique


@unique
class Schema(int, Enum):
    """The version number of each JSON document, which is the value of its key `schema`.

    A member compares equal to its number, so `json` writes the number. `document` is the name of
    the document.
    """

    def __new__(cls, document: str, number: int) -> Schema:
        """Create a member from the name of a document and its version number."""
        row = int.__new__(cls, number)
        row._value_ = (document, number)
        return row

    @property
    def document(self) -> str:
        """The name of the document, as in the documentation."""
        name: str = self.value[0]
        return name

    ADMIN_CONFIG = ("admin-config", 1)
    ADMIN_LIMITS = ("admin-limits", 1)
    ALERT = ("alert", 1)
    ALERT_RUN = ("alert-run", 1)
    ALERT_SIMULATION = ("alert-simulation", 1)
    ALERT_TEST = ("alert-test", 1)
    ALERTS = ("alerts", 1)
    BACKUP = ("backup", 1)
    CALCULATOR = ("calculator", 1)
    CLOCK = ("clock", 1)
    COMPACT = ("compact", 1)
    CONFIG = ("config", 1)
    DOCTOR = ("doctor", 1)
    ESTIMATE = ("estimate", 1)
    EVENT = ("event", 1)
    EVENTS = ("events", 1)
    EXPORT = ("export", 1)
    FORGET = ("forget", 1)
    KEY = ("key", 1)
    KEY_AUDIT = ("key-audit", 1)
    KEY_CHANGE = ("key-change", 1)
    KEY_SECRET = ("key-secret", 1)
    KEY_USAGE = ("key-usage", 1)
    KEYS = ("keys", 1)
    LEASES = ("leases", 1)
    LEDGER_EVENTS = ("ledger-events", 1)
    LIMIT_RAISED = ("limit-raised", 1)
    LIMITS = ("limits", 1)
    MEDIA = ("media", 1)
    OVERVIEW = ("overview", 1)
    PATHS = ("paths", 1)
    PAUSE = ("pause", 1)
    PLAN = ("plan", 1)
    PRESET = ("preset", 1)
    PRESETS = ("presets", 1)
    PRICES = ("prices", 1)
    RECONCILE = ("reconcile", 1)
    RECONCILE_BILL = ("reconcile-bill", 1)
    REPORT = ("report", 1)
    RESUME = ("resume", 1)
    RUN = ("run", 1)
    SANDBOX_BILL = ("sandbox-bill", 1)
    SELF_CHECK = ("self-check", 1)
    STATUS = ("status", 1)
    STATUSLINE = ("statusline", 1)
    TODAY = ("today", 1)
    TOKEN_ACCURACY = ("token-accuracy", 1)
    TOP_UP = ("top-up", 1)
    VERIFY = ("verify", 1)
    WATCH = ("watch", 1)
