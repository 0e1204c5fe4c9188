"""Adds up usage for counters: by provider and model, and by virtual key."""

from __future__ import annotations

from collections.abc import Iterable

from quotakeeper.domain.forecasting.time_buckets import BucketSum
from quotakeeper.domain.keys.virtual_key import KEY_LABEL
from quotakeeper.domain.money import PICO_PER_USD
from quotakeeper.domain.units import TOKEN_METERS, split_key
from quotakeeper.telemetry.exposition import Labels
from quotakeeper.value_classes import dataclass, field

NO_MODEL = "none"
_SECONDS_PER_HOUR = 3_600
# A series of a counter: the counter's subject, and labels with the names of the ledger.
Series = tuple[str, Labels]


@dataclass(frozen=True, slots=True)
class CounterKind:
    """One counter of usage. `per_unit` is how many counted numbers are one unit of the metric.

    `subject` is its name without "quotakeeper_" and "_total". `is_told` says that its corrections
    are shown even if there are none.
    """

    subject: str
    about: str
    per_unit: int = 1
    is_told: bool = False


CALLS = CounterKind("calls", "Calls that were counted.", is_told=True)
COST = CounterKind(
    "cost_usd", "Cost of the calls with a known price, in US dollars.", PICO_PER_USD, True
)
UNPRICED = CounterKind("unpriced_calls", "Calls that were counted without a known price.")
TOKENS = CounterKind("tokens", "Tokens, by type and modality. The types never overlap.")
KEY_CALLS = CounterKind("key_calls", "Calls that were counted, by virtual key.")
KEY_COST = CounterKind("key_cost_usd", "Cost by virtual key, in US dollars.", PICO_PER_USD)
KEY_TOKENS = CounterKind("key_tokens", "Tokens by virtual key.")
_SIMPLE = {
    "audio_milliseconds": CounterKind("audio_seconds", "Billed audio, in seconds.", 1_000),
    "session_milliseconds": CounterKind("session_seconds", "Length of live sessions, in seconds.", 1_000),
    "characters": CounterKind("characters", "Characters that were billed."),
    "requests": CounterKind("requests", "Requests to providers."),
    "searches": CounterKind("searches", "Searches that providers made."),
    "images": CounterKind("images", "Images that were made."),
    "cache_token_hours": CounterKind(
        "cache_token_seconds", "Tokens in a provider's cache, times the seconds that they were kept."
    ),
}  # fmt: skip
COUNTERS = (COST, CALLS, UNPRICED, TOKENS, *_SIMPLE.values(), KEY_COST, KEY_CALLS, KEY_TOKENS)


@dataclass(slots=True)
class UsageSums:
    """Sums of usage.

    - `series`: by series.
    - `keys`: the virtual keys, in the order of first use. A dict, because its keys have an order.
    - `known`: calls by provenance.
    """

    series: dict[Series, int] = field(default_factory=dict)
    keys: dict[str, None] = field(default_factory=dict)
    known: dict[str, int] = field(default_factory=dict)

    def add(self, parts: Iterable[BucketSum]) -> UsageSums:
        """Add slots in order of time. Returns these sums."""
        for part in parts:
            self._add(part)
        return self

    def copy(self) -> UsageSums:
        """Return equal sums to which more can be added."""
        return UsageSums(dict(self.series), dict(self.keys), dict(self.known))

    def _add(self, part: BucketSum) -> None:
        labels = part.labels
        where = (("provider", labels.provider), ("model", labels.model))
        outcome, known = str(part.outcome), str(part.provenance)
        self.known[known] = self.known.get(known, 0) + part.calls
        self._count(CALLS, (*where, ("outcome", outcome)), part.calls)
        self._count(COST, where, part.cost_pico)
        self._count(UNPRICED, where, part.unpriced_calls)
        tokens = 0
        for key, amount in part.quantities.items():
            meter, modality = split_key(key)
            if meter in TOKEN_METERS:
                tokens += amount
                kind = meter.removesuffix("_tokens")
                self._count(
                    TOKENS, (*where, ("type", kind), ("modality", modality or "text")), amount
                )
            else:
                factor = _SECONDS_PER_HOUR if meter == "cache_token_hours" else 1
                self._count(_SIMPLE[meter], where, amount * factor)
        key_name = dict(labels.scope).get(KEY_LABEL, "")
        if key_name:
            self.keys.setdefault(key_name)
            mine = (("key", key_name),)
            self._count(KEY_CALLS, mine, part.calls)
            self._count(KEY_COST, mine, part.cost_pico)
            self._count(KEY_TOKENS, mine, tokens)

    def _count(self, kind: CounterKind, labels: Labels, amount: int) -> None:
        series = kind.subject, labels
        self.series[series] = self.series.get(series, 0) + amount
