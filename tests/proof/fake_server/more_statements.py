"""More of what a fake server answers: sums by slot, processes, batches, and statements that do nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.proof.fake_server.statements import READS, WRITES, Row, read, rows_in, write
from tests.proof.fake_server.tables import Tables

# -- sums by slot


@write
def add_to_slot(t: Tables, values: Any) -> Iterable[Row]:
    for *key, calls, unpriced in rows_in(values):
        t.add("slot", (*key, "calls"), calls)
        t.add("slot", (*key, "unpriced"), unpriced)
    return []


@write
def add_to_slot_part(t: Tables, values: Any) -> Iterable[Row]:
    for *key, code, amount in rows_in(values):
        t.add("slot", (*key, code), int(amount))
    return []


@write
def add_pace(t: Tables, values: Any) -> Iterable[Row]:
    for account, slot, used in rows_in(values):
        t.add("pace", (account, slot), used)
    return []


# -- processes and batches


@read
def own_owner(t: Tables, values: Any) -> Iterable[Row]:
    return [(True,)] if values[0] in t["owner"] else []


@write
def add_owner(t: Tables, values: Any) -> Iterable[Row]:
    t.put("owner", values[0], values[-1])
    return []


@write
def see_owner(t: Tables, values: Any) -> Iterable[Row]:
    t.put("owner", values[1], values[0])
    return []


@read
def batch(t: Tables, values: Any) -> Iterable[Row]:
    found = t["batch"].get(values[0])
    return [found[:2]] if found else []


@read
def has_batch(t: Tables, values: Any) -> Iterable[Row]:
    return [(values[0] in t["batch"], any(row[2] <= values[1] for row in t["batch"].values()))]


@write
def add_batch(t: Tables, values: Any) -> Iterable[Row]:
    assert values[0] not in t["batch"], values
    t.put("batch", values[0], tuple(values[1:]))
    return []


@write
def set_head(t: Tables, values: Any) -> Iterable[Row]:
    seq, high_water = values
    t.put("head", 0, t.head._replace(seq=seq, high_water=high_water, version=t.head.version + 1))
    return []


def _nothing(t: Tables, values: Any) -> Iterable[Row]:
    return []


# Rows with zeros are made before something is added to them; here that does not matter.
WRITES.update(dict.fromkeys(
    ("make_slot", "make_slot_part", "drop_empty_slot", "drop_batches", "carry_balance"), _nothing
))  # fmt: skip
READS.update(dict.fromkeys(("set_locally", "begin_read", "begin_write"), _nothing))


def _of_an_empty_journal(t: Tables, values: Any) -> Iterable[Row]:
    assert not t["entry"], "accounts are watched before the first call"
    return []


READS.update(dict.fromkeys(
    ("carried_slots", "usage_since", "holds_since", "entries_after", "slots_between"), _of_an_empty_journal
))  # fmt: skip
