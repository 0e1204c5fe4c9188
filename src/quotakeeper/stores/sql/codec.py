"""Entries to rows and back. Labels and recurring texts are stored once and named by number."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from quotakeeper.domain.ledger.entries import Crossing, Entry, Figures, Kind
from quotakeeper.domain.limits import Account
from quotakeeper.domain.usage import CallLabels
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
from quotakeeper.stores.sql.crossing_rows import crossing_of
from quotakeeper.stores.sql.statements import statements

_MOST_CACHED = 20_000
_DRAW, _CROSS = KIND_CODE[Kind.DRAW], KIND_CODE[Kind.CROSS]

Row = Sequence[Any]


class Interned:
    """Labels and words by number, each looked up once per connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._sql = statements()
        self._labels: dict[CallLabels, int] = {}
        self._labels_by_id: dict[int, CallLabels] = {}
        self._words: dict[str, int] = {}
        self._words_by_id: dict[int, str] = {}

    def labels_id(self, labels: CallLabels) -> int:
        """The number of labels, made when there is none."""
        found = self._labels.get(labels)
        if found is None:
            scope = scope_text(labels.scope)
            key = (labels.provider, labels.model, labels.operation, scope)
            found = self._find_or_add("labels", key)
            if len(self._labels) > _MOST_CACHED:
                self._labels.clear()
            self._labels[labels] = found
        return found

    def word_id(self, text: str) -> int | None:
        """The number of a text, made when there is none; None for the empty one."""
        if not text:
            return None
        found = self._words.get(text)
        if found is None:
            found = self._find_or_add("word", (text,))
            if len(self._words) > _MOST_CACHED:
                self._words.clear()
            self._words[text] = found
        return found

    def labels(self, labels_id: int) -> CallLabels:
        """Labels by number."""
        found = self._labels_by_id.get(labels_id)
        if found is None:
            row = self._connection.execute(self._sql["labels_by_id"], (labels_id,)).fetchone()
            found = CallLabels(row[0], row[1], row[2], scope_from(row[3]))
            if len(self._labels_by_id) > _MOST_CACHED:
                self._labels_by_id.clear()
            self._labels_by_id[labels_id] = found
        return found

    def word(self, word_id: int | None) -> str:
        """A text by number."""
        if word_id is None:
            return ""
        found = self._words_by_id.get(word_id)
        if found is None:
            row = self._connection.execute(self._sql["word_by_id"], (word_id,)).fetchone()
            if len(self._words_by_id) > _MOST_CACHED:
                self._words_by_id.clear()
            found = self._words_by_id[word_id] = str(row[0])
        return found

    def crossing(self, seq: int) -> Crossing | None:
        """What a CROSS entry says; None where its row is missing."""
        return crossing_of(self._connection, seq)

    def _find_or_add(self, table: str, key: tuple[str, ...]) -> int:
        row = self._connection.execute(self._sql[f"{table}_find"], key).fetchone()
        if row is not None:
            return int(row[0])
        return self._connection.execute(self._sql[f"add_{table}"], key).lastrowid or 0


def scope_text(scope: tuple[tuple[str, str], ...]) -> str:
    """Scope labels as a compact JSON object, keys in order."""
    return json.dumps(dict(scope), ensure_ascii=False, separators=(",", ":")) if scope else ""


def scope_from(text: str) -> tuple[tuple[str, str], ...]:
    """Scope labels from their stored form."""
    return tuple(sorted(json.loads(text).items())) if text else ()


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
    )


def account_from(row: Row) -> Account:
    """An account from its row (without number and since)."""
    meter, window, timezone, provider, model, operation, scope = row
    return Account(meter, parse_window(window), timezone, provider, model, operation,
                   scope_from(scope))  # fmt: skip


def account_row(account: Account, since_at: int) -> Row:
    """An account as a row."""
    return (account.key, account.meter, str(account.window), account.timezone, account.provider,
            account.model, account.operation, scope_text(account.scope), since_at)  # fmt: skip
