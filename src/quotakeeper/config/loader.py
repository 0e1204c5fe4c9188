"""Settings from an argument, the environment, one TOML file and the defaults, in that order."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from quotakeeper import clocks
from quotakeeper.config.currency_table import exchange_rate
from quotakeeper.config.declared_names import declared_names
from quotakeeper.config.key_names import KEYS, read_key_names
from quotakeeper.config.ledger_table import group_name, with_ledger_table
from quotakeeper.config.limit_tables import (
    at_key,
    checked_zone,
    default_limits,
    one_of,
    read_limits,
    threshold,
    unknown_key,
)
from quotakeeper.config.platform_folders import (
    PROJECT_FILE,
    data_folder,
    default_ledger,
    user_config_file,
)
from quotakeeper.config.settings import (
    ALERTS,
    CHOICES,
    DEFAULT_WARN_AT,
    TOP_KEYS,
    WHOLE_NUMBERS,
    Choice,
    Settings,
    WholeNumber,
    default_lease,
    lease_size,
    variable_of,
    whole_number,
)
from quotakeeper.config.toml_reader import read_toml
from quotakeeper.domain.limits import Limit
from quotakeeper.errors import ConfigError, InvalidInputError
from quotakeeper.value_classes import replace

T = TypeVar("T")
FILE_KEYS = (*TOP_KEYS, "limit", KEYS, ALERTS)
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")  # at least two letters, because "C:" is a drive
# The first words of an address in libpq's own form. Used as a file name, it would show a password.
_OF_LIBPQ = frozenset({"host", "hostaddr", "port", "dbname", "user", "password", "service"})


def load_settings(
    ledger: str | os.PathLike[str] | None = None,
    config: Settings | Mapping[str, object] | str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Settings:
    """Read all settings once.

    `config` is a file, a mapping with the keys of a file, or a Settings object. A Settings object
    is returned without reading anything else; only its ledger is replaced if `ledger` is given.
    Without `config`, the file is QUOTAKEEPER_CONFIG, else ./quotakeeper.toml, else the user's
    config file. Only one file is read. Each setting comes from the argument, else from its
    environment variable, else from the file, else from its default. Raises ConfigError for any
    wrong value.
    """
    folder = Path.cwd() if cwd is None else Path(cwd)
    if isinstance(config, Settings):
        if ledger is None:
            return config
        origins = MappingProxyType({**config.origins, "ledger": "argument"})
        named = _ledger(_text_of(ledger, "ledger"), folder)
        is_default = config.origins.get("lease", "default") == "default"
        lease = default_lease(named) if is_default else config.lease
        return replace(config, ledger=named, lease=lease, origins=origins)
    environment = os.environ if environ is None else environ
    sources = _Sources(config, environment, folder)
    return sources.settings(None if ledger is None else _text_of(ledger, "ledger"))


def file_to_edit(
    config: str | None = None,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Path:
    """Return the path of the config file in use, or else the path of the user's config file.

    The file need not exist.
    """
    environment = os.environ if environ is None else environ
    folder = Path.cwd() if cwd is None else cwd
    named = config or environment.get("QUOTAKEEPER_CONFIG")
    if named:
        return folder / Path(named).expanduser()
    project = folder / PROJECT_FILE
    return project if _is_there(project) else user_config_file(environment)


class _Sources:
    """The sources of the settings. Records in `origins` where each setting was found."""

    def __init__(
        self,
        config: Mapping[str, object] | str | os.PathLike[str] | None,
        environ: Mapping[str, str],
        cwd: Path,
    ) -> None:
        self.environ = environ
        self.cwd = cwd
        self.origins: dict[str, str] = {}
        table, self.shown, self.file = self._table(config)
        self.table = with_ledger_table(table, self.shown)
        for key in self.table:
            if key not in FILE_KEYS:
                problem, fix = unknown_key(str(key), FILE_KEYS)
                raise ConfigError(f"{self.shown}: {str(key)[:60]}", problem, fix)

    def settings(self, ledger: str | None) -> Settings:
        """Return all settings, each one checked. Raises ConfigError."""
        timezone = self._read("timezone", checked_zone, clocks.local_zone_name)
        warn_at = self._read("warn_at", threshold, lambda: DEFAULT_WARN_AT)
        chosen: dict[str, Any] = {choice.name: self._choice(choice) for choice in CHOICES}
        chosen |= {number.name: self._whole(number) for number in WHOLE_NUMBERS}
        named = self._ledger(ledger)
        return Settings(
            ledger=named,
            ledger_group=self._read("ledger_group", group_name, str),
            timezone=timezone,
            limits=self._limits(timezone, warn_at),
            price_files=self._read("price_files", self._files, tuple),
            quota_presets=self._read("quota_presets", declared_names, tuple),
            preset_files=self._read("preset_files", self._files, tuple),
            providers=self._read("providers", declared_names, tuple),
            warn_at=warn_at,
            lease=self._read("lease", lease_size, lambda: default_lease(named)),
            key_names=MappingProxyType(read_key_names(self.table.get(KEYS), self.shown)),
            currency=self._read("currency", exchange_rate, lambda: None),
            data_folder=self._data_folder(),
            alerts=self._alerts(),
            config_file=self.file,
            origins=MappingProxyType(dict(self.origins)),
            **chosen,
        )

    def _table(
        self, config: Mapping[str, object] | str | os.PathLike[str] | None
    ) -> tuple[Mapping[str, object], str, Path | None]:
        if isinstance(config, Mapping):
            return config, "config", None
        named = (
            _text_of(config, "config")
            if config is not None
            else self.environ.get("QUOTAKEEPER_CONFIG")
        )
        if named:
            file = self.cwd / Path(named).expanduser()
            return read_toml(file, named), named, file
        project = self.cwd / PROJECT_FILE
        if _is_there(project):
            return read_toml(project, PROJECT_FILE), PROJECT_FILE, project
        try:
            own = user_config_file(self.environ)
        except ConfigError:  # no home folder, so no file in it either
            return {}, "", None
        return (read_toml(own, str(own)), str(own), own) if _is_there(own) else ({}, "", None)

    def _read(self, name: str, reader: Callable[[object], T], default: Callable[[], T]) -> T:
        variable = variable_of(name)
        text = self.environ.get(variable)
        if text:
            self.origins[name] = f"environment {variable}"
            return at_key(f"environment {variable}", reader, text)
        if name in self.table:
            self.origins[name] = self.shown
            return at_key(f"{self.shown}: {name}", reader, self.table[name])
        self.origins[name] = "default"
        return default()

    def _choice(self, choice: Choice) -> str:
        return self._read(
            choice.name, lambda value: one_of(value, choice.words), lambda: choice.words[0]
        )

    def _whole(self, number: WholeNumber) -> int:
        return self._read(
            number.name, lambda value: whole_number(number, value), lambda: number.default
        )

    def _ledger(self, argument: str | None) -> str:
        if argument is not None:
            self.origins["ledger"] = "argument"
            return at_key("ledger", lambda value: _ledger(value, self.cwd), argument)
        # A relative path in a file starts at the file's folder, not at the current folder.
        beside = self.cwd
        if self.file is not None and not self.environ.get("QUOTAKEEPER_LEDGER"):
            beside = self.file.parent
        return self._read(
            "ledger",
            lambda value: _ledger(value, beside),
            lambda: str(default_ledger(self.environ)),
        )

    def _alerts(self) -> Any:
        value = self.table.get(ALERTS)
        if value is None:
            return None
        from quotakeeper.config.alert_tables import read_alerts  # noqa: PLC0415 - few configs have it

        beside = self.file.parent if self.file is not None else self.cwd
        return read_alerts(value, self.shown, beside)

    def _data_folder(self) -> Path | None:
        try:
            return data_folder(self.environ)
        except ConfigError:  # no home folder
            return None

    def _files(self, value: object) -> tuple[Path, ...]:
        if isinstance(value, str):
            value = [each for each in value.split(os.pathsep) if each]
            beside = self.cwd
        else:
            beside = self.file.parent if self.file is not None else self.cwd
        if not isinstance(value, list | tuple) or not all(
            isinstance(each, str | os.PathLike) for each in value
        ):
            raise InvalidInputError("", "is not a list of files", 'write it like ["prices.toml"]')
        files = tuple(beside / Path(each).expanduser() for each in value)
        for file in files:
            if not _is_there(file):
                raise InvalidInputError(
                    "", f"there is no file {file}", ("create it, or remove it from the list")
                )
        return files

    def _limits(self, timezone: str, warn_at: Decimal) -> tuple[Limit, ...]:
        tables = self.table.get("limit")
        with_defaults = self.table.get("default_limits", not tables)
        if not isinstance(with_defaults, bool):
            raise ConfigError(
                f"{self.shown}: default_limits", "is not true or false", "write true or false"
            )
        self.origins["default_limits"] = self.shown if "default_limits" in self.table else "default"
        self.origins["limits"] = self.shown if tables or not with_defaults else "default"
        own = read_limits(tables or [], self.shown, timezone=timezone, warn_at=warn_at)
        if not with_defaults:
            return own
        taken = {limit.name.casefold() for limit in own}
        defaults = default_limits(timezone, warn_at)
        return (*own, *(limit for limit in defaults if limit.name.casefold() not in taken))


def _ledger(value: object, beside: Path) -> str:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        problem = "is empty" if isinstance(value, str) else f"{type(value).__name__} is not text"
        if isinstance(value, str) and "\0" in value:
            problem = "has a NUL character in it"
        raise InvalidInputError("", problem, 'give a path, or "memory:"')
    if value == ":memory:":
        return "memory:"
    if _URL.match(value):
        return value
    if value.partition("=")[0].strip().lower() in _OF_LIBPQ:
        problem = (
            "contains connection parameters of PostgreSQL, but a ledger on PostgreSQL is given "
            "as a URL"
        )
        raise InvalidInputError("", problem, "write it as postgresql://user@host:5432/database")
    path = beside / Path(value).expanduser()
    if os.path.isdir(path) or not path.name:
        raise InvalidInputError(
            "", f"{value!r} is a folder", "give the name of a file in that folder"
        )
    return str(path)


def _text_of(value: object, name: str) -> str:
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if isinstance(value, str):
        return value
    problem = f"{type(value).__name__} is not a path"
    raise ConfigError(name, problem, "give a path, or leave it out")


def _is_there(file: Path) -> bool:
    # The home folder may belong to another user (sudo, a container); then it is ignored.
    try:
        return file.is_file()
    except OSError:
        return False
