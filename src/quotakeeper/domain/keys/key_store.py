"""The store of virtual keys, as the use cases see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from quotakeeper.domain.keys.key_changes import KeyAudit, KeyChange
from quotakeeper.domain.keys.virtual_key import VirtualKey

ALL_ROWS = 2**53  # more than any audit has
# Returns the change for the stored key of this name; None if there is none.
Decide = Callable[[VirtualKey | None], KeyChange]


class KeyStore(Protocol):
    """Virtual keys in the database of a ledger. Every method may raise LedgerError."""

    @property
    def name(self) -> str:
        """The ledger's location, for messages; without a password."""

    def find(self, digest: bytes) -> VirtualKey | None:
        """Return the key that has a secret with this SHA-256; None if there is none."""

    def all_keys(self) -> list[VirtualKey]:
        """Return all keys, the oldest first. Without tables of keys, the list is empty."""

    def change(self, name: str, decide: Decide) -> VirtualKey:
        """Commit what `decide` returns for the key `name`, with its row of the audit.

        No other process can change the key between the read and the commit. Creates the tables if
        there are none. Returns the key after the change.
        """

    def audit(
        self, after: int = 0, most: int = ALL_ROWS, key_id: str = ""
    ) -> list[KeyAudit]:  # fmt: skip
        """Return rows of the audit, the oldest first, at most `most` of them.

        Only rows with a number above `after`; with `key_id`, only those of this key.
        """

    def close(self) -> None:
        """Close what is open."""
