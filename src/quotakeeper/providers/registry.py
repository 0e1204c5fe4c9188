"""Finds the adapter for a request, among the built-in adapters and the plug-ins.

A folder beside this file with `facts.py` is a built-in provider; its `adapter.py` has the `ADAPTER`.
No list names the folders, so a new provider is only a new folder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import import_module

from quotakeeper.providers.addresses import public_host
from quotakeeper.providers.built_in import built_in_facts
from quotakeeper.providers.contract import (
    NOTHING,
    Adapter,
    Call,
    CountText,
    LiveSession,
    Request,
)
from quotakeeper.providers.facts import is_host
from quotakeeper.providers.plugins import plugin_adapters

BUILT_IN: tuple[Adapter, ...] = tuple(
    import_module(f"quotakeeper.providers.{facts.name}.adapter").ADAPTER
    for facts in built_in_facts()
)


def adapters(*, plugins: bool = True) -> tuple[Adapter, ...]:
    """Return all adapters: first the built-in ones, then the plug-ins, unless `plugins` is False.

    A plug-in cannot replace a built-in provider.
    """
    return BUILT_IN + plugin_adapters() if plugins else BUILT_IN


def adapter_named(name: str) -> Adapter | None:
    """Return the adapter of a provider; None if no adapter has this name."""
    return next((adapter for adapter in adapters() if adapter.name == name), None)


def recognise(
    request: Request,
    *,
    known_hosts: Mapping[str, str] = NOTHING,
    count: CountText | None = None,
    among: Sequence[Adapter] | None = None,
) -> tuple[Adapter, Call] | None:
    """Return the adapter for a request and the call that the request makes; None if no adapter
    matches.

    `known_hosts` maps "host[:port][/prefix]" to an adapter's name, for gateways and other base
    URLs. Other hosts are recognised only if they are a provider's own or loopback. Only the
    adapters in `among` are tried; if it is None, all adapters are tried.
    """
    if among is None:
        among = adapters() if known_hosts else _adapters_for(request.url)
    for adapter in among:
        call = adapter.recognise(request, known_hosts=known_hosts, count=count)
        if call is not None:
            return adapter, call
    return None


def _adapters_for(url: str) -> tuple[Adapter, ...]:
    """Return the adapters that may recognise a request to `url`, without entries of `known_hosts`."""
    host = public_host(url)
    return adapters() if host is None else _built_in_for(host) + plugin_adapters()


@lru_cache(maxsize=512)
def _built_in_for(host: str) -> tuple[Adapter, ...]:
    """Return the built-in adapters that serve `host`. `host` does not mean this machine."""
    found: list[Adapter] = []
    for adapter in BUILT_IN:
        own = getattr(adapter, "hosts", None)
        if own is None or any(is_host(host, each) for each in own):
            found.append(adapter)
    return tuple(found)


def live_session(
    request: Request,
    *,
    known_hosts: Mapping[str, str] = NOTHING,
    count: CountText | None = None,
    among: Sequence[Adapter] | None = None,
) -> tuple[Adapter, LiveSession] | None:
    """Return the adapter and the meter for a WebSocket; None if no adapter matches."""
    for adapter in adapters() if among is None else among:
        session = adapter.live(request, known_hosts=known_hosts, count=count)
        if session is not None:
            return adapter, session
    return None
