"""Reads the settings that the launcher passes to the hooks in environment variables."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import MappingProxyType
from urllib.parse import urlsplit

from quotakeeper.config.loader import load_settings
from quotakeeper.config.policies import checked_policy
from quotakeeper.config.settings import Settings
from quotakeeper.errors import ConfigError
from quotakeeper.value_classes import dataclass, field, replace

ON_LIMIT = "QUOTAKEEPER_ON_LIMIT"
RUN_ON_LIMIT = "QUOTAKEEPER_RUN_ON_LIMIT"
TAGS = "QUOTAKEEPER_RUN_TAGS"
BASE_URLS = "QUOTAKEEPER_BASE_URLS"
NOTES = "QUOTAKEEPER_RUN_NOTES"
_STOP = "stop"  # the launcher's older word for "raise"
_LOCAL = ("localhost", "127.0.0.1", "::1")

_ON_STORE_FAILURE = "QUOTAKEEPER_ON_STORE_FAILURE"
_LEDGER, _PRICE_FILES = "QUOTAKEEPER_LEDGER", "QUOTAKEEPER_PRICE_FILES"

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class SdkVariables:
    """The environment variables that set the address at which an SDK calls a provider.

    `base_urls` maps each variable to the name of its provider. `is_provider_host` returns whether a
    host is known as a provider's host without these variables.
    """

    base_urls: Mapping[str, str]
    is_provider_host: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """The settings for metering the calls of a program.

    If `waits` is true, a call that does not fit in a limit waits until it fits, whatever the
    keeper's own policy is. `scope` holds labels for every call. `known_hosts` maps
    "host[:port][/prefix]" to a provider's name. `notes` is the path of a file for the launcher's
    summary, or "".
    """

    settings: Settings
    waits: bool = False
    scope: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    known_hosts: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    notes: str = ""


def load_watch_settings(
    variables: SdkVariables, environ: Mapping[str, str] | None = None
) -> WatchSettings:
    """Read every setting that the hooks use. Raises ConfigError for any wrong value."""
    environment = dict(os.environ if environ is None else environ)
    word = environment.pop(RUN_ON_LIMIT, "") or environment.pop(ON_LIMIT, "")
    if word:
        word = "raise" if word == _STOP else word
        environment[ON_LIMIT] = checked_policy("on_limit", word, f"environment {ON_LIMIT}")
    return WatchSettings(
        load_settings(environ=environment),
        word == "wait",
        _table(environment, TAGS),
        {**_sdk_hosts(environment, variables), **_base_urls(environment)},
        environment.get(NOTES, ""),
    )


@dataclass(frozen=True, slots=True)
class Salvaged:
    """The settings that remain if the config, or a price file named in the config, cannot be read.

    - `allows`: whether calls are sent.
    - `known_hosts`: "host[:port][/prefix]" -> a provider's name.
    - `notes`: the path of a file for the launcher's summary, or "".
    - `watching`: the settings to count calls with, or None. With None, calls are not counted.
    """

    allows: bool
    known_hosts: Mapping[str, str]
    notes: str
    watching: WatchSettings | None = None


def salvage(
    variables: SdkVariables, watching: WatchSettings | None = None,
    environ: Mapping[str, str] | None = None,
) -> Salvaged:  # fmt: skip
    """Return the settings to use after the meter could not be made. Never raises.

    If `watching` is given, its settings are used without the price files. Otherwise the settings
    are read from the environment alone. Calls are denied unless `on_store_failure` is "allow".
    """
    environment = dict(os.environ if environ is None else environ)
    if watching is not None:
        settings = watching.settings
        left = replace(watching, settings=replace(settings, price_files=()))
        allows = settings.on_store_failure == "allow"
        return Salvaged(allows, watching.known_hosts, watching.notes, left)
    hosts = _sdk_hosts(environment, variables)
    with suppress(ConfigError):
        hosts |= _base_urls(environment)
    notes = environment.get(NOTES, "")
    if environment.get(_ON_STORE_FAILURE) != "allow":
        return Salvaged(False, hosts, notes)
    return Salvaged(True, hosts, notes, _from_environment_alone(environment, hosts, notes))


def _from_environment_alone(
    environ: dict[str, str], hosts: Mapping[str, str], notes: str
) -> WatchSettings | None:
    """Return settings from the environment alone, without limits.

    Returns None if the environment names no ledger, or if a setting in it is wrong.
    """
    if not environ.get(_LEDGER):
        return None  # the unreadable file may name another ledger
    for name in (ON_LIMIT, RUN_ON_LIMIT, _PRICE_FILES):
        environ.pop(name, None)
    try:
        settings = load_settings(config={"default_limits": False}, environ=environ)
        return WatchSettings(settings, False, _table(environ, TAGS), hosts, notes)
    except ConfigError:
        return None


def _table(environ: Mapping[str, str], name: str) -> dict[str, str]:
    """Return the JSON object of texts that a variable holds; {} if the variable is not set.

    Raises ConfigError if the variable holds anything else.
    """
    text = environ.get(name, "").strip()
    if not text:
        return {}
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise ConfigError(
            name, "is not a JSON object whose values are strings", 'write {"team": "subtitles"}'
        )
    return value


def _base_urls(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the addresses in QUOTAKEEPER_BASE_URLS, each with its provider's name.

    The variable holds "gemini=https://host/prefix,deepgram=http://other", or a JSON object
    {address: provider}. Raises ConfigError if it holds anything else.
    """
    text = environ.get(BASE_URLS, "").strip()
    if text.startswith("{"):
        return _table(environ, BASE_URLS)
    found = {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        name, separator, address = part.partition("=")
        if not separator or not address:
            raise ConfigError(BASE_URLS, f"cannot read {part[:60]!r}", "write gemini=https://host")
        found[address.strip()] = name.strip()
    return found


def _sdk_hosts(environ: Mapping[str, str], variables: SdkVariables) -> dict[str, str]:
    """Return the addresses that the SDKs' variables set, each with its provider's name.

    Local addresses and known hosts of providers are left out.
    """
    found: dict[str, str] = {}
    for variable, name in variables.base_urls.items():
        address = environ.get(variable, "").strip()
        try:
            host = urlsplit(address if "://" in address else f"//{address}").hostname or ""
        except ValueError:
            continue
        if host and host not in _LOCAL and not variables.is_provider_host(host):
            found.setdefault(address, name)
    return found
