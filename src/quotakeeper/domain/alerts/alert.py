"""An alert: one thing that people are told. Its id is the same whoever makes it."""

from __future__ import annotations

from enum import StrEnum
from hashlib import sha256

from quotakeeper.domain.limits import Mode
from quotakeeper.value_classes import dataclass

_ID_CHARACTERS = 32


class AlertRule(StrEnum):
    """Why there is an alert.

    - THRESHOLD: settled use of a limit reached a threshold.
    - REFUSED: a limit refused a call. One alert for each limit and period, and one more if running
      calls alone were the reason.
    - UNPRICED: a call was counted without a cost. One alert for each model and day.
    - PAUSED, RESUMED: a person stopped calls, or ended such a pause.
    - TEST: a person asked for a test.
    - DIGEST: several alerts of quiet hours in one message. No single alert has this rule.
    """

    THRESHOLD = "threshold"
    REFUSED = "refused"
    UNPRICED = "unpriced"
    PAUSED = "paused"
    RESUMED = "resumed"
    TEST = "test"
    DIGEST = "digest"


# The rules that a config can name. A resumption belongs to the rule "paused".
RULE_NAMES = ("threshold", "refused", "unpriced", "paused")


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing that people are told. Instants are in microseconds since 1970 UTC.

    - `at`: when it happened.
    - `limit`, `meter`, `window`, `amount`, `mode`, `scope`: the limit, and its account's labels.
      Amounts are in the meter's base units.
    - `level`: the threshold that was reached. `used`, `reserved`: the state right after that.
    - `asked`: the amount that a refused call asked for.
    - `resets_at`: the end of the limit's period; None if it has no end.
    - `provider`, `model`: of an unpriced call or a pause. An empty provider means all.
    - `why`, `by`, `until`: of a pause, or the reason of its end.
    """

    id: str
    rule: AlertRule
    at: int
    limit: str = ""
    meter: str = ""
    window: str = ""
    amount: int = 0
    level: int = 0
    used: int = 0
    reserved: int = 0
    asked: int = 0
    resets_at: int | None = None
    mode: str = ""
    scope: tuple[tuple[str, str], ...] = ()
    provider: str = ""
    model: str = ""
    why: str = ""
    by: str = ""
    until: int | None = None

    @property
    def left(self) -> int:
        """What is left of the limit, in base units; never negative."""
        return max(0, self.amount - self.used - self.reserved)

    @property
    def is_held(self) -> bool:
        """Whether the refused call would fit if the running calls released what they reserve."""
        return self.rule is AlertRule.REFUSED and self.used + max(1, self.asked) <= self.amount

    @property
    def blocks(self) -> bool:
        """Whether calls are refused because of this: only such an alert is sent in quiet hours."""
        if self.rule is AlertRule.THRESHOLD:
            return self.mode == Mode.HARD and self.used >= self.amount
        if self.rule is AlertRule.REFUSED:
            return not self.is_held
        return self.rule in (AlertRule.PAUSED, AlertRule.TEST)


def alert_id(ledger: str, rule: AlertRule, *parts: object) -> str:
    """Return the id of an alert: the same parts always give the same id.

    `ledger` is the identity of the ledger's alerts, so that two ledgers have different ids.
    """
    text = "\0".join((ledger, rule, *map(str, parts)))
    return f"alert_{sha256(text.encode()).hexdigest()[:_ID_CHARACTERS]}"
