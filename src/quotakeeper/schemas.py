"""The name and the number of every JSON document that quotakeeper writes.

Each document carries its schema under the key `schema`, which comes first. The number goes up when
a key is renamed, removed or given another meaning; a new key leaves it as it is.
docs/en/reference/compatibility.md lists all of them.
"""

from __future__ import annotations

from enum import Enum, unique


@unique
class Schema(int, Enum):
    """The value of the key `schema`: the number of a document's layout.

    Each row is the name of a document and its number. A row equals its number, so `json` writes
    that.
    """

    def __new__(cls, document: str, number: int) -> Schema:
        """A number that also knows the document it belongs to."""
        row = int.__new__(cls, number)
        row._value_ = (document, number)
        return row

    @property
    def document(self) -> str:
        """The name of the document, as the documentation lists it."""
        name: str = self.value[0]
        return name

    CALCULATOR = ("calculator", 1)
    CLOCK = ("clock", 1)
    COMPACT = ("compact", 1)
    CONFIG = ("config", 1)
    DOCTOR = ("doctor", 1)
    ESTIMATE = ("estimate", 1)
    EVENT = ("event", 1)
    EVENTS = ("events", 1)
    EXPORT = ("export", 1)
    LIMIT_RAISED = ("limit-raised", 1)
    LIMITS = ("limits", 1)
    MEDIA = ("media", 1)
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
    TOKEN_ACCURACY = ("token-accuracy", 1)
    TOP_UP = ("top-up", 1)
    VERIFY = ("verify", 1)
    WATCH = ("watch", 1)
