"""Estimates what each operation on a file uses and costs: a low, an expected and a high estimate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from quotakeeper.app.planning.media_files import AudioSize
from quotakeeper.domain.forecasting.audio_rates import Rate
from quotakeeper.domain.forecasting.scheduling import Ask, Task
from quotakeeper.domain.units import METERS, Quantities, measure
from quotakeeper.domain.usage import CallLabels
from quotakeeper.errors import InvalidInputError
from quotakeeper.value_classes import dataclass, replace

if TYPE_CHECKING:
    from quotakeeper.catalogue import PriceSnapshot

# The default of `quotakeeper translate`; a test compares them.
SPEECH_MODEL = "nova-3"
TEXT_MODEL = "gemini-3.5-flash-lite"
LANGUAGES = ("zh", "vi")
_MINUTE = Fraction(60_000)
# Used if the ledger has no history. Measured with the pipeline's own prompts: Chinese speech of 250
# characters a minute, translated to Vietnamese. Low is almost no speech; high is fast speech.
_QUIET, _FAST = Fraction(3, 10), Fraction(3, 2)
ASSUMED = (
    Rate("deepgram", SPEECH_MODEL, "speech_to_text", True, {"audio_milliseconds": _MINUTE},
         Fraction(1), Fraction(1), calls_per_file=1),
    Rate("gemini", TEXT_MODEL, "translate", False,
         {"input_tokens": Fraction(560), "output_tokens": Fraction(430)},
         _QUIET, _FAST, calls_per_minute=Fraction(1, 2)),
    Rate("gemini", TEXT_MODEL, "rewrite", False,
         {"input_tokens": Fraction(370), "output_tokens": Fraction(200)},
         _QUIET, _FAST, calls_per_file=1),
)  # fmt: skip

Pricer = Callable[[Rate, Quantities], int | None]


@dataclass(frozen=True, slots=True)
class Spread:
    """An amount as a low (10 %), an expected and a high (90 %) estimate. A cost without a known
    price is None."""

    low: int | None
    expected: int | None
    high: int | None

    @staticmethod
    def total(each: Iterable[Spread]) -> Spread:
        """Add up the low, the expected and the high amounts. An amount that is None counts as 0."""
        spreads = list(each)
        return Spread(
            sum(x.low or 0 for x in spreads),
            sum(x.expected or 0 for x in spreads),
            sum(x.high or 0 for x in spreads),
        )


@dataclass(frozen=True, slots=True)
class Use:
    """The estimated use of one operation on one file. `audio` is in milliseconds, `cost` in
    pico-dollars.

    `asks` are the calls according to the expected estimate. `high_asks` are the calls according to
    the high estimate.
    """

    rate: Rate
    calls: int
    audio: Spread
    tokens: Spread
    cost: Spread
    asks: tuple[Ask, ...]
    high_asks: tuple[Ask, ...]


@dataclass(frozen=True, slots=True)
class FilePlan:
    """One file with the estimated use of every planned operation."""

    size: AudioSize
    uses: tuple[Use, ...]

    @property
    def tokens(self) -> Spread:
        """The tokens of all operations."""
        return Spread.total(use.tokens for use in self.uses)

    @property
    def cost(self) -> Spread:
        """The cost of all operations that have a known price, in pico-dollars."""
        return Spread.total(use.cost for use in self.uses)

    @property
    def unpriced(self) -> bool:
        """Whether at least one operation has no known price."""
        return any(use.cost.expected is None for use in self.uses)

    def task(self, *, high: bool = False) -> Task:
        """Return the calls for this file as a task for the scheduler. With `high`, use the high
        estimates."""
        asks = (ask for use in self.uses for ask in (use.high_asks if high else use.asks))
        return Task(self.size.name, tuple(asks))


def chosen_rates(
    history: Sequence[Rate], operations: Sequence[str], models: Sequence[str],
    prices: PriceSnapshot,
) -> tuple[Rate, ...]:  # fmt: skip
    """Return the rates of the operations to plan.

    If `operations` is empty, the operations in `history` are planned. If `history` is empty too,
    the assumed rates are used. A speech recognition model in `models` replaces the model of the
    speech recognition rates. Any other model replaces the model of the other rates.

    Raises InvalidInputError for an unknown operation, or for a model without a price.
    """
    known = {rate.operation: rate for rate in (*ASSUMED, *history)}
    unknown = [name for name in operations if name not in known]
    if unknown:
        raise InvalidInputError(
            "--operations", f"{unknown[0][:60]!r} is not a known operation",
            "there are: " + ", ".join(known),
        )  # fmt: skip
    rates = [known[name] for name in dict.fromkeys(operations)] or list(history or ASSUMED)
    for name in models:
        rates = _by_model(rates, name, prices)
    return tuple(rates)


def heard_in(rates: Iterable[Rate], languages: Sequence[str]) -> tuple[Rate, ...]:
    """Return the rates for files in these languages. Only the rates of speech recognition change.

    A file is recognised at least once, and at most once for each language.
    """
    times = len(dict.fromkeys(languages))
    return tuple(_heard(rate, times) if rate.is_hearing else rate for rate in rates)


def file_plan(
    size: AudioSize, rates: Sequence[Rate], scope: tuple[tuple[str, str], ...], price: Pricer
) -> FilePlan:
    """Estimate one file at these rates. If the length of the file is not exact, the low estimate is 0."""
    return FilePlan(size, tuple(_use(rate, size, scope, price) for rate in rates))


def _heard(rate: Rate, times: int) -> Rate:
    heard = rate.per_minute.get("audio_milliseconds", _MINUTE)
    expected = min(max(heard, _MINUTE), times * _MINUTE)
    return replace(
        rate,
        per_minute={**rate.per_minute, "audio_milliseconds": expected},
        low=_MINUTE / expected,
        high=times * _MINUTE / expected,
        calls_per_file=-(-expected // _MINUTE),
    )


def _by_model(rates: Sequence[Rate], name: str, prices: PriceSnapshot) -> list[Rate]:
    asked, _, bare = name.rpartition("/")
    providers = [p for p in prices.providers() if asked in ("", p) and prices.is_known(p, bare)]
    if not providers:
        raise InvalidInputError(
            "--model",
            f"no price is known for {name!r}",
            "to see all models with a price: quotakeeper prices list",
        )
    provider = providers[0]
    model = prices.canonical_model(provider, bare)
    rows = {row.key for row in prices.rows() if (row.provider, row.model) == (provider, model)}
    hears = "audio_milliseconds" in rows and "input_tokens" not in rows
    return [r.by_model(provider, model) if r.is_hearing is hears else r for r in rates]


def _use(
    rate: Rate, size: AudioSize, scope: tuple[tuple[str, str], ...], price: Pricer
) -> Use:  # fmt: skip
    labels = CallLabels(rate.provider, rate.model, rate.operation, scope)

    def asks(milliseconds: int, factor: Fraction) -> tuple[Ask, ...]:
        quantities = _longer_than_nothing(rate, milliseconds, factor)
        return tuple(Ask(labels, each, price(rate, each)) for each in quantities)

    low = asks(size.milliseconds if size.exact else 0, rate.low)
    expected = asks(size.milliseconds, Fraction(1))
    high = asks(size.milliseconds, rate.high)
    levels = (low, expected, high)
    return Use(
        rate,
        len(expected),
        Spread(*(_amount("audio_milliseconds", each) for each in levels)),
        Spread(*(_amount("tokens", each) for each in levels)),
        Spread(*(_cost(each) for each in levels)),
        expected,
        high,
    )


def _longer_than_nothing(
    rate: Rate, milliseconds: int, factor: Fraction
) -> list[Mapping[str, int]]:
    if not milliseconds:
        return []
    found = rate.uses(milliseconds, factor)
    return [{key: amount for key, amount in each.items() if amount} for each in found]


def _amount(meter: str, asks: Sequence[Ask]) -> int:
    return sum(measure(METERS[meter], ask.quantities, None) for ask in asks)


def _cost(asks: Sequence[Ask]) -> int | None:
    costs = [ask.cost_pico for ask in asks]
    known = [cost for cost in costs if cost is not None]
    return sum(known) if len(known) == len(costs) else None
