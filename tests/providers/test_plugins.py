"""Plug-ins: with the base class one can declare all that a built-in adapter can; without it, the basics."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from types import MappingProxyType

import pytest

from quotakeeper import Keeper, providers
from quotakeeper.metering.call_meter import CallMeter
from quotakeeper.metering.socket_attempt import SocketAttempt, SocketCut
from quotakeeper.metering.watch_settings import read_watch_settings
from quotakeeper.providers import Adapter, Call, LiveSession, Refusal, Request, plugins, registry
from quotakeeper.providers.contract import NOTHING, CountText, UsageReader
from quotakeeper.providers.deepgram.adapter import DeepgramAdapter
from quotakeeper.providers.reading.response_reader import ResponseReader
from tests.providers.test_registry import Entry

LISTEN = Request(
    "GET", "ws://127.0.0.1:1/v1/listen?model=nova-3&encoding=linear16&sample_rate=8000"
)


class Old:
    """A plug-in of the first contract, without the base class: the methods and a few attributes."""

    name = "old"
    hosts = {"not": "what the base class means"}  # noqa: RUF012 - its own affair
    environment = "production"

    def recognise(
        self, request: Request, *, known_hosts: Mapping[str, str] = NOTHING,
        count: CountText | None = None,
    ) -> Call | None:  # fmt: skip
        mine = "old.example" in request.url or "old" in known_hosts.values()
        return Call(self.name, "m", "speak", bound={"requests": 1}) if mine else None

    def reader(self, call: Call, status: int, headers: Mapping[str, str]) -> UsageReader:
        return ResponseReader(call, status, headers)

    def refusal(
        self, call: Call, *, hard: bool, message: str, retry_after_seconds: float | None = None
    ) -> Refusal:
        return Refusal(402 if hard else 429, {}, message.encode())

    def interruption(self, call: Call, *, message: str) -> bytes:
        return b""

    def live(
        self, request: Request, *, known_hosts: Mapping[str, str] = NOTHING,
        count: CountText | None = None,
    ) -> LiveSession | None:  # fmt: skip
        return DeepgramAdapter().live(request)


class Full(DeepgramAdapter):
    """A plug-in that declares everything that a built-in adapter can."""

    name = "full"
    hosts = ("api.full.example",)
    domains = (".full.example",)
    environment = providers.EnvironmentNames(base_urls=("FULL_BASE_URL", "DEEPGRAM_HOST"))
    farewells = MappingProxyType({"listen_live": "goodbye"})


class TextForATuple(Full):
    name = "text for a tuple"
    hosts = "api.full.example"  # type: ignore[assignment]


class NoNames(Full):
    name = "no names"
    environment = "production"  # type: ignore[assignment]


class NumberForAText(Full):
    name = "number for a text"
    farewells = {"listen_live": 1}  # type: ignore[assignment,dict-item]  # noqa: RUF012


class NotAll(providers.ProviderAdapter[str]):
    name = "not all"


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [Old, Full, TextForATuple, NoNames, NumberForAText, NotAll]
    entries = [Entry(each.__name__, each) for each in made]
    monkeypatch.setattr(metadata, "entry_points", lambda group: entries if group else [])
    monkeypatch.setattr(plugins, "_PLUGINS", plugins._Plugins())


def test_every_folder_with_an_adapter_is_built_in(repository: Path) -> None:
    folders = (repository / "src" / "quotakeeper" / "providers").glob("*/adapter.py")
    assert sorted(each.parent.name for each in folders) == sorted(
        adapter.name for adapter in registry.BUILT_IN
    )


@pytest.mark.usefixtures("plugged")
def test_a_plugin_of_the_old_contract_still_works() -> None:
    found = providers.recognise(Request("POST", "https://old.example/say"))
    assert found is not None
    adapter, call = found
    assert (adapter.name, call.bound) == ("old", {"requests": 1})
    reader = adapter.reader(call, 200, {})
    reader.feed(b"{}")
    assert reader.finish(complete=True).quantities == {"requests": 1}
    assert adapter.refusal(call, hard=True, message="no").status == 402


@pytest.mark.usefixtures("plugged")
def test_a_plugin_with_data_of_a_wrong_type_is_left_out_and_named() -> None:
    assert [adapter.name for adapter in providers.adapters()][len(registry.BUILT_IN) :] == [
        "old",
        "full",
    ]
    assert providers.plugin_problems()[:3] == (
        "TextForATuple: hosts: not a tuple of strings",
        "NoNames: environment is not an object of class EnvironmentNames",
        "NumberForAText: farewells is not a mapping of strings",
    )
    assert "route" in providers.plugin_problems()[3]


@pytest.mark.usefixtures("plugged")
def test_a_plugins_variables_are_read_and_ours_are_not_replaced(tmp_path: Path) -> None:
    read = read_watch_settings(
        {
            "QUOTAKEEPER_LEDGER": str(tmp_path / "ledger.db"),
            "HOME": str(tmp_path),
            "FULL_BASE_URL": "https://gateway.example/full",
            "DEEPGRAM_HOST": "voice.example",
            "OPENAI_BASE_URL": "https://eu.full.example/v1",
        }
    )
    assert read.known_hosts == {"https://gateway.example/full": "full", "voice.example": "deepgram"}
    url = "https://gateway.example/full/v1/listen"
    found = providers.recognise(Request("POST", url, {}, b"x"), known_hosts=read.known_hosts)
    assert found is not None
    assert found[0].name == "full"


@pytest.mark.parametrize(("adapter", "farewell"), [(Old(), ""), (Full(), "goodbye")])
def test_a_refused_socket_ends_with_the_adapters_close_message(
    adapter: Adapter, farewell: str
) -> None:
    limit = {"name": "sound", "meter": "audio_minutes", "window": "day", "amount": 1}
    session = adapter.live(LISTEN)
    assert session is not None
    with Keeper("memory:", {"limit": [limit], "default_limits": False}) as keeper:
        attempt = SocketAttempt(CallMeter(keeper), adapter, session)
        assert attempt.budget.drive(attempt.budget.opening()) is None
        cut = attempt.sent(bytes(2 * 16_000 * 60))
        attempt.end(complete=True)
    assert isinstance(cut, SocketCut)
    assert cut.farewell == farewell
