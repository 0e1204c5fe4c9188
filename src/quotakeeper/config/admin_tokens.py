"""Reads the tokens of a gateway's admin API: from a file of its user alone, or from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from quotakeeper.config.private_files import check_private
from quotakeeper.errors import ConfigError

WRITER_VARIABLE = "QUOTAKEEPER_ADMIN_TOKEN"
READER_VARIABLE = "QUOTAKEEPER_ADMIN_READER_TOKEN"
_LEAST, _MOST = 32, 512  # characters


def admin_tokens(
    file: str | None = None, environ: Mapping[str, str] | None = None
) -> tuple[str, str]:
    """Return the token that may change keys, and the one that may only read; "" for one not given.

    The first is in `file`, which only its owner may use (mode 0600), else in the environment.
    Raises ConfigError, which never shows a token.
    """
    environment = os.environ if environ is None else environ
    where = file or WRITER_VARIABLE
    writer = _from_file(Path(file)) if file else environment.get(WRITER_VARIABLE, "").strip()
    if writer or file:
        _check(writer, where)
    reader = environment.get(READER_VARIABLE, "").strip()
    if reader:
        _check(reader, READER_VARIABLE)
    if reader and reader == writer:
        raise ConfigError(
            READER_VARIABLE, "is the token that may also change keys", "make another token"
        )
    return writer, reader


def _check(token: str, where: str) -> None:
    if not _LEAST <= len(token) <= _MOST or not all("\x21" <= letter <= "\x7e" for letter in token):
        raise ConfigError(
            where, f"is not a token of {_LEAST} to {_MOST} printable characters without blanks",
            "make one, for example with: openssl rand -hex 32",
        )  # fmt: skip


def _from_file(path: Path) -> str:
    shown = str(path)
    try:
        with path.open("rb") as file:
            check_private(shown, os.fstat(file.fileno()).st_mode)
            content = file.read(_MOST + 2)
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
        raise ConfigError(shown, problem, "name a file that you can read") from None
    return content.decode("utf-8", "replace").strip()
