"""Calculates what the same calls would have cost on another model.

Each call is priced at its own time, with its own quantities (tokens, audio). Another model would
use other quantities, so the result is assumed. If the other model has no price for a call, neither
of the two sums contains the call.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from quotakeeper.catalogue import PriceSnapshot
from quotakeeper.domain.forecasting.status import UsageRow, add_up
from quotakeeper.domain.forecasting.time_buckets import of_one
from quotakeeper.domain.money import usd_text
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.errors import InvalidInputError
from quotakeeper.value_classes import dataclass, field, replace

if TYPE_CHECKING:
    from quotakeeper import Keeper

_BASIS = "the same quantities, call by call, at the list price of each call's own day"
_FLAG = "--as-if"


@dataclass(frozen=True, slots=True)
class AsIf:
    """The costs of the same calls on another model and on their own model.

    The keys of each dict are the keys of report rows. `repriced` has the costs on the other model,
    `compared` the actual costs of the same calls. `left_out` counts the calls that cannot be
    compared.
    """

    provider: str
    model: str
    repriced: dict[tuple[str, ...], UsageRow] = field(default_factory=dict)
    compared: dict[tuple[str, ...], UsageRow] = field(default_factory=dict)
    left_out: dict[tuple[str, ...], int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The other model, as "provider/model"."""
        return f"{self.provider}/{self.model}"

    @property
    def basis(self) -> str:
        """How the costs are computed."""
        return _BASIS

    def record(self, keys: list[tuple[str, ...]]) -> dict[str, object]:
        """Return the comparison over the report rows `keys` as a JSON record."""
        repriced, compared, left_out = self.sums(keys)
        return {
            "as_if_cost_usd": None if repriced is None else usd_text(repriced),
            "as_if_compared_cost_usd": None if compared is None else usd_text(compared),
            "as_if_left_out_calls": left_out,
        }

    def sums(self, keys: list[tuple[str, ...]]) -> tuple[int | None, int | None, int]:
        """Return the cost on the other model, the actual cost, and the number of calls left out.

        Each figure is added up over the report rows `keys`. Costs are in pico-dollars, or None if
        no call can be compared.
        """
        left_out = sum(self.left_out.get(key, 0) for key in keys)
        repriced = [self.repriced[key].cost_pico for key in keys if key in self.repriced]
        compared = [self.compared[key].cost_pico for key in keys if key in self.compared]
        if not repriced:
            return None, None, left_out
        return sum(repriced), sum(compared), left_out


def asked_model(text: str, snapshot: PriceSnapshot) -> tuple[str, str]:
    """Parse `model=NAME` or `model=PROVIDER/NAME` into the provider and the model.

    Raises InvalidInputError if the model has no price, or if several providers have it.
    """
    name = text.removeprefix("model=").strip()
    wanted, _, rest = name.rpartition("/")
    providers = [wanted] if wanted in snapshot.providers() else snapshot.providers()
    model = rest if wanted in snapshot.providers() else name
    found = [each for each in providers if model and snapshot.is_known(each, model)]
    if not found:
        fix = "to see all models with a price: quotakeeper prices list"
        raise InvalidInputError(_FLAG, f"no price is known for {name[:80]!r}", fix)
    if len(found) > 1:
        fix = "write " + " or ".join(f"model={each}/{model}" for each in found)
        raise InvalidInputError(_FLAG, f"several providers have a model {name[:80]!r}", fix)
    return found[0], snapshot.canonical_model(found[0], model)


def as_if(
    keeper: Keeper, text: str, by: tuple[str, ...], since: int | None, until: int | None
) -> AsIf:
    """Price the calls of `[since, until)` on the model that `text` names.

    Instants are microseconds since 1970 UTC; None means no bound. `by` are the dimensions of the
    report. Raises InvalidInputError like `asked_model`.
    """
    snapshot = keeper.prices.snapshot
    provider, model = asked_model(text, snapshot)
    found = AsIf(provider, model)
    pairs = list(_repriced(keeper, snapshot, found, since, until))
    both = [pair for pair in pairs if pair[1] is not None and pair[0].cost_pico is not None]
    for rows, events in (
        (found.compared, [event for event, _ in both]),
        (found.repriced, [replace(event, cost_pico=cost) for event, cost in both]),
    ):
        rows.update((row.key, row) for row in add_up(map(of_one, events), by, keeper.zone))
    others = [event for event, cost in pairs if cost is None or event.cost_pico is None]
    for row in add_up(map(of_one, others), by, keeper.zone):
        found.left_out[row.key] = row.calls
    return found


def _repriced(
    keeper: Keeper, snapshot: PriceSnapshot, found: AsIf, since: int | None, until: int | None
) -> Iterator[tuple[UsageEvent, int | None]]:
    for event in keeper.events(since=since, until=until):
        quantities = event.quantities
        priced = snapshot.price(found.provider, found.model, quantities, event.at)
        yield event, priced.cost_pico
