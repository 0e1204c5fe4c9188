"""The names that a limit or a call may carry: providers and models, and the nearest to a wrong one.

A provider is known by an adapter (built in or a plug-in), by a price, or because the setting
`providers` declares it. A model is known by a price or by an alias of one. Models of a provider
without any price are not checked: nobody has a list of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from quotakeeper.domain.limits import Limit
from quotakeeper.errors import InvalidInputError

_HERE = Path(__file__).parent
_UNLISTED = "(for one that is new or your own: unlisted = true in the limit)"


class ModelCatalogue(Protocol):
    """What is asked of the prices."""

    def providers(self) -> list[str]:
        """The providers that a price file names."""

    def models(self, provider: str) -> list[str]:
        """The models of a provider that have a price."""

    def is_known(self, provider: str, model: str) -> bool:
        """Whether a model, or an alias of one, has a price."""

    def canonical_model(self, provider: str, model: str) -> str:
        """The name a model is counted under."""


class CatalogueHolder(Protocol):
    """Has the catalogue, and reads it when it is first asked for."""

    @property
    def snapshot(self) -> ModelCatalogue:
        """The catalogue. Raises ConfigError when a price file is wrong."""


class KnownNames:
    """Tells whether the names in a limit or a call exist. `declared` are the setting `providers`."""

    def __init__(self, declared: Iterable[str], prices: CatalogueHolder) -> None:
        self._found = set(declared)
        self._prices = prices

    def welcome(self, provider: str) -> None:
        """Take a provider as known: an adapter has made a call of it."""
        self._found.add(provider)

    def knows(self, provider: str) -> bool:
        """Whether a provider exists. The catalogue and the plug-ins are read where they must be."""
        if provider in self._found:
            return True
        known = (
            _has_own_prices(provider)
            or provider in self._prices.snapshot.providers()
            or provider in _adapter_names()
        )
        if known:
            self._found.add(provider)
        return known

    def check_provider(self, provider: str) -> None:
        """Raise InvalidInputError, with the nearest name, for a provider that is not known."""
        if not self.knows(provider):
            known = {*self._found, *self._prices.snapshot.providers(), *_adapter_names()}
            raise InvalidInputError(
                "provider",
                f"unknown provider {provider[:60]!r}",
                f"{nearest_text(provider, known)} (one without adapter and price is declared: "
                f'providers = ["{provider[:60]}"] in the config)',
            )

    def check_limit(self, limit: Limit) -> None:
        """Raise InvalidInputError for a limit that no call can match. Its field is the key."""
        if limit.provider:
            self.check_provider(limit.provider)
        if limit.model and not limit.unlisted:
            self._check_model(limit.provider, limit.model)

    def _check_model(self, provider: str, model: str) -> None:
        catalogue = self._prices.snapshot
        providers = [provider] if provider else catalogue.providers()
        listed = {name for each in providers for name in catalogue.models(each)}
        if not listed or _matches(model, listed):
            return
        if provider and not model.endswith("*") and catalogue.is_known(provider, model):
            return
        names = {catalogue.canonical_model(each, model) for each in providers} & listed
        # An alias is counted under its model's name, so a limit must carry that name.
        near = f"did you mean {min(names)!r}?" if names else nearest_text(model, listed)
        of = f" of {provider}" if provider else ""
        raise InvalidInputError(
            "model", f"{model[:80]!r} matches no known model{of}", f"{near} {_UNLISTED}"
        )


def nearest(word: str, known: Iterable[str], cutoff: float = 0.5) -> str:
    """The known name that is most like a word; "" when none is."""
    from difflib import get_close_matches  # noqa: PLC0415 - slow to load, and only errors need it

    by_lower = {name.lower(): name for name in sorted(known, reverse=True)}
    found = get_close_matches(word[:80].lower(), by_lower, n=1, cutoff=cutoff)
    return by_lower[found[0]] if found else ""


def nearest_text(word: str, known: Iterable[str]) -> str:
    """A question that names the nearest known name; where none is near, all there are."""
    names = sorted(known)
    near = nearest(word.rstrip("*"), names)
    if near:
        return f"did you mean {near!r}?"
    return f"known: {', '.join(names[:12])}" + (", ..." if len(names) > 12 else "")


def _matches(model: str, listed: Iterable[str]) -> bool:
    if not model.endswith("*"):
        return model in listed
    return any(name.startswith(model[:-1]) for name in listed)


def _has_own_prices(provider: str) -> bool:
    """Whether a price file of the package is named after a provider: asked for most, so not read."""
    return provider.isidentifier() and (_HERE / "catalogue" / "data" / f"{provider}.toml").is_file()


def _adapter_names() -> set[str]:
    from quotakeeper.providers.registry import adapters  # noqa: PLC0415 - loads every adapter

    return {adapter.name for adapter in adapters()}
