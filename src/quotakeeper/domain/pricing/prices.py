"""Price rows with dates, and the exact arithmetic from quantities to cost.

All amounts are rational numbers. The prices of an event are summed exactly and rounded once, half
to even, to whole pico-dollars. The module `selection` decides which price row applies.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction

from quotakeeper.domain.money import MAX_PICO, PICO_PER_USD, divide_half_even
from quotakeeper.domain.units import METERS, Quantities, split_key
from quotakeeper.domain.windows import moment
from quotakeeper.errors import InvalidInputError
from quotakeeper.value_classes import dataclass, fields

TIERS = ("standard", "batch", "flex", "priority")
MODES = ("prerecorded", "streaming")
LANGUAGES = ("mono", "multi")
PLANS = ("payg", "growth")
KINDS = ("list", "promo", "contract")
VIEWS = ("charged", "list")
ANY_MODEL = "*"  # a row for every known model of the provider
NO_MODEL = ""  # the row for a call that names no model
FREE_METERS = frozenset({"requests"})  # counted; free unless a row prices it
ONE = Fraction(1)


def instant_text(at: int) -> str:
    """Return an instant as price ids contain it: a date for midnight UTC, else RFC 3339."""
    text = moment(at).isoformat().removesuffix("+00:00")
    return text.removesuffix("T00:00:00") if text.endswith("T00:00:00") else text + "Z"


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One price: `usd` for `per` units of `meter`, valid from `from_at` on. Rows are never edited.

    `meter` is a name in METERS, with "@modality" if the price is for one modality. If `above` is
    not 0, the row is only for requests with more than `above` prompt tokens. An empty `mode`,
    `language` or `plan` matches any. The price of a row with an `addon` is added to the model's own
    price.
    """

    provider: str
    model: str
    meter: str
    usd: Decimal
    per: int
    from_at: int
    source: str
    confidence: str
    kind: str = "list"
    until_at: int | None = None
    tier: str = "standard"
    mode: str = ""
    language: str = ""
    plan: str = ""
    addon: str = ""
    above: int = 0
    note: str = ""
    origin: str = ""
    own: bool = False

    @property
    def key(self) -> str:
        """The stored quantity that this row prices. For the meter "audio_minutes", it is
        "audio_milliseconds".
        """
        name, modality = split_key(self.meter)
        stored = METERS[name].parts[0]
        return f"{stored}@{modality}" if modality else stored

    @property
    def rate(self) -> Fraction:
        """The exact price of one base unit (one token, one millisecond), in pico-dollars."""
        base_units = self.per * METERS[split_key(self.meter)[0]].per_unit
        return Fraction(self.usd) * PICO_PER_USD / base_units

    @property
    def effective_from(self) -> date:
        """The first day (UTC) on which the row is valid; 1970-01-01 if the source states no start."""
        return moment(self.from_at).date()

    @property
    def options(self) -> dict[str, str]:
        """The price options, by name, that a call must have for this row; empty if the row is for
        every call.
        """
        given = {
            "tier": "" if self.tier == "standard" else self.tier,
            "mode": self.mode,
            "language": self.language,
            "plan": self.plan,
            "addons": self.addon,
        }
        return {name: value for name, value in given.items() if value}

    @property
    def id(self) -> str:
        """The unique name of the row: "gemini/gemini-2.5-pro/input_tokens@2026-10-14#batch"."""
        marks = [*self.options.values(), self.kind]
        if self.above:
            marks.append(f"above-{self.above}")
        if self.own:
            marks.append(f"file-{self.origin}")
        name = self.model or "(none)"
        return f"{self.provider}/{name}/{self.meter}@{instant_text(self.from_at)}#{','.join(marks)}"

    def holds_at(self, at: int) -> bool:
        """Return whether the row is valid at `at`: from `from_at`, and before `until_at`."""
        return self.from_at <= at and (self.until_at is None or at < self.until_at)


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A factor on prices: the rule of a service tier (batch costs half), or a discount for an
    account.

    `tier` is "" for a discount. Empty `meters` mean every meter. `model` may end in "*".
    """

    provider: str
    model: str
    factor: Fraction
    from_at: int
    source: str
    confidence: str
    tier: str = ""
    meters: tuple[str, ...] = ()
    until_at: int | None = None
    note: str = ""
    origin: str = ""
    own: bool = False

    def holds_at(self, at: int) -> bool:
        """Return whether the factor is valid at `at`: from `from_at`, and before `until_at`."""
        return self.from_at <= at and (self.until_at is None or at < self.until_at)

    def matches(self, model: str) -> bool:
        """Return whether the factor is for `model`."""
        if self.model.endswith("*"):
            return model.startswith(self.model[:-1])
        return self.model == model

    def applies(self, model: str, key: str, at: int) -> bool:
        """Return whether the factor is for this model and stored quantity at instant `at`."""
        if not self.holds_at(at) or not self.matches(model):
            return False
        return not self.meters or split_key(key)[0] in self.meters


@dataclass(frozen=True, slots=True)
class Priced:
    """The cost of an event. `cost_pico` is None, never 0, if one of its quantities has no price.

    `unpriced` names the quantities and add-ons without a price. It is ("model",) or ("provider",)
    if the model or the provider is not known.
    """

    cost_pico: int | None
    price_id: str
    unpriced: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PriceOptions:
    """The properties of a call on which its price depends. An empty text means: not specified."""

    tier: str = "standard"
    mode: str = ""
    language: str = ""
    addons: tuple[str, ...] = ()
    plan: str = "payg"
    kind: str = "charged"

    @classmethod
    def read(cls, options: Mapping[str, str]) -> PriceOptions:
        """Return the price options in a mapping. Raises InvalidInputError for an invalid option."""
        known = {
            "tier": TIERS, "mode": MODES, "language": LANGUAGES, "plan": PLANS, "kind": VIEWS,
        }  # fmt: skip
        chosen: dict[str, str] = {}
        addons: tuple[str, ...] = ()
        for name, value in options.items():
            if not isinstance(value, str):
                raise InvalidInputError(f"options.{name}", "is not text", "give a string")
            if name == "addons":
                addons = tuple(sorted({part.strip() for part in value.split(",")} - {""}))
            elif name not in known:
                raise InvalidInputError(
                    f"options.{str(name)[:60]}",
                    "is not a price option",
                    "one of: " + ", ".join([*known, "addons"]),
                )
            elif value and value not in known[name]:
                raise InvalidInputError(
                    f"options.{name}",
                    f"unknown {value[:60]!r}",
                    "one of: " + ", ".join(known[name]),
                )
            elif value:
                chosen[name] = value
        return cls(**chosen, addons=addons)

    def marks(self) -> list[str]:
        """Return the options that differ from the defaults, as price ids contain them."""
        given = [
            self.tier,
            self.mode,
            self.language,
            "" if self.plan == "payg" else self.plan,
            "" if self.kind == "charged" else self.kind,
            *(f"addon-{name}" for name in self.addons),
        ]
        return [mark for mark in given if mark]

    @classmethod
    def from_marks(cls, marks: list[str]) -> PriceOptions:
        """Return the options from which `marks` were made."""
        values: dict[str, str] = {}
        choices = {
            "tier": TIERS,
            "mode": MODES,
            "language": LANGUAGES,
            "plan": PLANS,
            "kind": VIEWS,
        }
        for mark in marks:
            for field in fields(cls):
                if mark in choices.get(field.name, ()):
                    values[field.name] = mark
        addons = tuple(mark[6:] for mark in marks if mark.startswith("addon-"))
        return cls(**values, addons=addons)


@dataclass(frozen=True, slots=True)
class PriceLine:
    """A price row that applies, the quantity that it prices, and the product of all factors on its
    price.
    """

    key: str
    row: PriceRow
    factor: Fraction = ONE

    @property
    def rate(self) -> Fraction:
        """The price of one base unit after every factor, in pico-dollars."""
        return self.row.rate * self.factor

    @property
    def usd(self) -> Fraction:
        """The exact price of `row.per` units after every factor, in US dollars."""
        return Fraction(self.row.usd) * self.factor


def cost_of(amounts: Quantities, rates: Mapping[str, tuple[int, int]]) -> int:
    """Return the sum of amount times rate over all quantities, rounded once, half to even.

    `rates` has a numerator and a denominator for every key of `amounts`. Raises InvalidInputError
    if the cost exceeds what the ledger can store (about 9.2 million USD).
    """
    total, denominator = 0, 1
    for key, amount in amounts.items():
        rate, per = rates[key]
        if per == denominator:
            total += amount * rate
        else:
            total = total * per + amount * rate * denominator
            denominator *= per
    cost = total if denominator == 1 else divide_half_even(total, denominator)
    if cost > MAX_PICO:
        raise InvalidInputError(
            "quantities",
            "cost more than the ledger can store",
            "the most is 9,223,372 USD for one event",
        )
    return cost
