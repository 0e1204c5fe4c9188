"""Rates: what the operations of a pipeline use for each minute of sound, by a ledger's own history.

A call that was billed by its audio is a hearing, and begins a file; calls under the same labels
that follow it within six hours belong to that file, until the next one begins. A hearing of the
same length right after another is the same file heard again, in another language. So nothing has to
be told: the order of the ledger tells it. Sums are right also where several files are worked on at
once under the same labels; only the spread between files is then smaller than it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from quotakeeper.domain.units import Quantities, split_key
from quotakeeper.domain.usage import Provenance, UsageEvent
from quotakeeper.domain.windows import SECOND

MINUTE_MS = 60_000
FOLLOWS_WITHIN = 6 * 3_600 * SECOND
FEW_FILES = 5
_AUDIO = "audio_milliseconds"
_ORDER = tuple(Provenance)


@dataclass(frozen=True, slots=True)
class Rate:
    """What one operation uses per minute of sound, and how that is known.

    `per_minute` is what is expected, by quantity key; `low` and `high` are its 10 % and 90 % points
    as factors. `calls_per_file` is given where it is always the same, else calls grow with the
    length by `calls_per_minute`. `is_hearing`: it is billed by the length of the sound. `basis`
    is "history" (of so many `files`, their figures known by `provenance` at worst) or "assumed".
    """

    provider: str
    model: str
    operation: str
    is_hearing: bool
    per_minute: Mapping[str, Fraction]
    low: Fraction
    high: Fraction
    calls_per_minute: Fraction = Fraction(0)
    calls_per_file: int | None = None
    basis: str = "assumed"
    files: int = 0
    provenance: Provenance = Provenance.ASSUMED

    def calls(self, milliseconds: int) -> int:
        """How many calls a file of this length takes; one at least."""
        if self.calls_per_file is not None:
            return self.calls_per_file
        return max(1, _nearest(self.calls_per_minute * milliseconds / MINUTE_MS))

    def uses(self, milliseconds: int, factor: Fraction = Fraction(1)) -> list[dict[str, int]]:
        """The quantities of each call for a file of this length, the whole of it times a factor."""
        calls = self.calls(milliseconds)
        whole = {
            key: _nearest(rate * factor * milliseconds / MINUTE_MS)
            for key, rate in self.per_minute.items()
        }
        return [
            {key: n * (i + 1) // calls - n * i // calls for key, n in whole.items()}
            | {"requests": 1}
            for i in range(calls)
        ]

    def by_model(self, provider: str, model: str) -> Rate:
        """The same rate for another model."""
        return replace(self, provider=provider, model=model)


@dataclass(slots=True)
class _File:
    milliseconds: int
    last_at: int
    hearings: list[UsageEvent]
    rest: list[UsageEvent] = field(default_factory=list)


def rates_from(events: Iterable[UsageEvent]) -> tuple[Rate, ...]:
    """The rates of every operation that hears or follows, in the order they are first used in.

    Of an operation that was done by several models, the last one used names it.
    """
    files = list(_files(events))
    total = sum(file.milliseconds for file in files)
    if not total:
        return ()
    hearings = _by_operation(files, lambda file: file.hearings)
    rest = _by_operation(files, lambda file: file.rest)
    found = [_rate(files, total, uses, is_hearing=True) for uses in hearings.values()]
    return (*found, *(_rate(files, total, uses, is_hearing=False) for uses in rest.values()))


def _files(events: Iterable[UsageEvent]) -> Iterator[_File]:
    current: dict[tuple[tuple[str, str], ...], _File] = {}
    heard_by: set[tuple[str, str]] = set()
    for event in events:
        labels, length = event.labels, event.quantities.get(_AUDIO, 0)
        file = current.get(labels.scope)
        if length and set(event.quantities) <= {_AUDIO, "requests"}:
            heard_by.add((labels.provider, labels.operation))
            if file is not None and not file.rest and file.milliseconds == length:
                file.hearings.append(event)
                file.last_at = event.at
                continue
            if file is not None:
                yield file
            current[labels.scope] = _File(length, event.at, [event])
        elif (labels.provider, labels.operation) in heard_by or file is None:
            continue  # a hearing that was refused, or nothing that a file is known for
        elif event.at - file.last_at <= FOLLOWS_WITHIN:
            file.rest.append(event)
            file.last_at = event.at
    yield from current.values()


_Uses = dict[int, list[UsageEvent]]


def _by_operation(
    files: Sequence[_File], part: Callable[[_File], list[UsageEvent]]
) -> dict[tuple[str, str], _Uses]:
    """Events by provider and operation, and by the number of the file."""
    found: dict[tuple[str, str], _Uses] = {}
    for number, file in enumerate(files):
        for event in part(file):
            key = (event.labels.provider, event.labels.operation)
            found.setdefault(key, {}).setdefault(number, []).append(event)
    return found


def _rate(files: Sequence[_File], total: int, uses: _Uses, *, is_hearing: bool) -> Rate:
    events = [event for each in uses.values() for event in each]
    sums: dict[str, int] = {}
    for event in events:
        for key, amount in _counted(event.quantities):
            sums[key] = sums.get(key, 0) + amount
    shares = sorted(
        Fraction(
            sum(n for event in uses.get(i, ()) for _, n in _counted(event.quantities)),
            f.milliseconds,
        )
        for i, f in enumerate(files)
    )
    mean = Fraction(sum(sums.values()), total)
    low, high = _factors(shares, mean)
    counts = {len(uses.get(i, ())) for i in range(len(files))}
    last = max(events, key=lambda event: event.at).labels
    return Rate(
        last.provider, last.model, last.operation, is_hearing,
        {key: Fraction(amount * MINUTE_MS, total) for key, amount in sorted(sums.items())},
        low, high,
        calls_per_minute=Fraction(len(events) * MINUTE_MS, total),
        calls_per_file=_calls_per_file(counts, sums.get(_AUDIO, 0), total),
        basis="history", files=len(files),
        provenance=max((event.provenance for event in events), key=_ORDER.index),
    )  # fmt: skip


def _calls_per_file(counts: set[int], heard: int, total: int) -> int | None:
    if heard:  # a hearing is never longer than the file: so many of them carry the sum
        return -(-heard // total)
    return counts.pop() if len(counts) == 1 else None


def _counted(quantities: Quantities) -> Iterator[tuple[str, int]]:
    return ((key, n) for key, n in quantities.items() if split_key(key)[0] != "requests")


def _factors(shares: Sequence[Fraction], mean: Fraction) -> tuple[Fraction, Fraction]:
    """The 10 % and 90 % points of the files' own rates, over the mean; wider where files are few."""
    if not mean:
        return Fraction(1), Fraction(1)
    low = min(Fraction(1), shares[len(shares) // 10] / mean)
    high = max(Fraction(1), shares[(len(shares) * 9 - 1) // 10] / mean)
    if len(shares) < FEW_FILES:
        return min(low, Fraction(1, 2)), max(high, Fraction(2))
    return low, high


def _nearest(number: Fraction) -> int:
    return (2 * number.numerator + number.denominator) // (2 * number.denominator)
