"""The one statement of the usual commit, as the function `post_v1` of a server carries it out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.proof.fake_server.more_statements import add_pace, add_to_slot, add_to_slot_part
from tests.proof.fake_server.statements import Row, add_crossing, put_entry, put_mark
from tests.proof.fake_server.tables import GONE, Tables

# The parameters in their order: single values, then groups of columns and how many there are.
SINGLE = ("batch", "owner", "asked_at", "since", "until", "accounts", "version", "most_version")
GROUPS = (("balances", 8), ("windows", 5), ("known", 6), ("calls", 1), ("calls_since", 0),
          ("marks", 7), ("new_marks", 7), ("crossings", 8), ("entries", 15), ("holds", 7),
          ("gone", 1), ("slots", 6), ("parts", 6), ("paces", 3))  # fmt: skip
GUARDS = ("batch", "owner", "version", "moved", "accounts", "time", "id", "hold", "call", "mark",
          "balance")  # fmt: skip


class Request:
    """The parameters of a post by name."""

    def __init__(self, values: Sequence[Any]) -> None:
        self.columns: dict[str, list[Any]] = {}
        (self.batch, self.owner, self.asked_at, self.since, self.until, self.accounts,
         self.version, self.most_version) = values[: len(SINGLE)]  # fmt: skip
        at = len(SINGLE)
        for name, width in GROUPS:
            self.columns[name] = list(values[at : at + max(1, width)])
            at += max(1, width)
        assert at == len(values), (at, len(values))

    def rows(self, name: str) -> list[Row]:
        """The rows of a group."""
        return list(zip(*self.columns[name], strict=True))


def post(t: Tables, asked: Request, clock: int, dropped: str = "") -> list[Row]:
    """Commit a batch if all guards hold; else name the guard. `dropped` is a guard that is left out."""
    head = t.head
    now = max(clock, head.high_water)
    failed = next((name for name in GUARDS if name != dropped and _FAILS[name](t, asked, now)), "")
    if failed:
        return [(failed, now, head.seq, head.high_water, head.version, head.account_version,
                 head.recalls)]  # fmt: skip
    answer: list[Row] = [("done", now, head.seq, head.high_water, head.version + 1,
                          head.account_version, head.recalls)]  # fmt: skip
    for account, start, *_ in asked.rows("balances"):
        answer.append(
            ("balance", account, start, *t["balance"].get((account, start), (0, 0, 0)), None)
        )
    for account, after, *_ in asked.rows("windows"):
        answer += [("slice", *key, *sums, None) for key, sums in _slices(t, account, after)]
    _write(t, asked, now)
    return answer


def _slices(t: Tables, account: int, after: int) -> list[tuple[Any, Row]]:
    return [
        (key, sums) for key, sums in t["balance"].items() if key[0] == account and key[1] > after
    ]


def _differs(t: Tables, asked: Request, _: int) -> bool:
    return any(t["hold"].get(seq) != tuple(known) for seq, *known in asked.rows("known"))


def _said_since(t: Tables, asked: Request, _: int) -> bool:
    (since,) = asked.columns["calls_since"]
    (refs,) = asked.columns["calls"]
    return any(seq > since for ref in refs for seq in t["about"].get(ref, ()))


def _mark_differs(t: Tables, asked: Request, _: int) -> bool:
    return any(t["mark"].get(row[:4], (0, 0, False)) != row[4:] for row in asked.rows("marks"))


def _no_room(t: Tables, asked: Request, _: int) -> bool:
    found = [(*t["balance"].get(row[:2], (0, 0, 0)), *row[5:]) for row in asked.rows("balances")]
    for account, after, *allowed in asked.rows("windows"):
        sums = [row for _, row in _slices(t, account, after)]
        found.append((sum(r[0] for r in sums), sum(r[1] for r in sums), 0, *allowed))
    return any(
        settled + reserved > most or not least_settled <= settled <= most_settled
        for settled, reserved, _, most, most_settled, least_settled in found
    )


_FAILS = {
    "batch": lambda t, asked, now: asked.batch in t["batch"],
    "owner": lambda t, asked, now: asked.owner not in t["owner"],
    "version": lambda t, asked, now: t.head.version < asked.version,
    "moved": lambda t, asked, now: t.head.version > asked.most_version,
    "accounts": lambda t, asked, now: t.head.account_version != asked.accounts,
    "time": lambda t, asked, now: not asked.since <= now < asked.until,
    "id": lambda t, asked, now: any(each in t["id"] for each in asked.columns["entries"][2]),
    "hold": _differs, "call": _said_since, "mark": _mark_differs, "balance": _no_room,
}  # fmt: skip


def _write(t: Tables, asked: Request, now: int) -> None:
    before = t.head.seq
    for account, start, *more, _, _, _ in asked.rows("balances"):
        was = t["balance"].get((account, start), (0, 0, 0))
        sums = tuple(a + b for a, b in zip(was, more, strict=True))
        assert min(sums) >= 0, "a check of the table balance"
        t.put("balance", (account, start), sums)
    entries = asked.rows("entries")
    for number, (kind, ref, *middle, lasts, booked_at) in enumerate(entries, 1):
        ref = before - ref if ref is not None and ref < 0 else ref
        expires_at = None if lasts is None else now + lasts
        put_entry(t, (before + number, kind, now, ref, *middle, expires_at, booked_at))
    for number, *said in asked.rows("crossings"):
        add_crossing(t, (before + number, *said))
    for row in asked.rows("new_marks"):
        put_mark(t, row)
    for number, owner, expires_at, is_relative, *rest in asked.rows("holds"):
        seq = before - number if number < 0 else number
        known = t["hold"].get(seq)
        expires_at += now if is_relative else 0
        t.put("hold", seq, (known[0] if known else owner, expires_at, *rest))
    for seq in asked.columns["gone"][0]:
        t.put("hold", seq, GONE)
    add_to_slot(t, asked.columns["slots"])
    add_to_slot_part(t, asked.columns["parts"])
    add_pace(t, asked.columns["paces"])
    t.put("batch", asked.batch, (before + 1, before + len(entries), now))
    t.put("owner", asked.owner, now)
    t.put("head", 0, t.head._replace(seq=before + len(entries), high_water=now,
                                     version=t.head.version + 1))  # fmt: skip
    t.commit()
