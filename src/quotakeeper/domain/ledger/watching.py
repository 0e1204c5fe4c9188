"""Starts to keep balances of accounts, beginning with their current period."""

from __future__ import annotations

from collections.abc import Sequence

from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger.entries import Entry
from quotakeeper.domain.ledger.places import CountedBalance
from quotakeeper.domain.ledger.rebuild import rebuild_balances
from quotakeeper.domain.ledger.state import LedgerState
from quotakeeper.domain.limits import Account
from quotakeeper.domain.units import METERS


def watch(state: LedgerState, command: c.Watch, now: int) -> tuple[c.Outcomes, list[Entry]]:
    """Keep balances of the accounts in `command`. An account with `per` includes its label values."""
    fresh = {
        account.key: (account, state.period(account, now).start_at)
        for account in command.accounts
        if account.key not in state.accounts
    }
    if not fresh:
        return c.Watched(), []
    families = [each for each in fresh.values() if each[0].per]
    single = {key: each for key, each in fresh.items() if not each[0].per}
    if families:
        single = {**_values_used(state, families), **single}
    wanted = list(single.values())
    # Earlier use of the period counts too. It is read from the journal, once for all accounts.
    rebuilt = rebuild_balances(state, wanted) if wanted else []
    for account, since in families:
        state.add_account(account, since)
    for (account, since), derived in zip(wanted, rebuilt, strict=True):
        state.add_account(account, since)
        for start, used in derived.items():
            balance = state.balance(account, start)
            balance.settled, balance.reserved = used.settled, used.reserved
            balance.overage = used.overage
            state.touch((CountedBalance(account, METERS[account.meter], start, balance),))
    return c.Watched(), []


def _values_used(
    state: LedgerState, families: Sequence[tuple[Account, int]]
) -> dict[str, tuple[Account, int]]:
    """Return the account of each label value that earlier calls have.

    Each account comes with the instant from which its balances are kept.
    """
    found: dict[str, tuple[Account, int]] = {}
    seen = set()
    for at, labels, *_ in state.usage_since(min(since for _, since in families)):
        for account, since in families:
            if at >= since and (account.key, labels) not in seen and account.matches(labels):
                seen.add((account.key, labels))
                value = account.of(labels)
                if value.key not in state.accounts:
                    found[value.key] = value, since
    return found
