"""Reads the [[limit]] tables of a config file, and holds the default limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TypeVar

from quotakeeper.clocks import zone_named
from quotakeeper.domain.limits import DEFAULT_THRESHOLDS, Limit, Mode
from quotakeeper.domain.money import parse_decimal
from quotakeeper.domain.units import METERS, amount_from_units, meter_named
from quotakeeper.domain.usage import check_label, check_scope
from quotakeeper.domain.windows import Window, parse_window
from quotakeeper.errors import ConfigError, InvalidInputError

T = TypeVar("T")

LIMIT_KEYS = (
    "name",
    "provider",
    "model",
    "operation",
    "scope",
    "per",
    "meter",
    "window",
    "amount",
    "mode",
    "timezone",
    "thresholds",
    "unlisted",
)
_NEEDED = {
    "name": 'give it one, like name = "gemini daily tokens"',
    "meter": 'say what is counted, like meter = "tokens"',
    "window": 'set the period, like window = "day"',
    "amount": "say how much, like amount = 15_000_000",
}
# The limits of the project brief: they apply if the config has no [[limit]].
DEFAULT_LIMIT_TABLES: tuple[Mapping[str, object], ...] = tuple(
    {
        "name": f"{provider} daily {word}",
        "provider": provider,
        "meter": meter,
        "window": "day",
        "amount": amount,
        "mode": "hard",
    }
    for provider, word, meter, amount in (
        ("gemini", "tokens", "tokens", "15000000"),
        ("gemini", "cost", "cost", "10.00"),
        ("deepgram", "minutes", "audio_minutes", "1000"),
        ("deepgram", "cost", "cost", "4.30"),
    )
)


def unknown_key(key: str, known: tuple[str, ...]) -> tuple[str, str]:
    """Return the problem and the fix to report for an unknown key. The fix names the nearest known
    key.
    """
    near = _nearest(key, known)
    fix = f"did you mean {near!r}?" if near else f"known keys: {', '.join(known)}"
    return f"unknown key {key[:60]!r}", fix


def one_of(value: object, words: tuple[str, ...]) -> str:
    """Return `value` if it is one of `words`. Raises InvalidInputError that names the nearest word."""
    if isinstance(value, str) and value in words:
        return value
    fix = f"one of: {', '.join(words)}"
    near = _nearest(value, words) if isinstance(value, str) else ""
    if near:
        fix = f"did you mean {near!r}? ({fix})"
    raise InvalidInputError("", f"{str(value)[:60]!r} is not a valid value", fix)


def _nearest(word: str, known: tuple[str, ...]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - slow to load, and only errors use it

    return next(iter(get_close_matches(word[:60].lower(), known, n=1, cutoff=0.5)), "")


def checked_zone(value: object) -> str:
    """Return the name of a time zone, stripped.

    Raises InvalidInputError for an empty value, and ConfigError if this machine has no such zone.
    """
    if not isinstance(value, str) or not value.strip():
        problem = "is empty" if isinstance(value, str) else f"{type(value).__name__} is not text"
        raise InvalidInputError("", problem, 'give a name like "Asia/Ho_Chi_Minh"')
    zone_named(value.strip())
    return value.strip()


def default_limits(timezone: str, warn_at: Decimal) -> tuple[Limit, ...]:
    """Return the default limits, with their periods in this time zone."""
    return tuple(
        read_limit(table, "default limits", timezone=timezone, warn_at=warn_at)
        for table in DEFAULT_LIMIT_TABLES
    )


def read_limits(
    tables: object, shown: str, *, timezone: str, warn_at: Decimal
) -> tuple[Limit, ...]:
    """Return the limits of all [[limit]] tables. In errors, `limit[1]` is the first table in the
    file.

    Raises ConfigError for a table that is not valid, or for two limits of the same name.
    """
    if not isinstance(tables, list | tuple):
        raise ConfigError(f"{shown}: limit", "is not a list of tables", "write it as [[limit]]")
    limits: list[Limit] = []
    for number, table in enumerate(tables, start=1):
        where = f"{shown}: limit[{number}]"
        if not isinstance(table, Mapping):
            raise ConfigError(where, "is not a table", "write it as [[limit]]")
        limit = read_limit(table, where, timezone=timezone, warn_at=warn_at)
        for earlier, other in enumerate(limits, start=1):
            if other.name.casefold() == limit.name.casefold():
                raise ConfigError(
                    f"{where}.name",
                    f"{limit.name!r} is already the name of limit[{earlier}]",
                    "give each limit a different name",
                )
        limits.append(limit)
    return tuple(limits)


def read_limit(
    table: Mapping[str, object], where: str, *, timezone: str, warn_at: Decimal
) -> Limit:
    """Return the limit of one [[limit]] table.

    Raises ConfigError that names the key, the problem and the fix.
    """
    for key in table:
        if key not in LIMIT_KEYS:
            problem, fix = unknown_key(str(key), LIMIT_KEYS)
            raise ConfigError(f"{where}.{str(key)[:60]}", problem, fix)
    for key, fix in _NEEDED.items():
        if key not in table:
            raise ConfigError(f"{where}.{key}", "is missing", fix)
    name = at_key(f"{where}.name", _name, table["name"])

    def read(key: str, reader: Callable[[object], T], default: T) -> T:
        if key not in table:
            return default
        return at_key(f"{where}.{key}", reader, table[key], f" (in the limit {name!r})")

    no_scope: tuple[tuple[str, str], ...] = ()
    scope, per = read("scope", _scope, no_scope), read("per", _label, "")
    if per in dict(scope):
        problem = f"{per!r} already has a fixed value in scope (in the limit {name!r})"
        raise ConfigError(f"{where}.per", problem, "remove it from per or from scope")
    meter = METERS[read("meter", lambda value: meter_named(str(value)).name, "")]
    return Limit(
        name=name,
        meter=meter.name,
        window=read("window", parse_window, Window("day")),
        amount=read("amount", lambda value: amount_from_units(value, meter), 0),
        # Providers' names in calls are in lower case.
        provider=read("provider", _label, "").lower(),
        model=read("model", _label, ""),
        operation=read("operation", _label, ""),
        scope=scope,
        per=per,
        mode=Mode(read("mode", _mode, Mode.HARD.value)),
        timezone=read("timezone", checked_zone, timezone),
        thresholds=read("thresholds", _thresholds, thresholds_from(warn_at)),
        unlisted=read("unlisted", _is_true, False),
    )


def at_key(where: str, reader: Callable[[object], T], value: object, of: str = "") -> T:
    """Return `reader(value)`. If `reader` raises InvalidInputError or ConfigError, raise a
    ConfigError.

    The error is about the key `where`. Its problem ends with the text `of`.
    """
    try:
        return reader(value)
    except (InvalidInputError, ConfigError) as error:
        raise ConfigError(where, error.problem + of, error.fix) from None


def _name(value: object) -> str:
    return check_label(value.strip() if isinstance(value, str) else value, "name")


def _label(value: object) -> str:
    return check_label(value.strip() if isinstance(value, str) else value, "label", empty=True)


def _mode(value: object) -> str:
    return one_of(value, tuple(mode.value for mode in Mode))


def _scope(value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, Mapping):
        raise InvalidInputError("", "is not a table", 'write it as { project = "phim-01" }')
    return check_scope(value)


def _is_true(value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidInputError("", "is not true or false", "write true or false")
    return value


def _thresholds(value: object) -> tuple[Decimal, ...]:
    if not isinstance(value, list | tuple) or not value:
        raise InvalidInputError("", "is not a list of numbers", "write it like [0.8, 0.95, 1.0]")
    return tuple(sorted({threshold(each) for each in value}))


def threshold(value: object) -> Decimal:
    """Return a warning threshold: a part of a limit, more than 0 and at most 1.

    Raises InvalidInputError for any other value.
    """
    number = parse_decimal(value, "threshold")
    if not 0 < number <= 1:
        raise InvalidInputError("", f"{number} is not between 0 and 1", "write 0.8 for 80 %")
    return number


def thresholds_from(warn_at: Decimal) -> tuple[Decimal, ...]:
    """Return the thresholds of a limit that names none, from the setting `warn_at`."""
    return (warn_at, *(each for each in DEFAULT_THRESHOLDS[1:] if each > warn_at))
