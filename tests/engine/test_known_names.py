"""An unknown name is an error that suggests the nearest known name. A declared name is accepted."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from quotakeeper import ConfigError, InvalidInputError, Keeper
from quotakeeper.metering.call_meter import CallMeter
from quotakeeper.metering.http_attempt import HttpAttempt
from quotakeeper.metering.watch_settings import read_watch_settings
from quotakeeper.providers import Call, Request, registry
from quotakeeper.providers.contract import NOTHING, CountText
from tests.engine.conftest import MakeKeeper
from tests.engine.support import limit
from tests.providers.test_plugins import Old

PRICES = """\
providers = ["mistral"]
[[price]]
provider = "mistral"
model = "mistral-large"
meter = "input_tokens"
usd = "2.00"
per = 1_000_000
from = 2026-01-01
source = "the provider's price page"
"""


@pytest.mark.parametrize("verb", ["reserve", "record", "check", "areserve", "arecord", "acheck"])
def test_an_unknown_provider_is_refused_with_the_nearest_name(make: MakeKeeper, verb: str) -> None:
    keeper = make(limit(10))
    with pytest.raises(InvalidInputError, match="did you mean 'gemini'") as caught:
        found = getattr(keeper, verb)("gemni", input_tokens=1)
        asyncio.run(_awaited(found))
    assert (caught.value.field, caught.value.problem) == ("provider", "unknown provider 'gemni'")
    assert 'providers = ["gemni"]' in caught.value.fix
    assert list(keeper.entries()) == []


async def _awaited(found: Any) -> None:
    await found


@pytest.mark.parametrize(
    "name", ["gemini", "GEMINI", "deepgram", "openai", "anthropic", "elevenlabs"]
)
def test_a_name_with_an_adapter_or_a_price_is_known(make: MakeKeeper, name: str) -> None:
    assert make().record(name, requests=1).labels.provider == name.lower()


def test_a_provider_is_declared_by_the_config_the_environment_or_a_price_file(
    make: MakeKeeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert make(providers=["house-llm"]).record("house-llm", requests=1).cost_pico is None
    file = tmp_path / "prices.toml"
    file.write_text(PRICES, encoding="utf-8")
    priced = make(limit(9, provider="mistral", model="mistral-l*"), price_files=[str(file)])
    event = priced.record("mistral", model="mistral-large", input_tokens=1_000_000)
    assert event.cost_pico == 2 * 10**12
    monkeypatch.setenv("QUOTAKEEPER_PROVIDERS", "house-llm, other")
    with Keeper("memory:", {"timezone": "UTC"}) as keeper:
        assert keeper.settings.providers == ("house-llm", "other")
        assert keeper.record("other", requests=1).labels.provider == "other"


@pytest.mark.parametrize("value", [7, ["A"], ["a b"], [""], [None], "Mistral"])
def test_a_declared_name_must_be_plain(value: object) -> None:
    with pytest.raises(ConfigError, match="providers"):
        Keeper("memory:", {"providers": value})


@pytest.mark.parametrize(
    ("changes", "field", "near"),
    [
        ({"provider": "gemni"}, "provider", "did you mean 'gemini'"),
        ({"provider": "Deepgrm"}, "provider", "did you mean 'deepgram'"),
        ({"model": "gemini-2.5-flsh"}, "model", "did you mean 'gemini-2.5-flash'"),
        ({"model": "gemini-9-*"}, "model", "did you mean 'gemini-"),
        ({"model": "nova-3"}, "model", "unlisted = true"),
        ({"provider": "", "model": "gemini-2.5-flsh"}, "model", "did you mean 'gemini-2.5-flash'"),
        # The call is counted under another name, so a limit on this one matches nothing.
        ({"provider": "", "model": "models/gemini-2.5-flash"}, "model", "'gemini-2.5-flash'"),
    ],
)
def test_a_limit_that_matches_no_known_name_is_an_error(
    make: MakeKeeper, changes: dict[str, object], field: str, near: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        make(limit(10, name="mine", **changes))
    assert caught.value.where == f"config: limit 'mine', {field}"
    assert near in caught.value.fix


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "gemini-2.5-flash"},
        {"model": "gemini/gemini-2.5-flash"},
        {"model": "gemini-2.5-flash-preview-05-20"},
        {"model": "gemini-2.5-*"},
        {"model": "*"},
        {"provider": "", "model": "nova-*"},
        {"provider": "", "model": "gemini-2.5-flash"},
        {"provider": "anthropic", "model": "claude-of-tomorrow"},  # no prices, so no list of models
        {"model": "gemini-9-*", "unlisted": True},
    ],
)
def test_a_limit_that_can_match_is_no_error(make: MakeKeeper, changes: dict[str, object]) -> None:
    assert make(limit(10, **changes)).limits


def test_an_unlisted_model_is_counted_and_limited(make: MakeKeeper) -> None:
    keeper = make(limit(10, model="gemini-9-*", unlisted=True))
    keeper.record("gemini", model="gemini-9-pro", requests=4)
    assert keeper.status().limits[0].used == 4


def test_unlisted_must_be_true_or_false(make: MakeKeeper) -> None:
    with pytest.raises(ConfigError, match=r"limit\[1\]\.unlisted: is not true or false"):
        make(limit(10, unlisted="yes"))


def test_a_name_that_is_in_the_ledger_is_accepted(make: MakeKeeper) -> None:
    before = make(providers=["house-llm"], ledger="file")
    event = before.record("house-llm", input_tokens=5)
    held = before.reserve("house-llm", input_tokens=5)
    after = make(ledger="file")
    assert after.correct(event.id, input_tokens=7).quantities["input_tokens"] == 7
    assert after.settle(held.id, input_tokens=1).quantities["input_tokens"] == 1


class Elsewhere(Old):
    """A plug-in whose calls have another provider's name."""

    name = "elsewhere"

    def recognise(
        self, request: Request, *, known_hosts: Mapping[str, str] = NOTHING,
        count: CountText | None = None,
    ) -> Call | None:  # fmt: skip
        return Call("its-brand", "m", "speak", bound={"requests": 1})


def test_a_plug_ins_call_is_never_refused_for_its_name(
    make: MakeKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "plugin_adapters", lambda: (Elsewhere(),))
    keeper = make()
    attempt = CallMeter(keeper).begin(Request("POST", "https://old.example/v1"))
    assert isinstance(attempt, HttpAttempt)
    (hold,) = keeper.reservations()
    assert hold.labels.provider == "its-brand"
    attempt.hand_over()


def test_an_address_for_an_unknown_provider_is_an_error() -> None:
    environ = {"QUOTAKEEPER_BASE_URLS": "gemni=https://gateway.example", "HOME": "/nowhere"}
    with pytest.raises(ConfigError, match="unknown provider 'gemni' of https://gateway"):
        read_watch_settings(environ)
    environ["QUOTAKEEPER_BASE_URLS"] = "gemini=https://gateway.example"
    assert dict(read_watch_settings(environ).known_hosts) == {"https://gateway.example": "gemini"}


def test_the_usual_names_load_no_price_file_and_no_adapter() -> None:
    code = (
        "import sys; from quotakeeper import Keeper\n"
        "Keeper('memory:', {'timezone': 'UTC'})\n"
        "print([n for n in sys.modules if n.endswith(('catalogue.loader', 'providers.registry'))])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
