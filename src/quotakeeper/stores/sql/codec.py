"""Converts entries, open reservations and accounts to rows and back."""

from __future__ import annotations

from quotakeeper.domain.ledger.entries import NOTICES, OPENINGS, Entry, Figures, Kind
from quotakeeper.domain.ledger.reservations import Hold
from quotakeeper.domain.limits import Account
from quotakeeper.domain.units import METERS
from quotakeeper.domain.usage import is_storable
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
from quotakeeper.stores.sql.damage import (
    UNREADABLE,
    DamagedRowError,
    clean_text,
    code,
    damaged,
    instant,
    rows_of,
    whole,
)
from quotakeeper.stores.sql.interned import Interned, Row, scope_from, scope_text
from quotakeeper.value_classes import replace

_DRAW, _CROSS = KIND_CODE[Kind.DRAW], KIND_CODE[Kind.CROSS]
_ABOUT_ANOTHER = frozenset(Kind) - NOTICES - {Kind.RESERVE, Kind.RECORD, Kind.CROSS}
_WITH_FIGURES = OPENINGS | {Kind.SETTLE, Kind.ASSUME, Kind.CORRECT, Kind.GROW}


def entry_row(entry: Entry, interned: Interned) -> Row:
    """Convert an entry to a row of the journal."""
    figures, labels = entry.figures, entry.labels
    number = None
    if labels is not None:  # a number that is cached needs no call
        kept = interned.numbers.get(id(labels))
        number = interned.labels_id(labels) if kept is None else kept[0]
    head = (
        entry.seq,
        SENT_RESERVE if entry.sent and entry.kind is Kind.RESERVE else KIND_CODE[entry.kind],
        entry.at,
        entry.ref,
        entry.id or None,
        number,
    )
    words = interned.words  # a word that is cached needs no call
    owner = (words.get(entry.owner) or interned.word_id(entry.owner)) if entry.owner else None
    tail = (owner, entry.expires_at or None, entry.booked_at)
    if figures is None:
        return (*head, None, None, None, None, None, None, None, None, *tail)
    return (
        *head,
        quantities_text(figures.quantities),
        figures.cost_pico,
        words.get(figures.price_id) or interned.word_id(figures.price_id),
        PROVENANCE_CODE[figures.provenance],
        OUTCOME_CODE[figures.outcome],
        interned.word_id(figures.model_served) if figures.model_served else None,
        figures.duration_ms,
        figures.note or None,
        *tail,
    )


def entry_from(row: Row, interned: Interned) -> Entry:
    """Convert a row of the journal to an entry. Raises DamagedRowError, which names the entry."""
    try:
        entry = _entry(row, interned)
        _check(entry)
    except (DamagedRowError, *UNREADABLE) as error:
        raise damaged(error, row[0], row[4]) from error
    return entry


def _entry(row: Row, interned: Interned) -> Entry:
    figures = None
    if row[6] is not None:
        figures = Figures(
            quantities=quantities_from(row[6]),
            cost_pico=row[7],
            price_id=interned.word(row[8]),
            provenance=PROVENANCES[code(PROVENANCES, row[9])],
            outcome=OUTCOMES[code(OUTCOMES, row[10])],
            model_served=interned.word(row[11]),
            duration_ms=row[12],
            note="" if row[13] is None else clean_text(row[13]),
        )
        if figures.cost_pico is not None:
            whole(figures.cost_pico)
        if figures.duration_ms is not None:
            whole(figures.duration_ms)
    return Entry(
        seq=row[0],
        kind=KINDS[code(KINDS, row[1])],
        at=instant(row[2]),
        ref=row[3],
        id=row[4] or "",
        labels=None if row[5] is None else interned.labels(row[5]),
        figures=figures,
        owner=interned.word(row[14]),
        expires_at=row[15] or 0,
        booked_at=row[16],
        sent=_DRAW <= row[1] <= SENT_RESERVE,  # a DRAW is always sent
        crossing=interned.crossing(row[0]) if row[1] == _CROSS else None,
        notice=interned.notice(row[0]) if row[1] > _CROSS else None,
    )


def _check(entry: Entry) -> None:
    """Raise ValueError if an entry lacks a field of its kind, or has a field that its kind must not
    have.
    """
    kind = entry.kind
    if kind in OPENINGS:
        if entry.labels is None or not is_storable(entry.id):
            raise ValueError("it opens a call but has no id or no labels")
    elif entry.id or entry.labels is not None:
        raise ValueError(f"its kind is {kind}, but it has an id or labels")
    if kind in _ABOUT_ANOTHER:
        # The columns of an event row omit the lease of a DRAW.
        if not (kind is Kind.DRAW and entry.ref is None) and whole(entry.ref) >= entry.seq:
            raise ValueError(f"it refers to entry {entry.ref}, which comes after it")
    elif entry.ref is not None:
        raise ValueError(f"its kind is {kind}, but it refers to entry {entry.ref!a:.20}")
    if kind in _WITH_FIGURES and entry.figures is None:
        raise ValueError(f"its kind is {kind}, but it has no figures")
    if entry.booked_at is not None and instant(entry.booked_at) > entry.at:
        raise ValueError("it counts at a time after the time when it was written")
    if entry.expires_at:
        whole(entry.expires_at)


def account_from(row: Row) -> Account:
    """Convert a row to an account. The row comes without the account's number and `since_at`.

    Raises DamagedRowError.
    """
    with rows_of("an account"):
        meter, window, timezone, provider, model, operation, scope, per = map(clean_text, row)
        if meter not in METERS:
            raise ValueError(f"its meter is {meter!a:.80}")
        return Account(meter, parse_window(window), timezone, provider, model, operation,
                       scope_from(scope), per)  # fmt: skip


def account_row(account: Account, since_at: int) -> Row:
    """Convert an account to a row."""
    return (account.key, account.meter, str(account.window), account.timezone, account.provider,
            account.model, account.operation, scope_text(account.scope), account.per, since_at)  # fmt: skip


def hold_row(seq: int, hold: Hold, text: str = "") -> Row:
    """Convert an open reservation to a row. `text` is the stored text of its quantities, if it is
    known already.
    """
    return (seq, hold.owner, hold.expires_at, int(hold.sent),
            text or quantities_text(hold.quantities), hold.cost_pico)  # fmt: skip


def hold_from(hold: Hold, row: Row) -> Hold:
    """Return `hold` with the values of its row (without the number).

    Raises DamagedRowError, which names the reservation by its id.
    """
    try:
        owner, expires_at, sent, quantities, cost_pico = row
        return replace(hold, owner=clean_text(owner), expires_at=whole(expires_at),
                       sent=bool(whole(sent)), quantities=quantities_from(quantities),
                       cost_pico=None if cost_pico is None else whole(cost_pico))  # fmt: skip
    except (DamagedRowError, *UNREADABLE) as error:
        raise damaged(error, None, hold.id) from error
