"""Carries out orders of people: pauses, resumes, raised limits, and what is accepted.

Each order becomes one journal entry that says who, why, and until when. No order changes a balance,
and no limit refuses an order.
"""

from __future__ import annotations

from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger import order_commands as o
from quotakeeper.domain.ledger.entries import CLOCK_ACCEPTED, LEDGER_ACCEPTED, Entry, Kind, Notice
from quotakeeper.domain.ledger.state import LedgerState
from quotakeeper.domain.money import MAX_PICO
from quotakeeper.domain.pauses import CallPause
from quotakeeper.domain.usage import is_storable
from quotakeeper.domain.windows import MAX_INSTANT, SECOND
from quotakeeper.errors import InvalidInputError

LONGEST_US = 366 * 86_400 * SECOND  # the longest pause or raise


def order(
    state: LedgerState, command: o.PauseCalls | o.ResumeCalls | o.RaiseLimit | o.AcceptClock
    | o.AcceptLedger, now: int,
) -> tuple[c.Outcomes, list[Entry]]:  # fmt: skip
    """Write an order to the journal. A resume that ends no pause writes nothing."""
    if isinstance(command, o.AcceptClock | o.AcceptLedger):
        return _accepted(state, command, now)
    if error := _unfit(command):
        return c.Failed(error), []
    notice = Notice(command.name, command.why, command.by)
    if isinstance(command, o.ResumeCalls):
        pauses = state.notices.pauses.values()
        ended = [pause for pause in pauses if pause.holds(now)
                 and command.name in ("", pause.provider)]  # fmt: skip
        if not ended:
            return o.Ordered(None), []
        return _noted(state, Kind.RESUME, notice, now, tuple(ended))
    until = None if command.for_us is None else min(now + command.for_us, MAX_INSTANT)
    if isinstance(command, o.PauseCalls):
        kind = Kind.PAUSE
        notice = Notice(command.name, command.why, command.by, until)
    else:
        kind = Kind.RAISE
        notice = Notice(command.name, command.why, command.by, until, command.account,
                        command.amount)  # fmt: skip
    return _noted(state, kind, notice, now)


def _accepted(
    state: LedgerState, command: o.AcceptClock | o.AcceptLedger, now: int
) -> tuple[c.Outcomes, list[Entry]]:
    for name, text in (("why", command.why), ("by", command.by)):
        if not is_storable(text, empty=True):
            problem = "is not a printable text of at most 256 characters"
            return c.Failed(InvalidInputError(name, problem)), []
    is_clock = isinstance(command, o.AcceptClock)
    subject = CLOCK_ACCEPTED if is_clock else LEDGER_ACCEPTED
    amount = command.ahead if isinstance(command, o.AcceptClock) else command.lost
    amount = max(0, min(amount, MAX_PICO))
    notice = Notice(subject, command.why, command.by, amount=amount)
    return _noted(state, Kind.CLOCK, notice, now)


def _noted(
    state: LedgerState, kind: Kind, notice: Notice, now: int, ended: tuple[CallPause, ...] = ()
) -> tuple[c.Outcomes, list[Entry]]:
    entry = Entry(state.seq + 1, kind, now, notice=notice)
    state.note(entry)
    return o.Ordered(entry, ended), [entry]


def _unfit(command: o.PauseCalls | o.ResumeCalls | o.RaiseLimit) -> InvalidInputError | None:
    if not is_storable(command.name, empty=not isinstance(command, o.RaiseLimit)):
        return InvalidInputError("name", "is not a printable text of at most 256 characters")
    if not is_storable(command.why, empty=isinstance(command, o.ResumeCalls)):
        return InvalidInputError("why", "is not a printable text of 1 to 256 characters",
                                 "give the reason in a few words")  # fmt: skip
    if not is_storable(command.by, empty=True):
        return InvalidInputError("by", "is not a printable text of at most 256 characters")
    if isinstance(command, o.ResumeCalls):
        return None
    if command.for_us is not None and not 0 < command.for_us <= LONGEST_US:
        return InvalidInputError("for", "is not a time from 1 s to 366 days", "give 2h or 1d")
    if isinstance(command, o.RaiseLimit):
        if not 0 <= command.amount <= MAX_PICO:
            return InvalidInputError("amount", "is more than the ledger can hold")
        if not is_storable(command.account[:256]):
            return InvalidInputError("account", "is not the key of an account")
    return None
