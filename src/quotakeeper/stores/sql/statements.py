"""SQL lives in files of its own; this reads them once, by name."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def statements() -> dict[str, str]:
    """Every named statement of `statements.sql`."""
    named: dict[str, str] = {}
    for part in _read(__package__, "statements").split("-- name: ")[1:]:
        name, _, body = part.partition("\n")
        named[name.strip()] = body.strip()
    return named


def schema(version: int) -> list[str]:
    """The statements that bring a ledger from schema `version - 1` to `version`."""
    statements: list[str] = []
    pending = ""
    for line in _read("quotakeeper.stores.sqlite", f"schema/schema_{version}").splitlines():
        if line.startswith("--"):
            continue
        pending += line + "\n"
        # A trigger holds semicolons of its own; it ends with END;
        whole = line.endswith("END;") if "TRIGGER" in pending else line.endswith(";")
        if whole:
            statements.append(pending)
            pending = ""
    return statements


def _read(package: str, name: str) -> str:
    return (files(package) / f"{name}.sql").read_text(encoding="utf-8")
