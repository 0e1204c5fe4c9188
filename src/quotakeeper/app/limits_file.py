"""Changes the limits in a config file. The rest of the file stays, including comments."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quotakeeper.app.records.atomic_file import write_file
from quotakeeper.config import Settings
from quotakeeper.config.limit_tables import DEFAULT_LIMIT_TABLES, checked_zone, read_limits
from quotakeeper.config.toml_reader import parse_toml, read_toml
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.units import amount_from_units, meter_named
from quotakeeper.domain.windows import parse_window
from quotakeeper.errors import ConfigError, InvalidInputError, MissingExtraError

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

_HEADER = "# Limits and settings of quotakeeper; see: quotakeeper config show --origin\n"


class LimitsFile:
    """A config file that is opened for changes. Only `save` writes to disk."""

    def __init__(self, path: Path, settings: Settings) -> None:
        self.path = path
        self.settings = settings
        self.is_new = not path.is_file()
        if self.is_new:
            text = _HEADER
        else:
            read_toml(path, str(path))  # errors of read_toml name the line
            text = path.read_bytes().decode("utf-8-sig")
        self._has_windows_ends = text.count("\r\n") == text.count("\n") > 0
        self._document = _parse(text)
        self.copied_defaults = False

    def set(self, name: str, changes: Mapping[str, object]) -> bool:
        """Add the limit `name`, or change the given keys of the existing limit.

        Returns whether the limit is new. An empty `scope` or `per` removes this key from the limit.
        """
        self._write_out_defaults()
        table = self._find(name)
        is_new = table is None
        if table is None:
            table = self._append({"name": name, **self._default_named(name)})
        for key, value in changes.items():
            if key in ("scope", "per") and not value:
                table.pop(key, None)
            else:
                table[key] = _written(key, value)
        return is_new

    def limit(self, name: str) -> Limit:
        """Return a limit as the changed file defines it. Raises ConfigError if the changed file is
        invalid."""
        return next(each for each in self._limits() if _same(each.name, name))

    def remove(self, name: str) -> None:
        """Remove a limit. Raises InvalidInputError if there is no limit with this name.

        If this was the last limit in the file, the default limits stay off.
        """
        self._write_out_defaults()
        if self._find(name) is None and self._document.get("default_limits") is True:
            self._document["default_limits"] = False
            self._copy_defaults()
        tables = self._tables()
        for index, table in enumerate(tables):
            if _same(table.get("name"), name):
                del tables[index]
                break
        else:
            names = [str(table.get("name")) for table in tables]
            fix = f"there are: {', '.join(names)}" if names else "there are no limits"
            raise InvalidInputError("NAME", f"there is no limit {name!r}", fix)
        if not tables:
            self._document.pop("limit", None)
            self._put_first("default_limits", "false")

    def show_preset(self, name: str) -> None:
        """Make `status` show the quotas of the preset `name`."""
        names = self._document.get("quota_presets", [])
        if isinstance(names, str):  # a text with commas, as in the environment variable
            names = [each.strip() for each in names.split(",") if each.strip()]
        if name not in names:
            texts = ", ".join(f'"{each}"' for each in (*names, name))
            self._put_first("quota_presets", f"[{texts}]")

    def save(self) -> None:
        """Validate the changed file, then replace the old file in one step. Raises ConfigError."""
        self._limits()
        text = self.text()
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_file(self.path, lambda stream: stream.write(text))
        except (OSError, InvalidInputError) as error:
            problem = getattr(error, "problem", None) or getattr(error, "strerror", str(error))
            raise ConfigError(
                str(self.path), str(problem), "choose another file with --config"
            ) from None

    def text(self) -> str:
        """Return the text that `save` would write, with the line endings of the original file."""
        text = self._document.as_string()
        return re.sub(r"\r?\n", "\r\n", text) if self._has_windows_ends else text

    def _limits(self) -> tuple[Limit, ...]:
        tables = parse_toml(self.text(), str(self.path)).get("limit", [])
        return read_limits(
            tables,
            str(self.path),
            timezone=self.settings.timezone,
            warn_at=self.settings.warn_at,
        )

    def _find(self, name: str) -> MutableMapping[str, Any] | None:
        return next((t for t in self._tables() if _same(t.get("name"), name)), None)

    def _tables(self) -> Any:
        return self._document.get("limit", [])

    def _append(self, values: Mapping[str, object]) -> MutableMapping[str, Any]:
        import tomlkit
        from tomlkit.items import Array

        tables = self._document.get("limit")
        if isinstance(tables, Array) and len(tables):
            table = tomlkit.inline_table()
            table.update(values)
            tables.append(table)
        else:
            if not tables:
                self._document.pop("limit", None)
            rows = "".join(
                f"{key} = {tomlkit.item(value).as_string()}\n" for key, value in values.items()
            )
            before = self._document.as_string().rstrip("\r\n")
            self._document = _parse(f"{before}\n\n[[limit]]\n{rows}".lstrip("\n"))
        found: MutableMapping[str, Any] = self._tables()[-1]
        return found

    def _write_out_defaults(self) -> None:
        # Without a [[limit]] the default limits apply. The first [[limit]] would switch all of them
        # off without notice, so the file gets them as tables too.
        if self._tables() or "default_limits" in self._document:
            return
        self._copy_defaults()

    def _copy_defaults(self) -> None:
        self.copied_defaults = True
        for values in DEFAULT_LIMIT_TABLES:
            if self._find(str(values["name"])) is None:
                text = {**values, "amount": _amount(str(values["amount"]))}
                self._append(text)

    def _default_named(self, name: str) -> Mapping[str, object]:
        # With `default_limits = true`, a default limit applies although the file has no table for
        # it.
        if self._document.get("default_limits") is not True:
            return {}
        found = next((each for each in DEFAULT_LIMIT_TABLES if _same(each["name"], name)), {})
        return {**found, "amount": _amount(str(found["amount"]))} if found else {}

    def _put_first(self, key: str, value: str) -> None:
        # TOML would add a key after a table to that table. `value` is TOML text.
        if key in self._document:
            self._document[key] = _parse(f"{key} = {value}")[key]
            return
        rest = self.text()
        self._document = _parse(f"{key} = {value}\n{rest}")


def check_limit(
    name: str, changes: Mapping[str, object], known: Sequence[Limit], *, prefix: str = ""
) -> list[str]:
    """Check the values to set in the limit `name`. Returns the required keys that a new limit still
    lacks.

    `known` are the limits in force. Raises InvalidInputError. The error names the invalid key, with
    `prefix` before it.
    """
    meter_name = changes.get("meter")
    if not isinstance(meter_name, str):
        meter_name = next((x.meter for x in known if _same(x.name, name)), None)
    if "window" in changes:
        parse_window(changes["window"], f"{prefix}window")
    if "amount" in changes and meter_name is not None:
        meter = meter_named(meter_name, f"{prefix}meter")
        amount_from_units(changes["amount"], meter, f"{prefix}amount")
    if "timezone" in changes:
        try:
            checked_zone(changes["timezone"])
        except ConfigError as error:
            raise InvalidInputError(f"{prefix}timezone", error.problem, error.fix) from None
    if meter_name is not None:
        return []
    return [key for key in ("meter", "window", "amount") if key not in changes]


def check_installed() -> None:
    """Raise MissingExtraError if tomlkit is not installed."""
    from importlib.util import find_spec

    if find_spec("tomlkit") is None:
        raise MissingExtraError("cli", "changing the config file")


def _written(key: str, value: object) -> object:
    """Convert a value to TOML: a scope as a table on one line, thresholds as an array of numbers."""
    import tomlkit

    if isinstance(value, Mapping):
        table = tomlkit.inline_table()
        table.update(value)
        return table
    if key == "thresholds" and isinstance(value, list | tuple):
        array = tomlkit.array()
        for each in value:
            array.append(tomlkit.parse(f"x = {each}")["x"])
        return array
    return _amount(value) if key == "amount" and isinstance(value, str) else value


def _parse(text: str) -> TOMLDocument:
    check_installed()
    import tomlkit

    return tomlkit.parse(text)


def _same(one: object, other: str) -> bool:
    return isinstance(one, str) and one.casefold() == other.casefold()


def _amount(text: str) -> int | str:
    # The file stores whole amounts as numbers and others as text. Both are exact.
    try:
        number = Decimal(text)
        is_whole = abs(number) < 10**19 and number == number.to_integral_value()
    except ArithmeticError:
        return text
    return int(number) if is_whole else text
