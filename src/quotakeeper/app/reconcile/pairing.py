"""Matches requests of the account to calls in the ledger that have no provider request id.

A match depends on time, model, operation and length. If several matches are possible and would give
different results, none is chosen.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence

from quotakeeper.domain.units import METERS, Quantities, measure
from quotakeeper.domain.usage import Provenance, UsageEvent
from quotakeeper.domain.windows import SECOND
from quotakeeper.providers.account_records import AccountRequest

# The time of a request can be up to BEFORE_US before the time of its call, or AFTER_US after it:
# the two clocks differ, and uploads take time.
BEFORE_US = 60 * SECOND
AFTER_US = 15 * 60 * SECOND
_SLACK_US = 2 * SECOND
_EXACT_MS = 50
_CLOSE_MS = 1_000
_KINDS = {
    "listen": "audio_milliseconds", "listen_live": "audio_milliseconds",
    "flux": "audio_milliseconds", "speak": "characters", "speak_live": "characters",
    "agent": "session_milliseconds", "read": "input_tokens",
}  # fmt: skip

Pair = tuple[AccountRequest, UsageEvent]
SameModel = Callable[[str, str], bool]
_Test = Callable[[AccountRequest, UsageEvent], bool]


def _kind_of(operation: str, quantities: Sequence[str] = ()) -> str:
    """Return the meter that an operation counts, or "" if the meter is unknown.

    If a program uses its own name for an operation, the meter is found in `quantities`.
    """
    named = _KINDS.get(operation)
    if named:
        return named
    meters = {key.partition("@")[0] for key in quantities}
    return next((meter for meter in dict.fromkeys(_KINDS.values()) if meter in meters), "")


def pair(
    requests: Sequence[AccountRequest], events: Sequence[UsageEvent], same_model: SameModel
) -> tuple[list[Pair], list[tuple[list[AccountRequest], list[UsageEvent]]]]:
    """Return the certain pairs, and the groups of requests and events that could match in several ways."""
    possible = _possible(requests, sorted(events, key=lambda event: event.at), same_model)
    pairs: list[Pair] = []
    for test in (_exact_and_during, _exact, _close, _any):
        groups = _groups([(r, e) for r, e in possible if test(r, e)])
        found = [one for group in groups for one in _answer(group)]
        pairs += found
        done = {id(each) for one in found for each in one}
        possible = [(r, e) for r, e in possible if id(r) not in done and id(e) not in done]
    return pairs, [_sides(group) for group in _groups(possible)]


def _amount_of(quantities: Quantities, meter: str) -> int | None:
    """Return the amount of a meter in `quantities`; None if `quantities` does not have the meter."""
    if not any(key.partition("@")[0] == meter for key in quantities):
        return None
    return measure(METERS[meter], quantities, None)


def _possible(
    requests: Sequence[AccountRequest], events: Sequence[UsageEvent], same_model: SameModel
) -> list[Pair]:
    instants = [event.at for event in events]
    found: list[Pair] = []
    for request in requests:
        first = bisect_left(instants, request.at - AFTER_US)
        last = bisect_right(instants, request.at + BEFORE_US)
        found += [(request, e) for e in events[first:last] if _may_be(request, e, same_model)]
    return found


def _may_be(request: AccountRequest, event: UsageEvent, same_model: SameModel) -> bool:
    labels = event.labels
    meter = _kind_of(request.operation)
    if meter != _kind_of(labels.operation, tuple(event.quantities)):
        # A failed call has no quantities to compare, so the operation's name must be the same.
        if labels.operation != request.operation:
            return False
    elif request.operation != labels.operation and labels.operation in _KINDS:
        return False
    names = [name for name in (labels.model, event.model_served) if name]
    if request.model and names and not any(same_model(request.model, name) for name in names):
        return False
    if event.provenance in (Provenance.ASSUMED, Provenance.ESTIMATED):
        return True
    return _close(request, event)


def _difference(request: AccountRequest, event: UsageEvent) -> int | None:
    meter = _kind_of(request.operation)
    there = _amount_of(request.quantities, meter) if meter else None
    here = _amount_of(event.quantities, meter) if meter else None
    if there is None and request.failed:
        there = 0
    if there is None:
        return None
    return abs(there - (here or 0))


def _exact(request: AccountRequest, event: UsageEvent) -> bool:
    difference = _difference(request, event)
    return difference is not None and difference <= _EXACT_MS


def _exact_and_during(request: AccountRequest, event: UsageEvent) -> bool:
    if event.duration_ms is None or not _exact(request, event):
        return False
    end = event.at + event.duration_ms * 1_000
    return event.at - _SLACK_US <= request.at <= end + _SLACK_US


def _close(request: AccountRequest, event: UsageEvent) -> bool:
    difference = _difference(request, event)
    if difference is None:
        return True
    meter = _kind_of(request.operation)
    here = _amount_of(event.quantities, meter) or 0
    return difference <= max(_CLOSE_MS, here // 50)


def _any(request: AccountRequest, event: UsageEvent) -> bool:
    return True


def _groups(possible: Sequence[Pair]) -> list[list[Pair]]:
    """Group the pairs that share a request or an event."""
    above: dict[int, int] = {}

    def top(node: int) -> int:
        while (higher := above.setdefault(node, node)) != node:
            above[node] = node = above[higher]
        return node

    for request, event in possible:
        above[top(id(request))] = top(id(event))
    groups: dict[int, list[Pair]] = {}
    for one in possible:
        groups.setdefault(top(id(one[0])), []).append(one)
    return list(groups.values())


def _sides(group: Sequence[Pair]) -> tuple[list[AccountRequest], list[UsageEvent]]:
    requests = {id(request): request for request, _ in group}
    events = {id(event): event for _, event in group}
    return (
        sorted(requests.values(), key=lambda request: (request.at, request.id)),
        sorted(events.values(), key=lambda event: event.at),
    )


def _answer(group: Sequence[Pair]) -> list[Pair]:
    """Return the certain pairs of a group, or an empty list.

    A group of one pair is certain. If all requests are equal and each request can match each event,
    requests and events are paired in the order of time.
    """
    if len(group) == 1:
        return list(group)
    requests, events = _sides(group)
    first = requests[0]
    alike = all(
        (each.quantities, each.cost_pico, each.failed, each.operation, each.model)
        == (first.quantities, first.cost_pico, first.failed, first.operation, first.model)
        for each in requests
    )
    whole = len(set(map(_key, group))) == len(requests) * len(events)
    if alike and whole and len(requests) == len(events):
        return list(zip(requests, events, strict=True))
    return []


def _key(one: Pair) -> tuple[int, int]:
    return id(one[0]), id(one[1])
