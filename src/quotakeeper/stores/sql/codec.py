"""Entries, open reservations and accounts to rows and back."""

from __future__ import annotations

from dataclasses import replace

from quotakeeper.domain.ledger.entries import Entry, Figures, Kind
from quotakeeper.domain.ledger.reservations import Hold
from quotakeeper.domain.limits import Account
from quotakeeper.domain.windows import parse_window
from quotakeeper.stores.sql.codes import (
    KIND_CODE,
    KINDS,
    OUTCOME_CODE,
    OUTCOMES,
    PROVENANCE_CODE,
    PROVENANCES,
    SENT_RESERVE,
    quantities_from,
    quantities_text,
)
from quotakeeper.stores.sql.interned import Interned, Row, scope_from, scope_text

_DRAW, _CROSS = KIND_CODE[Kind.DRAW], KIND_CODE[Kind.CROSS]


def entry_row(entry: Entry, interned: Interned) -> Row:
    """An entry as a row of the journal."""
    figures = entry.figures
    head = (
        entry.seq,
        SENT_RESERVE if entry.sent and entry.kind is Kind.RESERVE else KIND_CODE[entry.kind],
        entry.at,
        entry.ref,
        entry.id or None,
        interned.labels_id(entry.labels) if entry.labels else None,
    )
    tail = (interned.word_id(entry.owner), entry.expires_at or None, entry.booked_at)
    if figures is None:
        return (*head, None, None, None, None, None, None, None, None, *tail)
    return (
        *head,
        quantities_text(figures.quantities),
        figures.cost_pico,
        interned.word_id(figures.price_id),
        PROVENANCE_CODE[figures.provenance],
        OUTCOME_CODE[figures.outcome],
        interned.word_id(figures.model_served),
        figures.duration_ms,
        figures.note or None,
        *tail,
    )


def entry_from(row: Row, interned: Interned) -> Entry:
    """A row of the journal as an entry."""
    figures = None
    if row[6] is not None:
        figures = Figures(
            quantities=quantities_from(row[6]),
            cost_pico=row[7],
            price_id=interned.word(row[8]),
            provenance=PROVENANCES[row[9] - 1],
            outcome=OUTCOMES[row[10] - 1],
            model_served=interned.word(row[11]),
            duration_ms=row[12],
            note=row[13] or "",
        )
    return Entry(
        seq=row[0],
        kind=KINDS[row[1] - 1],
        at=row[2],
        ref=row[3],
        id=row[4] or "",
        labels=None if row[5] is None else interned.labels(row[5]),
        figures=figures,
        owner=interned.word(row[14]),
        expires_at=row[15] or 0,
        booked_at=row[16],
        sent=_DRAW <= row[1] <= SENT_RESERVE,  # a DRAW always is
        crossing=interned.crossing(row[0]) if row[1] == _CROSS else None,
        notice=interned.notice(row[0]) if row[1] > _CROSS else None,
    )


def account_from(row: Row) -> Account:
    """An account from its row (without number and since)."""
    meter, window, timezone, provider, model, operation, scope, per = row
    return Account(meter, parse_window(window), timezone, provider, model, operation,
                   scope_from(scope), per)  # fmt: skip


def account_row(account: Account, since_at: int) -> Row:
    """An account as a row."""
    return (account.key, account.meter, str(account.window), account.timezone, account.provider,
            account.model, account.operation, scope_text(account.scope), account.per, since_at)  # fmt: skip


def hold_row(seq: int, hold: Hold) -> Row:
    """An open reservation as a row."""
    return (seq, hold.owner, hold.expires_at, int(hold.sent), quantities_text(hold.quantities),
            hold.cost_pico)  # fmt: skip


def hold_from(hold: Hold, row: Row) -> Hold:
    """A reservation as its row (without the number) says that it is by now."""
    owner, expires_at, sent, quantities, cost_pico = row
    return replace(hold, owner=owner, expires_at=expires_at, sent=bool(sent),
                   quantities=quantities_from(quantities), cost_pico=cost_pico)  # fmt: skip
