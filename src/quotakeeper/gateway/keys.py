"""Looks up the keys of clients on the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol, TypeVar

from quotakeeper.app.virtual_keys.presenting import PresentedKey
from quotakeeper.domain.keys.key_refusals import REFUSAL_TEXT, KeyRefusal, KeyRefusalCode
from quotakeeper.errors import LedgerError
from quotakeeper.gateway.answers import GatewayAnswerError

_STATUS = 401
LOOKUP_SECONDS = 5.0  # a look-up that takes longer is given up
T = TypeVar("T")


class KeyRing(Protocol):
    """Looks up the keys that clients present. `KeyPresenter` implements it."""

    def present_cached(self, secret: object) -> PresentedKey | KeyRefusal | None:
        """Return the key or its refusal if no query is needed; else None."""

    def present(self, secret: object) -> PresentedKey | KeyRefusal:
        """Return the key or its refusal. May block, and may raise LedgerError."""

    def again(self, presented: PresentedKey) -> PresentedKey | KeyRefusal:
        """Ask again about a key that was accepted. May block, and may raise LedgerError."""

    def judged(self, presented: PresentedKey) -> PresentedKey | KeyRefusal:
        """Judge a key as it was read when it was accepted, without a query."""

    def check(self) -> None:
        """Look up a key that does not exist. May block, and may raise LedgerError."""


async def known_key(ring: KeyRing, secret: str, address: str) -> PresentedKey:
    """Return the key of a secret. Raises GatewayAnswerError (401, 403, 503).

    A client with a secret that no key has learns nothing else. `address` is that of the client.
    """
    found = ring.present_cached(secret)
    if found is None:
        try:
            found = await looked_up(lambda: ring.present(secret))
        except (LedgerError, TimeoutError):
            raise _unreadable() from None
    return _allowed(found, address)


async def looked_up(act: Callable[[], T]) -> T:
    """Return the result of a look-up, which runs in a thread. Raises TimeoutError, LedgerError."""
    return await asyncio.wait_for(asyncio.to_thread(act), LOOKUP_SECONDS)


def _unreadable() -> GatewayAnswerError:
    text = "the ledger cannot be read now, so no key can be checked"
    return GatewayAnswerError(503, "ledger_unavailable", text)


def _allowed(found: PresentedKey | KeyRefusal, address: str) -> PresentedKey:
    if isinstance(found, KeyRefusal):
        raise GatewayAnswerError(_STATUS, found.code, found.text)
    if not found.key.allows_address(address):
        text = f"the key {found.key.name!r} may not be used from this address"
        raise GatewayAnswerError(403, "address_not_allowed", text)
    return found


async def again(ring: KeyRing, presented: PresentedKey, address: str) -> PresentedKey:
    """Ask again about a key that was accepted before. Raises GatewayAnswerError as `known_key`."""
    try:
        found = await looked_up(lambda: ring.again(presented))
    except (LedgerError, TimeoutError):
        raise _unreadable() from None
    return _allowed(found, address)


def no_key() -> GatewayAnswerError:
    """Return the answer for a request without a key: the same as for an unknown key."""
    return GatewayAnswerError(_STATUS, KeyRefusalCode.INVALID, REFUSAL_TEXT)
