"""Rates: how much each operation uses per minute of audio, computed from the ledger's history.

A call that is billed by audio length is a transcription. A transcription starts a new file. Later
calls belong to this file if they have the same scope labels, follow within six hours, and come
before the next transcription. There is one exception: two transcriptions of the same length
directly follow each other. The second one then counts as the same file in another language. So
callers need not name the file of each call.

Files with the same labels can overlap in time. The sums are then still right, but the computed
difference between files is too small.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction

from quotakeeper.domain.units import Quantities, split_key
from quotakeeper.domain.usage import Provenance, UsageEvent
from quotakeeper.domain.windows import SECOND
from quotakeeper.value_classes import dataclass, field, replace

MINUTE_MS = 60_000
FOLLOWS_WITHIN = 6 * 3_600 * SECOND
FEW_FILES = 5
_AUDIO = "audio_milliseconds"
_ORDER = tuple(Provenance)


@dataclass(frozen=True, slots=True)
class Rate:
    """How much one operation uses per minute of audio, and how this is known.

    - `is_hearing`: whether the operation is billed by audio length.
    - `per_minute`: the expected use per minute, by quantity key.
    - `low`, `high`: the 10 % and 90 % points of the use, as factors of `per_minute`.
    - `calls_per_minute`: the number of calls per minute of audio. It is used if `calls_per_file` is
      None.
    - `calls_per_file`: the number of calls, if every file takes the same number; otherwise None.
    - `basis`: "history" or "assumed".
    - `files`: for "history", the number of files.
    - `provenance`: for "history", the least reliable source of the figures.
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
        """Return how many calls a file of this length takes, at least 1."""
        if self.calls_per_file is not None:
            return self.calls_per_file
        return max(1, _nearest(self.calls_per_minute * milliseconds / MINUTE_MS))

    def uses(self, milliseconds: int, factor: Fraction = Fraction(1)) -> list[dict[str, int]]:
        """Return the quantities of each call for a file of this length, multiplied by `factor`."""
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
        """Return a copy of this rate for another model."""
        return replace(self, provider=provider, model=model)


@dataclass(slots=True)
class _File:
    milliseconds: int
    last_at: int
    hearings: list[UsageEvent]
    rest: list[UsageEvent] = field(default_factory=list)


def rates_from(events: Iterable[UsageEvent]) -> tuple[Rate, ...]:
    """Return the rates of all operations that transcribe audio or that follow a transcription.

    Operations that transcribe come first. Each of the two groups has the order of first use. If an
    operation used several models, its rate names the model that was used last.
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
            continue  # a failed transcription, or a call that belongs to no known file
        elif event.at - file.last_at <= FOLLOWS_WITHIN:
            file.rest.append(event)
            file.last_at = event.at
    yield from current.values()


_Uses = dict[int, list[UsageEvent]]


def _by_operation(
    files: Sequence[_File], part: Callable[[_File], list[UsageEvent]]
) -> dict[tuple[str, str], _Uses]:
    """Group events by provider and operation, then by the index of their file in `files`.

    `part` selects the events of a file.
    """
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
    if heard:  # no transcription is longer than its file: so at least this many
        return -(-heard // total)
    return counts.pop() if len(counts) == 1 else None


def _counted(quantities: Quantities) -> Iterator[tuple[str, int]]:
    return ((key, n) for key, n in quantities.items() if split_key(key)[0] != "requests")


def _factors(shares: Sequence[Fraction], mean: Fraction) -> tuple[Fraction, Fraction]:
    """Return the 10 % and 90 % points of `shares`, as factors of `mean`.

    For few files, the first factor is at most 1/2 and the second at least 2.
    """
    if not mean:
        return Fraction(1), Fraction(1)
    low = min(Fraction(1), shares[len(shares) // 10] / mean)
    high = max(Fraction(1), shares[(len(shares) * 9 - 1) // 10] / mean)
    if len(shares) < FEW_FILES:
        return min(low, Fraction(1, 2)), max(high, Fraction(2))
    return low, high


def _nearest(number: Fraction) -> int:
    return (2 * number.numerator + number.denominator) // (2 * number.denominator)
