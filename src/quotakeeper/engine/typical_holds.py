"""`hold = "typical"`: what calls of the same operation used, to reserve that and not the most.

Only what a request does not tell is lowered: its output, and its searches. What it holds itself
(its input, the length of its sound) is known better from the request than from other calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace

from quotakeeper.clocks import Clock
from quotakeeper.domain.ledger.commands import Reserve
from quotakeeper.domain.ports import EventQuery, Store
from quotakeeper.domain.units import Quantities, split_key
from quotakeeper.domain.usage import CallLabels, Outcome, Provenance, UsageEvent
from quotakeeper.engine.call_builder import PreparedCall
from quotakeeper.engine.parts import EngineParts
from quotakeeper.engine.terms import Terms
from quotakeeper.engine.worker.steps import AskWorker, Steps
from quotakeeper.errors import LedgerError

FEWEST_CALLS = 20  # below, the p99 says too little: the worst case is reserved
MOST_EVENTS = 2_000  # that are looked at: the newest of the ledger, of all operations
REFRESH_SECONDS = 10.0
LEARN_SECONDS = 1.0  # the same while an operation has too few calls
_LOWERED = ("output_tokens", "thought_tokens", "searches")
_KNOWN = (Provenance.REPORTED, Provenance.TOKENIZER)

Kind = tuple[str, str, str]  # provider, model, operation


class TypicalHolds:
    """The p99 of each quantity of each operation, from the newest events of a ledger.

    One keeper has one. It reads the ledger in the worker, every ten seconds at most.
    """

    def __init__(self, parts: EngineParts) -> None:
        self._parts = parts
        self._history = History({})
        self._read_at = -REFRESH_SECONDS
        self._clock: Clock = parts.clock

    def lowered(self, command: Reserve, call: PreparedCall, terms: Terms) -> Steps[Reserve]:
        """A command that reserves the p99 of its operation, or the same where that is not known."""
        labels = command.labels
        if self._is_stale(labels):
            with suppress(LedgerError):  # the reservation itself says so
                self._history = yield AskWorker(self._read)
                self._read_at = self._clock.monotonic()
        calls, most = self._history.calls(labels), command.figures.quantities
        if calls < FEWEST_CALLS:
            return command
        usual = self._history.usual(labels)
        quantities = {key: min(n, usual.get(key) or n) for key, n in most.items()}
        terms.hold, terms.calls, terms.most = "typical", calls, most
        if quantities == most:
            return command
        given = {"quantities": {"requests": 0, **quantities}}
        figures = self._parts.commands.estimate(call, given)
        return replace(command, figures=figures, up_to=most)

    def _is_stale(self, labels: CallLabels) -> bool:
        age = self._clock.monotonic() - self._read_at
        if age < LEARN_SECONDS:
            return False
        return age >= REFRESH_SECONDS or self._history.calls(labels) < FEWEST_CALLS

    @staticmethod
    def _read(store: Store, now: int) -> History:
        return history_of(store.events(EventQuery(limit=MOST_EVENTS, newest_first=True)))


class History:
    """What calls used of each quantity, by operation: one dict for each call."""

    def __init__(self, used: Mapping[Kind, list[dict[str, int]]]) -> None:
        self._used = used
        self._usual: dict[Kind, Quantities] = {}

    def calls(self, labels: CallLabels) -> int:
        """How many calls of an operation there are."""
        return len(self._used.get(kind_of(labels), ()))

    def usual(self, labels: CallLabels) -> Quantities:
        """The p99 of each quantity of an operation; without zeros."""
        kind = kind_of(labels)
        found = self._usual.get(kind)
        if found is None:
            calls = self._used.get(kind, [])
            keys = {key for call in calls for key in call}
            found = {key: p99([call.get(key, 0) for call in calls]) for key in keys}
            self._usual[kind] = found
        return found


def history_of(events: Iterable[UsageEvent]) -> History:
    """The history of calls that succeeded and whose usage is known, not assumed."""
    used: dict[Kind, list[dict[str, int]]] = {}
    for event in events:
        if event.outcome is Outcome.OK and event.provenance in _KNOWN:
            used.setdefault(kind_of(event.labels), []).append(_bounded_as(event.quantities))
    return History(used)


def kind_of(labels: CallLabels) -> Kind:
    """What calls have in common that are like each other."""
    return labels.provider, labels.model, labels.operation


def p99(amounts: list[int]) -> int:
    """The amount that 99 of 100 calls stay within; the most of fewer than 100 (nearest rank)."""
    ordered = sorted(amounts)
    return ordered[-(-99 * len(ordered) // 100) - 1]


def _bounded_as(quantities: Quantities) -> dict[str, int]:
    """What was used, under the keys that bound it: thoughts count as output."""
    sums: dict[str, int] = {}
    for key, amount in quantities.items():
        meter, modality = split_key(key)
        if meter not in _LOWERED:
            continue
        if meter == "thought_tokens":
            sums[key] = sums.get(key, 0) + amount
            key = f"output_tokens@{modality}" if modality else "output_tokens"
        sums[key] = sums.get(key, 0) + amount
    return sums
