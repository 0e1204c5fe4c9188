"""What the gateway needs to know about the keys of its clients.

A `KeyRing` looks keys up. Where the keys are kept is no matter of the gateway.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Protocol

from quotakeeper.value_classes import dataclass, field

KEY_LABEL, PROJECT_LABEL = "key", "project"
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class PresentedKey:
    """A key that may be used now.

    - `name`, `project`, `labels`: become labels of each call, so limits with these labels apply.
    - `providers`: the providers that the key may call; None: all.
    - `models`: patterns of models, such as `gemini-2.5-*`; None: all; empty: none.
    - `concurrency`: the most calls at once; None: any number.
    """

    name: str
    project: str = ""
    labels: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    providers: frozenset[str] | None = None
    models: tuple[str, ...] | None = None
    concurrency: int | None = None

    @property
    def scope(self) -> dict[str, str]:
        """The labels of a call with this key."""
        project = {PROJECT_LABEL: self.project} if self.project else {}
        return {**self.labels, **project, KEY_LABEL: self.name}

    def may_call(self, provider: str) -> bool:
        """Return whether the key may call a provider."""
        return self.providers is None or provider in self.providers

    def may_use(self, model: str) -> bool:
        """Return whether the key may use a model. "" is a request that names no model."""
        if self.models is None:
            return True
        if not model:
            return bool(self.models)
        return any(fnmatchcase(model, pattern) for pattern in self.models)


@dataclass(frozen=True, slots=True)
class KeyRefusal:
    """Why a key may not be used. `code` is for programs: unknown, revoked, disabled or expired."""

    code: str
    text: str


UNKNOWN = KeyRefusal("unknown", "the key is not valid")


class KeyRing(Protocol):
    """Looks up the keys that clients present."""

    def present(self, secret: str) -> PresentedKey | KeyRefusal:
        """Return the key with a secret, or why it may not be used. Never waits long: the event loop
        calls it."""


class StaticKeys:
    """Keys that are fixed when the gateway starts. Keeps only digests of the secrets."""

    def __init__(self, keys: Sequence[tuple[str, PresentedKey]] = ()) -> None:
        self._keys: dict[bytes, PresentedKey | KeyRefusal] = {_digest(s): key for s, key in keys}

    def present(self, secret: str) -> PresentedKey | KeyRefusal:
        """Return the key with a secret, or why it may not be used."""
        return self._keys.get(_digest(secret), UNKNOWN)

    def refuse(self, secret: str, refusal: KeyRefusal) -> None:
        """Refuse a key from now on."""
        self._keys[_digest(secret)] = refusal


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
