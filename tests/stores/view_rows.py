"""What the views for other programs are to have, from what a store says of the same ledger."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from random import Random

from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.limits import Account
from quotakeeper.domain.ports import EventQuery, Store
from quotakeeper.domain.units import MODALITIES, STORED_METERS, by_meter, check_quantities
from quotakeeper.domain.usage import CallLabels, Outcome, Provenance, UsageEvent
from quotakeeper.domain.windows import parse_window
from quotakeeper.testing.clock import FakeClock
from quotakeeper.testing.ledger_case import HOUR

COST = Decimal(10) ** -12
SCOPE = (("project", 'phim "01"'), ("user", "lan"))
CALLS = (
    CallLabels("gemini", "gemini-2.5-flash", "dịch", SCOPE),
    CallLabels("deepgram", "", "call"),
)
ACCOUNTS = (
    Account("input_tokens", parse_window("day"), "Asia/Ho_Chi_Minh"),
    Account("cost", parse_window("month"), "UTC", "gemini", "", "", SCOPE[1:]),
    Account("requests", parse_window("rolling 1h"), "UTC"),
)
KEYS = tuple(
    f"{meter}@{modality}" if modality else meter
    for meter in sorted(STORED_METERS)
    for modality in ("", *MODALITIES)
)


def figures(chance: Random) -> Figures:
    """Figures of any kind: every meter and modality, amounts of one digit and of many."""
    keys = chance.sample(KEYS, chance.randint(0, 9))
    quantities = {key: chance.choice((1, 9, 10, 101, 10**12)) for key in keys}
    return Figures(
        check_quantities(quantities),
        chance.choice((None, 0, 1, 999_999_999_999, 10**12, 3 * 10**15 + 7)),
        chance.choice(("", "a price#standard")),
        chance.choice(tuple(Provenance)),
        chance.choice(tuple(Outcome)),
        chance.choice(("", "gemini-2.5-flash-001")),
        chance.choice((None, 0, 700)),
        chance.choice(("", "một ghi chú")),
    )


def fill(store: Store, seed: int, calls: int = 150) -> None:
    """Record and settle calls, correct some of them, count some late, and leave two open."""
    print(f"seed {seed}")
    chance, now = Random(seed), FakeClock("1971-01-01T00:00:00.000001+00:00").now()
    store.apply([c.Watch(ACCOUNTS)], now)
    for number in range(calls):
        now += chance.choice((1, 999_999, 1_000_000, HOUR, 40 * 365 * 24 * HOUR // calls))
        labels = chance.choice(CALLS)
        late = chance.choice((None, now - 5))
        store.apply([c.Record(f"r{number}", labels, figures(chance), (), late)], now)
        if number % 3 == 0:
            event_id = f"s{number}"
            store.apply([c.Reserve(event_id, labels, figures(chance), (), "alice", HOUR)], now)
            store.apply([c.Settle(event_id, figures(chance))], now + 1)
            store.apply([c.Correct(f"r{number}", figures(chance))], now + 2)
            now += 2
    open_calls = (("open", False), ("quotakeeper-lease:1", True))
    for event_id, sent in open_calls:
        store.apply([c.Reserve(event_id, CALLS[0], figures(chance), (), "alice", HOUR, sent)], now)


def expected_calls(store: Store) -> dict[str, dict[str, object]]:
    """The rows of `call_view` by id. Times are microseconds, costs are decimals."""
    return {event.id: _row(event) for event in store.events(EventQuery())}


def _row(event: UsageEvent) -> dict[str, object]:
    labels, cost = event.labels, event.cost_pico
    quantities = by_meter(event.quantities)
    return {
        "at": event.at, "provider": labels.provider, "model": labels.model,
        "operation": labels.operation, "labels": dict(labels.scope), "quantities": quantities,
        **{meter: quantities.get(meter, 0) for meter in STORED_METERS},
        "cost_usd": None if cost is None else cost * COST, "cost_pico": cost,
        "price": event.price_id or None, "provenance": event.provenance, "outcome": event.outcome,
        "model_served": event.model_served or None, "duration_ms": event.duration_ms,
        "note": event.note or None,
    }  # fmt: skip


def assert_same(found: Mapping[str, Mapping[str, object]], expected: object) -> None:
    """Compare the rows, and see that they are not all alike."""
    assert found == expected
    for column in ("provenance", "outcome", "cost_usd", "note", "labels"):
        assert len({str(row[column]) for row in found.values()}) > 1, column
