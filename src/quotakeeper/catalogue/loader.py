"""Reads the price files of the package, and the user's own price files, into one snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from quotakeeper.catalogue.model_names import Alias
from quotakeeper.catalogue.price_file import PriceFile, parse_price_file
from quotakeeper.catalogue.snapshot import PriceSnapshot
from quotakeeper.catalogue.unknown_models import for_unknown_models
from quotakeeper.domain.pricing.prices import PriceRow
from quotakeeper.errors import ConfigError

_DATA = Path(__file__).with_name("data")
_MOST_BYTES = 4 * 1024 * 1024


def load_snapshot(overrides: Sequence[Path] = ()) -> PriceSnapshot:
    """Return the prices of the package and of the user's price files (`overrides`).

    A price in a user's file replaces the same price of the package, or of an earlier file in the
    list. A file with `unknown_models_only` changes no price of the other files. Raises ConfigError
    that names file, table and field for any error in a file.
    """
    if not overrides:
        return _shipped_snapshot()
    shipped, data = _shipped()
    providers = frozenset(row.provider for file in shipped for row in file.rows)
    files = list(shipped)
    for path in overrides:
        text = read_catalogue_text(Path(path))
        name = _name(Path(path), {file.name for file in files})
        file = parse_price_file(text, name, providers, own=True)
        providers |= {row.provider for row in file.rows}
        data += text.encode()
        files.append(file)
    return _snapshot(files, data)


@cache
def _shipped_snapshot() -> PriceSnapshot:
    files, data = _shipped()
    return _snapshot(files, data)


@cache
def _shipped() -> tuple[tuple[PriceFile, ...], bytes]:
    texts = _shipped_texts()
    files = tuple(parse_price_file(text, name, own=False) for name, text in texts)
    return files, "".join(text for _, text in texts).encode()


def _shipped_texts() -> list[tuple[str, str]]:
    return [(path.name, read_catalogue_text(path)) for path in sorted(_DATA.glob("*.toml"))]


def price_texts(overrides: Sequence[Path] = ()) -> Iterator[tuple[str, str, bool]]:
    """Yield the name and the text of each price file, and whether it is the user's.

    Raises ConfigError if a file cannot be read.
    """
    for name, text in _shipped_texts():
        yield name, text, False
    for path in overrides:
        yield Path(path).name, read_catalogue_text(Path(path)), True


def _snapshot(files: Iterable[PriceFile], data: bytes) -> PriceSnapshot:
    from hashlib import sha256  # noqa: PLC0415 - slow to import

    files = for_unknown_models(files)
    rows = tuple(row for file in files for row in file.rows)
    aliases = tuple(alias for file in files for alias in file.aliases)
    _check_duplicates(files)
    _check_aliases(aliases, rows)
    as_of = max(file.as_of for file in files if file.as_of is not None)
    digest = sha256(data.replace(b"\r\n", b"\n")).hexdigest()[:8]
    return PriceSnapshot(
        rows,
        tuple(part for file in files for part in file.adjustments),
        aliases,
        f"{as_of.isoformat()}+{digest}",
        tuple(prefix for file in files for prefix in file.prefixes),
    )


def _check_duplicates(files: Iterable[PriceFile]) -> None:
    seen: dict[tuple[object, ...], str] = {}
    for file in files:
        for number, row in enumerate(file.rows, 1):
            slot = _key_of(row)
            if slot in seen:
                raise ConfigError(
                    f"{file.name}: price[{number}]",
                    f"is a second price for the same kind of call, with the same start date as {seen[slot]}",
                    "keep one of the two, or change the start date of one",
                )
            seen[slot] = f"price[{number}] of {file.name}"


def _key_of(row: PriceRow) -> tuple[object, ...]:
    return (
        row.own, row.provider, row.model, row.key, row.from_at, row.kind,
        row.tier, row.mode, row.language, row.plan, row.addon, row.above,
    )  # fmt: skip


def _check_aliases(aliases: tuple[Alias, ...], rows: tuple[PriceRow, ...]) -> None:
    models = {(row.provider, row.model) for row in rows}
    seen: set[tuple[str, str]] = set()
    for alias in aliases:
        if (alias.provider, alias.model) not in models:
            raise ConfigError(
                f"{alias.origin}.model",
                f"{alias.model!r} has no price at {alias.provider}",
                "choose a model that has a [[price]]",
            )
        name = (alias.provider, alias.name)
        if name in models or name in seen:
            raise ConfigError(
                f"{alias.origin}.name",
                f"{alias.name!r} is already the name of a model of {alias.provider}",
                "leave the alias out, or choose another name",
            )
        seen.add(name)


def _name(path: Path, taken: set[str]) -> str:
    name, number = path.name, 1
    while name in taken:
        number += 1
        name = f"{path.name} ({number})"
    return name


def read_catalogue_text(path: Path) -> str:
    """Return the text of a price file or a preset file.

    Raises ConfigError if the file cannot be read, is larger than 4 MB, or is not UTF-8 text.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ConfigError(path.name, "is larger than 4 MB", "name another file")
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(path.name, "is not UTF-8 text", "save it as UTF-8") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(path.name, f"cannot be read: {reason}", "check the path") from None
