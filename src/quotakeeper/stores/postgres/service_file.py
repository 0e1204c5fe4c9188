"""Reads libpq's service file: where the server of a named service is.

libpq reads the file itself when it connects. It is read here as well, because TLS and the names of
this host's files depend on the server. The format and the places of the file are those of
https://www.postgresql.org/docs/current/libpq-pgservice.html.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path


def service_values(name: str, environ: Mapping[str, str]) -> dict[str, str] | None:
    """Return what the service file says of a service; None if no file has it.

    A file in the folder that libpq was built with is not found here. A password is left out.
    """
    for file in _files(environ):
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            continue
        if (found := _section(name, lines)) is not None:
            return found
    return None


def _files(environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield the files that libpq looks into, in this order."""
    if environ.get("PGSERVICEFILE"):
        yield Path(environ["PGSERVICEFILE"])
    elif environ.get("HOME"):
        yield Path(environ["HOME"]) / ".pg_service.conf"
    if environ.get("PGSYSCONFDIR"):
        yield Path(environ["PGSYSCONFDIR"]) / "pg_service.conf"


def _section(name: str, lines: list[str]) -> dict[str, str] | None:
    """Return the values of the first section with this name; None if there is none."""
    found: dict[str, str] | None = None
    for line in map(str.strip, lines):
        if line.startswith("["):
            if found is not None:
                break
            if line == f"[{name}]":
                found = {}
        elif found is not None and "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            if key != "password":
                found.setdefault(key, value)
    return found
