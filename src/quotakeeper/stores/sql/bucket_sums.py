"""Sums by slot: the usage of each set of labels in five minutes.

The sums are written in the same commit as their entries, so that a report over a year does not read
every call. The sums are derived from the journal, and `verify` computes them again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from quotakeeper.domain.forecasting.time_buckets import BUCKET, bucket_start
from quotakeeper.domain.ledger.call_record import CallRecord
from quotakeeper.domain.limits import Account
from quotakeeper.domain.ports import Problem
from quotakeeper.domain.units import METERS, measure
from quotakeeper.stores.sql.codes import (
    OUTCOME_CODE,
    PROVENANCE_CODE,
    quantities_from,
    totals_from,
    totals_text,
)
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sql.damage import DamagedRowError, instant, rows_of, whole
from quotakeeper.stores.sql.interned import Interned

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
        return (*key, self.calls, self.unpriced, self.totals)

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
                key = bucket_key(known, self._interned)
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
    for sums in _derived(session):
        session.executemany(put, _rows(sums))


def compare_buckets(
    session: SqlSession, accounts: Sequence[tuple[int, Account, int]]
) -> list[Problem]:
    """Sum every slot from the journal again. Returns each difference from the stored sums.

    Also compares the use by slot of `accounts`. Each has a row number, an account, and the instant
    from which its use is kept.
    """
    problems: list[Problem] = []
    kept = _kept(session, "slots_between")
    carried = _kept(session, "carried_slots")
    check_pace = _pace_checker(session, accounts)
    derived_sums = _derived(session, lenient=True)
    for slot, (have, gone, found) in _side_by_side(kept, carried, derived_sums):
        for key, more in gone.items():
            found.setdefault(key, Sums()).merge(more)
        for key in sorted(have.keys() | found.keys()):
            there, derived = str(have.get(key, "nothing")), str(found.get(key, "nothing"))
            if there != derived:
                problems.append(
                    Problem(
                        f"slot {slot}, {key[1:]}: the table has {there}, the journal has {derived}"
                    )
                )
        problems += check_pace(slot, found)
    return problems


def _pace_checker(
    session: SqlSession, accounts: Sequence[tuple[int, Account, int]]
) -> Callable[[int, dict[Key, Sums]], list[Problem]]:
    interned = Interned(session)

    def check(slot: int, sums: dict[Key, Sums]) -> list[Problem]:
        problems = []
        for number, account, since in accounts:
            if slot < since:  # older rows are there only for forecasts
                continue
            want = sum(
                measure(METERS[account.meter], each.quantities, each.cost_pico)
                for key, each in sums.items()
                if account.matches(interned.labels(key[1]))
            )
            row = session.execute(session.sql["pace_at"], (number, slot)).fetchone()
            have = row[0] if row else 0
            if have != want:
                problems.append(
                    Problem(
                        f"use of {account.key!r} in slot {slot}: the table has {have}, the "
                        f"journal has {want}"
                    )
                )
        return problems

    return check


def _side_by_side(
    *streams: Iterator[dict[Key, Sums]],
) -> Iterator[tuple[int, list[dict[Key, Sums]]]]:
    """Merge streams that are in order of time. Yields each slot with its sums in every stream."""
    heads = [next(stream, None) for stream in streams]
    while any(heads):
        slot = min(_bucket_of(head) for head in heads if head)
        mine = [head is not None and _bucket_of(head) == slot for head in heads]
        yield slot, [head if head and here else {} for head, here in zip(heads, mine, strict=True)]
        heads = [
            next(stream, None) if here else head
            for stream, here, head in zip(streams, mine, heads, strict=True)
        ]


def _bucket_of(sums: dict[Key, Sums]) -> int:
    return next(iter(sums))[0]


def _derived(session: SqlSession, *, lenient: bool = False) -> Iterator[dict[Key, Sums]]:
    """Yield the sums of the journal, slot by slot.

    Raises DamagedRowError for a row that cannot be read. With `lenient`, such a row is skipped.
    """
    sums: dict[Key, Sums] = {}
    slot = -1
    rows = session.execute(session.sql["events_by_time"])
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


def _kept(session: SqlSession, query: str) -> Iterator[dict[Key, Sums]]:
    """Yield the stored sums that `query` reads, slot by slot."""
    sums: dict[Key, Sums] = {}
    for *key, calls, unpriced, totals in session.execute(session.sql[query], (-(2**62), 2**62)):
        if sums and key[0] != _bucket_of(sums):
            yield sums
            sums = {}
        slot, labels_id, provenance, outcome = key
        try:
            read = Sums(calls, unpriced, totals)
        except (DamagedRowError, ValueError):  # `verify` reports this row elsewhere
            continue
        sums[slot, labels_id, provenance, outcome] = read
    if sums:
        yield sums


def _rows(sums: dict[Key, Sums]) -> list[tuple[object, ...]]:
    return [each.row(key) for key, each in sums.items()]
