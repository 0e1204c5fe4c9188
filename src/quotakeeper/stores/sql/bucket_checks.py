"""Compares the sums by slot with the sums that the journal yields."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from quotakeeper.domain.limits import Account
from quotakeeper.domain.ports import Problem
from quotakeeper.domain.units import METERS, measure
from quotakeeper.stores.sql.bucket_sums import Key, Sums, derived_sums
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sql.damage import DamagedRowError
from quotakeeper.stores.sql.interned import Interned, Row
from quotakeeper.stores.sql.journal import first_seq

Span = tuple[int, int]  # from an instant, to before another; both are starts of slots
_ALWAYS = (-(2**62), 2**62)


def compare_buckets(
    session: SqlSession, accounts: Sequence[tuple[int, Account, int]], span: Span | None = None
) -> list[Problem]:
    """Sum every slot from the journal again. Returns each difference from the stored sums.

    Also compares the use by slot of `accounts`. Each has a row number, an account, and the instant
    from which its use is kept. With `span`, only the slots in this span of time are compared.
    """
    problems: list[Problem] = []
    kept = _kept(session, "slots_between", span or _ALWAYS)
    carried = _kept(session, "carried_slots", span or _ALWAYS)
    check_pace = _pace_checker(session, accounts, span)
    found_again = derived_sums(_events(session, span), lenient=True)
    for slot, (have, gone, found) in _side_by_side(kept, carried, found_again):
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
    session: SqlSession, accounts: Sequence[tuple[int, Account, int]], span: Span | None
) -> Callable[[int, dict[Key, Sums]], list[Problem]]:
    interned = Interned(session)
    paces: dict[int, dict[int, int]] = {}

    def used(number: int, slot: int) -> int:
        if span is None:
            row = session.execute(session.sql["pace_at"], (number, slot)).fetchone()
            return row[0] if row else 0
        if number not in paces:
            rows = session.execute(session.sql["pace_between"], (number, *span))
            paces[number] = dict(rows.fetchall())
        return paces[number].get(slot, 0)

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
            have = used(number, slot)
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


def _events(session: SqlSession, span: Span | None) -> Iterable[Row]:
    if span is None:
        return session.execute(session.sql["events_by_time"])
    since, until = span
    values = {
        "since": since, "until": until, "after": first_seq(session, since) - 1,
        "before": first_seq(session, until),
    }  # fmt: skip
    return session.execute(session.sql["events_between"], values)


def _kept(session: SqlSession, query: str, span: Span) -> Iterator[dict[Key, Sums]]:
    """Yield the stored sums that `query` reads, slot by slot."""
    sums: dict[Key, Sums] = {}
    for *key, calls, unpriced, totals in session.execute(session.sql[query], span):
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
