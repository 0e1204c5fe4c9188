"""Maps the many ways to write a model's name to the name in the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from quotakeeper.value_classes import dataclass, field

_NO_OPTIONS: Mapping[str, str] = MappingProxyType({})
# "-002", "-latest", "-preview", "-preview-05-20", "-preview-09-2025", "-exp-0827", "-20250929", "@001" ...
_SUFFIX = (
    r"(-latest|-00[0-9]|-preview|-exp|-[0-9]{2}-[0-9]{2}|-[0-9]{2}-[0-9]{4}|-[0-9]{4}"
    r"|-[0-9]{8}|-[0-9]{4}-[0-9]{2}-[0-9]{2}|@[a-z0-9]+)\Z"
)
_MOST_SUFFIXES = 4
_MOST_PREFIXES = 2


@dataclass(frozen=True, slots=True)
class Alias:
    """Another name of a model. A `name` that ends in "*" matches every name with that beginning.

    `options` are the price options that the name implies, such as a language for "-multilingual".
    `origin` is the file and table of the alias, for error messages.
    """

    provider: str
    name: str
    model: str
    options: Mapping[str, str] = field(default_factory=lambda: _NO_OPTIONS)
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Prefix:
    """A prefix that other tools put before a provider's model names: "vertex_ai/", "google-gla:"."""

    provider: str
    name: str


@dataclass(frozen=True, slots=True)
class ResolvedModel:
    """The catalogue's name of a model.

    `known` is False if the catalogue does not have the model. `options` are the price options that
    the given name implies.
    """

    model: str
    known: bool
    options: Mapping[str, str] = field(default_factory=lambda: _NO_OPTIONS)


def strip_path(model: str, prefixes: Iterable[str]) -> str:
    """Remove resource paths, and at most two of the `prefixes`, from the start of a model name.

    "models/gemini-2.5-pro" gives "gemini-2.5-pro". The path of a tuned model stays whole.
    """
    name = model.strip()
    for _ in range(_MOST_PREFIXES):
        prefix = next((prefix for prefix in prefixes if name.startswith(prefix)), "")
        name = name[len(prefix) :]
    if name.startswith("models/"):
        return name[len("models/") :]
    head, found, tail = name.rpartition("/models/")
    return tail if found and (not head or "publishers/" in head) else name


class ModelNames:
    """Finds the model in the catalogue for each spelling of a model name."""

    def __init__(
        self,
        models: Mapping[str, frozenset[str]],
        aliases: list[Alias],
        prefixes: Iterable[Prefix] = (),
    ) -> None:
        self._models = models
        self._in_front: dict[str, tuple[str, ...]] = {}
        for prefix in prefixes:
            known = self._in_front.get(prefix.provider, ())
            self._in_front[prefix.provider] = (*known, prefix.name)
        self._exact: dict[tuple[str, str], Alias] = {}
        self._prefixes: dict[str, list[Alias]] = {}
        for alias in aliases:
            if alias.name.endswith("*"):
                self._prefixes.setdefault(alias.provider, []).append(alias)
            else:
                self._exact[alias.provider, alias.name] = alias
        for found in self._prefixes.values():
            found.sort(key=lambda alias: -len(alias.name))

    def resolve(self, provider: str, model: str) -> ResolvedModel:
        """Return the catalogue's name of a model.

        For an unknown model, `known` is False and `model` is the given name without paths and
        prefixes.
        """
        if not model.strip():
            return ResolvedModel("", "" in self._models.get(provider, frozenset()))
        stripped = strip_path(model, (f"{provider}/", *self._in_front.get(provider, ())))
        name = stripped
        for _ in range(_MOST_SUFFIXES + 1):
            found = self._find(provider, name) or self._find(provider, name.lower())
            if found:
                return found
            shorter = re.sub(_SUFFIX, "", name)
            if shorter == name:
                break
            name = shorter
        return ResolvedModel(stripped or model.strip(), False)

    def _find(self, provider: str, name: str) -> ResolvedModel | None:
        if name and name in self._models.get(provider, frozenset()):
            return ResolvedModel(name, True)
        alias = self._exact.get((provider, name))
        if alias is None:
            for candidate in self._prefixes.get(provider, ()):
                if name.startswith(candidate.name[:-1]):
                    alias = candidate
                    break
        return None if alias is None else ResolvedModel(alias.model, True, alias.options)
