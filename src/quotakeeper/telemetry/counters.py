"""Counters that never fall, although the ledger's sums can: a correction lowers a sum.

A monitoring system takes a fall for a restart from 0, and would count the whole sum again. So each
series has two numbers that only grow: what was added, and what was taken back. Their difference is
the ledger's sum, to the last digit.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from hashlib import sha256

from quotakeeper.telemetry.exposition import COUNTER, OTHER, Family, Labels, label_value
from quotakeeper.telemetry.usage_sums import COUNTERS, Series
from quotakeeper.value_classes import dataclass, field

MOST_KEYS = 100
_FORM = 1
_LEAST_LABELS = 2  # provider and model
# Returns the provider and the model under which a call is shown.
Naming = Callable[[str, str], tuple[str, str]]


@dataclass(slots=True)
class Counters:
    """What was added to each series, and what was taken back, by a digest of the series.

    `named` are the series themselves, without those of virtual keys. The name of a key must not stay
    in a file after it was removed from the ledger.
    """

    numbers: dict[str, tuple[int, int]] = field(default_factory=dict)
    named: dict[str, Series] = field(default_factory=dict)

    def advance(self, sums: Mapping[Series, int]) -> dict[Series, tuple[int, int]]:
        """Return both numbers of each series, so that their difference is the sum in `sums`.

        A series that is not in `sums` any more has the sum 0. It is still returned if it is named.
        """
        found: dict[Series, tuple[int, int]] = {}
        present: set[str] = set()
        for series, now in sums.items():
            digest = series_digest(series)
            present.add(digest)
            found[series] = self._advanced(digest, now)
            if not _is_of_key(series):
                self.named[digest] = series
        for digest in self.numbers.keys() - present:
            both = self._advanced(digest, 0)
            if digest in self.named:
                found[self.named[digest]] = both
        return found

    def _advanced(self, digest: str, now: int) -> tuple[int, int]:
        added, taken = self.numbers.get(digest, (0, 0))
        change = now - (added - taken)
        if change >= 0:
            added += change
        else:
            taken -= change
        self.numbers[digest] = (added, taken)
        return added, taken

    def text(self) -> str:
        """Return the counters as JSON. The numbers are texts, because they may be large."""
        series = {
            digest: [str(added), str(taken), self.named.get(digest)]
            for digest, (added, taken) in sorted(self.numbers.items())
        }
        return json.dumps({"form": _FORM, "series": series})


def counters_from(text: str) -> Counters:
    """Return the counters in a text of `Counters.text`; new ones if the text is no such text."""
    counters = Counters()
    try:
        read = json.loads(text)
        if read["form"] != _FORM:
            return Counters()
        for digest, (added, taken, named) in read["series"].items():
            counters.numbers[digest] = int(added), int(taken)
            if named is not None:
                subject, labels = named
                series = str(subject), tuple((str(name), str(value)) for name, value in labels)
                if series_digest(series) != digest or len(series[1]) < _LEAST_LABELS:
                    return Counters()
                counters.named[digest] = series
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return Counters()
    if any(added < 0 or taken < 0 for added, taken in counters.numbers.values()):
        return Counters()
    return counters


def series_digest(series: Series) -> str:
    """Return a digest of a series, for a file."""
    return sha256(json.dumps(series).encode()).hexdigest()[:24]


def _is_of_key(series: Series) -> bool:
    return series[1][0][0] == "key"


def counter_families(
    both: Mapping[Series, tuple[int, int]], naming: Naming, keys: Sequence[str]
) -> Iterator[Family]:
    """Yield the families of all counters. What was taken back is a counter of its own.

    `naming` returns the provider and the model under which a call is shown. Keys after the first
    MOST_KEYS in `keys` are shown together as "other".
    """
    named_keys = frozenset(keys[:MOST_KEYS])
    for kind in COUNTERS:
        shown: dict[Labels, tuple[int, int]] = {}
        for (subject, raw), (added, taken) in both.items():
            if subject == kind.subject:
                labels = _shown(raw, naming, named_keys)
                before = shown.get(labels, (0, 0))
                shown[labels] = before[0] + added, before[1] + taken
        name = f"quotakeeper_{kind.subject}_total"
        mine = sorted(shown.items())
        yield Family(name, COUNTER, kind.about, {k: each[0] for k, each in mine}, kind.per_unit)
        about = f"What corrections took back from {name}: subtract it for the ledger's sum."
        taken_back = {k: each[1] for k, each in mine if each[1] or kind.is_told}
        name = f"quotakeeper_corrected_{kind.subject}_total"
        yield Family(name, COUNTER, about, taken_back, kind.per_unit)


def _shown(labels: Labels, naming: Naming, named_keys: Container[str]) -> Labels:
    if labels[0][0] == "key":
        key = labels[0][1]
        return (("key", label_value(key) if key in named_keys else OTHER),)
    provider, model = naming(labels[0][1], labels[1][1])
    return (("provider", provider), ("model", model), *labels[2:])
