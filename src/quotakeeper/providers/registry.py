"""Which providers there are: the four that come along, and those that other packages plug in."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from quotakeeper.providers.anthropic import AnthropicAdapter
from quotakeeper.providers.contract import (
    NOTHING,
    Adapter,
    Call,
    CountText,
    LiveSession,
    Request,
)
from quotakeeper.providers.deepgram import DeepgramAdapter
from quotakeeper.providers.gemini import GeminiAdapter
from quotakeeper.providers.openai import OpenAIAdapter
from quotakeeper.providers.reading.redaction import redact

ENTRY_POINTS = "quotakeeper.providers"
BUILT_IN: tuple[Adapter, ...] = (
    GeminiAdapter(),
    DeepgramAdapter(),
    OpenAIAdapter(),
    AnthropicAdapter(),
)


class _Plugins:
    """Adapters of other packages, looked for once, when they are first wanted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._adapters: tuple[Adapter, ...] | None = None
        self.problems: tuple[str, ...] = ()

    def adapters(self) -> tuple[Adapter, ...]:
        """Every one that can be loaded; of the others, the reason is kept."""
        with self._lock:
            if self._adapters is None:
                self._adapters, self.problems = _load()
            return self._adapters


_PLUGINS = _Plugins()


def adapters(*, plugins: bool = True) -> tuple[Adapter, ...]:
    """All adapters, ours first: a plug-in adds a provider, it takes none over."""
    return BUILT_IN + _PLUGINS.adapters() if plugins else BUILT_IN


def plugin_problems() -> tuple[str, ...]:
    """Why plug-ins were left out, one line each."""
    _PLUGINS.adapters()
    return _PLUGINS.problems


def adapter_named(name: str) -> Adapter | None:
    """The adapter of a provider, or None."""
    return next((adapter for adapter in adapters() if adapter.name == name), None)


def recognise(
    request: Request,
    *,
    known_hosts: Mapping[str, str] = NOTHING,
    count: CountText | None = None,
    among: Sequence[Adapter] | None = None,
) -> tuple[Adapter, Call] | None:
    """The adapter of a request and the call it is, or None when no provider's is.

    `known_hosts` maps "host[:port][/prefix]" to an adapter's name, for gateways and other base
    addresses. A host that is not listed and is no provider's own is left alone, except loopback.
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
    """The adapter and meter of a WebSocket, or None when no provider's is."""
    for adapter in adapters() if among is None else among:
        session = adapter.live(request, known_hosts=known_hosts, count=count)
        if session is not None:
            return adapter, session
    return None


def _load() -> tuple[tuple[Adapter, ...], tuple[str, ...]]:
    from importlib import metadata  # noqa: PLC0415 - ten milliseconds that few programs need

    found: list[Adapter] = []
    problems: list[str] = []
    names = {adapter.name for adapter in BUILT_IN}
    for entry in metadata.entry_points(group=ENTRY_POINTS):
        try:
            made = entry.load()
            adapter: Adapter = made() if isinstance(made, type) else made
            missing = [verb for verb in _VERBS if not hasattr(adapter, verb)]
        except Exception as error:  # noqa: BLE001 - somebody else's package must not stop ours
            problems.append(redact(f"{entry.name}: {type(error).__name__}: {error}"))
            continue
        if missing:
            problems.append(f"{entry.name}: has no {', '.join(missing)}")
        elif adapter.name in names:
            problems.append(f"{entry.name}: the name {adapter.name!r} is taken")
        else:
            names.add(adapter.name)
            found.append(adapter)
    return tuple(found), tuple(problems)


_VERBS = ("name", "recognise", "reader", "refusal", "interruption", "live")
