"""Checks the arguments of a call, and makes labels and priced figures from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.limits import Limit, applicable, softened
from quotakeeper.domain.money import parse_decimal, pico_from_usd
from quotakeeper.domain.numbers import whole_times
from quotakeeper.domain.units import (
    METERS,
    STORED_KEYS,
    STORED_METERS,
    Quantities,
    check_quantities,
    check_whole,
)
from quotakeeper.domain.usage import CallLabels, Outcome, Provenance, check_label, check_scope
from quotakeeper.engine.call_names import AnyName, Names
from quotakeeper.engine.call_prices import CallPrices, PriceBook
from quotakeeper.engine.call_tags import CallTags
from quotakeeper.engine.policies import Policies
from quotakeeper.errors import InvalidInputError
from quotakeeper.value_classes import dataclass

_TEXT_METERS = {"input_text": "input_tokens", "output_text": "output_tokens"}
_SCALED = ("audio_seconds", "audio_minutes", "session_minutes")
_NOT_COUNTED = frozenset(
    (
        "channels", "provenance", "model_served", "options", "duration_ms", "outcome", "note",
        "cost_usd",
    )
)  # fmt: skip
_PLAIN_FACTS = _NOT_COUNTED - {"channels"}
_AMOUNTS = frozenset((*STORED_METERS, *_SCALED))
QUANTITIES = _AMOUNTS | {*_TEXT_METERS, "quantities"}  # all argument names that give an amount
_MOST_CACHED = 4_096


class TokenCount(Protocol):
    """The parts of a token count that the engine uses."""

    @property
    def tokens(self) -> int:
        """The number of tokens."""

    @property
    def upper_bound(self) -> int:
        """A number of tokens that the real count rarely exceeds."""

    @property
    def provenance(self) -> str:
        """How the count is known: "tokenizer" or "estimated"."""


TokenCounter = Callable[[str], TokenCount]


@dataclass(frozen=True, slots=True)
class PreparedCall:
    """A checked call, with everything that is needed to price it when it is settled."""

    labels: CallLabels
    asked_model: str
    options: Mapping[str, str]
    limits: tuple[Limit, ...]
    policies: Policies


class CallBuilder:
    """Checks and prices calls for one set of limits, prices and policies."""

    def __init__(
        self, limits: tuple[Limit, ...], prices: PriceBook, count: TokenCounter,
        policies: Policies, names: Names | None = None,
    ) -> None:  # fmt: skip
        self.limits = limits
        self._prices = CallPrices(prices, policies.on_unpriced)
        self._count = count
        self.policies = policies
        self.tags = CallTags()
        self.names = names or AnyName()
        self._calls: dict[object, PreparedCall] = {}

    def use(self, limits: tuple[Limit, ...], prices: PriceBook, names: Names) -> None:
        """Check and price calls with other limits, prices and names from now on."""
        self.limits, self.names = limits, names
        self._prices = CallPrices(prices, self.policies.on_unpriced)
        self._calls = {}  # last: a thread that reads the old limits now uses the old dict

    def call(
        self, provider: str, model: str, operation: str, scope: Mapping[str, str] | None,
        options: Mapping[str, str] | None,
    ) -> PreparedCall:  # fmt: skip
        """Check a call. Returns its labels in stored form, and the limits that apply to the call.

        The labels of `CallTags` blocks are added to `scope`. Raises InvalidInputError for a label
        that cannot be stored, and for an unknown provider.
        """
        return self.known(provider, model, operation, self.tags.added_to(scope), options)

    def known(
        self, provider: str, model: str, operation: str, scope: Mapping[str, str] | None,
        options: Mapping[str, str] | None, on_limit: str = "",
    ) -> PreparedCall:  # fmt: skip
        """Do the same as `call`, with labels to which those of `CallTags` blocks are added already.
        `on_limit` is the call's own policy; "" for the policy of the keeper."""
        calls = self._calls  # `use` may replace it meanwhile
        try:
            key = (provider, model, operation, tuple((scope or {}).items()),
                   tuple((options or {}).items()), on_limit)  # fmt: skip
            found = calls.get(key)
        except (TypeError, AttributeError):  # not hashable: `_read` raises the proper error
            return self._read(provider, model, operation, scope, options, on_limit)
        if found is None:
            found = self._read(provider, model, operation, scope, options, on_limit)
            if len(calls) >= _MOST_CACHED:
                calls.clear()
            calls[key] = found
        return found

    def stored(self, labels: CallLabels, options: Mapping[str, str] | None = None) -> PreparedCall:
        """Return a call from the ledger, by its stored labels. Accepts unknown providers."""
        self.names.welcome(labels.provider)
        scope = dict(labels.scope)
        return self.known(labels.provider, labels.model, labels.operation, scope, options)

    def _read(
        self, provider: str, model: str, operation: str, scope: Mapping[str, str] | None,
        options: Mapping[str, str] | None, on_limit: str,
    ) -> PreparedCall:  # fmt: skip
        policies = self.policies.at_a_limit(on_limit)
        provider = check_label(provider, "provider").lower()
        self.names.check_provider(provider)
        asked = check_label(model or "", "model", empty=True)
        labels = CallLabels(
            provider,
            self._prices.book.canonical_model(provider, asked) if asked else "",
            check_label(operation, "operation"),
            check_scope(scope),
        )
        limits = applicable(self.limits, labels)
        if policies.on_limit == "warn":
            limits = tuple(map(softened, limits))
        chosen = {"plan": policies.plan, **(options or {})}
        return PreparedCall(labels, asked, chosen, limits, policies)

    def figures(
        self,
        call: PreparedCall,
        given: Mapping[str, Any],
        at: int,
        *,
        provenance: Provenance | None = None,
        bound: bool = False,
        otherwise: Quantities | None = None,
    ) -> Figures:
        """Return the figures of a call from the arguments `given`, priced at the instant `at`.

        With `bound`, the figures are the upper bound of a call that was not sent yet. The
        provenance is `provenance`, else that in `given`, else the token counter's for texts, else
        "reported". A quantity that is None (the provider did not report it) is taken from
        `otherwise`, and all figures are estimates. Without `otherwise`, None raises
        InvalidInputError. `model_served` and `options` in `given` replace the requested ones for
        pricing. `cost_usd` is the cost that the provider charged, and replaces the price.
        """
        counted_as: Provenance | None = None
        quantities = _whole_numbers(given)
        if quantities is None:
            given = dict(given)
            untold = _fill_in(given, otherwise)
            quantities, counted_as = self._quantities(given, bound=bound)
            if untold:
                provenance = Provenance.ESTIMATED
        served = given.get("model_served") or ""
        if served:
            served = check_label(served, "model_served", empty=True)
        if given.get("cost_usd") is None:
            options, others = call.options, given.get("options")
            if others:
                options = {**options, **_mapping(others, "options")}
            model = served or call.asked_model
            priced_at = self._prices.priced(call, model, quantities, at, options, bound=bound)
            cost_pico, price_id = priced_at.cost_pico, priced_at.price_id
        elif bound:
            raise InvalidInputError("cost_usd", "is not known before the call", "leave it out")
        else:
            cost_pico, price_id = pico_from_usd(given["cost_usd"], "cost_usd"), ""
        known_as = provenance or given.get("provenance") or counted_as or Provenance.REPORTED
        if type(known_as) is not Provenance:
            known_as = _one_of(Provenance, known_as, "provenance")
        outcome = given.get("outcome") or Outcome.OK
        if type(outcome) is not Outcome:
            outcome = _one_of(Outcome, outcome, "outcome")
        duration_ms, note = given.get("duration_ms"), given.get("note")
        return Figures(
            quantities,
            cost_pico,
            price_id,
            known_as,
            outcome,
            served,
            None if duration_ms is None else check_whole(duration_ms, "duration_ms"),
            check_label(note, "note", empty=True) if note else "",
        )

    def price_options(self, price_id: str) -> Mapping[str, str]:
        """The price options in `price_id`, the price id of an event; empty if `price_id` is ""."""
        return self._prices.book.options_of(price_id) if price_id else {}

    def _quantities(
        self, given: Mapping[str, Any], *, bound: bool
    ) -> tuple[dict[str, int], Provenance | None]:
        found: dict[str, Any] = {"requests": 1}
        counted_as: Provenance | None = None
        channels = check_whole(given.get("channels", 1), "channels") or 1
        for name, value in given.items():
            if name in _NOT_COUNTED or (value is None and name in _TEXT_METERS):
                continue
            if name == "quantities":
                found |= _mapping(value)
            elif name in _TEXT_METERS:
                meter_name = _TEXT_METERS[name]
                if given.get(meter_name) is not None:
                    problem = f"cannot be given together with {meter_name}"
                    raise InvalidInputError(name, problem, "give one of them")
                count = self._count(_text(value, name))
                counted_as = Provenance(count.provenance)
                found[meter_name] = count.upper_bound if bound else count.tokens
            elif name in _SCALED:
                meter = METERS[name]
                found[meter.parts[0]] = _scaled(value, name, meter.per_unit) * channels
            elif name in STORED_METERS:
                found[name] = value
            else:
                fix = "one of: " + ", ".join(sorted({*_AMOUNTS, *_TEXT_METERS}))
                raise InvalidInputError(name, "is not a quantity that can be counted", fix)
        return check_quantities(found), counted_as


