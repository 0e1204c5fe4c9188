"""Plug-ins: found by entry point, left out if broken, and never used instead of a built-in adapter."""

from __future__ import annotations

from importlib import metadata

import pytest

from quotakeeper import providers
from quotakeeper.providers import Request, plugins, recognise
from quotakeeper.providers.addresses import is_loopback
from quotakeeper.providers.anthropic.adapter import AnthropicAdapter
from quotakeeper.providers.facts import is_host
from quotakeeper.providers.registry import BUILT_IN


class Example(AnthropicAdapter):
    name = "example"


class Broken:
    name = "broken"

    def __init__(self) -> None:
        raise RuntimeError("no, with key=abc123def456")


class Half:
    name = "half"


class Entry:
    def __init__(self, name: str, what: object) -> None:
        self.name = name
        self._what = what

    def load(self) -> object:
        if isinstance(self._what, Exception):
            raise self._what
        return self._what


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [
        Entry("example", Example), Entry("instance", Example()), Entry("broken", Broken),
        Entry("half", Half), Entry("gone", ImportError("no such module")),
        Entry("gemini", AnthropicAdapter),
    ]  # fmt: skip
    monkeypatch.setattr(metadata, "entry_points", lambda group: entries if group else [])
    monkeypatch.setattr(plugins, "_PLUGINS", plugins._Plugins())


def test_built_in_adapters_come_first_in_their_order() -> None:
    names = [adapter.name for adapter in BUILT_IN]
    known = ["gemini", "deepgram", "openai", "anthropic"]
    assert [name for name in names if name in known] == known
    assert providers.adapters(plugins=False) == BUILT_IN


@pytest.mark.usefixtures("plugged")
def test_a_plugin_adds_a_provider_and_a_broken_plugin_is_named() -> None:
    assert [adapter.name for adapter in providers.adapters()][len(BUILT_IN) :] == ["example"]
    assert providers.adapter_named("example") is not None
    assert providers.adapter_named("nobody") is None
    problems = "\n".join(providers.plugin_problems())
    assert len(providers.plugin_problems()) == 5
    for part in ("broken: RuntimeError", "half: has no recognise", "gone: ImportError",
                 "another provider already has the name 'anthropic'"):  # fmt: skip
        assert part in problems
    assert "abc123" not in problems


@pytest.mark.usefixtures("plugged")
def test_a_plugin_is_tried_after_built_ins_and_for_its_configured_hosts() -> None:
    request = Request("POST", "https://api.example.org/v1/messages")
    assert providers.recognise(request) is None
    found = providers.recognise(request, known_hosts={"api.example.org": "example"})
    assert found is not None
    assert found[0].name == "example"


def test_only_websockets_have_a_live_session() -> None:
    assert providers.live_session(Request("GET", "wss://example.org/v1/listen")) is None
    found = providers.live_session(Request("GET", "wss://api.deepgram.com/v1/listen"))
    assert found is not None
    assert found[0].name == "deepgram"


@pytest.mark.parametrize("host", [
    *sorted({f"x{host}" if host[0] in ".-" else host for each in BUILT_IN for host in each.hosts}),
    "localhost", "127.0.0.1:8080", "[::1]", "example.org", "api.openai.com.example.org", "", "é.example",
])  # fmt: skip
def test_the_adapters_that_are_asked_are_all_that_can_recognise_a_url(host: str) -> None:
    """An adapter that serves neither the host nor loopback is not asked at all."""
    served = 0
    for path in (
        "/v1/chat/completions",
        "/v1beta/models/m:generateContent",
        "/v1/listen",
        "/v1/messages",
        "/",
    ):
        request = Request("POST", f"https://{host}{path}", body=b'{"model": "m"}')
        found = recognise(request)
        assert found == recognise(request, among=providers.adapters())
        served += found is not None
    own = any(is_host(host, each) for adapter in BUILT_IN for each in adapter.hosts)
    assert bool(served) is (own or is_loopback(host.partition(":")[0]) or host == "[::1]")
