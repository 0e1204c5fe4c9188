"""Names of providers and models for labels: known names only, so that no client can add series."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from quotakeeper.providers.directory import provider_names
from quotakeeper.telemetry.exposition import OTHER, label_value
from quotakeeper.telemetry.usage_sums import NO_MODEL

if TYPE_CHECKING:
    from quotakeeper import Keeper


class ClosedNames:
    """The providers and models that prices, adapters and the config name. All others are "other"."""

    def __init__(self, keeper: Keeper) -> None:
        self._prices = keeper.prices
        self._providers = frozenset(
            (*keeper.settings.providers, *self._prices.snapshot.providers(), *provider_names())
        )
        self._limited = frozenset((each.provider, each.model) for each in keeper.settings.limits)
        self._models: dict[str, Collection[str]] = {}

    def __call__(self, provider: str, model: str) -> tuple[str, str]:
        """Return the provider and the model under which a call is shown."""
        if provider not in self._providers:
            return OTHER, OTHER if model else NO_MODEL
        if not model:
            return label_value(provider), NO_MODEL
        models = self._models.get(provider)
        if models is None:
            models = self._models[provider] = frozenset(self._prices.snapshot.models(provider))
        is_known = model in models or (provider, model) in self._limited
        return label_value(provider), label_value(model) if is_known else OTHER
