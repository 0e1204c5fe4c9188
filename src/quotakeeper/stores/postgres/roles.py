"""SQL for a schema of the ledger, and for the rights of those who use it."""

from __future__ import annotations

import re

from quotakeeper.errors import InvalidInputError
from quotakeeper.value_classes import dataclass

_ROLE = re.compile(r"[A-Za-z_][A-Za-z0-9_$]{0,62}")
# In a GRANT, such a name means the user of the session, or everybody, even if it is the name of a role.
_NOT_NAMES = frozenset(("public", "none", "user", "current_user", "current_role", "session_user"))
_VIEWS = ("call_view", "balance_view", "reservation_view")


@dataclass(frozen=True, slots=True)
class LedgerRoles:
    """The names of four roles; "" for a role that is not wanted.

    Members of `app` count calls. Members of `reader` read the views. Members of `auditor` read all
    tables, as `quotakeeper status` and `verify` do. Members of `keys` read and change virtual keys,
    which the others cannot read.

    Only `keys` has a right to change tables, those of keys: it can add to their audit, but not change
    it. `app` writes through functions of the ledger alone. No role may make or drop a table.

    Raises InvalidInputError for a name that is not valid.
    """

    app: str = ""
    reader: str = ""
    keys: str = ""
    auditor: str = ""

    def __post_init__(self) -> None:
        seen: dict[str, str] = {}
        for field, name in (
            ("--app", self.app), ("--reader", self.reader), ("--keys", self.keys),
            ("--auditor", self.auditor),
        ):  # fmt: skip
            if not name:
                continue
            if name.lower().startswith("pg_"):
                raise InvalidInputError(
                    field, f"{name[:70]!r} begins as the roles of PostgreSQL itself",
                    "name another role",
                )  # fmt: skip
            if not _ROLE.fullmatch(name):
                raise InvalidInputError(
                    field,
                    f"{name[:70]!r} has other characters than letters, digits and _",
                    "use letters, digits and _, at most 63",
                )
            if name.lower() in _NOT_NAMES:
                raise InvalidInputError(
                    field, f"{name!r} has another meaning in SQL than the name of a role",
                    "name another role",
                )  # fmt: skip
            if name in seen:
                raise InvalidInputError(
                    field, f"is already the role of {seen[name]}", "name another role"
                )
            seen[name] = field


def schema_sql(schema: str) -> str:
    """Return the SQL that makes a schema, if it is missing, and makes it the `search_path`.

    A schema that is there fails with QK004 if others may create objects in it. The ledger's functions
    run with the rights of their owner. So their path must have no object of others. Without pg_temp in
    the path, temporary tables would come before the schema.
    """
    return f"""DO $$ DECLARE others text; BEGIN
  IF to_regnamespace('"{schema}"') IS NULL THEN CREATE SCHEMA "{schema}"; END IF;
  SELECT string_agg(DISTINCT coalesce(r.rolname, 'PUBLIC'), ', ') INTO others
  FROM pg_namespace AS n
  CROSS JOIN LATERAL (SELECT n.nspowner UNION ALL
                      SELECT a.grantee FROM aclexplode(n.nspacl) AS a
                      WHERE a.privilege_type = 'CREATE') AS may (role)
  LEFT JOIN pg_roles AS r ON r.oid = may.role
  CROSS JOIN (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS this
  WHERE n.oid = to_regnamespace('"{schema}"') AND (
    r.oid IS NULL OR NOT (
      r.rolsuper OR r.rolname IN (current_user, 'pg_database_owner')
      OR (NOT this.rolsuper AND pg_has_role(r.oid, 'USAGE'))));
  IF others IS NOT NULL THEN RAISE EXCEPTION '%', others USING ERRCODE = 'QK004'; END IF;
END $$;
SET LOCAL search_path = "{schema}", pg_temp;
"""  # noqa: S608 - a plain name


def roles_sql(schema: str, roles: LedgerRoles) -> str:
    """Return SQL that makes the roles (without a login) if they are missing, and grants their
    rights.

    Returns "" if no role is wanted. The SQL also takes back what `reader` could read in an older
    version. Step 4 of the schema takes back what `app` could write.
    """
    lines: list[str] = []
    for name in filter(None, (roles.app, roles.auditor, roles.reader)):
        lines += [_created(f'"{name}"'), f'GRANT USAGE ON SCHEMA "{schema}" TO "{name}";']
    for name in filter(None, (roles.app, roles.auditor)):
        lines.append(f'GRANT SELECT ON ALL TABLES IN SCHEMA "{schema}" TO "{name}";')
    if roles.app:
        lines.append(_may_execute(schema, roles.app))
    if roles.reader:
        lines.append(_only_reads(schema, roles.reader))
        views = ", ".join(f'"{schema}".{view}' for view in _VIEWS)
        lines += [
            f'REVOKE SELECT ON ALL TABLES IN SCHEMA "{schema}" FROM "{roles.reader}";',  # noqa: S608 - both names were checked
            f'GRANT SELECT ON {views} TO "{roles.reader}";',
        ]
    return "\n".join([*lines, ""]) if lines else ""


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


def _only_reads(schema: str, role: str) -> str:
    """Return SQL that fails with QK005 for a role without which the ledger takes no calls.

    The right to read all tables is taken from `reader`. The owner needs it, because the ledger's
    functions run with the rights of the owner, and a role that executes them needs it too.
    """
    return f"""DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_class AS c JOIN pg_roles AS r ON r.oid = c.relowner
             WHERE c.relnamespace = to_regnamespace('"{schema}"') AND r.rolname = '{role}')
  OR EXISTS (SELECT FROM pg_proc AS p CROSS JOIN LATERAL aclexplode(p.proacl) AS a
             JOIN pg_roles AS r ON r.oid = a.grantee
             WHERE p.pronamespace = to_regnamespace('"{schema}"') AND p.prosecdef
               AND r.rolname = '{role}')
  THEN RAISE EXCEPTION '%', '{role}' USING ERRCODE = 'QK005'; END IF;
END $$;"""  # noqa: S608 - both names were checked


def _may_execute(schema: str, role: str) -> str:
    """Return SQL that lets a role execute the functions that write with the rights of their owner."""
    return f"""DO $$ DECLARE written regprocedure; BEGIN
  FOR written IN SELECT p.oid FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
                 WHERE n.nspname = '{schema}' AND p.prosecdef LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO "{role}"', written);
  END LOOP;
END $$;"""  # noqa: S608 - both names were checked


def _created(name: str) -> str:
    return (f"DO $$ BEGIN CREATE ROLE {name} NOLOGIN;\n"
            "EXCEPTION WHEN duplicate_object THEN NULL; END $$;")  # fmt: skip
