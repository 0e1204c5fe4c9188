"""Prices as dated facts, and the exact arithmetic that turns quantities into a cost.

Everything is a rational number until the very end: the lines of an event are summed exactly and
rounded once, half to even, to whole pico-dollars. Which row applies is decided in
price_selection.py; this file holds what a row is and what a chosen set of rates costs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from fractions import Fraction

from quotakeeper.domain.money import MAX_PICO, PICO_PER_USD, divide_half_even
from quotakeeper.domain.units import METERS, Quantities, split_key
from quotakeeper.domain.windows import moment
from quotakeeper.errors import InvalidInputError

TIERS = ("standard", "batch", "flex", "priority")
MODES = ("prerecorded", "streaming")
LANGUAGES = ("mono", "multi")
PLANS = ("payg", "growth")
KINDS = ("list", "promo", "contract")
VIEWS = ("charged", "list")
ANY_MODEL = "*"  # a row for every model of the provider that is known
NO_MODEL = ""  # the row used when a call names no model
FREE_METERS = frozenset({"requests"})  # counted, and free unless a row says otherwise
ONE = Fraction(1)


def instant_text(at: int) -> str:
    """An instant as it stands in a price id: a date when it is midnight UTC, else RFC 3339."""
    text = moment(at).isoformat().removesuffix("+00:00")
    return text.removesuffix("T00:00:00") if text.endswith("T00:00:00") else text + "Z"


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One price: `usd` for `per` units of `meter`, from an instant on. Rows are never edited.

    `meter` is a name of the METERS list, with "@modality" where the price is for one modality.
    `above` makes the row hold for whole requests of more prompt tokens than that. An empty `mode`,
    `language` or `plan` means any. A row with an `addon` is paid on top of the model's own price.
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
        """The stored quantity this row prices: "audio_minutes" prices "audio_milliseconds"."""
        name, modality = split_key(self.meter)
        stored = METERS[name].parts[0]
        return f"{stored}@{modality}" if modality else stored

    @property
    def rate(self) -> Fraction:
        """Pico-dollars for one base unit (one token, one millisecond), exact."""
        base_units = self.per * METERS[split_key(self.meter)[0]].per_unit
        return Fraction(self.usd) * PICO_PER_USD / base_units

    @property
    def effective_from(self) -> date:
        """The first day (UTC). 1970-01-01: the source knows no earlier price."""
        return moment(self.from_at).date()

    @property
    def options(self) -> dict[str, str]:
        """The options that must be asked for, or are the only ones, for this row to hold."""
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
        """A name no other row has: "gemini/gemini-2.5-pro/input_tokens@2026-10-14#batch"."""
        marks = [*self.options.values(), self.kind]
        if self.above:
            marks.append(f"above-{self.above}")
        if self.own:
            marks.append(f"file-{self.origin}")
        name = self.model or "(none)"
        return f"{self.provider}/{name}/{self.meter}@{instant_text(self.from_at)}#{','.join(marks)}"

    def holds_at(self, at: int) -> bool:
        """Whether the row is in force at an instant: `from_at` included, `until_at` not."""
        return self.from_at <= at and (self.until_at is None or at < self.until_at)


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A factor on rows: a service tier's rule (batch is half), or a discount agreed for an account.

    `tier` is empty for a discount; `meters` empty means every meter; `model` may end in "*".
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
        """Whether it is in force at an instant: `from_at` included, `until_at` not."""
        return self.from_at <= at and (self.until_at is None or at < self.until_at)

    def matches(self, model: str) -> bool:
        """Whether it is about that model."""
        if self.model.endswith("*"):
            return model.startswith(self.model[:-1])
        return self.model == model

    def applies(self, model: str, key: str, at: int) -> bool:
        """Whether it is for that model and stored quantity at that instant."""
        if not self.holds_at(at) or not self.matches(model):
            return False
        return not self.meters or split_key(key)[0] in self.meters


@dataclass(frozen=True, slots=True)
class Priced:
    """What an event costs. `cost_pico` is None when something in it has no price: never a silent 0.

    `unpriced` names the quantities without a price, or ("model",) when the model is not known.
    """

    cost_pico: int | None
    price_id: str
    unpriced: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PriceOptions:
    """How a call was made, as far as its price depends on it. Empty: not said."""

    tier: str = "standard"
    mode: str = ""
    language: str = ""
    addons: tuple[str, ...] = ()
    plan: str = "payg"
    kind: str = "charged"

    @classmethod
    def read(cls, options: Mapping[str, str]) -> PriceOptions:
        """Check options as a caller gives them; raises InvalidInputError naming the option."""
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
        """What differs from the default, as it stands in a price id."""
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
        """The options that `marks` came from."""
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
    """One row at work: the quantity it prices, and every factor on it."""

    key: str
    row: PriceRow
    factor: Fraction = ONE

    @property
    def rate(self) -> Fraction:
        """Pico-dollars for one base unit after every factor."""
        return self.row.rate * self.factor

    @property
    def usd(self) -> Fraction:
        """US dollars for `row.per` units after every factor, exact."""
        return Fraction(self.row.usd) * self.factor


def cost_of(amounts: Quantities, rates: Mapping[str, tuple[int, int]]) -> int:
    """Sum amount times rate over all lines exactly, and round once, half to even.

    `rates` has a numerator and a denominator for every key of `amounts`. Raises InvalidInputError
    when the cost is more than can be stored (about 9.2 million USD).
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
            "quantities", "cost more than can be stored", "the most is 9,223,372 USD an event"
        )
    return cost
