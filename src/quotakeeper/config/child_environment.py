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
    """The environment variables that give an SDK another address of a provider.

    `base_urls` maps a variable to its provider's name. `is_provider_host` returns whether a host is
    recognised as a provider's without such a variable.
    """

    base_urls: Mapping[str, str]
    is_provider_host: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """The settings for metering the calls of a program.

    `waits`: a call over a limit waits until the limit has room, whatever the keeper's own policy
    says. `scope` holds labels for every call. `known_hosts` maps "host[:port][/prefix]" to a
    provider's name. `notes` is the path of a file for the launcher's summary, or "".
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
    """The settings that remain if the config, or a price file that it names, cannot be read.

    `allows`: calls are sent, and counted under `watching`; if `watching` is None, they are not
    counted.
    """

    allows: bool
    known_hosts: Mapping[str, str]
    notes: str
    watching: WatchSettings | None = None


def salvage(
    variables: SdkVariables, watching: WatchSettings | None = None,
    environ: Mapping[str, str] | None = None,
) -> Salvaged:  # fmt: skip
    """Return the settings that remain after a failure to make the meter. Never raises.

    If `watching` is given, these are its settings without the price files; else they come from the
    environment alone. Calls are denied unless a setting allows them.
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
    """Return settings from the environment alone, without limits; None if it names no ledger."""
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
    """Return the texts of a variable that holds a JSON object."""
    text = environ.get(name, "").strip()
    if not text:
        return {}
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise ConfigError(name, "is not a JSON object of texts", 'write {"team": "subtitles"}')
    return value


def _base_urls(environ: Mapping[str, str]) -> dict[str, str]:
    """Read "gemini=https://host/prefix,deepgram=http://other", or a JSON object {address:
    provider}.
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
    """Return the provider addresses that are known only from the SDKs' variables."""
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