def _whole_numbers(given: Mapping[str, Any]) -> dict[str, int] | None:
    """Return the checked quantities if all are whole numbers of stored meters; else None."""
    # Nearly every call gives only these, and needs none of the conversions of `_quantities`.
    found: dict[str, Any] = {"requests": 1}
    for name, value in given.items():
        if name in STORED_METERS:
            if value is None:
                return None
            found[name] = value
        elif name == "quantities" and type(value) is dict and value.keys() <= STORED_KEYS:
            found.update(value)
        elif name not in _PLAIN_FACTS:
            return None
    return check_quantities(found)


def _fill_in(given: dict[str, Any], otherwise: Quantities | None) -> bool:
    """Replace quantities that are None with the reserved ones. Returns whether any was None."""
    untold = [name for name, value in given.items() if value is None and name in _AMOUNTS]
    for name in untold:
        if otherwise is None:
            raise InvalidInputError(name, "is None", "give a number, or leave it out")
        del given[name]
        part = METERS[name].parts[0]
        known = {key: n for key, n in otherwise.items() if key.partition("@")[0] == part}
        given["quantities"] = {**_mapping(given.get("quantities") or {}), **known}
    return bool(untold)


def _scaled(value: object, field: str, per_unit: int) -> int:
    number = parse_decimal(value, field)
    if number < 0:
        raise InvalidInputError(field, f"{number} is negative", "give zero or more")
    if number.adjusted() > 12:
        raise InvalidInputError(field, f"{number} is too large", "check the unit")
    return whole_times(number, per_unit)


def _text(value: object, field: str) -> str:
    if not isinstance(value, str):
        raise InvalidInputError(field, f"{type(value).__name__} is not text", "give a string")
    return value


def _mapping(value: object, field: str = "quantities") -> dict[str, Any]:
    if not isinstance(value, Mapping):
        example = '{"input_tokens": 120}' if field == "quantities" else '{"tier": "flex"}'
        raise InvalidInputError(field, "is not a mapping", f"give {example}")
    return {str(key): amount for key, amount in value.items()}


def _one_of(kind: Any, value: object, field: str) -> Any:
    try:
        return kind(value)
    except ValueError:
        raise InvalidInputError(
            field, f"unknown {field} {str(value)[:40]!r}", "one of: " + ", ".join(kind)
        ) from None
