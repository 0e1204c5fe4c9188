"""Top-ups of prepaid credit, and the expiry of the part that is not used."""

from __future__ import annotations

from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger import order_commands as o
from quotakeeper.domain.ledger.entries import Entry, Kind, Notice
from quotakeeper.domain.ledger.state import LedgerState
from quotakeeper.domain.ledger.watching import watch
from quotakeeper.domain.limits import Account
from quotakeeper.domain.money import MAX_PICO
from quotakeeper.domain.usage import is_storable
from quotakeeper.domain.windows import MAX_INSTANT
from quotakeeper.errors import InvalidInputError


def top_up(state: LedgerState, command: o.TopUp, now: int) -> tuple[c.Outcomes, list[Entry]]:
    """Add credit to a prepaid account. The credit counts from now on."""
    if error := _unfit(state, command, now):
        return c.Failed(error), []
    account = command.account
    watch(state, c.Watch((account,)), now)
    notice = Notice(command.name, command.why, command.by, command.until, account.key,
                    command.amount, _used(state, account, now))  # fmt: skip
    entry = Entry(state.seq + 1, Kind.TOPUP, now, notice=notice)
    state.note(entry)
    return o.Ordered(entry), [entry]


def lapse(state: LedgerState, now: int) -> list[Entry]:
    """Write a LAPSE entry for each top-up that has expired by `now`. Called before each batch."""
    entries: list[Entry] = []
    for key, credit in state.notices.credits.items():
        if any(lot.until <= now for lot in credit.lots):
            account = state.accounts[key][0]
            used = _used(state, account, now)
            for lot in credit.due(now, used):
                notice = Notice(account=key, amount=lot.left, used=used, about=lot.seq)
                entries.append(Entry(state.seq + 1, Kind.LAPSE, now, notice=notice))
                state.note(entries[-1])
    return entries


def problem_of(state: LedgerState, entry: Entry) -> str:
    """Return what is wrong with a TOPUP or LAPSE entry that is to be replayed; "" if nothing is."""
    notice = entry.notice
    if notice is None or entry.kind not in (Kind.TOPUP, Kind.LAPSE):
        return ""
    kept = state.accounts.get(notice.account)
    if kept is None:
        return "adds credit to an unknown account"
    used = _used(state, kept[0], entry.at)
    if used != notice.used:
        return f"says that {notice.used} is used, but the journal adds up to {used}"
    if entry.kind is Kind.LAPSE:
        credit = state.notices.credits.get(notice.account)
        due = [] if credit is None else credit.due(entry.at, used)
        if (notice.about, notice.amount) not in [(lot.seq, lot.left) for lot in due]:
            return (
                f"removes {notice.amount} of the credit of entry {notice.about}, but that "
                "credit has not expired"
            )
    return ""


def _used(state: LedgerState, account: Account, now: int) -> int:
    totals = state.totals(account, now)
    return totals.settled + totals.reserved


def _unfit(state: LedgerState, command: o.TopUp, now: int) -> InvalidInputError | None:
    if not command.account.window.is_endless or command.account.per:
        fix = 'a prepaid limit has window = "none"'
        return InvalidInputError("name", f"{command.name[:60]!r} is not prepaid", fix)
    for name, text in (("name", command.name), ("why", command.why), ("by", command.by)):
        if not is_storable(text, empty=name != "name"):
            return InvalidInputError(name, "is not a printable text of at most 256 characters")
    credit = state.notices.credits.get(command.account.key)
    if not 0 < command.amount <= MAX_PICO - (credit.total if credit else 0):
        return InvalidInputError("amount", "is not above 0, or is more than the ledger can hold")
    if command.until is not None and not now < command.until <= MAX_INSTANT:
        return InvalidInputError("expires", "is not in the future", "give a later date")
    return None
