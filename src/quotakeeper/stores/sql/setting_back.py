"""Moves a ledger in SQL back to an instant, and computes all sums from the moved journal again.

This must run inside one write transaction, with the journal's triggers removed. It reads the whole
journal once.
"""

from __future__ import annotations

from quotakeeper.domain.forecasting.time_buckets import bucket_start
from quotakeeper.domain.ledger.places import Level
from quotakeeper.domain.ledger.setting_back import SetBack, kept_since, preview, repair_entry
from quotakeeper.domain.ledger.state import LedgerState, ZoneFinder
from quotakeeper.stores.sql.account_usage import KEPT_BEFORE, fill_pace
from quotakeeper.stores.sql.bucket_sums import Key, Sums
from quotakeeper.stores.sql.codec import entry_from, entry_row
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sql.damage import rows_of
from quotakeeper.stores.sql.interned import Interned
from quotakeeper.stores.sql.journal import first_seq
from quotakeeper.stores.sql.notice_rows import save_notices
from quotakeeper.stores.sql.state import SqlState
from quotakeeper.stores.sql.verify_reads import journal_of, look_up_in
from quotakeeper.stores.verification import rebuilt

_ALWAYS = 2**62
_Crossed = set[tuple[int, Level]]


def look_ahead(state: SqlState, to: int) -> SetBack:
    """Return what moving the ledger back to instant `to` would do. Changes nothing."""
    session = state.session
    rows = session.execute(session.sql["entries_after"], (first_seq(session, to + 1) - 1, _ALWAYS))
    later = [entry_from(row, state.interned) for row in rows.fetchall()]
    return preview([entry for entry in later if entry.at > to], state.high_water, to)


def set_ledger_back(session: SqlSession, zones: ZoneFinder, to: int, by: str, why: str) -> SetBack:
    """Move the ledger back to instant `to`, and add a journal entry about this."""
    state = SqlState(session, zones)
    state.refresh()
    done, first = look_ahead(state, to), first_seq(session, to + 1)
    gone = _move_entries(session, to)
    for table, query in (("slot", "slots_between"), ("carried_slot", "carried_slots")):
        _move_sums(session, table, query, bucket_start(to))
    _move_accounts(session, state, to)
    again = SqlState(session, zones)
    again.refresh()
    _derive(session, again, zones, gone)
    entry = repair_entry(done, state.seq + 1, first, by, why)
    session.execute(session.sql["add_entry"], entry_row(entry, Interned(session)))
    save_notices(session, (entry,))
    return done


def _move_entries(session: SqlSession, to: int) -> _Crossed:
    """Move the entries as `domain.ledger.setting_back.set_back` defines. Returns the deleted
    crossings.
    """
    sql, execute = session.sql, session.execute
    gone = {
        (row[0], (row[1], row[2], row[3]))
        for row in execute(sql["later_crossings"], (to,)).fetchall()
    }
    for name in ("drop_later_crossings", "drop_later_lapses", "drop_later_entries"):
        execute(sql[name], (to,))
    for name in ("set_back_notices", "set_back_entries"):
        execute(sql[name], {"to": to})
    execute(sql["set_back_holds"])
    return gone


def _move_sums(session: SqlSession, table: str, query: str, slot: int) -> None:
    """Add the sums of all slots after `slot` to the sums of `slot`, and delete the later slots."""
    found: dict[Key, Sums] = {}
    rows = session.execute(session.sql[query], (slot, _ALWAYS)).fetchall()
    for at, labels_id, provenance, outcome, *sums in rows:
        with rows_of(f"the totals of time slot {at!a:.20}"):
            key = slot, labels_id, provenance, outcome
            found.setdefault(key, Sums()).merge(Sums(*sums))
    session.execute(session.sql[f"drop_{table}s_from"], (slot,))
    put = [sums.row(key) for key, sums in found.items()]
    session.executemany(session.sql[f"put_{table}"], put)


def _move_accounts(session: SqlSession, state: SqlState, to: int) -> None:
    """Change the stored data of each account, so that all data is from `to` or earlier."""
    sql, execute = session.sql, session.execute
    slot = bucket_start(to)
    execute(sql["add_pace_up"], {"slot": slot})
    execute(sql["drop_paces_after"], (slot,))
    for account, since in state.accounts.values():
        number, kept = state.account_id(account), kept_since(state, account, since, to)
        if kept == since:
            start = {"account": number, "start": state.slice_start(account, to)}
            execute(sql["carry_up"], start)
            execute(sql["drop_carried_after"], start)
            continue
        execute(sql["set_since"], (kept, number))
        execute(sql["drop_carried_of"], (number,))
        execute(sql["drop_paces_of"], (number,))
        if not account.per:
            state.carry(account, kept)
            fill_pace(session, state.interned, account, number, max(0, kept - KEPT_BEFORE))


def _derive(session: SqlSession, kept: SqlState, zones: ZoneFinder, gone: _Crossed) -> None:
    """Compute balances and marks from the moved journal, and write them."""
    sql = session.sql
    again: LedgerState = rebuilt(
        kept, journal_of(session), zones, look_up_in(session),
        session.execute(sql["carried_balances"]).fetchall(),
    )  # fmt: skip
    session.execute(sql["drop_balances"])
    for account, _ in kept.accounts.values():
        number = kept.account_id(account)
        rows = [
            (number, start, each.settled, each.reserved, each.overage)
            for start, each in again.slices(account, -_ALWAYS)
        ]
        session.executemany(sql["put_balance"], rows)
        there, derived = kept.marks(account.key), again.marks(account.key)
        carried = account.window.is_rolling or account.window.is_endless
        for level in there.keys() - derived.keys():
            # A window without an end keeps a mark whose CROSS entry was compacted.
            if not carried or (number, level) in gone:
                session.execute(sql["drop_mark"], (number, *level))
        marks = [(number, *level, *mark) for level, mark in derived.items()]
        session.executemany(sql["put_mark"], marks)
