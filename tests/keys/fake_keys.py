"""Keys and a store in memory for the tests of virtual keys."""

from __future__ import annotations

from quotakeeper.domain.keys.key_changes import KeyAudit, KeyOrder
from quotakeeper.domain.keys.key_records import key_json
from quotakeeper.domain.keys.key_store import ALL_ROWS, Decide
from quotakeeper.domain.keys.key_text import digest_of, key_text, last_four
from quotakeeper.domain.keys.virtual_key import KeySecret, VirtualKey

NOW = 1_795_000_000_000_000
HOUR = 3_600_000_000
ORDER = KeyOrder("an@host", NOW)


def text_of(number: int) -> str:
    """A key's text that is the same in every run."""
    return key_text(number.to_bytes(20, "big"))


def secret_of(number: int, at: int = NOW) -> KeySecret:
    """The stored form of that text."""
    digest = digest_of(text_of(number))
    assert digest is not None
    return KeySecret(digest, last_four(text_of(number)), at)


class DictKeys:
    """A store of keys in a dictionary. It counts its queries, and can be broken."""

    name = "dict"

    def __init__(self) -> None:
        self.stored: dict[str, VirtualKey] = {}
        self.rows: list[KeyAudit] = []
        self.queries = 0
        self.error: Exception | None = None

    def find(self, digest: bytes) -> VirtualKey | None:
        self.queries += 1
        if self.error is not None:
            raise self.error
        found = (k for k in self.stored.values() if digest in [s.digest for s in k.secrets])
        return next(found, None)

    def all_keys(self) -> list[VirtualKey]:
        return list(self.stored.values())

    def change(self, name: str, decide: Decide) -> VirtualKey:
        change = decide(self.stored.get(name))
        order = change.order
        self.rows.append(
            KeyAudit(change.after.id, change.act, order.actor, order.at, order.why,
                     key_json(change.before), key_json(change.after), len(self.rows) + 1)
        )  # fmt: skip
        self.stored[name] = change.after
        return change.after

    def audit(
        self, after: int = 0, most: int = ALL_ROWS, key_id: str = ""
    ) -> list[KeyAudit]:  # fmt: skip
        found = [row for row in self.rows if row.seq > after and key_id in ("", row.key_id)]
        return found[:most]

    def close(self) -> None:
        pass
