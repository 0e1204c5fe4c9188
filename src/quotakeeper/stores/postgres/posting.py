"""The usual commit: a decided batch is sent to the server in one round trip, with its guards.

A guard is a condition that the server checks at the commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from quotakeeper.domain.ledger.apply import apply
from quotakeeper.domain.ledger.commands import Command, Outcomes
from quotakeeper.domain.ledger.entries import Entry, Kind
from quotakeeper.domain.ledger.places import Level, Mark
from quotakeeper.domain.ledger.reservations import Balance
from quotakeeper.stores.postgres.guards import ANY, any_use
from quotakeeper.stores.postgres.state import PostgresState
from quotakeeper.stores.postgres.tentative import Tentative
from quotakeeper.stores.sql.codec import entry_row, hold_row
from quotakeeper.stores.sql.connection import Rows
from quotakeeper.value_classes import replace

DONE = "done"


class MismatchError(Exception):
    """A committed batch, decided again, gives other entries than those that were committed.

    This is a fault in quotakeeper: a guard, which the server checks at the commit, missed a change.
    """


def parameters(
    batch_id: str, owner: str, asked_at: int, rules_version: int, version: int, plan: Tentative
) -> list[Any]:
    """Return a decided batch as the values for the function `post`, in their order."""
    state, guards = plan.state, plan.guards
    return [
        batch_id, owner, asked_at, guards.since, guards.until, rules_version, version,
        version if guards.is_exact else ANY,
        *_columns(_balances(plan), 8), *_columns(_windows(plan), 5), *_columns(_known(plan), 6),
        list(guards.calls), state.base.followed_seq, *_columns(_marks(plan, guards.marks), 7),
        *_columns(_marks(plan, state.new_marks), 7), *_columns(_crossings(plan), 8),
        *_columns(_entries(plan), 15), *_holds(plan), *_columns(state.sums.rows(), 6),
        *_columns(state.sums.part_rows(), 6),
        *_columns(state.usage.rows(state.base.account_ids), 3),
    ]  # fmt: skip


def _columns(rows: Iterable[Sequence[object]], width: int) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]


def _balances(plan: Tentative) -> list[tuple[int, ...]]:
    state, base = plan.state, plan.state.base
    rows = []
    for key, start in {**plan.guards.balances, **state.touched, **state.assumed}:
        account = base.accounts[key][0]
        mine, theirs = state.balance(account, start), state.stored(account, start)
        allowed = plan.guards.balances.get((key, start)) or any_use()
        rows.append((
            base.account_ids[key], start, mine.settled - theirs.settled,
            mine.reserved - theirs.reserved, mine.overage - theirs.overage, *allowed,
        ))  # fmt: skip
    return rows


def _windows(plan: Tentative) -> list[tuple[int, ...]]:
    ids = plan.state.base.account_ids
    return [(ids[key], after, *allowed) for (key, after), allowed in plan.guards.windows.items()]


def _known(plan: Tentative) -> list[Sequence[object]]:
    return [hold_row(seq, hold) for seq, hold in plan.changed.items()]


def _marks(
    plan: Tentative, marks: Mapping[tuple[str, Level], Mark | None]
) -> list[Sequence[object]]:
    """Return rows of thresholds; turn 0: nothing is stored about the threshold."""
    ids, nothing = plan.state.base.account_ids, Mark(0, 0, False)
    return [(ids[key], *level, *(mark or nothing)) for (key, level), mark in marks.items()]


def _crossings(plan: Tentative) -> list[Sequence[object]]:
    ids = plan.state.base.account_ids
    return [
        (number, ids[said.account], said.limit, said.amount, said.level, said.start_at, said.turn,
         said.used)
        for number, entry in enumerate(plan.entries, 1)
        if (said := entry.crossing) is not None
    ]  # fmt: skip


def _entries(plan: Tentative) -> list[Sequence[object]]:
    base = plan.state.base
    rows: list[Sequence[object]] = []
    for entry in plan.entries:
        _, kind, _, ref, *middle, expires_at, booked_at = entry_row(entry, base.interned)
        if ref is not None and ref > base.seq:
            ref = base.seq - ref
        lasts = None if expires_at is None else expires_at - plan.now
        rows.append((kind, ref, *middle, lasts, booked_at))
    return rows


def _holds(plan: Tentative) -> list[list[object]]:
    state, base = plan.state, plan.state.base
    entries = [entry for entry in plan.entries if entry.kind is not Kind.CROSS]
    opened = [entry.seq for entry in entries if entry.id]
    timed = {entry.seq if entry.id else entry.ref or 0 for entry in entries if entry.expires_at}
    put: list[tuple[object, ...]] = []
    gone: list[object] = []
    for seq in dict.fromkeys((*opened, *(entry.ref or entry.seq for entry in entries))):
        hold = state.known_at(seq).hold
        if hold is None:
            if seq <= base.seq:
                gone.append(seq)
            continue
        _, owner, expires_at, *rest = hold_row(seq, hold)
        relative = seq in timed
        number = base.seq - seq if seq > base.seq else seq
        expires_at = expires_at - plan.now if relative else expires_at
        put.append((number, owner, expires_at, relative, *rest))
    return [*_columns(put, 7), gone]


class Posted:
    """The server's reply to a batch."""

    def __init__(self, rows: Rows) -> None:
        first, *self._balances = rows.fetchall()
        (self.state, self.now, self.seq, self.high_water, self.version, self.rules_version,
         self.recalls) = first  # fmt: skip

    def take_in(self, base: PostgresState, plan: Tentative) -> None:
        """Set the cached balances of the batch to their values right before the commit."""
        base.seq, base.high_water = self.seq, self.high_water
        base.take_balances(
            [(row[1], row[2], Balance(*row[3:6])) for row in self._balances],
            [(key, after) for key, after in plan.guards.windows],
        )
        base.take_new(entry.id for entry in plan.entries if entry.id)


def decided_again(
    base: PostgresState, commands: Sequence[Command], plan: Tentative, posted: Posted
) -> list[Outcomes]:
    """Decide a committed batch again, at the time of the commit and with the balances of that time.

    Then the outcomes and the state in memory are exactly those of the commit. Raises MismatchError
    if the entries differ.
    """
    shift = posted.seq - base.seq
    before = base.seq
    posted.take_in(base, plan)
    base.is_decided = True
    try:
        outcomes, entries = apply(base, commands, posted.now)
    finally:
        base.is_decided = False
    expected = [_moved(entry, before, shift, posted.now, plan.now) for entry in plan.entries]
    if entries != expected:
        raise MismatchError("a commit has other entries than expected")
    base.forget_written(entries)
    return outcomes


def _moved(entry: Entry, before: int, shift: int, now: int, was: int) -> Entry:
    ref = entry.ref
    if ref is not None and ref > before:
        ref += shift
    expires_at = entry.expires_at and entry.expires_at - was + now
    return replace(entry, seq=entry.seq + shift, at=now, ref=ref, expires_at=expires_at)
