"""Reads the fields of one table of a price file. Every error names file, table and field."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

from quotakeeper.domain.money import parse_decimal
from quotakeeper.domain.units import METERS, MODALITIES, split_key
from quotakeeper.domain.windows import EPOCH, instant
from quotakeeper.errors import ConfigError, InvalidInputError

_LONGEST_TEXT = 500
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+-]{0,199}\*?")
_FINEST, _DEAREST = -18, 9  # the smallest and the largest decimal exponent of a price
MOST_PER = 10**12
_PRICEABLE = [name for name, meter in METERS.items() if len(meter.parts) == 1 and name != "cost"]
_STORED = [name for name, meter in METERS.items() if meter.parts == (name,) and name != "cost"]


class Fields:
    """One table of a price file. A field that the table lacks is read from the file's defaults.

    Each method returns the value of field `name`, and raises ConfigError if the value is not valid.
    """

    def __init__(
        self, table: object, where: str, known: Collection[str], defaults: Mapping[str, object]
    ) -> None:
        if not isinstance(table, Mapping):
            raise ConfigError(where, "is not a table", "write it as [[price]] with its fields")
        for name in table:
            if name not in known:
                raise ConfigError(f"{where}.{name}", "is not a known key", _nearest(name, known))
        self.where = where
        self._values: dict[str, object] = {
            **{name: value for name, value in defaults.items() if name in known},
            **table,
        }

    def error(self, name: str, problem: str, fix: str) -> ConfigError:
        """Return a ConfigError about the field `name`."""
        return ConfigError(f"{self.where}.{name}", problem, fix)

    def values(self) -> Mapping[str, object]:
        """Return all fields by name, those from the defaults included."""
        return self._values

    def has(self, name: str) -> bool:
        """Return whether the table or the file's defaults have this field."""
        return name in self._values

    def text(self, name: str, *, default: str | None = None) -> str:
        """Return the text of a field. Without `default`, the field is required and must not be
        empty.
        """
        value = self._values.get(name, default)
        if value is None:
            raise self.error(name, "is missing", f'add: {name} = "..."')
        if not isinstance(value, str):
            raise self.error(name, f"{_kind(value)} is not text", f'write it like {name} = "..."')
        if len(value) > _LONGEST_TEXT or not value.isprintable():
            raise self.error(
                name, "is too long or not printable", f"at most {_LONGEST_TEXT} characters"
            )
        if default is None and not value.strip():
            raise self.error(name, "is empty", f'write it like {name} = "..."')
        return value.strip()

    def choice(self, name: str, known: Collection[str], *, default: str | None = None) -> str:
        """Return the value of a field that must be one of `known`.

        Without `default`, the field is required.
        """
        value = self.text(name, default=default)
        if value != default and value not in known:
            raise self.error(name, f"unknown {value[:60]!r}", _nearest(value, known))
        return value

    def model(self, name: str, *, pattern: bool = False, default: str | None = None) -> str:
        """Return a model name. With `pattern`, the name may end in "*".

        Without `default`, the field is required.
        """
        value = self.text(name, default=default)
        if value == default:
            return value
        if value == "*" and pattern:
            return value
        if not _MODEL.fullmatch(value) or (value.endswith("*") and not pattern):
            raise self.error(
                name,
                f"{value[:60]!r} cannot be a model name",
                "use letters, digits and . _ : / + -",
            )
        return value

    def priced_model(self, name: str) -> str:
        """Return the model of a price: a name, "*" for every model, or "" for calls that name no
        model.
        """
        if not self.has(name):
            raise self.error(
                name,
                "is missing",
                f'add: {name} = "gemini-2.5-flash", or "" for calls without a model',
            )
        if self._values[name] == "*":
            return "*"
        return self.model(name, default="")

    def price(self, name: str) -> Decimal:
        """Return an exact amount of US dollars, zero or more. The field is required."""
        return self._decimal(name, 'usd = "0.0043"')

    def percent(self, name: str) -> Decimal:
        """Return an exact number from 0 to 100. The field is required."""
        number = self._decimal(name, 'percent = "12.5"')
        if number > 100:
            raise self.error(name, f"{number} is more than 100", "give 0 to 100")
        return number

    def factor(self, name: str) -> Decimal:
        """Return an exact factor from 0 to 100. The field is required."""
        number = self._decimal(name, 'factor = "0.5"')
        if number > 100:
            raise self.error(
                name,
                f"{number} is more than 100",
                "give a factor: 1 changes nothing, 0.5 halves the price",
            )
        return number

    def whole(self, name: str, *, least: int, most: int, default: int | None = None) -> int:
        """Return a whole number from `least` to `most`. Without `default`, the field is required."""
        value = self._values.get(name, default)
        if value is None:
            raise self.error(name, "is missing", f"add: {name} = 1")
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.error(name, f"{_kind(value)} is not whole", f"write it like {name} = 1000")
        if not least <= value <= most:
            raise self.error(name, f"{value} is out of range", f"give {least} to {most}")
        return value

    def instant(self, name: str) -> int:
        """Return a date, or a date and time with an offset, in microseconds since 1970 UTC.

        A date means 00:00 UTC. The field is required.
        """
        value = self._values.get(name)
        if value is None:
            raise self.error(name, "is missing", f"add the first day: {name} = 2026-12-01")
        if isinstance(value, datetime):
            if value.tzinfo is None:
                raise self.error(name, "has a time but no offset", "end it in Z or +07:00")
            moment = value
        elif isinstance(value, date):
            moment = datetime(value.year, value.month, value.day, tzinfo=UTC)
        else:
            raise self.error(
                name,
                f"{_kind(value)} is not a date",
                f"write it without quotes: {name} = 2026-12-01",
            )
        if moment < EPOCH:
            raise self.error(name, "is before 1970", "1970-01-01 means: from the beginning")
        return instant(moment)

    def until(self, from_at: int) -> int | None:
        """Return the field `until`, the end of a price, as an instant (microseconds since 1970
        UTC).

        Returns None if the price has no end. The end must be after `from_at`.
        """
        if not self.has("until"):
            return None
        until_at = self.instant("until")
        if until_at <= from_at:
            raise self.error(
                "until", "is not after the date in from", "give a later date, or leave it out"
            )
        return until_at

    def meter(self, name: str) -> str:
        """Return the key of a meter that can have a price, such as "input_tokens" or
        "input_tokens@audio".
        """
        value = self.text(name)
        meter, modality = split_key(value)
        if meter not in _PRICEABLE:
            raise self.error(name, f"unknown meter {meter[:60]!r}", _nearest(meter, _PRICEABLE))
        if "@" in value and modality not in MODALITIES:
            raise self.error(
                name, f"unknown modality {modality[:60]!r}", _nearest(modality, MODALITIES)
            )
        return value

    def meters(self, name: str) -> tuple[str, ...]:
        """Return a list of stored meters. It is empty if the table does not have the field."""
        value = self._values.get(name, [])
        if not isinstance(value, list):
            raise self.error(name, f"{_kind(value)} is not a list", 'write ["output_tokens"]')
        for item in value:
            if item not in _STORED:
                raise self.error(name, f"unknown meter {str(item)[:60]!r}", _nearest(item, _STORED))
        return tuple(value)

    def _decimal(self, name: str, example: str) -> Decimal:
        value = self._values.get(name)
        if value is None:
            raise self.error(name, "is missing", f"add: {example}")
        if isinstance(value, Decimal):  # the TOML reader makes a Decimal from an unquoted 0.0043
            raise self.error(
                name,
                f"{value} is written without quotes, so TOML may round it",
                f"quote it: {example}",
            )
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise self.error(name, f"{_kind(value)} is not a price", f"write: {example}")
        try:
            number = parse_decimal(value, name)
        except InvalidInputError as error:
            raise self.error(name, error.problem, error.fix) from None
        if number < 0:
            raise self.error(name, f"{number} is negative", "give zero or more")
        exponent = number.as_tuple().exponent
        if not isinstance(exponent, int) or exponent < _FINEST or number.adjusted() > _DEAREST:
            raise self.error(name, f"{str(number)[:40]} is out of range", f"write: {example}")
        return number


def _kind(value: object) -> str:
    return f"{str(value)[:40]} ({type(value).__name__})"


def _nearest(name: object, known: Collection[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only an error uses it

    alike = 0.5  # gate-ok(float): a likeness of two names, not an amount
    close = get_close_matches(str(name)[:60], list(known), 1, alike)
    if close:
        return f"did you mean {close[0]!r}?"
    return "one of: " + ", ".join(known)
