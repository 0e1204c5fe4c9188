"""What the operations of the admin API work on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from quotakeeper.app.virtual_keys.managing import KeyManager
from quotakeeper.domain.keys.key_store import KeyStore
from quotakeeper.domain.keys.virtual_key import VirtualKey
from quotakeeper.gateway.admin.metrics_page import MetricsPage
from quotakeeper.gateway.admin.problems import AdminProblem
from quotakeeper.keeper import Keeper
from quotakeeper.value_classes import dataclass


class ConfigReader(Protocol):
    """Tells the state of the config file."""

    def state(self) -> dict[str, object]:
        """Return the state, in the form of the table ConfigState without its schema."""
        ...


@dataclass(frozen=True, slots=True)
class AdminParts:
    """The parts of one gateway.

    `forget_keys` makes a change of a key visible here at once. `metrics` answers `/metrics`.
    """

    keeper: Keeper
    store: KeyStore
    config: ConfigReader
    forget_keys: Callable[[], None]
    metrics: MetricsPage

    def now(self) -> int:
        """Return the trusted time, in microseconds since 1970 UTC."""
        return self.keeper.now()

    def manager(self, actor: str) -> KeyManager:
        """Return the manager of keys that writes `actor` to the audit."""
        return KeyManager(self.store, self.keeper.now, actor)

    def key_of_id(self, key_id: str) -> VirtualKey:
        """Return the key with an id. Raises AdminProblem (404), LedgerError."""
        for key in self.store.all_keys():
            if key.id == key_id:
                return key
        raise AdminProblem(404, "no_such_key", "there is no key with this id", "id")
