"""Reads a TOML price file, of the package or of a user, into price rows.

```toml
providers = ["mistral"]            # only to add a provider that the catalogue does not have
unknown_models_only = true         # its prices hold only for models that no other file has
[defaults]                         # defaults for every [[price]] of this file
[[price]]                          # one price; never edited, a new price is a new row
[[tier]]                           # the rule of a service tier: batch is half, priority is x 1.8
[[discount]]                       # a percentage agreed for an account
[[alias]]                          # another name of a model
[[prefix]]                         # a prefix that other tools put before model names
```
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from quotakeeper.catalogue.model_names import Alias, Prefix
from quotakeeper.catalogue.toml_fields import MOST_PER, Fields
from quotakeeper.domain.pricing.prices import (
    ANY_MODEL,
    KINDS,
    LANGUAGES,
    MODES,
    NO_MODEL,
    PLANS,
    TIERS,
    Adjustment,
    PriceRow,
)
from quotakeeper.errors import ConfigError
from quotakeeper.value_classes import dataclass

CONFIDENCES = ("high", "medium", "low")
_LINE = re.compile(r"\(at line (\d+), column (\d+)\)")
_PRICE = (
    "provider", "model", "meter", "usd", "per", "from", "until", "source", "confidence", "kind",
    "tier", "mode", "language", "plan", "addon", "above", "note",
)  # fmt: skip
_TIER = ("provider", "model", "tier", "factor", "meters", "from", "until", "source", "confidence",
         "note")  # fmt: skip
_DISCOUNT = ("provider", "model", "percent", "meters", "from", "until", "source", "note")
_ALIAS = ("provider", "name", "model", "mode", "language", "tier")
_PREFIX = ("provider", "name")
_TOP = ("as_of", "providers", "unknown_models_only", "defaults", "price", "tier", "discount",
        "alias", "prefix")  # fmt: skip
_ADDON = re.compile(r"[a-z0-9_]{1,40}")


@dataclass(frozen=True, slots=True)
class PriceFile:
    """The content of one price file.

    `unknown_models_only`: the prices hold only for models that no other file has.
    """

    name: str
    rows: tuple[PriceRow, ...]
    adjustments: tuple[Adjustment, ...]
    aliases: tuple[Alias, ...]
    as_of: date | None = None
    prefixes: tuple[Prefix, ...] = ()
    unknown_models_only: bool = False


def parse_price_file(
    text: str, name: str, providers: frozenset[str] = frozenset(), *, own: bool
) -> PriceFile:
    """Parse the text of a price file. `name` is the file's name in errors.

    `providers` are the known providers; an empty set accepts every provider. `own` is True for a
    user's file. Raises ConfigError that names the file, the table (counted from 1) and the field.
    """
    top = _parse(text, name)
    for key in top:
        if key not in _TOP:
            raise ConfigError(f"{name}: {key}", "is not a known key", "one of: " + ", ".join(_TOP))
    known = providers | _new_providers(top, name) if providers else frozenset()
    reader = _Reader(name, known, own)
    defaults = Fields(top.get("defaults", {}), f"{name}: defaults", _PRICE, {})
    as_of = top.get("as_of")
    if as_of is not None and type(as_of) is not date:
        raise ConfigError(f"{name}: as_of", "is not a date", "write it like as_of = 2026-11-23")
    file = PriceFile(
        name,
        tuple(reader.row(t) for t in _tables(top, "price", name, _PRICE, defaults.values())),
        (
            *(reader.tier_rule(t) for t in _tables(top, "tier", name, _TIER, defaults.values())),
            *(reader.discount(t) for t in _tables(top, "discount", name, _DISCOUNT, {})),
        ),
        tuple(reader.alias(t) for t in _tables(top, "alias", name, _ALIAS, defaults.values())),
        as_of,
        tuple(reader.prefix(t) for t in _tables(top, "prefix", name, _PREFIX, defaults.values())),
        _is_for_unknown_models(top, name),
    )
    if file.unknown_models_only:
        _check_named(file)
    return file


class _Reader:
    """Converts the tables of one price file to price rows, adjustments, aliases and prefixes."""

    def __init__(self, name: str, providers: frozenset[str], own: bool) -> None:
        self._name = name
        self._providers = providers
        self._own = own

    def row(self, table: Fields) -> PriceRow:
        from_at = table.instant("from")
        addon = table.text("addon", default="")
        if addon and not _ADDON.fullmatch(addon):
            raise table.error(
                "addon", f"{addon[:40]!r} is not a name", "write a name such as diarize"
            )
        return PriceRow(
            provider=self._provider(table),
            model=table.priced_model("model"),
            meter=table.meter("meter"),
            usd=table.price("usd"),
            per=table.whole("per", least=1, most=MOST_PER),
            from_at=from_at,
            until_at=table.until(from_at),
            source=table.text("source"),
            confidence=table.choice("confidence", CONFIDENCES, default="medium"),
            kind=table.choice("kind", KINDS, default="contract" if self._own else "list"),
            tier=table.choice("tier", TIERS, default="standard"),
            mode=table.choice("mode", MODES, default=""),
            language=table.choice("language", LANGUAGES, default=""),
            plan=table.choice("plan", PLANS, default=""),
            addon=addon,
            above=table.whole("above", least=0, most=MOST_PER, default=0),
            note=table.text("note", default=""),
            origin=self._name,
            own=self._own,
        )

    def tier_rule(self, table: Fields) -> Adjustment:
        from_at = table.instant("from")
        return Adjustment(
            provider=self._provider(table),
            model=table.model("model", pattern=True, default="*"),
            factor=Fraction(table.factor("factor")),
            from_at=from_at,
            until_at=table.until(from_at),
            source=table.text("source"),
            confidence=table.choice("confidence", CONFIDENCES, default="medium"),
            tier=table.choice("tier", TIERS[1:]),
            meters=table.meters("meters"),
            note=table.text("note", default=""),
            origin=self._name,
            own=self._own,
        )

    def discount(self, table: Fields) -> Adjustment:
        from_at = table.instant("from")
        return Adjustment(
            provider=self._provider(table),
            model=table.model("model", pattern=True, default="*"),
            factor=1 - Fraction(table.percent("percent")) / 100,
            from_at=from_at,
            until_at=table.until(from_at),
            source=table.text("source", default=self._name),
            confidence="high",
            meters=table.meters("meters"),
            note=table.text("note", default=""),
            origin=self._name,
            own=self._own,
        )

    def alias(self, table: Fields) -> Alias:
        given = {
            "mode": table.choice("mode", MODES, default=""),
            "language": table.choice("language", LANGUAGES, default=""),
            "tier": table.choice("tier", TIERS, default=""),
        }
        return Alias(
            self._provider(table),
            table.model("name", pattern=True),
            table.model("model"),
            {name: value for name, value in given.items() if value},
            f"{table.where}",
        )

    def prefix(self, table: Fields) -> Prefix:
        name = table.text("name")
        if not name.endswith(("/", ":")):
            raise table.error(
                "name", f"{name[:60]!r} does not end in / or :", 'write it like name = "google/"'
            )
        return Prefix(self._provider(table), name)

    def _provider(self, table: Fields) -> str:
        provider = table.text("provider")
        if self._providers and provider not in self._providers:
            raise table.error(
                "provider",
                f"unknown {provider[:60]!r} (known: {', '.join(sorted(self._providers))})",
                f'to add it, begin the file with providers = ["{provider[:60]}"]',
            )
        return provider


def _is_for_unknown_models(top: Mapping[str, object], name: str) -> bool:
    found = top.get("unknown_models_only", False)
    if not isinstance(found, bool):
        raise ConfigError(f"{name}: unknown_models_only", "is not true or false", "write true")
    return found


def _check_named(file: PriceFile) -> None:
    """Refuse what would also change the prices of known models."""
    for number, row in enumerate(file.rows, 1):
        if row.model in (ANY_MODEL, NO_MODEL):
            raise ConfigError(
                f"{file.name}: price[{number}].model", "names no model",
                "name one, or leave unknown_models_only out",
            )  # fmt: skip
    wide = any(each.name.endswith("*") for each in file.aliases)
    if file.adjustments or file.prefixes or wide:
        raise ConfigError(
            f"{file.name}: unknown_models_only", "allows only prices and aliases of single models",
            "write the other tables in a file of their own",
        )  # fmt: skip


def _parse(text: str, name: str) -> Mapping[str, object]:
    try:
        return tomllib.loads(text, parse_float=_exact)
    except tomllib.TOMLDecodeError as error:
        found = _LINE.search(str(error))
        place = f"line {found[1]}, column {found[2]}" if found else "the end of the file"
        problem = _LINE.sub("", str(error)).replace("(at end of document)", "").strip()
        raise ConfigError(f"{name}: {place}", problem, 'write it like usd = "0.30"') from None
    except RecursionError:
        raise ConfigError(name, "is nested too deeply", "write plain tables") from None
    except ValueError as error:  # an integer with more digits than Python reads
        raise ConfigError(name, str(error).split(";")[0], "write a smaller number") from None


def _exact(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("Infinity")


def _new_providers(top: Mapping[str, object], name: str) -> frozenset[str]:
    found = top.get("providers", [])
    plain = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")
    if not isinstance(found, list) or not all(
        isinstance(item, str) and plain.fullmatch(item) for item in found
    ):
        raise ConfigError(
            f"{name}: providers", "is not a list of plain names", 'write providers = ["mistral"]'
        )
    return frozenset(found)


def _tables(
    top: Mapping[str, object],
    key: str,
    name: str,
    known: tuple[str, ...],
    defaults: Mapping[str, object],
) -> list[Fields]:
    found = top.get(key, [])
    if not isinstance(found, list):
        raise ConfigError(f"{name}: {key}", "is not a list of tables", f"write [[{key}]]")
    return [
        Fields(table, f"{name}: {key}[{number}]", known, defaults)
        for number, table in enumerate(found, 1)
    ]
