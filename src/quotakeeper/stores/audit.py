"""Verify: derive every balance again from the journal and compare it with what is kept."""

from __future__ import annotations

from collections.abc import Iterable

from quotakeeper.domain import ledger
from quotakeeper.domain.entries import Entry
from quotakeeper.domain.state import LedgerState, ZoneFinder
from quotakeeper.domain.store import Problem
from quotakeeper.domain.units import METERS, units_text


def compare_balances(
    kept: LedgerState, journal: Iterable[Entry], zones: ZoneFinder
) -> list[Problem]:
    """Replay a journal into an empty state with the same accounts, and name every difference.

    Also checks the journal itself: sequence numbers rise, ledger time never goes back, and every
    later entry is about an id that was opened.
    """
    replayed = LedgerState(zones)
    for account, since in kept.accounts.values():
        replayed.add_account(account, since)
    problems: list[Problem] = []
    last_at = 0
    for entry in journal:
        if entry.seq <= replayed.seq:
            problems.append(Problem(f"entry {entry.seq} comes after entry {replayed.seq}"))
        if entry.at < last_at:
            problems.append(Problem(f"entry {entry.seq} goes back in time"))
        last_at = max(last_at, entry.at)
        try:
            ledger.fold(replayed, entry)
        except (KeyError, AssertionError):
            problems.append(Problem(f"entry {entry.seq} is about nothing that was opened"))
    for account, since in kept.accounts.values():
        problems.extend(_differences(kept, replayed, account.key, since))
    if [hold.id for hold in kept.holds()] != [hold.id for hold in replayed.holds()]:
        problems.append(Problem("open reservations are not those of the journal"))
    return problems


def _differences(
    kept: LedgerState, replayed: LedgerState, key: str, since: int
) -> Iterable[Problem]:
    account, _ = kept.accounts[key]
    meter = METERS[account.meter]
    there = dict(kept.slices(account, since - 1))
    derived = dict(replayed.slices(account, since - 1))
    for start in sorted(there.keys() | derived.keys()):
        have, want = there.get(start), derived.get(start)
        for name in ("settled", "reserved"):
            found = getattr(have, name) if have else 0
            expected = getattr(want, name) if want else 0
            if found != expected:
                yield Problem(
                    f"balance {key!r} from {start}: {name} is {units_text(found, meter)}, "
                    f"the journal says {units_text(expected, meter)}"
                )
