"""Fills a ledger with 400 days of use: real commands through the store, at full speed.

Every call is reserved against its limits and settled. One in ten is recorded without a reservation, and
one in a hundred is released. The time of each command is an argument. At any time two people work on
one of six projects; over the 400 days, every person works on every project.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from quotakeeper import Keeper
from quotakeeper.config import load_settings
from quotakeeper.domain.ledger.commands import Command, Record, Release, Reserve, Settle, Watch
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.ledger.reservations import Hold
from quotakeeper.domain.limits import Limit, applicable
from quotakeeper.domain.usage import CallLabels, UsageEvent
from quotakeeper.identifiers import new_id
from quotakeeper.wiring import open_store

DAYS = 400
_DAY_US = 86_400_000_000
_TTL_US = 3_600_000_000
_IN_BATCH = 500  # calls; with the settlements of the batch before, 1,000 commands
_SEED = 20261125

CONFIG = """\
timezone = "UTC"

[[limit]]
name = "gemini tokens"
provider = "gemini"
meter = "tokens"
window = "day"
amount = 1_000_000_000_000

[[limit]]
name = "money of a day"
meter = "cost"
window = "day"
amount = 1_000_000

[[limit]]
name = "money of a month"
meter = "cost"
window = "month"
amount = 1_000_000

[[limit]]
name = "minutes"
provider = "deepgram"
meter = "audio_minutes"
window = "day"
amount = 1_000_000_000
"""

_MODELS = (
    ("gemini", "gemini-2.5-flash", ("translate", "summarise", "title")),
    ("gemini", "gemini-2.5-pro", ("translate", "review")),
    ("gemini", "gemini-2.0-flash", ("translate", "classify")),
    ("deepgram", "nova-3", ("transcribe",)),
)
_PROJECTS, _PEOPLE, _OF_EACH = 6, 8, 2


class Call(NamedTuple):
    """One call: what it reserves, and what it uses."""

    labels: CallLabels
    limits: tuple[Limit, ...]
    asked: Figures
    used: Figures


def palette(config: Path) -> list[Call]:
    """Calls of every kind, with the amounts and prices that a keeper computed for them."""
    chance = random.Random(_SEED)
    calls = []
    with Keeper("memory:", config) as keeper:
        for provider, model, operations in _MODELS:
            for number in range(len(operations) * _PROJECTS * _PEOPLE * _OF_EACH):
                # The number selects each combination of operation, project and person.
                number, project = divmod(number, _PROJECTS)
                operation = operations[number // _PEOPLE % len(operations)]
                scope = {"project": f"series-{project}", "user": f"u{number % _PEOPLE}"}
                bound, true = _amounts(chance, provider)
                with keeper.reserve(
                    provider, model=model, operation=operation, scope=scope, **bound
                ) as made:
                    calls.append(_call(keeper, made.hold, made.settle(**true)))
    return calls


def _call(keeper: Keeper, hold: Hold, event: UsageEvent) -> Call:
    return Call(
        event.labels,
        applicable(keeper.limits, event.labels),
        Figures(hold.quantities, hold.cost_pico, hold.price_id, hold.provenance),
        Figures(
            event.quantities,
            event.cost_pico,
            event.price_id,
            event.provenance,
            event.outcome,
            event.model_served,
            event.duration_ms,
        ),
    )


def _amounts(chance: random.Random, provider: str) -> tuple[dict[str, Any], dict[str, Any]]:
    took = {"duration_ms": chance.randint(300, 20_000)}
    if provider == "deepgram":
        seconds = chance.randint(20, 3_000)
        return {"audio_seconds": seconds + 5}, {"audio_seconds": seconds, **took}
    given = chance.randint(200, 9_000)
    cached = chance.choice((0, 0, given // 2))
    bound = {"input_tokens": given, "output_tokens": 2_048}
    true = {"input_tokens": given - cached, "output_tokens": chance.randint(40, 1_900)}
    return bound, true | ({"cached_input_tokens": cached} if cached else {}) | took


def fill(path: Path, config: Path, calls: list[Call], events: int, until: int) -> None:
    """Fill a new ledger with this many events, spread evenly over the 400 days before `until`."""
    store = open_store(load_settings(path, config), "process")
    accounts = {limit.account.key: limit.account for call in calls for limit in call.limits}
    start = until - DAYS * _DAY_US
    store.apply([Watch(tuple(accounts.values()))], start)
    in_batch = min(_IN_BATCH, max(1, events // DAYS))
    ending: list[Command] = []
    done = 0
    for batch in _batches(calls, events, in_batch):
        now = start + (until - start) * done // events
        opening, after = _commands(batch, store.owner, now)
        store.apply([*ending, *opening], now)
        ending, done = after, done + len(batch)
    store.apply(ending, until)
    store.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint (TRUNCATE)").fetchall()


def _batches(calls: list[Call], events: int, in_batch: int) -> Iterator[list[Call]]:
    """The calls of each batch: one project, and the two people who work on it at that time."""
    chance = random.Random(_SEED)
    at_work: dict[tuple[str, str], list[Call]] = {}
    for call in calls:
        scope = dict(call.labels.scope)
        at_work.setdefault((scope["project"], scope["user"]), []).append(call)
    projects = sorted({project for project, _ in at_work})
    people = sorted({user for _, user in at_work})
    for first in range(0, events, in_batch):
        project, pair = chance.choice(projects), chance.sample(people, 2)
        there = [call for user in pair for call in at_work[project, user]]
        yield chance.choices(there, k=min(in_batch, events - first))


def _commands(batch: list[Call], owner: str, now: int) -> tuple[list[Command], list[Command]]:
    """The commands that start these calls, and the commands that end them one batch later."""
    opening: list[Command] = []
    ending: list[Command] = []
    for number, call in enumerate(batch):
        event_id = new_id(now)
        if number % 10 == 9:
            opening.append(Record(event_id, call.labels, call.used, call.limits))
            continue
        opening.append(Reserve(event_id, call.labels, call.asked, call.limits, owner, _TTL_US))
        gone = number % 100 == 50
        ending.append(Release(event_id) if gone else Settle(event_id, call.used, call.limits))
    return opening, ending
