"""Reads presets from TOML. A preset holds a provider's own limits, each with its date and source.

```toml
[[preset]]
name = "gemini-free"
about = "free tier: requests a day for each project and model"
defaults = { provider = "gemini" }   # defaults for every quota
quota = [{ id = "requests a day", model = "gemini-2.5-flash", meter = "requests", window = "day",
           timezone = "America/Los_Angeles", amount = 20, date = 2026-11-23, known = "reports",
           source = "reports of users" }]
```
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from quotakeeper.catalogue.loader import read_catalogue_text
from quotakeeper.catalogue.toml_fields import Fields
from quotakeeper.clocks import zone_named
from quotakeeper.domain.quotas import CONCURRENCY, PRESET, ProviderQuota
from quotakeeper.domain.units import METERS, amount_from_units
from quotakeeper.domain.windows import parse_window, period_at
from quotakeeper.errors import ConfigError, InvalidInputError
from quotakeeper.value_classes import dataclass

# How a preset's figures are known: from the provider's documentation, from reports of users and
# replies, or from a table that is no longer published.
KNOWN = ("documentation", "reports", "historic")
_SHIPPED = Path(__file__).with_name("presets")
_FIELDS = ("id", "provider", "model", "meter", "window", "timezone", "amount", "date", "known",
           "source")  # fmt: skip
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")


@dataclass(frozen=True, slots=True)
class PresetQuota:
    """One quota of a preset.

    `amount` is in base units. `date_at` is the day on which the amount was true (microseconds since
    1970 UTC). `known` is one of KNOWN. `window` is "" for a quota of concurrent calls. `timezone`
    is "" for a quota of concurrent calls and for a rolling window.
    """

    quota_id: str
    provider: str
    model: str
    meter: str
    window: str
    timezone: str
    amount: int
    date_at: int
    known: str
    source: str

    @property
    def is_enforceable(self) -> bool:
        """Whether a limit can enforce the quota. A limit cannot count concurrent calls."""
        return self.meter in METERS

    def limit_name(self, preset: str) -> str:
        """Return the name of the limit that is made from this quota."""
        return " ".join(filter(None, (preset, self.model, self.quota_id)))

    def at(self, preset: str, now: int) -> ProviderQuota:
        """Return the quota as a ProviderQuota at instant `now`, to show it beside quotas from
        replies."""
        resets_at = None
        if self.window and self.timezone:
            resets_at = period_at(parse_window(self.window), zone_named(self.timezone), now).end_at
        return ProviderQuota(
            self.provider, self.model, f"{preset}: {self.quota_id}", self.meter, self.window,
            self.amount, None, resets_at, PRESET, self.date_at, self.known,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class QuotaPreset:
    """A named set of a provider's quotas. `about` describes it in a few words."""

    name: str
    about: str
    quotas: tuple[PresetQuota, ...]


def load_presets(files: Sequence[Path] = ()) -> dict[str, QuotaPreset]:
    """Return all presets by name: those of the package and those in the user's `files`.

    A preset in a user's file replaces the package's preset of the same name. Raises ConfigError
    that names file, table and field for any error.
    """
    found: dict[str, QuotaPreset] = {}
    for path in (*sorted(_SHIPPED.glob("*.toml")), *files):
        for preset in _read(read_catalogue_text(path), path.name):
            found[preset.name] = preset
    return found


def preset_named(name: str, presets: Mapping[str, QuotaPreset], field: str) -> QuotaPreset:
    """Return the preset with this name.

    Raises InvalidInputError about `field` if there is none; the error names the nearest preset.
    """
    found = presets.get(name.strip())
    if found is None:
        near = get_close_matches(name.strip()[:60].lower(), presets, n=1)
        fix = f"did you mean {near[0]!r}?" if near else f"one of: {', '.join(sorted(presets))}"
        raise InvalidInputError(field, f"there is no preset {name[:60]!r}", fix)
    return found


def quotas_at(
    names: Iterable[str], presets: Mapping[str, QuotaPreset], now: int
) -> tuple[ProviderQuota, ...]:
    """Return the quotas of the named presets at instant `now`. Raises ConfigError for an unknown
    name.
    """
    try:
        chosen = [preset_named(name, presets, "quota_presets") for name in names]
    except InvalidInputError as error:
        raise ConfigError("quota_presets", error.problem, error.fix) from None
    return tuple(quota.at(preset.name, now) for preset in chosen for quota in preset.quotas)


def _read(text: str, name: str) -> list[QuotaPreset]:
    try:
        top = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(name, str(error), "write it as TOML") from None
    tables = top.get("preset", [])
    if not isinstance(tables, list) or set(top) - {"preset"}:
        raise ConfigError(name, "is not a list of presets", "write each as [[preset]]")
    return [
        _preset(Fields(table, f"{name}: preset[{n}]", ("name", "about", "defaults", "quota"), {}))
        for n, table in enumerate(tables, 1)
    ]


def _preset(table: Fields) -> QuotaPreset:
    name = table.text("name")
    if not _NAME.fullmatch(name):
        raise table.error("name", f"{name[:60]!r} is not a plain name", 'like "gemini-free"')
    given = table.values()
    defaults, rows = given.get("defaults", {}), given.get("quota", [])
    if not isinstance(defaults, Mapping) or not isinstance(rows, list) or not rows:
        raise table.error("quota", "is not a list of tables", "write quota = [{ id = ... }]")
    quotas = tuple(
        _quota(Fields(row, f"{table.where}.quota[{n}]", _FIELDS, defaults))
        for n, row in enumerate(rows, 1)
    )
    return QuotaPreset(name, table.text("about"), quotas)


def _quota(table: Fields) -> PresetQuota:
    meter = table.choice("meter", (*METERS, CONCURRENCY))
    window = table.text("window", default="")
    timezone = table.text("timezone", default="")
    try:
        if meter != CONCURRENCY:
            window = str(parse_window(window))
        if timezone:
            zone_named(timezone)
    except InvalidInputError as error:
        raise table.error("window", error.problem, error.fix) from None
    except ConfigError as error:
        raise table.error("timezone", error.problem, error.fix) from None
    return PresetQuota(
        table.text("id"), table.text("provider"), table.model("model", pattern=True, default=""),
        meter, window, timezone, _amount(table, meter), table.instant("date"),
        table.choice("known", KNOWN), table.text("source"),
    )  # fmt: skip


def _amount(table: Fields, meter: str) -> int:
    value = table.values().get("amount")
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise table.error("amount", "is not a number", 'write amount = 20, or "12.50" in quotes')
    if meter not in METERS:
        return table.whole("amount", least=0, most=10**9)
    try:
        return amount_from_units(value, METERS[meter])
    except InvalidInputError as error:
        raise table.error("amount", error.problem, error.fix) from None
