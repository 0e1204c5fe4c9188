"""The Settings object, and the names and allowed values of the settings."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from quotakeeper.domain.limits import Limit
from quotakeeper.domain.money import ExchangeRate
from quotakeeper.errors import InvalidInputError
from quotakeeper.value_classes import dataclass, field

if TYPE_CHECKING:  # loaded only by configs that have alerts
    from quotakeeper.config.alert_settings import AlertSettings

ALERTS = "alerts"  # the table of the config file
DEFAULT_WARN_AT = Decimal("0.8")


@dataclass(frozen=True, slots=True)
class Choice:
    """A setting whose value is one of a few words. The first word is the default."""

    name: str
    words: tuple[str, ...]

    @property
    def variable(self) -> str:
        """The name of the environment variable for this setting."""
        return variable_of(self.name)


def variable_of(name: str) -> str:
    """Return the name of a setting's environment variable: `ledger` -> `QUOTAKEEPER_LEDGER`."""
    return f"QUOTAKEEPER_{name.upper()}"


# docs/en/reference/config.md says what each setting means.
CHOICES = (
    Choice("durability", ("power", "process", "replicated")),
    Choice("on_limit", ("raise", "wait", "clamp", "warn")),
    Choice("on_busy", ("wait", "refuse")),
    Choice("hold", ("worst_case", "typical")),
    Choice("on_store_failure", ("deny", "allow")),
    Choice("asynchronous_replication", ("refuse", "allow")),
    Choice("on_unpriced", ("auto", "refuse", "price_as_highest", "count_only")),
    Choice("plan", ("payg", "growth")),
)


@dataclass(frozen=True, slots=True)
class WholeNumber:
    """A setting that is a whole number from `least` to `most`."""

    name: str
    default: int
    least: int
    most: int

    @property
    def variable(self) -> str:
        """The name of the environment variable for this setting."""
        return variable_of(self.name)


WHOLE_NUMBERS = (
    WholeNumber("busy_seconds", 30, 0, 86_400),
    WholeNumber("wait_seconds", 86_400, 0, 31 * 86_400),
    WholeNumber("clamp_least", 256, 1, 10**9),
    WholeNumber("clock_jump_seconds", 300, 10, 86_400),
    WholeNumber("lease_seconds", 60, 10, 3_600),
)
_SERVER_SCHEMES = ("postgresql:", "postgres:")
LEASE_WORDS = ("off", "auto")
FEWEST_LEASED, MOST_LEASED = 4, 10_000  # the calls that one slice of a lease may be for


def is_server(ledger: str) -> bool:
    """Return whether this setting `ledger` names a database that other machines use as well."""
    return ledger.lower().startswith(_SERVER_SCHEMES)


def default_lease(ledger: str) -> str:
    """Return the default of the setting `lease` for this ledger."""
    return "auto" if is_server(ledger) else "off"


def lease_size(value: object) -> str:
    """Return the value of the setting `lease`: "off", "auto", or the number of calls for one slice.

    Raises InvalidInputError for any other value.
    """
    text = str(value).strip() if isinstance(value, str | int) else ""
    if text in LEASE_WORDS:
        return text
    if text.isdecimal() and FEWEST_LEASED <= int(text[:6]) <= MOST_LEASED:
        return str(int(text))
    raise InvalidInputError(
        "", f"{str(value)[:60]!r} is not a valid lease setting",
        f"use off, auto, or a number of calls from {FEWEST_LEASED} to {MOST_LEASED}",
    )  # fmt: skip


def whole_number(setting: WholeNumber, value: object) -> int:
    """Return the value of a WholeNumber setting as a number.

    Raises InvalidInputError if `value` is not a whole number or is out of range.
    """
    text = str(value).strip() if isinstance(value, str | int) else ""
    if isinstance(value, bool) or not text.isdecimal():
        problem = f"{str(value)[:60]!r} is not a whole number"
    elif setting.least <= int(text[:12]) <= setting.most:
        return int(text)
    else:
        problem = f"{text[:60]} is out of range"
    raise InvalidInputError("", problem, f"give {setting.least} to {setting.most}")


# The top-level keys of a config file that have an origin in `Settings.origins`.
TOP_KEYS = (
    "ledger",
    "ledger_group",
    "timezone",
    *(choice.name for choice in CHOICES),
    *(number.name for number in WHOLE_NUMBERS),
    "lease",
    "warn_at",
    "price_files",
    "quota_presets",
    "preset_files",
    "providers",
    "default_limits",
    "currency",
)


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. `ledger` is an absolute path or a URL such as "memory:".

    - `origins`: where the value of each setting came from: "default", "argument", "environment
      QUOTAKEEPER_LEDGER", or the name of the file.
    - `ledger_group`: the Unix group that shares the ledger; "" for a private ledger.
    - `config_file`: the file that was read, or None.
    - `providers`: names of providers that have no adapter and no price.
    - `quota_presets`: names of presets whose quotas are shown beside the limits.
    - `key_names`: the environment variable of a provider's key, for each provider in [keys].
    - `currency`: the rate for showing costs in a second currency, or None.
    - `alerts`: what people are told and where, or None.
    - `data_folder`: the folder for the data of this user on this machine, or None.
    """

    ledger: str = field(repr=False)  # a URL may have a password
    timezone: str = "UTC"
    limits: tuple[Limit, ...] = ()
    price_files: tuple[Path, ...] = ()
    quota_presets: tuple[str, ...] = ()
    preset_files: tuple[Path, ...] = ()
    durability: str = "power"
    on_limit: str = "raise"
    on_busy: str = "wait"
    hold: str = "worst_case"
    busy_seconds: int = 30
    wait_seconds: int = 86_400
    clamp_least: int = 256
    clock_jump_seconds: int = 300
    lease_seconds: int = 60
    on_store_failure: str = "deny"
    asynchronous_replication: str = "refuse"
    on_unpriced: str = "auto"
    plan: str = "payg"
    lease: str = "off"
    warn_at: Decimal = DEFAULT_WARN_AT
    providers: tuple[str, ...] = ()
    ledger_group: str = ""
    key_names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    currency: ExchangeRate | None = None
    data_folder: Path | None = None
    alerts: AlertSettings | None = None
    config_file: Path | None = None
    origins: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
