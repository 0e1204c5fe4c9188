"""Compares the account's list of requests with the ledger, request by request. Does no I/O."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping

from quotakeeper.app.reconcile.differences import (
    Better,
    CallTally,
    Difference,
    DifferenceKind,
)
from quotakeeper.app.reconcile.pairing import AFTER_US, BEFORE_US, SameModel, pair
from quotakeeper.domain.money import usd_text
from quotakeeper.domain.units import by_meter, split_key
from quotakeeper.domain.usage import MAX_LABEL, Outcome, Provenance, UsageEvent
from quotakeeper.providers.account_records import AccountRequest
from quotakeeper.value_classes import dataclass, field

MARGIN_US = AFTER_US + BEFORE_US
FREE_OPERATIONS = ("manage",)
_NOTED = re.compile(r"(?:^|; )request ([^;\s]+)")
_MICRO = 10**6  # pico-dollars in a millionth of a dollar


@dataclass(frozen=True, slots=True)
class RequestWindow:
    """The time to compare, `[since, until)`, in microseconds since 1970 UTC. None means no start or
    no end."""

    since: int | None = None
    until: int | None = None

    def holds(self, at: int) -> bool:
        """Whether the instant `at` is in the window."""
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)

    def widened(self) -> RequestWindow:
        """Return the window with a margin on both sides. Calls in the margin are matched but not
        reported."""
        return RequestWindow(
            None if self.since is None else self.since - MARGIN_US,
            None if self.until is None else self.until + MARGIN_US,
        )


@dataclass(slots=True)
class Compared:
    """The sums of the ledger (`here`) and of the account (`there`) up to now.

    `alike` counts the calls without a difference.
    """

    here: CallTally = field(default_factory=CallTally)
    there: CallTally = field(default_factory=CallTally)
    alike: int = 0


def recorded_id(provider: str, request_id: str) -> str:
    """Return the event id for a call that only the account lists."""
    return f"{provider}:{request_id}"[:MAX_LABEL]


def request_id_of(event: UsageEvent) -> str:
    """Return the provider's request id from the event's note, or "" if the note has no request id."""
    found = _NOTED.search(event.note)
    return found[1] if found else ""


def compare_requests(
    provider: str, requests: Iterable[AccountRequest], events: Iterable[UsageEvent],
    window: RequestWindow, same_model: SameModel, sums: Compared,
) -> Iterator[Difference]:  # fmt: skip
    """Yield each difference as soon as it is certain. The totals of both sides are added to `sums`.

    `requests` is read once. Only the requests that may match a call without a request id stay in
    memory. `events` are the ledger's calls in the widened window.
    """
    ledger = _Ledger(provider, events)
    waiting: list[AccountRequest] = []
    told: set[str] = set()
    for request in requests:
        event = ledger.take(request.id)
        if event is not None:
            yield from _compared(request, event, window, sums)
        elif request.id in told or request.id in ledger.taken:
            continue  # pages of the account's list overlap
        elif ledger.has_loose_near(request.at):
            told.add(request.id)
            waiting.append(request)
        elif window.holds(request.at):
            told.add(request.id)
            yield _missing_here(provider, request, sums)
    yield from _told_apart(provider, waiting, ledger, window, same_model, sums)
    for event in ledger.left():
        if window.holds(event.at) and _used(event):
            sums.here.add(by_meter(event.quantities), event.cost_pico)
            yield Difference(DifferenceKind.MISSING_THERE, event=event)


class _Ledger:
    """The ledger's calls: those with the provider's request id, and those without (`loose`)."""

    def __init__(self, provider: str, events: Iterable[UsageEvent]) -> None:
        self._by_id: dict[str, UsageEvent] = {}
        self.loose: dict[str, UsageEvent] = {}
        self.taken: set[str] = set()
        for event in events:
            if event.labels.operation in FREE_OPERATIONS:
                continue
            known = request_id_of(event)
            if not known and event.id.startswith(f"{provider}:"):  # recorded by a comparison
                known = event.id.removeprefix(f"{provider}:")
            if known and known not in self._by_id:
                self._by_id[known] = event
            else:
                self.loose[event.id] = event
        self._instants = sorted(event.at for event in self.loose.values())

    def take(self, request_id: str) -> UsageEvent | None:
        """Remove and return the call with this request id; None if there is no such call."""
        event = self._by_id.pop(request_id, None)
        if event is not None:
            self.taken.add(request_id)
        return event

    def has_loose_near(self, at: int) -> bool:
        """Whether a call without a request id was made near the instant `at`."""
        first = bisect_left(self._instants, at - AFTER_US)
        return first < len(self._instants) and self._instants[first] <= at + BEFORE_US

    def left(self) -> list[UsageEvent]:
        """Return the calls that no request of the account matched."""
        return sorted((*self._by_id.values(), *self.loose.values()), key=lambda event: event.at)


def _told_apart(
    provider: str, waiting: list[AccountRequest], ledger: _Ledger, window: RequestWindow,
    same_model: SameModel, sums: Compared,
) -> Iterator[Difference]:  # fmt: skip
    pairs, unsure = pair(waiting, list(ledger.loose.values()), same_model)
    done: set[str] = set()
    for request, event in pairs:
        done.add(request.id)
        ledger.loose.pop(event.id, None)
        yield from _compared(request, event, window, sums)
    for requests, events in unsure:
        done.update(request.id for request in requests)
        for request in requests:
            if window.holds(request.at):
                sums.there.add(request.quantities, request.cost_pico)
                yield Difference(DifferenceKind.AMBIGUOUS, request=request)
        for event in events:
            ledger.loose.pop(event.id, None)
            if window.holds(event.at):
                sums.here.add(by_meter(event.quantities), event.cost_pico)
                yield Difference(DifferenceKind.AMBIGUOUS, event=event)
    for request in waiting:
        if request.id not in done and window.holds(request.at):
            yield _missing_here(provider, request, sums)


def _missing_here(provider: str, request: AccountRequest, sums: Compared) -> Difference:
    sums.there.add(request.quantities, request.cost_pico)
    note = f"request {request.id}; from the account of {provider}"[:MAX_LABEL]
    outcome = Outcome.ERROR if request.failed else Outcome.OK
    better = Better(request.quantities, request.cost_pico, Provenance.REPORTED, outcome, note)
    return Difference(DifferenceKind.MISSING_HERE, request, None, better)


def _compared(
    request: AccountRequest, event: UsageEvent, window: RequestWindow, sums: Compared
) -> Iterator[Difference]:
    if not (window.holds(request.at) or window.holds(event.at)):
        return
    there = _stated(request, event)
    sums.there.add(there, request.cost_pico)
    sums.here.add(by_meter(event.quantities), event.cost_pico)
    found = _difference(request, event)
    if found is None:
        sums.alike += 1
    else:
        yield found


def _difference(request: AccountRequest, event: UsageEvent) -> Difference | None:
    stated = {"requests": 1, **request.quantities}
    here = by_meter(event.quantities)
    known = event.provenance in (Provenance.REPORTED, Provenance.TOKENIZER)
    meters_differ = any(here.get(meter, 0) != amount for meter, amount in stated.items())
    if request.failed:
        meters_differ = here != stated
    cost_differs = not _same_cost(request.cost_pico, event.cost_pico)
    quantities: Mapping[str, int] = event.quantities
    if meters_differ:
        kept = {
            key: n for key, n in event.quantities.items()
            if split_key(key)[0] not in stated and not request.failed
        }  # fmt: skip
        quantities = {key: n for key, n in {**kept, **stated}.items() if n}
    all_stated = {split_key(key)[0] for key in quantities} <= set(stated)
    provenance = event.provenance
    if not known and all_stated:
        provenance = Provenance.REPORTED
    outcome = event.outcome
    if not known or outcome is Outcome.UNKNOWN:
        outcome = Outcome.ERROR if request.failed else Outcome.OK
    if not (meters_differ or cost_differs or provenance is not event.provenance):
        return None
    cost = request.cost_pico if cost_differs or meters_differ else None
    better = Better(
        quantities if meters_differ else None, cost, provenance, outcome, _noted(request, event)
    )
    if not known:
        kind = DifferenceKind.NOW_KNOWN
    else:
        kind = DifferenceKind.QUANTITY if meters_differ else DifferenceKind.PRICE
    return Difference(kind, request, event, better)


def _stated(request: AccountRequest, event: UsageEvent) -> dict[str, int]:
    """Return the account's figures of a call, with the ledger's figures for meters that the account
    does not list."""
    here = {} if request.failed else by_meter(event.quantities)
    return {**here, "requests": 1, **request.quantities}


def _same_cost(there: int | None, here: int | None) -> bool:
    """Whether two costs are equal at the number of decimals that the account shows.

    A difference below a millionth of a dollar never counts. The costs are in pico-dollars. If the
    cost `there` is unknown, it is equal to every cost.
    """
    if there is None:
        return True
    if here is None:
        return False
    shown = len(usd_text(there, least_places=0).partition(".")[2])
    finest: int = 10 ** (12 - shown)
    return abs(there - here) < min(_MICRO, finest)


def _noted(request: AccountRequest, event: UsageEvent) -> str:
    """Return the note of a corrected call: the provider's request id, then the earlier note."""
    ours = f"request {request.id}", "corrected by the account"
    old = [part for part in event.note.split("; ") if part and part not in ours]
    text = "; ".join((*ours, *old))
    return text if len(text) <= MAX_LABEL else "; ".join(ours)


def _used(event: UsageEvent) -> bool:
    """Whether a call has a cost, or a quantity other than "requests"."""
    return bool(event.cost_pico) or any(key != "requests" for key in event.quantities)
