"""What a fake server answers to each named statement of the PostgreSQL store.

Only the statements are here that calls, settlements and sweeps need. Any other raises KeyError.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tests.proof.fake_server.tables import GONE, Tables

Row = tuple[Any, ...]
Answer = Callable[[Tables, Any], Iterable[Row]]
READS: dict[str, Answer] = {}
WRITES: dict[str, Answer] = {}
_OPEN_KINDS = (2, 3, 10, 11)  # said of a call while it was open


def read(do: Answer) -> Answer:
    """Register the answer to the read of this name."""
    READS[do.__name__] = do
    return do


def write(do: Answer) -> Answer:
    """Register the answer to the write of this name."""
    WRITES[do.__name__] = do
    return do


def rows_in(columns: Any) -> Iterable[Row]:
    """The rows of a list of columns."""
    return zip(*columns, strict=True)


# -- the journal


@read
def head(t: Tables, _: Any) -> Iterable[Row]:
    seq = t.head.seq
    return [(seq, t["entry"][seq][2])] if seq else []


@read
def instant_of(t: Tables, values: Any) -> Iterable[Row]:
    found = t["entry"].get(values[0])
    return [(found[2],)] if found else []


@read
def refs_after(t: Tables, values: Any) -> Iterable[Row]:
    entries = t["entry"]
    found = (entries[seq][3] for seq in range(values[0] + 1, t.head.seq + 1))
    return [(ref,) for ref in found if ref is not None]


@read
def notices_after(t: Tables, values: Any) -> Iterable[Row]:
    return []


@read
def openings_by_id(t: Tables, values: Any) -> Iterable[Row]:
    ids, entries = t["id"], t["entry"]
    return [entries[ids[each]] for each in values[0] if each in ids]


@read
def opening_by_id(t: Tables, values: Any) -> Iterable[Row]:
    return openings_by_id(t, [values])


@read
def openings_by_seq(t: Tables, values: Any) -> Iterable[Row]:
    return [t["entry"][seq] for seq in values[0]]


@read
def entry_by_seq(t: Tables, values: Any) -> Iterable[Row]:
    return openings_by_seq(t, [values])


@read
def ends_of(t: Tables, values: Any) -> Iterable[Row]:
    entries = t["entry"]
    found = (entries[seq] for ref in values[0] for seq in t["about"].get(ref, ()))
    return sorted(row for row in found if row[1] not in _OPEN_KINDS)


@read
def ends(t: Tables, values: Any) -> Iterable[Row]:
    return ends_of(t, [values])


@read
def crossing_of(t: Tables, values: Any) -> Iterable[Row]:
    account, *said = t["crossing"][values[0]]
    return [(t["account"][account][0], *said)]


def put_entry(t: Tables, row: Row) -> None:
    """Add a journal entry, and what is found by it."""
    seq, ref, event_id = row[0], row[3], row[4]
    assert seq not in t["entry"] and (event_id is None or event_id not in t["id"]), row
    t.put("entry", seq, row)
    if event_id is not None:
        t.put("id", event_id, seq)
    if ref is not None:
        t.put("about", ref, (*t["about"].get(ref, ()), seq))


@write
def add_entry(t: Tables, values: Any) -> Iterable[Row]:
    for row in rows_in(values):
        put_entry(t, row)
    return []


@write
def add_crossing(t: Tables, values: Any) -> Iterable[Row]:
    t.put("crossing", values[0], tuple(values[1:]))
    return []


# -- open reservations


@read
def hold_of(t: Tables, values: Any) -> Iterable[Row]:
    found = t["hold"].get(values[0])
    return [found] if found else []


@read
def holds_of(t: Tables, values: Any) -> Iterable[Row]:
    holds = t["hold"]
    return [(seq, *holds[seq]) for seq in values[0] if seq in holds]


@read
def holds_expired(t: Tables, values: Any) -> Iterable[Row]:
    return [(seq,) for seq, hold in t["hold"].items() if hold[1] <= values[0]]


@read
def hold_count(t: Tables, _: Any) -> Iterable[Row]:
    return [(len(t["hold"]),)]


@write
def put_hold(t: Tables, values: Any) -> Iterable[Row]:
    for seq, owner, *rest in rows_in(values):
        known = t["hold"].get(seq)
        t.put("hold", seq, (known[0] if known else owner, *rest))
    return []


@write
def drop_hold(t: Tables, values: Any) -> Iterable[Row]:
    for seq in values[0]:
        t.put("hold", seq, GONE)
    return []


# -- accounts, balances, thresholds


@read
def accounts(t: Tables, values: Any) -> Iterable[Row]:
    return [(n, *row[1:]) for n, row in sorted(t["account"].items()) if n > values[0]]


@write
def add_account(t: Tables, values: Any) -> Iterable[Row]:
    number = t.number("account")
    t.put("account", number, tuple(values))
    t.put("head", 0, t.head._replace(account_version=t.head.account_version + 1))
    return [(number,)]


@read
def balance(t: Tables, values: Any) -> Iterable[Row]:
    found = t["balance"].get(tuple(values))
    return [found] if found else []


@read
def balances_of(t: Tables, values: Any) -> Iterable[Row]:
    return [(*key, *t["balance"][key]) for key in rows_in(values) if key in t["balance"]]


@read
def balances_after_each(t: Tables, values: Any) -> Iterable[Row]:
    return [
        (account, start, *sums)
        for wanted, after in rows_in(values)
        for (account, start), sums in t["balance"].items()
        if account == wanted and start > after
    ]


@read
def balances_after(t: Tables, values: Any) -> Iterable[Row]:
    return [row[1:] for row in balances_after_each(t, [[each] for each in values])]


@write
def put_balance(t: Tables, values: Any) -> Iterable[Row]:
    for account, start, *sums in rows_in(values):
        assert min(sums) >= 0, sums
        t.put("balance", (account, start), tuple(sums))
    return []


@read
def marks_of(t: Tables, values: Any) -> Iterable[Row]:
    return [(*key[1:], *mark) for key, mark in t["mark"].items() if key[0] == values[0]]


@write
def put_mark(t: Tables, values: Any) -> Iterable[Row]:
    t.put("mark", tuple(values[:4]), tuple(values[4:]))
    return []


# -- labels and words


def _found(t: Tables, table: str, keys: Iterable[Row]) -> Iterable[Row]:
    numbers = t[f"{table} number"]
    return [(numbers[key], *key) for key in keys if key in numbers]


def _added(t: Tables, table: str, key: Row) -> Iterable[Row]:
    assert key not in t[f"{table} number"], key
    number = t.number(table)
    t.put(table, number, key)
    t.put(f"{table} number", key, number)
    return [(number,)]


def _numbered(t: Tables, table: str, numbers: Iterable[int]) -> Iterable[Row]:
    return [(number, *t[table][number]) for number in numbers]


READS.update({
    "labels_find_all": lambda t, values: _found(t, "labels", rows_in(values)),
    "words_find_all": lambda t, values: _found(t, "word", rows_in(values)),
    "labels_find": lambda t, values: [row[:1] for row in _found(t, "labels", [tuple(values)])],
    "word_find": lambda t, values: [row[:1] for row in _found(t, "word", [tuple(values)])],
    "labels_by_ids": lambda t, values: _numbered(t, "labels", values[0]),
    "words_by_ids": lambda t, values: _numbered(t, "word", values[0]),
    "labels_by_id": lambda t, values: [row[1:] for row in _numbered(t, "labels", values)],
    "word_by_id": lambda t, values: [row[1:] for row in _numbered(t, "word", values)],
})  # fmt: skip
WRITES.update({
    "add_labels": lambda t, values: _added(t, "labels", tuple(values)),
    "add_word": lambda t, values: _added(t, "word", tuple(values)),
})  # fmt: skip
