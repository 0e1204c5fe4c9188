"""Compaction: deletes the entries of calls that ended long ago, and keeps their totals.

Only whole calls are deleted: the first entry with all later entries, and a lease with all calls
drawn from it. Balances and sums by slot do not change. The totals of the deleted entries are stored
as `carried`, so that `verify` still finds no difference. Single events are lost. So an id of a
deleted call counts as new if it is repeated. Crossings in ended periods are deleted too. For a
rolling window, the newest crossing of each threshold stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from quotakeeper.domain.ledger.call_record import CallRecord
from quotakeeper.domain.ledger.entries import OPENINGS, Entry, Kind
from quotakeeper.domain.ledger.fold import fold
from quotakeeper.domain.ledger.state import LedgerState, ZoneFinder
from quotakeeper.domain.ports import Compacted
from quotakeeper.stores.sql.bucket_sums import Key, Sums, bucket_key
from quotakeeper.stores.sql.codec import entry_from
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sql.crossing_rows import drop_crossings
from quotakeeper.stores.sql.damage import rows_of
from quotakeeper.stores.sql.interned import Interned
from quotakeeper.stores.sql.journal import first_seq
from quotakeeper.stores.sql.state import SqlState


class _Gone(LedgerState):
    """Computes the totals of the entries that are deleted."""

    def __init__(self, kept: LedgerState, zones: ZoneFinder, interned: Interned) -> None:
        super().__init__(zones)
        self._interned = interned
        self.sums: dict[Key, Sums] = {}
        for account, since in kept.accounts.values():
            self.add_account(account, since)

    def count(self, before: CallRecord | None, after: CallRecord, used: Mapping[str, int]) -> None:
        for known, sign in ((before, -1), (after, 1)):
            if known is not None and known.figures is not None:
                key = bucket_key(known, self._interned)
                figures = known.figures
                sums = self.sums.setdefault(key, Sums())
                sums.add(figures.quantities.items(), figures.cost_pico, sign)


def compact(
    state: SqlState, zones: ZoneFinder, before: int, now: int, after: int, at_most: int
) -> Compacted:
    """Delete the entries of up to `at_most` calls that ended before `before`.

    Begins after sequence number `after`. Call this inside a write transaction. Current periods keep
    all their entries.
    """
    # An endless period keeps its totals but not its entries, so it does not limit what is deleted.
    accounts = [account for account, _ in state.accounts.values() if not account.window.is_endless]
    starts = [state.period(account, now).start_at for account in accounts]
    before = min([before, now, *starts])
    session = state.session
    # The newest entry stays, because sequence numbers and ledger time continue from it.
    cut = min(first_seq(session, before), state.seq)
    sql = session.sql
    roots = session.execute(sql["openings_between"], (after, cut, at_most)).fetchall()
    gone: list[Entry] = []
    for (root,) in roots:
        call = _whole_call(session, state.interned, root)
        if call[-1].seq < cut and not _is_open(session, call):
            gone += call
    entries = len(gone)
    if gone:
        _carry(state, zones, gone)
        session.execute(sql["begin_compacting"], (before,))
        session.executemany(sql["drop_entry"], [(entry.seq,) for entry in gone])
        entries += drop_crossings(session, cut)
        session.execute(sql["end_compacting"])
        state.forget_marks()
    next_after = roots[-1][0] if len(roots) == at_most else None
    return Compacted(before, sum(e.kind in OPENINGS for e in gone), entries, next_after)


def _whole_call(session: SqlSession, interned: Interned, root: int) -> list[Entry]:
    """Return all entries about a call; for a lease, also those of all calls drawn from it."""
    about = session.sql["about"]
    found: dict[int, Entry] = {}
    waiting = [root]
    while waiting:
        for row in session.execute(about, {"seq": waiting.pop()}):
            entry = entry_from(row, interned)
            if entry.seq not in found and entry.kind is Kind.DRAW:
                waiting.append(entry.seq)
            found[entry.seq] = entry
    return [found[seq] for seq in sorted(found)]


def _is_open(session: SqlSession, call: Sequence[Entry]) -> bool:
    held = session.sql["hold_of"]
    return any(
        session.execute(held, (entry.seq,)).fetchone() for entry in call if entry.kind in OPENINGS
    )


def _carry(state: SqlState, zones: ZoneFinder, gone: list[Entry]) -> None:
    session = state.session
    scratch = _Gone(state, zones, state.interned)
    for entry in sorted(gone, key=lambda entry: entry.seq):
        fold(scratch, entry)
    sql = session.sql
    rows = []
    for account, _ in state.accounts.values():
        for start, balance in scratch.slices(account, -(2**62)):
            assert balance.reserved == 0, "a call that has ended reserves nothing"
            rows.append((state.account_id(account), start, balance.settled, balance.overage))
    session.executemany(sql["carry_balance"], rows)
    put = []
    for key, sums in scratch.sums.items():
        row = session.execute(sql["carried_slot"], key).fetchone()
        if row is not None:
            with rows_of(f"the compacted totals of time slot {key[0]}"):
                sums.merge(Sums(*row))
        if sums.calls:
            put.append(sums.row(key))
    session.executemany(sql["put_carried_slot"], put)
