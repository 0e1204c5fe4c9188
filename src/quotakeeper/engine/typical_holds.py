"""`hold = "typical"`: reserves the p99 of earlier calls of the same operation, not the maximum.

Only output and searches are lowered, because the request does not determine them. The input and the
length of audio are known from the request.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

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
from quotakeeper.value_classes import replace

FEWEST_CALLS = 20  # with fewer calls, the p99 is unreliable and the worst case is reserved
MOST_EVENTS = 2_000  # the newest events of all operations that are read
REFRESH_SECONDS = 10.0
LEARN_SECONDS = 1.0  # the same while an operation has too few calls
_LOWERED = ("output_tokens", "thought_tokens", "searches")
_KNOWN = (Provenance.REPORTED, Provenance.TOKENIZER)

Kind = tuple[str, str, str]  # provider, model, operation


class TypicalHolds:
    """Lowers reservations to the p99 that earlier calls of the same operation used.

    Each keeper has one object. The worker reads the newest events of the ledger at most every ten
    seconds. While an operation has fewer than 20 known calls, it reads them at most every second.
    """

    def __init__(self, parts: EngineParts) -> None:
        self._parts = parts
        self._history = History({})
        self._read_at = -REFRESH_SECONDS
        self._clock: Clock = parts.clock

    def lowered(self, command: Reserve, call: PreparedCall, terms: Terms) -> Steps[Reserve]:
        """Return the command with its quantities lowered to the p99 of the operation.

        Returns the command unchanged if the operation has fewer than 20 known calls.
        """
        labels = command.labels
        if self._is_stale(labels):
            with suppress(LedgerError):  # the reservation itself reports the error
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
    """The quantities of earlier calls, by operation: one mapping per call."""

    def __init__(self, used: Mapping[Kind, list[dict[str, int]]]) -> None:
        self._used = used
        self._usual: dict[Kind, Quantities] = {}

    def calls(self, labels: CallLabels) -> int:
        """Return the number of earlier calls with the same provider, model and operation."""
        return len(self._used.get(kind_of(labels), ()))

    def usual(self, labels: CallLabels) -> Quantities:
        """Return the p99 of each quantity for calls with the same provider, model and operation."""
        kind = kind_of(labels)
        found = self._usual.get(kind)
        if found is None:
            calls = self._used.get(kind, [])
            keys = {key for call in calls for key in call}
            found = {key: p99([call.get(key, 0) for call in calls]) for key in keys}
            self._usual[kind] = found
        return found


def history_of(events: Iterable[UsageEvent]) -> History:
    """Return the history of the calls in `events` that succeeded and whose usage is known."""
    used: dict[Kind, list[dict[str, int]]] = {}
    for event in events:
        if event.outcome is Outcome.OK and event.provenance in _KNOWN:
            used.setdefault(kind_of(event.labels), []).append(_bounded_as(event.quantities))
    return History(used)


def kind_of(labels: CallLabels) -> Kind:
    """Return the labels by which calls are grouped: provider, model and operation."""
    return labels.provider, labels.model, labels.operation


def p99(amounts: list[int]) -> int:
    """Return the 99th percentile (nearest rank). With fewer than 100 amounts, this is the
    largest."""
    ordered = sorted(amounts)
    return ordered[-(-99 * len(ordered) // 100) - 1]


def _bounded_as(quantities: Quantities) -> dict[str, int]:
    """Return the output and searches that a call used, by the keys under which they are reserved.

    Thought tokens count twice: under their own key, and as output.
    """
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
