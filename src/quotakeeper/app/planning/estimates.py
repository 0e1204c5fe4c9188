"""What each file would use and cost, by operation: low, expected and high, and how that is known."""

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

# What `quotakeeper translate` does unless it is told otherwise (a test holds these to it).
SPEECH_MODEL = "nova-3"
TEXT_MODEL = "gemini-3.5-flash-lite"
LANGUAGES = ("zh", "vi")
_MINUTE = Fraction(60_000)
# For a ledger without history: that pipeline's own prompts over Chinese speech of 250 characters a
# minute, translated to Vietnamese; the low end is hardly any speech, the high end fast talk.
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
    """An amount at the 10 % point, as expected, and at the 90 % point; None: no price is known."""

    low: int | None
    expected: int | None
    high: int | None

    @staticmethod
    def total(each: Iterable[Spread]) -> Spread:
        """All low, all as expected, all high at once; what has no price is left out."""
        spreads = list(each)
        return Spread(
            sum(x.low or 0 for x in spreads),
            sum(x.expected or 0 for x in spreads),
            sum(x.high or 0 for x in spreads),
        )


@dataclass(frozen=True, slots=True)
class Use:
    """One operation on one file. `audio` is in milliseconds, `cost` in pico-dollars."""

    rate: Rate
    calls: int
    audio: Spread
    tokens: Spread
    cost: Spread
    asks: tuple[Ask, ...]
    high_asks: tuple[Ask, ...]


@dataclass(frozen=True, slots=True)
class FilePlan:
    """One file with all that would be done with it."""

    size: AudioSize
    uses: tuple[Use, ...]

    @property
    def tokens(self) -> Spread:
        """All its tokens."""
        return Spread.total(use.tokens for use in self.uses)

    @property
    def cost(self) -> Spread:
        """All its cost, as far as prices are known."""
        return Spread.total(use.cost for use in self.uses)

    @property
    def unpriced(self) -> bool:
        """Whether some of it has no known price."""
        return any(use.cost.expected is None for use in self.uses)

    def task(self, *, high: bool = False) -> Task:
        """Its calls, as the scheduler takes them."""
        asks = (ask for use in self.uses for ask in (use.high_asks if high else use.asks))
        return Task(self.size.name, tuple(asks))


def chosen_rates(
    history: Sequence[Rate], operations: Sequence[str], models: Sequence[str],
    prices: PriceSnapshot,
) -> tuple[Rate, ...]:  # fmt: skip
    """The operations to plan: those named, else the ledger's own, else the assumed ones.

    Raises InvalidInputError for an operation that nothing is known of, or a model without a price.
    """
    known = {rate.operation: rate for rate in (*ASSUMED, *history)}
    unknown = [name for name in operations if name not in known]
    if unknown:
        raise InvalidInputError(
            "--operations", f"nothing is known of {unknown[0][:60]!r}",
            "there are: " + ", ".join(known),
        )  # fmt: skip
    rates = [known[name] for name in dict.fromkeys(operations)] or list(history or ASSUMED)
    for name in models:
        rates = _by_model(rates, name, prices)
    return tuple(rates)


def heard_in(rates: Iterable[Rate], languages: Sequence[str]) -> tuple[Rate, ...]:
    """The rates where sound may be heard once for each language: once at least, so often at most."""
    times = len(dict.fromkeys(languages))
    return tuple(_heard(rate, times) if rate.is_hearing else rate for rate in rates)


def file_plan(
    size: AudioSize, rates: Sequence[Rate], scope: tuple[tuple[str, str], ...], price: Pricer
) -> FilePlan:
    """One file under these rates; of a length that only its size bounds, the low end is nothing."""
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
            "--model", f"no price of {name!r} fits", "quotakeeper prices list shows them all"
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
