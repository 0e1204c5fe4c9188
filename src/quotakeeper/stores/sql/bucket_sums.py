"""Sums by slot: the usage of each set of labels in five minutes.

The sums are written in the same commit as their entries, so that a report over a year does not read
every call. The sums are derived from the journal, and `verify` computes them again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from quotakeeper.domain.forecasting.time_buckets import BUCKET, bucket_start
from quotakeeper.domain.ledger.call_record import CallRecord
from quotakeeper.stores.sql.codes import (
    OUTCOME_CODE,
    PROVENANCE_CODE,
    quantities_from,
    totals_from,
    totals_text,
)
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sql.damage import DamagedRowError, instant, rows_of, whole
from quotakeeper.stores.sql.interned import Interned, Row

_MOST_CACHED = 10_000

Key = tuple[int, int, int, int]  # slot, labels, provenance, outcome


class Sums:
    """The sums of one slot for one set of labels, one provenance and one outcome."""

    __slots__ = ("calls", "cost_pico", "quantities", "unpriced")

    def __init__(self, calls: int = 0, unpriced: int = 0, totals: str = "z0") -> None:
        self.calls, self.unpriced = whole(calls), whole(unpriced)
        self.quantities, self.cost_pico = totals_from(totals)

    def add(self, quantities: Iterable[tuple[str, int]], cost_pico: int | None, sign: int) -> None:
        """Add one call (`sign` 1), or subtract it (`sign` -1)."""
        self.calls += sign
        if cost_pico is None:
            self.unpriced += sign
        else:
            self.cost_pico += sign * cost_pico
        kept = self.quantities
        for key, amount in quantities:
            total = kept.get(key, 0) + sign * amount
            if total:
                kept[key] = total
            else:
                kept.pop(key, None)

    def merge(self, other: Sums) -> None:
        """Add the sums in `other` to these sums."""
        self.calls += other.calls
        self.unpriced += other.unpriced
        self.cost_pico += other.cost_pico
        for key, amount in other.quantities.items():
            total = self.quantities.get(key, 0) + amount
            if total:
                self.quantities[key] = total
            else:
                self.quantities.pop(key, None)

    def __str__(self) -> str:
        return f"{self.calls} calls, {self.unpriced} unpriced, {self.totals}"

    def row(self, key: Key) -> tuple[object, ...]:
        """Return the sums as a table row."""
        quantities = dict(sorted(self.quantities.items()))
        return (*key, self.calls, self.unpriced, totals_text(quantities, self.cost_pico))

    @property
    def totals(self) -> str:
        """The quantities and the cost as stored text. Equal sums give equal texts."""
        return totals_text(dict(sorted(self.quantities.items())), self.cost_pico)


class BucketSums:
    """The sums by slot of one ledger, inside one transaction at a time."""

    def __init__(self, session: SqlSession, interned: Interned) -> None:
        self._session = session
        self._interned = interned
        self._sql = session.sql
        self._sums: dict[Key, Sums] = {}
        self.dirty: set[Key] = set()  # the keys of changed sums
        self._more: dict[Key, Sums] = {}  # additions to rows that are not yet read

    def forget(self) -> None:
        """Clear the cache, because another connection may have changed the table."""
        self._sums.clear()
        self.dirty.clear()
        self._more.clear()

    def count(self, before: CallRecord | None, after: CallRecord) -> None:
        """Count an event in its slot. If the event was counted before, its old figures are
        subtracted.
        """
        for known, sign in ((before, -1), (after, 1)):
            if known is not None and known.figures is not None:
                figures = known.figures
                # As `bucket_key`, without calls, because every call comes here.
                kept = self._interned.numbers.get(id(known.labels))
                labels = self._interned.labels_id(known.labels) if kept is None else kept[0]
                key = (known.at // BUCKET * BUCKET, labels,
                       PROVENANCE_CODE[figures.provenance], OUTCOME_CODE[figures.outcome])  # fmt: skip
                sums = self._sums.get(key)
                if sums is None:
                    sums = self._more.get(key) or self._more.setdefault(key, Sums())
                sums.add(figures.quantities.items(), figures.cost_pico, sign)
                self.dirty.add(key)

    def save(self) -> None:
        """Write the changed sums."""
        if self._more:
            self._fetch()
        put, drop = [], []
        for key in self.dirty:
            sums = self._sums[key]
            if sums.calls:
                put.append(sums.row(key))
            else:
                drop.append(key)
                del self._sums[key]
        self.dirty.clear()
        if put:
            self._session.executemany(self._sql["put_slot"], put)
        if drop:
            self._session.executemany(self._sql["drop_slot"], drop)
        if len(self._sums) > _MOST_CACHED:
            self._sums.clear()

    def _fetch(self) -> None:
        """Read the rows that have additions, in one query, and merge the additions into them."""
        for *key, calls, unpriced, totals in self._session.rows_of("slots_of", list(self._more)):
            slot, labels_id, provenance, outcome = key
            with rows_of(f"the totals of time slot {slot!a:.20}"):
                self._sums[slot, labels_id, provenance, outcome] = Sums(calls, unpriced, totals)
        for each, more in self._more.items():
            if each in self._sums:
                self._sums[each].merge(more)
            else:
                self._sums[each] = more
        self._more.clear()


def bucket_key(known: CallRecord, interned: Interned) -> Key:
    """Return the key under which an event is summed: slot, labels, provenance and outcome."""
    assert known.figures is not None
    figures = known.figures
    return (known.at // BUCKET * BUCKET, interned.labels_id(known.labels),
            PROVENANCE_CODE[figures.provenance], OUTCOME_CODE[figures.outcome])  # fmt: skip


def fill_buckets(session: SqlSession) -> None:
    """Compute and write all sums by slot from the journal. Call this inside a transaction."""
    put = session.sql["put_slot"]
    for sums in derived_sums(session.execute(session.sql["events_by_time"])):
        session.executemany(put, _rows(sums))


def derived_sums(rows: Iterable[Row], *, lenient: bool = False) -> Iterator[dict[Key, Sums]]:
    """Yield the sums of events, slot by slot. `rows` are the rows of `events_by_time`.

    Raises DamagedRowError for a row that cannot be read. With `lenient`, such a row is skipped.
    """
    sums: dict[Key, Sums] = {}
    slot = -1
    for at, labels_id, provenance, outcome, text, cost_pico in rows:
        try:
            quantities = quantities_from(text)
            for number in (instant(at), labels_id, provenance, outcome, cost_pico or 0):
                whole(number)
        except (DamagedRowError, ValueError) as error:
            if lenient:
                continue
            raise DamagedRowError(str(error)) from error
        if bucket_start(at) != slot:
            if sums:
                yield sums
            sums, slot = {}, bucket_start(at)
        key = (slot, labels_id, provenance, outcome)
        sums.setdefault(key, Sums()).add(quantities.items(), cost_pico, 1)
    if sums:
        yield sums


def _rows(sums: dict[Key, Sums]) -> list[tuple[object, ...]]:
    return [each.row(key) for key, each in sums.items()]
