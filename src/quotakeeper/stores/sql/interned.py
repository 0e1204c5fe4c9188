"""Stores labels and recurring texts ("words") once each, under a number.

Journal rows contain the number instead of the labels or the text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from quotakeeper.domain.ledger.entries import Crossing, Notice
from quotakeeper.domain.usage import CallLabels, is_storable, labels_are_storable
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sql.crossing_rows import crossing_of
from quotakeeper.stores.sql.damage import DamagedRowError, clean_text, rows_of
from quotakeeper.stores.sql.notice_rows import notice_of

_MOST_CACHED = 20_000

Row = Sequence[Any]
K = TypeVar("K")
V = TypeVar("V")


class Interned:
    """Converts labels and words to their row numbers, and back.

    Each row is read once per connection. `words` has the row numbers of cached words,
    and `numbers` those of cached labels, by the identity of the labels.
    """

    def __init__(self, session: SqlSession) -> None:
        self._session = session
        self._sql = session.sql
        self._labels: dict[CallLabels, int] = {}
        # By identity, because hashing is slow. The labels stay in memory with their number.
        self.numbers: dict[int, tuple[int, CallLabels]] = {}
        self._labels_by_id: dict[int, CallLabels] = {}
        self.words: dict[str, int] = {}
        self._words_by_id: dict[int, str] = {}
        self.absent: set[tuple[str, ...]] = set()  # known to be missing in this transaction

    def labels_id(self, labels: CallLabels) -> int:
        """Return the row number of these labels. Labels that are not stored yet are stored."""
        found = self.numbers.get(id(labels))
        if found is None:
            number = self._labels.get(labels)
            if number is None:
                number = self._find_or_add("labels", _labels_row(labels))
                _kept(self._labels, labels, number)
            found = _kept(self.numbers, id(labels), (number, labels))
        return found[0]

    def word_id(self, text: str) -> int | None:
        """Return the row number of a text; None for "". A text that is not stored yet is stored."""
        if not text:
            return None
        found = self.words.get(text)
        if found is None:
            found = self._find_or_add("word", (text,))
            _kept(self.words, text, found)
        return found

    def labels(self, labels_id: int) -> CallLabels:
        """Return the labels with this row number. Raises DamagedRowError if there is no such row."""
        found = self._labels_by_id.get(labels_id)
        if found is None:
            row = self._session.execute(self._sql["labels_by_id"], (labels_id,)).fetchone()
            if row is None:
                raise DamagedRowError(
                    f"it refers to labels {labels_id!a:.20}, which are not in the ledger"
                )
            found = self._read_labels(labels_id, row)
        return found

    def word(self, word_id: int | None) -> str:
        """Return the text with this row number; "" for None.

        Raises DamagedRowError if there is no such row.
        """
        if word_id is None:
            return ""
        found = self._words_by_id.get(word_id)
        if found is None:
            row = self._session.execute(self._sql["word_by_id"], (word_id,)).fetchone()
            if row is None:
                raise DamagedRowError(
                    f"it refers to text {word_id!a:.20}, which is not in the ledger"
                )
            found = self._read_word(word_id, row[0])
        return found

    def crossing(self, seq: int) -> Crossing | None:
        """Return the contents of a CROSS entry; None if its row is missing."""
        return crossing_of(self._session, seq)

    def notice(self, seq: int) -> Notice | None:
        """Return the notice of an entry; None if its row is missing."""
        return notice_of(self._session, seq)

    # -- many at once

    def fetch(self, labels_ids: Iterable[int | None], word_ids: Iterable[int | None]) -> None:
        """Read the labels and words with these row numbers into the cache, many at once.

        Rows that are cached are not read again.
        """
        wanted = {n for n in labels_ids if n is not None} - self._labels_by_id.keys()
        for number, *row in self._session.rows_of("labels_by_ids", [(n,) for n in wanted]):
            self._read_labels(number, row)
        wanted = {n for n in word_ids if n is not None} - self._words_by_id.keys()
        for number, text in self._session.rows_of("words_by_ids", [(n,) for n in wanted]):
            self._read_word(number, text)

    def find(self, labels: Iterable[CallLabels], words: Iterable[str]) -> None:
        """Read the row numbers of these labels and words into the cache, many at once.

        Labels and words that are cached are not read again.
        """
        self.absent.clear()
        new = [each for each in labels if each not in self._labels and labels_are_storable(each)]
        if new:
            rows = {_labels_row(each): each for each in new}
            self.absent.update(rows)
            for number, *row in self._session.rows_of("labels_find_all", list(rows)):
                self.absent.discard(tuple(row))
                _kept(self._labels, rows[tuple(row)], number)
        texts = [text for text in words if text not in self.words and is_storable(text)]
        if texts:
            keys = [(text,) for text in texts]
            self.absent.update(keys)
            for number, text in self._session.rows_of("words_find_all", keys):
                self.absent.discard((text,))
                _kept(self.words, text, number)

    def _read_labels(self, number: int, row: Row) -> CallLabels:
        with rows_of(f"labels {number!a:.20}"):
            labels = _labels_from(row)
        _kept(self._labels, labels, number)
        return _kept(self._labels_by_id, number, labels)

    def _read_word(self, number: int, text: str) -> str:
        with rows_of(f"word {number!a:.20}"):
            clean_text(text)
        _kept(self.words, text, number)
        return _kept(self._words_by_id, number, text)

    def _find_or_add(self, table: str, key: tuple[str, ...]) -> int:
        if key not in self.absent:
            row = self._session.execute(self._sql[f"{table}_find"], key).fetchone()
            if row is not None:
                return int(row[0])
        self.absent.discard(key)
        return self._session.insert(f"add_{table}", key)


def _kept(cache: dict[K, V], key: K, value: V) -> V:
    if len(cache) > _MOST_CACHED:
        cache.clear()
    cache[key] = value
    return value


def _labels_row(labels: CallLabels) -> tuple[str, ...]:
    return labels.provider, labels.model, labels.operation, scope_text(labels.scope)


def _labels_from(row: Row) -> CallLabels:
    labels = CallLabels(row[0], row[1], row[2], scope_from(row[3]))
    if not labels_are_storable(labels):
        raise ValueError(
            f"{labels.provider!a:.40} and {labels.model!a:.40} are not valid names "
            "of a provider and a model"
        )
    return labels


def scope_text(scope: tuple[tuple[str, str], ...]) -> str:
    """Return scope labels as compact JSON; "" without labels."""
    return json.dumps(dict(scope), ensure_ascii=False, separators=(",", ":")) if scope else ""


def scope_from(text: str) -> tuple[tuple[str, str], ...]:
    """Return the scope labels in a stored text, sorted by name."""
    return tuple(sorted(json.loads(text).items())) if text else ()
