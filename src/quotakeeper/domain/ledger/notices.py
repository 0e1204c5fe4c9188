"""What people have ordered and what holds of it: pauses, limits that are raised, prepaid credit.

A PAUSE stops calls to one provider, or to all; of one provider the newest counts. A RESUME ends the
pause of its provider, one for all providers ("") ends every pause. A RAISE gives a limit a larger
amount; of one limit the newest counts, and it never lowers what the config says. Each holds until its
own instant by ledger time and then lapses by itself: nothing has to be written for that.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from quotakeeper.domain.ledger.credit import Credit
from quotakeeper.domain.ledger.entries import Entry, Kind
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.pauses import CallPause

_ALWAYS = 2**63


@dataclass(frozen=True, slots=True)
class Raise:
    """A limit has this amount, in base units, until an instant."""

    amount: int
    until: int
    why: str
    by: str


@dataclass(slots=True)
class Notices:
    """What holds of the notices of a journal, or will have lapsed by the time that it is asked."""

    pauses: dict[str, CallPause] = field(default_factory=dict)
    raises: dict[tuple[str, str], Raise] = field(default_factory=dict)
    credits: dict[str, Credit] = field(default_factory=dict)  # by key of the account

    def pause_of(self, provider: str, at: int) -> CallPause | None:
        """The pause that stops a call to a provider at an instant; None: it may go out."""
        if not self.pauses:
            return None
        for name in ("", provider):
            pause = self.pauses.get(name)
            if pause is not None and pause.holds(at):
                return pause
        return None

    def pauses_at(self, at: int) -> tuple[CallPause, ...]:
        """The pauses that hold at an instant, by name."""
        return tuple(
            self.pauses[name] for name in sorted(self.pauses) if self.pauses[name].holds(at)
        )

    def in_force(self, limit: Limit, at: int) -> tuple[Limit, int]:
        """A limit with the amount that it has at an instant, and until when it has that."""
        if not self.raises:
            return limit, _ALWAYS
        until = _ALWAYS
        for name in {limit.name, limit.rule or limit.name}:
            raised = self.raises.get((name, family_key(limit)))
            if raised is not None and at < raised.until and raised.amount > limit.amount:
                limit, until = replace(limit, amount=raised.amount), min(until, raised.until)
        return limit, until

    def fold(self, entry: Entry) -> None:
        """Take an entry with a notice in."""
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
        elif entry.kind is not Kind.CLOCK:
            self.credits.setdefault(notice.account, Credit()).fold(entry)


def family_key(limit: Limit) -> str:
    """The key of a limit's account; of a limit of one label value, that of its rule's account."""
    account = limit.account
    if not limit.rule:
        return account.key
    scope = tuple(pair for pair in account.scope if pair[0] != limit.per)
    return replace(account, scope=scope, per=limit.per).key
