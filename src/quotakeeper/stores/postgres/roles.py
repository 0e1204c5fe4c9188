"""SQL for the rights of a ledger's users: programs that count calls, readers, and key managers."""

from __future__ import annotations

import re

from quotakeeper.errors import InvalidInputError
from quotakeeper.value_classes import dataclass

_ROLE = re.compile(r"[A-Za-z_][A-Za-z0-9_$]{0,62}")
_VERIFIED = ("verified", "verified_balance", "verified_mark")
# Rows of the journal are only added. Rows that are derived from the journal are also changed.
_ADDED_TO = (
    "entry", "labels", "word", "account", "crossing", "notice", "balance", "hold", "slot",
    "slot_part", "pace", "mark", "quota_seen", "clock_reading", "batch", "owner", *_VERIFIED,
)  # fmt: skip
_CHANGED = (
    "head", "balance", "hold", "slot", "slot_part", "pace", "mark", "quota_seen", "clock_reading",
    "owner", *_VERIFIED,
)  # fmt: skip
_DROPPED = ("hold", "slot", "quota_seen", "clock_reading", "batch", "owner", *_VERIFIED)


@dataclass(frozen=True, slots=True)
class LedgerRoles:
    """The names of three roles; "" for a role that is not wanted.

    Members of `app` count calls. Members of `reader` only read. Members of `keys` read and change
    virtual keys, which the other two cannot read. No role may change the journal or the audit of
    keys, or make or drop a table. Raises InvalidInputError for a name that is not valid.
    """

    app: str = ""
    reader: str = ""
    keys: str = ""

    def __post_init__(self) -> None:
        for field, name in (("--app", self.app), ("--reader", self.reader), ("--keys", self.keys)):
            if name and (not _ROLE.fullmatch(name) or name.startswith("pg_")):
                raise InvalidInputError(
                    field,
                    f"{name[:70]!r} has other characters than letters, digits and _",
                    "use letters, digits and _, at most 63",
                )
        if self.app and self.app == self.reader:
            raise InvalidInputError("--reader", "is already the role of --app", "name another role")
        if self.keys and self.keys in (self.app, self.reader):
            raise InvalidInputError("--keys", "is already another role", "name another role")


def roles_sql(schema: str, roles: LedgerRoles) -> str:
    """Return SQL that makes the roles (without a login) if they are missing, and grants their
    rights.

    Returns "" if no role is wanted.
    """
    wanted = [f'"{name}"' for name in (roles.app, roles.reader) if name]
    if not wanted:
        return ""
    both, lines = ", ".join(wanted), []
    lines += [_created(name) for name in wanted]
    lines += [
        f'GRANT USAGE ON SCHEMA "{schema}" TO {both};',
        f'GRANT SELECT ON ALL TABLES IN SCHEMA "{schema}" TO {both};',
    ]
    if roles.app:
        for right, tables in (("INSERT", _ADDED_TO), ("UPDATE", _CHANGED), ("DELETE", _DROPPED)):
            named = ", ".join(f'"{schema}".{table}' for table in tables)
            lines.append(f'GRANT {right} ON {named}\nTO "{roles.app}";')
    return "\n".join(lines) + "\n"


def key_roles_sql(schema: str, role: str) -> str:
    """Return SQL that makes the role for virtual keys, and grants its rights on their `schema`.

    Returns "" if no role is wanted.
    """
    if not role:
        return ""
    changed = ", ".join(f'"{schema}".{table}' for table in ("virtual_key", "virtual_key_secret"))
    added_to = f'{changed}, "{schema}".virtual_key_audit'
    return "\n".join(
        (
            _created(f'"{role}"'),
            f'GRANT USAGE ON SCHEMA "{schema}" TO "{role}";',
            f'GRANT SELECT ON ALL TABLES IN SCHEMA "{schema}" TO "{role}";',
            f'GRANT INSERT ON {added_to} TO "{role}";',
            f'GRANT UPDATE ON {changed} TO "{role}";\n',
        )
    )


def _created(name: str) -> str:
    return (f"DO $$ BEGIN CREATE ROLE {name} NOLOGIN;\n"
            "EXCEPTION WHEN duplicate_object THEN NULL; END $$;")  # fmt: skip
