"""Finds the providers: the folders beside this file, and plug-ins of other packages.

A folder with an `ADAPTER` is a provider. No list names the folders, so to add a provider means to
add a folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pkgutil import iter_modules

from quotakeeper.native_threads import RLock
from quotakeeper.providers.adapter import EnvironmentNames, ProviderAdapter
from quotakeeper.providers.addresses import is_host
from quotakeeper.providers.contract import (
    NOTHING,
    Adapter,
    Call,
    CountText,
    LiveSession,
    Request,
)
from quotakeeper.providers.reading.redaction import redact

ENTRY_POINTS = "quotakeeper.providers"
_PACKAGE = "quotakeeper.providers"


def _built_in() -> tuple[Adapter, ...]:
    """Return the adapters of this package's folders, by precedence."""
    folders = (
        found.name for found in iter_modules(import_module(_PACKAGE).__path__) if found.ispkg
    )
    modules = (import_module(f"{_PACKAGE}.{folder}") for folder in folders)
    found = [module.ADAPTER for module in modules if hasattr(module, "ADAPTER")]
    return tuple(sorted(found, key=lambda adapter: (adapter.precedence, adapter.name)))


BUILT_IN = _built_in()


class _Plugins:
    """The adapters of other packages, which are loaded once, at the first use."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._adapters: tuple[Adapter, ...] | None = None
        self.problems: tuple[str, ...] = ()

    def adapters(self) -> tuple[Adapter, ...]:
        """Return every plug-in that can be loaded, and keep the reasons for the others."""
        with self._lock:
            if self._adapters is None:
                self._adapters, self.problems = _load()
            return self._adapters


_PLUGINS = _Plugins()


def adapters(*, plugins: bool = True) -> tuple[Adapter, ...]:
    """Return all adapters, the built-in ones first: a plug-in cannot replace a built-in provider."""
    return BUILT_IN + _PLUGINS.adapters() if plugins else BUILT_IN


def plugin_problems() -> tuple[str, ...]:
    """Return why plug-ins were left out, one line each."""
    _PLUGINS.adapters()
    return _PLUGINS.problems


def adapter_named(name: str) -> Adapter | None:
    """Return the adapter of a provider, or None."""
    return next((adapter for adapter in adapters() if adapter.name == name), None)


def recognise(
    request: Request,
    *,
    known_hosts: Mapping[str, str] = NOTHING,
    count: CountText | None = None,
    among: Sequence[Adapter] | None = None,
) -> tuple[Adapter, Call] | None:
    """Return the adapter of a request and the call that it makes; None if it is not a provider's.

    `known_hosts` maps "host[:port][/prefix]" to an adapter's name, for gateways and other base
    addresses. Other hosts are recognised only if they are a provider's own or loopback.
    """
    for adapter in adapters() if among is None else among:
        call = adapter.recognise(request, known_hosts=known_hosts, count=count)
        if call is not None:
            return adapter, call
    return None


def live_session(
    request: Request,
    *,
    known_hosts: Mapping[str, str] = NOTHING,
    count: CountText | None = None,
    among: Sequence[Adapter] | None = None,
) -> tuple[Adapter, LiveSession] | None:
    """Return the adapter and the meter of a WebSocket; None if it is not a provider's."""
    for adapter in adapters() if among is None else among:
        session = adapter.live(request, known_hosts=known_hosts, count=count)
        if session is not None:
            return adapter, session
    return None


def base_url_variables() -> dict[str, str]:
    """Return environment variable -> provider, for variables that hold a provider's address."""
    found: dict[str, str] = {}
    for adapter in _full_adapters():
        for variable in adapter.environment.base_urls:
            found.setdefault(variable, adapter.name)
    return found


def is_provider_host(host: str) -> bool:
    """Return whether a host is a provider's own, which is recognised without being listed."""
    return any(
        is_host(f".{host}" if own[:1] == "." else host, own)
        for adapter in _full_adapters()
        for own in (*adapter.hosts, *adapter.domains)
    )


def provider_hosts() -> tuple[str, ...]:
    """Return the hosts that answer calls: "host", or an ending that begins with "." or "-"."""
    return tuple(dict.fromkeys(host for each in _full_adapters() for host in each.hosts))


def _full_adapters() -> Iterator[ProviderAdapter[object]]:
    """Yield the adapters that state hosts and variables; a plug-in with only the methods does not."""
    return (adapter for adapter in adapters() if isinstance(adapter, ProviderAdapter))


def _load() -> tuple[tuple[Adapter, ...], tuple[str, ...]]:
    from importlib import metadata  # noqa: PLC0415 - takes 10 ms, and few programs need it

    found: list[Adapter] = []
    problems: list[str] = []
    names = {adapter.name for adapter in BUILT_IN}
    for entry in metadata.entry_points(group=ENTRY_POINTS):
        try:
            made = entry.load()
            adapter: Adapter = made() if isinstance(made, type) else made
            missing = [verb for verb in _VERBS if not hasattr(adapter, verb)]
        except Exception as error:  # noqa: BLE001 - an error in a plug-in must not stop quotakeeper
            problems.append(redact(f"{entry.name}: {type(error).__name__}: {error}"))
            continue
        wrong = _wrong_data(adapter)
        if missing:
            problems.append(f"{entry.name}: has no {', '.join(missing)}")
        elif wrong:
            problems.append(f"{entry.name}: {wrong}")
        elif adapter.name in names:
            problems.append(f"{entry.name}: the name {adapter.name!r} is taken")
        else:
            names.add(adapter.name)
            found.append(adapter)
    return tuple(found), tuple(problems)


def _wrong_data(adapter: Adapter) -> str:
    """Return what is wrong with the data that a plug-in states; "" if nothing is."""
    if not isinstance(adapter, ProviderAdapter):
        return ""
    environment: object = adapter.environment
    if not isinstance(environment, EnvironmentNames):
        return "environment is not EnvironmentNames"
    farewells: object = adapter.farewells
    if not isinstance(farewells, Mapping) or not _are_texts(tuple(farewells.values())):
        return "farewells is not a mapping of texts"
    stated = {
        "hosts": adapter.hosts,
        "domains": adapter.domains,
        "base_urls": environment.base_urls,
    }
    wrong = [name for name, texts in stated.items() if not _are_texts(texts)]
    return f"{', '.join(wrong)}: not a tuple of texts" if wrong else ""


def _are_texts(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(each, str) and each for each in value)


_VERBS = ("name", "recognise", "reader", "refusal", "interruption", "live")
