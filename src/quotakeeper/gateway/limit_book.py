"""The limits of a gateway: those of its config, and those that belong to the keys it has seen."""

from __future__ import annotations

import asyncio

from quotakeeper.app.virtual_keys.key_limits import limits_owned_by
from quotakeeper.domain.keys.virtual_key import VirtualKey
from quotakeeper.errors import LedgerError
from quotakeeper.gateway.answers import GatewayAnswerError
from quotakeeper.keeper import Keeper
from quotakeeper.keeper_limits import (
    CheckedConfig,
    give_back_leases,
    keep_balances,
    present_config,
    use_config,
)


class LimitBook:
    """Puts limits in force. A key's limits are in force before its first call is reserved.

    A key is read again at least every 4 seconds. So a limit that another process has changed is in
    force here within that time.
    """

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._config = present_config(keeper)
        self._keys: dict[str, VirtualKey] = {}  # id -> a key that has limits, or had some
        self._changing = asyncio.Lock()

    def knows(self, key: VirtualKey) -> bool:
        """Return whether the limits of a key are in force."""
        known = self._keys.get(key.id)
        if known is None:
            return not key.limits
        return known is key or (known.limits == key.limits and known.name == key.name)

    async def learn(self, key: VirtualKey) -> None:
        """Put the limits of a key in force. Raises LedgerError."""
        async with self._changing:
            if self.knows(key):
                return
            limits = limits_owned_by(self._config.settings, key)
            await asyncio.to_thread(keep_balances, self._keeper, limits)
            self._keys[key.id] = key
            await self._use(self._config)

    async def use(self, config: CheckedConfig) -> None:
        """Put a checked config in force, in one step. Raises LedgerError."""
        async with self._changing:
            await asyncio.to_thread(keep_balances, self._keeper, config.limits)
            await self._use(config)

    async def _use(self, config: CheckedConfig) -> None:
        self._config = config
        of_keys = [
            limit for key in self._keys.values() for limit in limits_owned_by(config.settings, key)
        ]
        use_config(self._keeper, config, of_keys)
        await asyncio.to_thread(give_back_leases, self._keeper)


async def limits_in_force(book: LimitBook, key: VirtualKey) -> None:
    """Put the limits of a key in force before its call. Raises GatewayAnswerError (503)."""
    if book.knows(key):
        return
    try:
        await book.learn(key)
    except LedgerError:
        text = "the ledger cannot be used now, so the limits of the key cannot be checked"
        raise GatewayAnswerError(503, "ledger_unavailable", text) from None
