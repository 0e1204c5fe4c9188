"""Orders of people and their effects: pauses, raised limits, and prepaid credit.

A PAUSE stops calls to one provider, or to all; the newest pause of a provider counts. A RESUME ends
the pause of its provider, or every pause if its provider is "". A RAISE gives a limit a larger
amount. The newest RAISE of a limit counts, and never lowers the configured amount. Each order ends
at its `until`, in ledger time. No journal entry is made for that end.
"""

from __future__ import annotations

from quotakeeper.domain.ledger.credit import Credit
from quotakeeper.domain.ledger.entries import LEDGER_ACCEPTED, Entry, Kind
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.pauses import CallPause
from quotakeeper.value_classes import dataclass, field, replace

_ALWAYS = 2**63


@dataclass(frozen=True, slots=True)
class Raise:
    """A raised amount of a limit, in base units, that is in force until instant `until`."""

    amount: int
    until: int
    why: str
    by: str


@dataclass(slots=True)
class Notices:
    """The orders in a journal. Orders that have ended may still be included.

    `pauses` has one pause per provider, `raises` one raise per limit name and account key.
    `credits` has the prepaid credit of each account. `accepted_at` is when somebody last accepted
    that the ledger lacks commits, in microseconds since 1970 UTC; 0: never.
    """

    pauses: dict[str, CallPause] = field(default_factory=dict)
    raises: dict[tuple[str, str], Raise] = field(default_factory=dict)
    credits: dict[str, Credit] = field(default_factory=dict)  # by account key
    accepted_at: int = 0

    def pause_of(self, provider: str, at: int) -> CallPause | None:
        """Return the pause that stops calls to a provider at `at`; None if no pause does."""
        for name in ("", provider):
            pause = self.pauses.get(name)
            if pause is not None and pause.holds(at):
                return pause
        return None

    def pauses_at(self, at: int) -> tuple[CallPause, ...]:
        """Return the pauses in force at `at`, sorted by provider."""
        return tuple(
            self.pauses[name] for name in sorted(self.pauses) if self.pauses[name].holds(at)
        )

    def in_force(self, limit: Limit, at: int) -> tuple[Limit, int]:
        """Return the limit with its amount at instant `at`, and the instant at which this amount
        ends.
        """
        if not self.raises:
            return limit, _ALWAYS
        until = _ALWAYS
        for name in {limit.name, limit.rule or limit.name}:
            raised = self.raises.get((name, family_key(limit)))
            if raised is not None and at < raised.until and raised.amount > limit.amount:
                limit, until = replace(limit, amount=raised.amount), min(until, raised.until)
        return limit, until

    def fold(self, entry: Entry) -> None:
        """Apply an entry that has a notice."""
        notice = entry.notice
        assert notice is not None
        if entry.kind is Kind.PAUSE:
            self.pauses[notice.subject] = CallPause(notice.subject, entry.at, notice.until, notice.why,
                                                notice.by)  # fmt: skip
        elif entry.kind is Kind.RESUME:
            if notice.subject:
                self.pauses.pop(notice.subject, None)
            else:
                self.pauses.clear()
        elif entry.kind is Kind.RAISE:
            key = notice.subject, notice.account
            self.raises[key] = Raise(notice.amount, notice.until or 0, notice.why, notice.by)
        elif entry.kind is Kind.CLOCK:
            if notice.subject == LEDGER_ACCEPTED:
                self.accepted_at = entry.at
        else:
            self.credits.setdefault(notice.account, Credit()).fold(entry)


def family_key(limit: Limit) -> str:
    """Return the account key under which a raise of this limit is recorded.

    If the limit is for one label value (`rule` is set), this is the key of the account of the whole
    rule. The value is not in it.
    """
    account = limit.account
    if not limit.rule:
        return account.key
    scope = tuple(pair for pair in account.scope if pair[0] != limit.per)
    return replace(account, scope=scope, per=limit.per).key
