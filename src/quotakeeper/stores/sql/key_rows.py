"""Virtual keys as rows: reads them, and writes a change together with its row of the audit."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from quotakeeper.domain.keys.key_changes import KeyAct, KeyAudit, KeyChange
from quotakeeper.domain.keys.key_limit import KeyLimit, key_limit_from
from quotakeeper.domain.keys.key_records import differs, key_json, without_label
from quotakeeper.domain.keys.key_store import ALL_ROWS, Decide
from quotakeeper.domain.keys.key_text import same_digest
from quotakeeper.domain.keys.virtual_key import KeySecret, KeyState, OnGone, VirtualKey
from quotakeeper.domain.ledger.forgetting import LabelValue, scope_without
from quotakeeper.domain.limits import Scope
from quotakeeper.domain.ports import Problem
from quotakeeper.errors import LedgerVersionError
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sql.damage import (
    UNREADABLE,
    DamagedRowError,
    clean_text,
    instant,
    rows_of,
    whole,
)
from quotakeeper.value_classes import replace

# The version of the tables of virtual keys. In version 1, which was never released, a key had no
# limits of its own.
KEY_SCHEMA = 2


def checked_rows(session: SqlSession, sql: Mapping[str, str], ledger: str) -> KeyRows:
    """Return the tables of virtual keys, which must exist.

    Raises LedgerVersionError if a newer version or an unreleased one made them.
    """
    rows = KeyRows(session, sql)
    version = rows.schema()
    if version < KEY_SCHEMA:
        raise LedgerVersionError(
            ledger,
            f"has virtual keys of schema version {version}, which an unreleased quotakeeper made",
            "create the keys again in a new ledger",
        )
    if version > KEY_SCHEMA:
        raise LedgerVersionError(
            ledger,
            f"has virtual keys of schema version {version}; this quotakeeper supports versions "
            f"up to {KEY_SCHEMA}",
            "upgrade quotakeeper: update the clone, and run there: pip install .",
        )
    return rows


def key_problems(session: SqlSession, sql: Mapping[str, str]) -> list[Problem]:
    """Return the problems of the tables of virtual keys, for `verify`.

    Tables that another version made are not checked.
    """
    try:
        rows = KeyRows(session, sql)
        return rows.problems() if rows.schema() == KEY_SCHEMA else []
    except Exception as error:
        if not isinstance(error, DamagedRowError) and not session.dialect.is_damage(error):
            raise
        return [Problem(f"virtual keys: {error}")]


class KeyRows:
    """The tables of virtual keys in one transaction. `sql` has the statements for the database."""

    def __init__(self, session: SqlSession, sql: Mapping[str, str]) -> None:
        self._execute = session.execute
        self._sql = sql

    def schema(self) -> int:
        """Return the version of the tables. Raises DamagedRowError."""
        with rows_of("the version of the tables of virtual keys"):
            return int(self._execute(self._sql["schema_of_keys"], ()).fetchone()[0])

    def find(self, digest: bytes) -> VirtualKey | None:
        """Return the key that has a secret with this SHA-256; None if there is none."""
        row = self._execute(self._sql["key_of_digest"], (digest.hex(),)).fetchone()
        if row is None:
            return None
        key = self._with_secrets(row)
        same = [each for each in key.secrets if same_digest(each.digest, digest)]
        return key if same else None

    def named(self, name: str) -> VirtualKey | None:
        """Return the key with this name; None if there is none."""
        row = self._execute(self._sql["key_named"], (name,)).fetchone()
        return None if row is None else self._with_secrets(row)

    def all_keys(self) -> list[VirtualKey]:
        """Return all keys, the oldest first."""
        secrets: dict[str, list[KeySecret]] = {}
        for row in self._execute(self._sql["all_secrets"], ()).fetchall():
            with rows_of("a secret of a virtual key"):
                secrets.setdefault(row[0], []).append(_secret_from(row))
        return [
            _key_from(row, tuple(secrets.get(row[0], ())))
            for row in self._execute(self._sql["keys"], ()).fetchall()
        ]

    def change(self, name: str, decide: Decide) -> VirtualKey:
        """Write what `decide` returns for the key `name`, and add a row to the audit."""
        change = decide(self.named(name))
        self._put(change.after)
        self._add_audit(change)
        return change.after

    def audit(
        self, after: int = 0, most: int = ALL_ROWS, key_id: str = ""
    ) -> list[KeyAudit]:  # fmt: skip
        """Return rows of the audit; see KeyStore."""
        return list(self._audit(after, most, key_id))

    def problems(self) -> list[Problem]:
        """Return each key that differs from the newest row about it, and each missing row."""
        try:
            newest: dict[str, KeyAudit] = {}
            for number, row in enumerate(self._audit(), start=1):
                if row.seq != number:
                    return [Problem(f"the audit of virtual keys has no row {number}")]
                newest[row.key_id] = row
            found = [
                Problem(f"virtual key {key.name!r} differs from the newest row of its audit")
                for key in self.all_keys()
                if key.id not in newest or differs(key, newest.pop(key.id).after)
            ]
        except (DamagedRowError, *UNREADABLE) as error:
            return [Problem(f"virtual keys: {error}")]
        return found + [
            Problem(f"virtual key {each.key_id!a} is in the audit but is missing")
            for each in newest.values()
        ]

    def with_label(self, label: LabelValue) -> list[VirtualKey]:
        """Return the keys whose calls have the label value."""
        return [key for key in self.all_keys() if label.pair in key.scope]

    def forget(self, label: LabelValue, instead: str) -> None:
        """Replace the value of a label in every key and in the audit.

        The triggers that keep the audit append-only must be removed before.
        """
        for key in self.all_keys():
            other = _forgotten(key, label, instead)
            if other != key:
                self._put(other)
        for row in self.audit():
            before, after = (
                without_label(each, label.name, label.value, instead)
                for each in (row.before, row.after)
            )
            if (before, after) != (row.before, row.after):
                self._execute(self._sql["change_audit"], (before, after, row.seq))

    def _put(self, key: VirtualKey) -> None:
        self._execute(
            self._sql["put_key"],
            (key.id, key.name, key.project, _json(dict(key.labels)), str(key.state),
             key.expires_at, *map(_json, (key.providers, key.models, key.networks)),
             key.concurrency, str(key.on_gone), key.on_limit, key.made_at, key.version,
             _json([each.fields() for each in key.limits])),
        )  # fmt: skip
        for number, each in enumerate(key.secrets):
            self._execute(
                self._sql["put_secret"],
                (each.digest.hex(), key.id, number, each.last_four, each.made_at, each.ends_at),
            )

    def _add_audit(self, change: KeyChange) -> None:
        order = change.order
        seq = self._execute(self._sql["newest_audit"], ()).fetchone()[0] + 1
        self._execute(
            self._sql["add_audit"],
            (seq, change.after.id, str(change.act), order.actor, order.at, order.why,
             key_json(change.before), key_json(change.after)),
        )  # fmt: skip

    def _audit(
        self, after: int = 0, most: int = ALL_ROWS, key_id: str = ""
    ) -> Iterator[KeyAudit]:  # fmt: skip
        name = "audit_of_key" if key_id else "audit"
        values = (after, key_id, most) if key_id else (after, most)
        for row in self._execute(self._sql[name], values).fetchall():
            with rows_of(f"row {row[0]!a:.20} of the audit of virtual keys"):
                seq, key_id, act, actor, at, why, before, after = row
                found = KeyAudit(
                    clean_text(key_id), KeyAct(act), clean_text(actor), instant(at),
                    clean_text(why), clean_text(before), clean_text(after), whole(seq),
                )  # fmt: skip
            yield found

    def _with_secrets(self, row: Any) -> VirtualKey:
        rows = self._execute(self._sql["secrets_of_key"], (row[0],)).fetchall()
        with rows_of("a secret of a virtual key"):
            secrets = tuple(map(_secret_from, rows))
        return _key_from(row, secrets)


def _secret_from(row: Any) -> KeySecret:
    _, digest, last_four, made_at, ends_at = row
    return KeySecret(
        bytes.fromhex(digest), clean_text(last_four), instant(made_at),
        None if ends_at is None else instant(ends_at),
    )  # fmt: skip


def _key_from(row: Any, secrets: tuple[KeySecret, ...]) -> VirtualKey:
    with rows_of(f"virtual key {row[0]!a:.40}"):
        return VirtualKey(
            id=clean_text(row[0]), name=clean_text(row[1]), project=clean_text(row[2]),
            labels=_labels(row[3]), state=KeyState(row[4]),
            expires_at=None if row[5] is None else instant(row[5]),
            providers=_texts(row[6]), models=_texts(row[7]), networks=_texts(row[8]),
            concurrency=None if row[9] is None else whole(row[9]),
            on_gone=OnGone(row[10]), on_limit=clean_text(row[11]), made_at=instant(row[12]),
            version=whole(row[13]), secrets=secrets, limits=_limits(row[14]),
        )  # fmt: skip


def _forgotten(key: VirtualKey, label: LabelValue, instead: str) -> VirtualKey:
    other = replace(key, labels=scope_without(key.labels, label, instead))
    if label.pair == ("key", key.name):
        other = replace(other, name=instead)
    if label.pair == ("project", key.project):
        other = replace(other, project=instead)
    return other


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _texts(text: str) -> tuple[str, ...]:
    found = json.loads(text)
    if not isinstance(found, list):
        raise ValueError("a list of a virtual key is not a list")
    return tuple(map(clean_text, found))


def _limits(text: str) -> tuple[KeyLimit, ...]:
    found = json.loads(text)
    if not isinstance(found, list):
        raise ValueError("the limits of a virtual key are not a list")
    return tuple(map(key_limit_from, found))


def _labels(text: str) -> Scope:
    found = json.loads(text)
    return tuple(sorted((clean_text(name), clean_text(each)) for name, each in found.items()))
