"""Reads the [alerts] table of a config file. Secrets are not in it, only where they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from quotakeeper.config.alert_settings import AlertSettings, ChannelSettings
from quotakeeper.config.key_names import is_variable_name
from quotakeeper.config.limit_tables import at_key, one_of, threshold, unknown_key
from quotakeeper.config.settings import ALERTS
from quotakeeper.domain.alerts.alert import RULE_NAMES
from quotakeeper.domain.alerts.quiet_hours import quiet_hours
from quotakeeper.errors import ConfigError, InvalidInputError

ALERT_KEYS = ("language", "rules", "thresholds", "quiet", "channel")
LANGUAGES = ("en", "vi")
_SECRET = ("secret_file", "secret_variable")
# For each kind of channel: the keys that it needs, and the keys that it may have.
CHANNEL_KEYS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "webhook": (("url",), ("networks", *_SECRET)),
    "command": (("command",), ()),
    "service": ((), _SECRET),
    "email": (("server", "from", "to"), ("port", "tls", "user", *_SECRET)),
}
_TLS_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_MOST_CHANNELS, _LONGEST_NAME = 16, 64


def read_alerts(value: object, shown: str, beside: Path) -> AlertSettings:
    """Return the settings of the table [alerts].

    `beside` is the folder from which relative paths start. Raises ConfigError.
    """
    where = f"{shown}: {ALERTS}"
    if not isinstance(value, Mapping):
        raise ConfigError(where, "is not a table", "write it as [alerts]")
    for key in value:
        if key not in ALERT_KEYS:
            problem, fix = unknown_key(str(key), ALERT_KEYS)
            raise ConfigError(where, problem, fix)

    def read(key: str, reader: Callable[[object], Any], default: Any) -> Any:
        return at_key(f"{where}.{key}", reader, value[key]) if key in value else default

    tables = value.get("channel", [])
    if not isinstance(tables, list | tuple) or len(tables) > _MOST_CHANNELS:
        raise ConfigError(
            f"{where}.channel", f"is not a list of at most {_MOST_CHANNELS} tables",
            "write each channel as [[alerts.channel]]",
        )  # fmt: skip
    channels: list[ChannelSettings] = []
    for number, table in enumerate(tables, 1):
        channel = _channel(table, f"{where}.channel {number}", beside)
        if channel.name in (each.name for each in channels):
            raise ConfigError(
                f"{where}.channel {number}", f"the name {channel.name!r} is used twice",
                "give each channel a name of its own",
            )  # fmt: skip
        channels.append(channel)
    return AlertSettings(
        language=read("language", lambda each: one_of(each, LANGUAGES), ""),
        rules=read("rules", _rules, RULE_NAMES),
        thresholds=read("thresholds", lambda each: tuple(map(threshold, _list(each))), ()),
        channels=tuple(channels),
        quiet=read("quiet", quiet_hours, None),
    )


def _channel(table: object, where: str, beside: Path) -> ChannelSettings:
    if not isinstance(table, Mapping):
        raise ConfigError(where, "is not a table", "write each channel as [[alerts.channel]]")
    kind = at_key(
        f"{where}: kind", lambda each: one_of(each, tuple(CHANNEL_KEYS)), table.get("kind")
    )
    needed, optional = CHANNEL_KEYS[kind]
    known = ("name", "kind", *needed, *optional)
    for key in table:
        if key not in known:
            problem, fix = unknown_key(str(key), known)
            raise ConfigError(where, problem, fix)
    for key in ("name", *needed):
        if key not in table:
            raise ConfigError(where, f"{key} is missing", f"write {_EXAMPLES[key]}")
    values: dict[str, Any] = {_FIELDS.get(key, str(key)): at_key(f"{where}: {key}", _READERS[key], value)
              for key, value in table.items() if key != "kind"}  # fmt: skip
    if "secret_file" in values:
        values["secret_file"] = beside / Path(values["secret_file"]).expanduser()
    if kind == "service" and not {*_SECRET} & {*values}:
        raise ConfigError(
            where, "secret_file is missing",
            'write secret_file = "service.address"; the address of a service has tokens in it',
        )  # fmt: skip
    if kind == "email":
        values.setdefault("port", _TLS_PORTS[values.get("tls", "starttls")])
    return ChannelSettings(kind=kind, **values)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise InvalidInputError("", "is not a printable text", 'write it like "text"')
    return value.strip()


def _name(value: object) -> str:
    text = _text(value)
    if len(text) > _LONGEST_NAME:
        raise InvalidInputError("", f"is longer than {_LONGEST_NAME} characters", "shorten it")
    return text


def _address(value: object) -> str:
    from email.errors import MessageError  # noqa: PLC0415 - slow to load
    from email.message import EmailMessage  # noqa: PLC0415 - slow to load

    text, mail = _text(value), EmailMessage()
    try:
        mail["To"] = text
        found = [each.username for each in mail["To"].addresses]
    except (MessageError, ValueError, IndexError, AttributeError):  # of the parser of the library
        found = []
    if len(found) != 1 or not found[0]:
        raise InvalidInputError(
            "", f"{text[:60]!r} is not one e-mail address", 'write it like "an@example.org"'
        )
    return text


def _list(value: object) -> tuple[object, ...]:
    if not isinstance(value, list | tuple) or not value:
        raise InvalidInputError("", "is not a list", 'write it like ["a", "b"]')
    return tuple(value)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(_text(each) for each in _list(value))


def _rules(value: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one_of(each, RULE_NAMES) for each in _list(value)))


def _url(value: object) -> str:
    text = _text(value)
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises for a port that is no number
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("https", "http") or not parts.hostname or " " in text:
        raise InvalidInputError(
            "", "is not the address of a web server", 'write it like "https://example.org/hook"'
        )
    if parts.username is not None or parts.fragment:
        raise InvalidInputError(
            "", "has a user name, a password or a fragment, which is not sent",
            "leave it out; the receiver checks the signature",
        )  # fmt: skip
    return text


def _networks(value: object) -> tuple[str, ...]:
    found = []
    for each in _texts(value):
        try:
            found.append(str(ip_network(each)))
        except ValueError:
            raise InvalidInputError(
                "", f"{each[:60]!r} is not an IP network", 'write it like "10.0.0.0/8"'
            ) from None
    return tuple(found)


def _variable(value: object) -> str:
    if not is_variable_name(value):  # the message does not repeat it: it may be the secret itself
        raise InvalidInputError(
            "", "is not the name of an environment variable (A-Z, 0-9 and _)",
            "write its name; the secret stays in the environment",
        )  # fmt: skip
    return str(value)


def _port(value: object) -> int:
    if type(value) is not int or not 0 < value < 65_536:
        raise InvalidInputError("", "is not a port", "write a number from 1 to 65535")
    return value


_FIELDS = {"from": "sender"}
_READERS: Mapping[str, Callable[[object], Any]] = {
    "name": _name,
    "url": _url,
    "networks": _networks,
    "secret_file": _text,
    "secret_variable": _variable,
    "command": _texts,
    "server": _text,
    "port": _port,
    "tls": lambda value: one_of(value, tuple(_TLS_PORTS)),
    "user": _text,
    "from": _address,
    "to": lambda value: tuple(map(_address, _list(value))),
}
_EXAMPLES = {
    "name": 'name = "phone"',
    "url": 'url = "https://example.org/hook"',
    "command": 'command = ["notify-send", "{title}", "{text}"]',
    "server": 'server = "smtp.example.org"',
    "from": 'from = "quota@example.org"',
    "to": 'to = ["an@example.org"]',
}
