"""Reads named SQL statements from SQL files. Each file is read once."""

from __future__ import annotations

import re
from functools import cache
from pkgutil import get_data

_SHARED = "quotakeeper.stores.sql"
_PART = re.compile(r"^-- (name|fragment): (\w+)\n", re.MULTILINE)
_COMMENT = re.compile(r"^--.*\n?", re.MULTILINE)
_FRAGMENT = re.compile(r"\{(\w+)\}")


@cache
def statements(*packages: str) -> dict[str, str]:
    """Return every named statement of `statements.sql`, ready to execute.

    `packages` are the packages of a database. A statement or fragment in their `statements.sql`
    replaces the shared one of the same name. `{name}` in a statement is replaced by the fragment of
    that name.
    """
    texts: dict[str, dict[str, str]] = {"name": {}, "fragment": {}}
    for package in (_SHARED, *packages):
        parts = _PART.split(read_sql(package, "statements"))[1:]
        for kind, name, body in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
            texts[kind][name] = _COMMENT.sub("", body).strip()

    def whole(text: str) -> str:
        return _FRAGMENT.sub(lambda found: whole(texts["fragment"][found[1]]), text)

    return {name: whole(text) for name, text in texts["name"].items()}


def key_statements() -> dict[str, str]:
    """Return every named statement on the tables of virtual keys, ready to execute."""
    return _statements_in("key_statements")


def alert_statements() -> dict[str, str]:
    """Return every named statement on the tables of alerts, ready to execute."""
    return _statements_in("alert_statements")


@cache
def _statements_in(file: str) -> dict[str, str]:
    parts = _PART.split(read_sql(_SHARED, file))[1:]
    return {
        name: _COMMENT.sub("", body).strip()
        for name, body in zip(parts[1::3], parts[2::3], strict=True)
    }


def read_sql(package: str, name: str) -> str:
    """Return the text of an SQL file in a package."""
    # `importlib.resources` would load `zipfile` and others, for every command that opens a ledger.
    data = get_data(package, f"{name}.sql")
    if data is None:
        raise FileNotFoundError(f"{package}: {name}.sql")
    return data.decode("utf-8")
