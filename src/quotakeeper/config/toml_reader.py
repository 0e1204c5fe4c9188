"""Reads one TOML file into a plain mapping. Errors name the file and the line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path

from quotakeeper.errors import ConfigError

_MAX_BYTES = 4 * 1024 * 1024
_LINE = re.compile(r"\(at line (\d+), column (\d+)\)")


def read_toml(path: Path, shown: str) -> Mapping[str, object]:
    """Return the content of a TOML file. `shown` is the file's name in errors.

    Numbers with a decimal point become exact Decimals. Raises ConfigError.
    """
    return parse_toml(_text(path, shown), shown)


def parse_toml(text: str, shown: str) -> Mapping[str, object]:
    """Return the content of a TOML text. Raises ConfigError that names `shown` and the line."""
    import tomllib  # noqa: PLC0415 - slow to load, and only a config file uses it

    try:
        return tomllib.loads(text, parse_float=_exact)
    except tomllib.TOMLDecodeError as error:
        found = _LINE.search(str(error))
        problem = _LINE.sub("", str(error)).strip().rstrip(".")
        line = f"line {found[1]}, column {found[2]}" if found else "the end of the file"
        raise ConfigError(
            f"{shown}: {line}", problem, 'TOML is written like: name = "text"'
        ) from None
    except RecursionError:
        raise ConfigError(shown, "is nested too deeply", "write plain tables") from None
    except ValueError as error:  # an integer with more digits than Python reads
        raise ConfigError(shown, str(error).split(";")[0], "write a smaller number") from None


def _text(path: Path, shown: str) -> str:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ConfigError(shown, "is larger than 4 MB", "use a config file of quotakeeper")
        data = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(shown, "does not exist", "create it, or use another file") from None
    except IsADirectoryError:
        raise ConfigError(shown, "is a folder", "give the name of a file in that folder") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(shown, f"cannot be read: {reason}", "check its permissions") from None
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise ConfigError(shown, "is written in UTF-16", "save it as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"{shown}: line {line}", "is not UTF-8 text", "save it as UTF-8"
        ) from None


def _exact(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:  # the exponent is too large
        return Decimal("Infinity")
