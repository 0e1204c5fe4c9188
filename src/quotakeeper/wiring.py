"""Builds stores and engines from the settings. No other module chooses a store or loads prices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from quotakeeper.clocks import Clock, SystemClock, zone_named
from quotakeeper.config import Settings
from quotakeeper.config.settings import is_server
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.quotas import ProviderQuota
from quotakeeper.domain.units import Quantities
from quotakeeper.engine.worker.process_lifecycle import lifecycle
from quotakeeper.errors import ConfigError, InvalidInputError
from quotakeeper.file_safety import followed
from quotakeeper.identifiers import new_owner
from quotakeeper.known_names import KnownNames
from quotakeeper.server_store import host_files as host_files
from quotakeeper.server_store import server_store
from quotakeeper.value_classes import dataclass, replace

if TYPE_CHECKING:
    from quotakeeper.catalogue.quota_presets import QuotaPreset
    from quotakeeper.catalogue.snapshot import PriceSnapshot
    from quotakeeper.domain.ports import Store
    from quotakeeper.domain.pricing.prices import Priced
    from quotakeeper.engine.assembly import Engine
    from quotakeeper.engine.call_builder import TokenCount
    from quotakeeper.engine.call_prices import PeriodPrices
    from quotakeeper.engine.leases.block_sizing import BlockSizing
    from quotakeeper.engine.threshold_warnings import Warner
    from quotakeeper.stores.postgres.administration import ServerLedger
    from quotakeeper.stores.sqlite.gateway_marks import GatewayMarks

MEMORY = "memory:"
_FILE_SCHEME = "sqlite:///"


@dataclass(frozen=True, slots=True)
class Wired:
    """An engine, and the durability and prices that it uses."""

    engine: Engine
    durability: str
    prices: LazyPrices


def wire(
    settings: Settings, durability: str | None, clock: Clock | None, on_warning: Warner | None
) -> Wired:
    """Build the engine that the settings describe. Raises ConfigError."""
    # The module `keeper` has loaded the engine. Commands that only need the ledger's path do not.
    from quotakeeper.engine.assembly import assemble  # noqa: PLC0415
    from quotakeeper.engine.call_builder import CallBuilder  # noqa: PLC0415
    from quotakeeper.engine.policies import Policies  # noqa: PLC0415

    chosen = _durability(durability or settings.durability)
    prices = LazyPrices(settings)
    policies = Policies(
        settings.on_limit, settings.on_unpriced, settings.on_store_failure, settings.plan,
        settings.on_busy, settings.hold, settings.busy_seconds, settings.wait_seconds,
        settings.clamp_least,
    )  # fmt: skip
    names = KnownNames(settings.providers, prices)
    check_limits(settings, names)
    limits = tuple(_canonical(limit, prices) for limit in settings.limits)
    on_server = is_on_server(settings)
    beside = host_files(settings) if on_server else ledger_path(settings)
    engine = assemble(
        server_store(settings, beside, chosen) if on_server else open_store(settings, chosen),
        CallBuilder(limits, prices, _count_tokens, policies, names),
        limits,
        zone_named(settings.timezone),
        clock or SystemClock(),
        spool_beside=beside,
        on_warning=on_warning,
        granting=_block_sizing(settings, chosen, beside),
        presets=preset_quotas(settings) if settings.quota_presets else None,
        clock_jump_seconds=settings.clock_jump_seconds,
        has_hosts=on_server,
    )
    return Wired(engine, chosen, prices)


def preset_quotas(settings: Settings) -> Callable[[int], tuple[ProviderQuota, ...]]:
    """Return a function that returns the preset quotas in force at an instant in microseconds.

    The function reads the preset files of the settings at its first call.
    """

    @cache
    def presets() -> Mapping[str, QuotaPreset]:
        with lifecycle.undisturbed():
            from quotakeeper.catalogue.quota_presets import load_presets  # noqa: PLC0415

            return load_presets(settings.preset_files)

    def at(now: int) -> tuple[ProviderQuota, ...]:
        from quotakeeper.catalogue.quota_presets import quotas_at  # noqa: PLC0415 - as above

        return quotas_at(settings.quota_presets, presets(), now)

    return at


def known_names(settings: Settings) -> KnownNames:
    """All known names: the names of adapters and prices, and the providers that the settings
    declare."""
    return KnownNames(settings.providers, LazyPrices(settings))


def check_limits(settings: Settings, names: KnownNames | None = None) -> None:
    """Raise ConfigError for the first limit that no call can match. The message suggests the most
    similar name."""
    names = names or known_names(settings)
    origin = settings.origins.get("limits", "limits")
    for limit in settings.limits:
        try:
            names.check_limit(limit)
        except InvalidInputError as error:
            where = f"{origin}: limit {limit.name!r}, {error.field}"
            raise ConfigError(where, error.problem, error.fix) from None


def _block_sizing(settings: Settings, durability: str, beside: Path | None) -> BlockSizing | None:
    lease, on_server = settings.lease, is_on_server(settings)
    if lease == "off" or (on_server and beside is None):  # without a journal, a kill costs a lease
        return None
    from quotakeeper.engine.journals.replay import boot_mark  # noqa: PLC0415
    from quotakeeper.engine.leases.block_sizing import BlockSizing  # noqa: PLC0415 - see assemble
    from quotakeeper.engine.leases.lease import FILE_TERM, term_of  # noqa: PLC0415

    term = term_of(settings.lease_seconds) if on_server else FILE_TERM
    return BlockSizing(None if lease == "auto" else int(lease), boot_mark(durability), term)


def open_store(settings: Settings, durability: str | None = None) -> Store:
    """The store that the settings name. The store opens or creates nothing before its first use.

    For a ledger that this user can read but not write, returns a read-only store.
    """
    if is_on_server(settings):
        return server_store(settings, None, durability or "")
    path = ledger_path(settings)
    if path is None:
        with lifecycle.undisturbed():
            from quotakeeper.stores.memory import MemoryStore  # noqa: PLC0415 - only one store is used

        return MemoryStore(zone_named, owner=new_owner())
    with lifecycle.undisturbed():
        from quotakeeper.stores.sqlite.read_only import ReadOnlyStore, opens_read_only  # noqa: PLC0415
        from quotakeeper.stores.sqlite.store import SqliteStore  # noqa: PLC0415

    if opens_read_only(path):
        return ReadOnlyStore(path, zone_named)
    chosen = _durability(durability or settings.durability, on_server=False)
    group = _group(settings)
    return SqliteStore(path, zone_named, owner=new_owner(), durability=chosen, group=group)


def open_server(settings: Settings) -> ServerLedger:
    """The database server of the ledger, to create or check the ledger there. Raises
    InvalidInputError if the ledger is a file."""
    if not is_on_server(settings):
        raise InvalidInputError(
            "ledger", "is not on a server", "name one: --ledger postgresql://HOST/DATABASE"
        )
    from quotakeeper.stores.postgres.administration import ServerLedger  # noqa: PLC0415 - as above
    from quotakeeper.stores.postgres.dsn import parse_dsn  # noqa: PLC0415

    return ServerLedger(parse_dsn(settings.ledger))


def is_on_server(settings: Settings) -> bool:
    """Whether the ledger is in PostgreSQL, so that other machines can use it too."""
    return is_server(settings.ledger)


def _group(settings: Settings) -> int | None:
    if not settings.ledger_group:
        return None
    from quotakeeper.file_sharing import group_id  # noqa: PLC0415 - few ledgers are shared

    return group_id(settings.ledger_group)


def ledger_path(settings: Settings) -> Path | None:
    """The path of the ledger file; None for a ledger in memory or on a server.

    A link that belongs to this user or to root is followed. Raises ConfigError for a URL with
    another scheme.
    """
    ledger = settings.ledger
    if ledger == MEMORY or is_on_server(settings):
        return None
    if ledger.startswith(_FILE_SCHEME):
        return followed(Path(ledger.removeprefix(_FILE_SCHEME)))
    if "://" in ledger:
        scheme = ledger.partition("://")[0]
        raise ConfigError(
            "ledger",
            f"there is no store for {scheme!r}",
            "give a path, memory: or postgresql://",
        )
    return followed(Path(ledger))


def gateway_marks(settings: Settings) -> GatewayMarks | None:
    """The marks of gateways that count calls on this ledger; None if the ledger is not a file."""
    path = ledger_path(settings)
    if path is None:
        return None
    with lifecycle.undisturbed():
        from quotakeeper.stores.sqlite.gateway_marks import GatewayMarks  # noqa: PLC0415

    return GatewayMarks(path)


class LazyPrices:
    """The price catalogue, which is read on first use: many programs need no prices."""

    def __init__(self, settings: Settings) -> None:
        self._files = settings.price_files
        self._loaded: PriceSnapshot | None = None

    @property
    def snapshot(self) -> PriceSnapshot:
        """All prices. Raises ConfigError if a price file is not valid."""
        if self._loaded is None:
            with lifecycle.undisturbed():
                from quotakeeper.catalogue import load_snapshot  # noqa: PLC0415

                self._loaded = load_snapshot(self._files)
        return self._loaded

    def plan(self, provider: str, model: str, at: int, options: Mapping[str, str]) -> PeriodPrices:
        """The prices of a model at the instant `at`, in microseconds since 1970 UTC."""
        return self.snapshot.plan(provider, model, at, options)

    def highest(self, provider: str, quantities: Quantities, at: int) -> Priced:
        """The cost of `quantities` at the provider's highest price at the instant `at`."""
        return self.snapshot.highest(provider, quantities, at)

    def canonical_model(self, provider: str, model: str) -> str:
        """The model name that calls are counted under. For an alias, it is the name of the aliased
        model."""
        return self.snapshot.canonical_model(provider, model)

    def options_of(self, price_id: str) -> Mapping[str, str]:
        """The price options that `price_id` contains, by name."""
        with lifecycle.undisturbed():
            from quotakeeper.catalogue.price_ids import options_of  # noqa: PLC0415 - see snapshot

        return options_of(price_id)


def _canonical(limit: Limit, prices: LazyPrices) -> Limit:
    # Calls count under the catalogue's name of a model, so limits must use that name too.
    if not limit.model or not limit.provider or limit.model.endswith("*"):
        return limit
    return replace(limit, model=prices.canonical_model(limit.provider, limit.model))


def _count_tokens(text: str) -> TokenCount:
    from quotakeeper.tokens import count_tokens  # noqa: PLC0415 - loads a table

    return count_tokens(text)


def _durability(name: str, *, on_server: bool = True) -> str:
    if name == "replicated" and not on_server:
        raise ConfigError(
            "durability", "replicated needs a ledger on PostgreSQL", "set it to power"
        )
    if name not in ("power", "process", "replicated"):
        problem = f"unknown durability {str(name)[:40]!r}"
        raise ConfigError("durability", problem, "set it to power, process or replicated")
    return name
