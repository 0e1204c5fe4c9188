"""Checks provider and model names in limits and calls, and suggests the most similar known name.

A provider is known if it has an adapter (built in or a plug-in) or a price, or if the setting
`providers` declares it. A model is known if it, or an alias of it, has a price. Models of a
provider without prices are not checked, because there is no list of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from quotakeeper.domain.limits import Limit
from quotakeeper.errors import InvalidInputError

_HERE = Path(__file__).parent
_UNLISTED = "(for a new or private model, set unlisted = true in the limit)"


class ModelCatalogue(Protocol):
    """The parts of the price catalogue that this module uses."""

    def providers(self) -> list[str]:
        """The providers with a price file."""

    def models(self, provider: str) -> list[str]:
        """The models of a provider that have a price."""

    def is_known(self, provider: str, model: str) -> bool:
        """Whether a model, or an alias of it, has a price."""

    def canonical_model(self, provider: str, model: str) -> str:
        """The model name that calls are counted under. For an alias, it is the name of the aliased
        model."""


class CatalogueHolder(Protocol):
    """An object that reads the price catalogue on first use."""

    @property
    def snapshot(self) -> ModelCatalogue:
        """The catalogue. Raises ConfigError if a price file is not valid."""


class KnownNames:
    """Checks whether names in limits and calls exist. `declared` is the setting `providers`."""

    def __init__(self, declared: Iterable[str], prices: CatalogueHolder) -> None:
        self._found = set(declared)
        self._prices = prices

    def welcome(self, provider: str) -> None:
        """Add `provider` to the known names, because an adapter has read a call to this
        provider."""
        self._found.add(provider)

    def knows(self, provider: str) -> bool:
        """Whether a provider exists. Reads the catalogue and the plug-ins only if needed."""
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
        """Raise InvalidInputError for an unknown provider. The message suggests the most similar
        name."""
        if not self.knows(provider):
            known = {*self._found, *self._prices.snapshot.providers(), *_adapter_names()}
            raise InvalidInputError(
                "provider",
                f"unknown provider {provider[:60]!r}",
                f"{nearest_text(provider, known)} (for a provider that quotakeeper does not know, set "
                f'providers = ["{provider[:60]}"] in the config)',
            )

    def check_limit(self, limit: Limit) -> None:
        """Raise InvalidInputError for a limit that no call can match.

        The `field` of the error is the limit's key with the unknown name: "provider" or "model".
        """
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
        # An alias counts under its model's name, so a limit must use that name.
        near = f"did you mean {min(names)!r}?" if names else nearest_text(model, listed)
        of = f" of {provider}" if provider else ""
        raise InvalidInputError(
            "model", f"{model[:80]!r} matches no known model{of}", f"{near} {_UNLISTED}"
        )


def nearest(word: str, known: Iterable[str], cutoff: float = 0.5) -> str:
    """The name in `known` that is most similar to `word`; "" if no name is similar."""
    from difflib import get_close_matches  # noqa: PLC0415 - slow to import, and only errors need it

    by_lower = {name.lower(): name for name in sorted(known, reverse=True)}
    found = get_close_matches(word[:80].lower(), by_lower, n=1, cutoff=cutoff)
    return by_lower[found[0]] if found else ""


def nearest_text(word: str, known: Iterable[str]) -> str:
    """Return "did you mean 'gemini'?" for the most similar name in `known`.

    If no name is similar, return a list of the first 12 names instead.
    """
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
    """Whether the package has a price file for this provider. Does not read the file, to be
    fast."""
    return provider.isidentifier() and (_HERE / "catalogue" / "data" / f"{provider}.toml").is_file()


def _adapter_names() -> set[str]:
    from quotakeeper.providers.directory import provider_names  # noqa: PLC0415 - few need it

    return set(provider_names())
