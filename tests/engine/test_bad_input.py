"""Wrong arguments: the error names the argument and the fix, and nothing is booked."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest

from quotakeeper import ConfigError, InvalidInputError, Keeper
from tests.engine.conftest import MakeKeeper
from tests.engine.support import limit

BAD_NUMBERS = [-1, -0.5, math.nan, math.inf, -math.inf, 10**13, 10**400, Decimal("NaN"), 1e300,
               "many", "", True, b"1", [1], {}, object(), 1 + 2j]  # fmt: skip
CALLS: list[tuple[str, dict[str, Any]]] = [
    *(
        (field, {field: value})
        for field in ("input_tokens", "output_tokens", "requests", "audio_seconds", "channels")
        for value in BAD_NUMBERS
    ),
    *(("input_tokens", {"input_tokens": value}) for value in (0.5, "1.5", Decimal("0.1"))),
    *(("input_text", {"input_text": value}) for value in (5, b"text", ["text"])),
    ("input_token", {"input_token": 5}),
    ("cost", {"cost": 5}),
    ("quantities", {"quantities": [("input_tokens", 5)]}),
    ("watts", {"quantities": {"watts": 5}}),
    ("input_tokens@smell", {"quantities": {"input_tokens@smell": 5}}),
    ("input_tokens", {"quantities": {"input_tokens": -5}}),
    ("model", {"model": 5}),
    ("operation", {"operation": ""}),
    ("operation", {"operation": None}),
    ("scope", {"scope": "project"}),
    ("scope", {"scope": {f"label-{n}": "x" for n in range(17)}}),
    ("scope.project", {"scope": {"project": 7}}),
    ("event_id", {"event_id": ""}),
    ("event_id", {"event_id": 7}),
]
RESERVING = [("ttl_seconds", {"ttl_seconds": value})
             for value in (0, -1, math.nan, math.inf, 31 * 86_400, "soon", None)]  # fmt: skip
RECORDING: list[tuple[str, dict[str, Any]]] = [
    ("provenance", {"provenance": "guessed"}),
    ("outcome", {"outcome": "great"}),
    ("duration_ms", {"duration_ms": -1}),
    ("model_served", {"model_served": 5}),
    ("note", {"note": 5}),
]


def assert_refused(keeper: Keeper, use: Any, field: str, given: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError) as caught:
        use("gemini", **given)
    assert caught.value.field == field
    assert caught.value.fix
    assert field in str(caught.value) and caught.value.fix in str(caught.value)
    assert list(keeper.entries()) == []


@pytest.mark.parametrize(("field", "given"), [*CALLS, *RESERVING])
def test_reserve_names_a_wrong_argument(keeper: Keeper, field: str, given: dict[str, Any]) -> None:
    assert_refused(keeper, keeper.reserve, field, given)


@pytest.mark.parametrize(("field", "given"), [*CALLS, *RECORDING])
def test_record_names_a_wrong_argument(keeper: Keeper, field: str, given: dict[str, Any]) -> None:
    assert_refused(keeper, keeper.record, field, given)


@pytest.mark.parametrize("provider", ["", None, 5, b"gemini"])
def test_a_wrong_provider_name_is_named(keeper: Keeper, provider: Any) -> None:
    for use in (keeper.reserve, keeper.record, keeper.check):
        with pytest.raises(InvalidInputError, match="provider"):
            use(provider)
    assert list(keeper.entries()) == []


def test_an_unknown_provider_is_refused_until_it_is_declared(make: MakeKeeper) -> None:
    with pytest.raises(InvalidInputError, match="unknown provider 'acme-ai'"):
        make().record("acme-ai", model="m-1", input_tokens=5)
    keeper = make(providers=["acme-ai"])
    event = keeper.record("acme-ai", model="m-1", input_tokens=5)
    assert event.cost_pico is None and event.labels.provider == "acme-ai"


@pytest.mark.parametrize(("field", "given"), [*CALLS[:20], *RECORDING])
def test_a_wrong_settle_leaves_the_reservation_open(
    keeper: Keeper, field: str, given: dict[str, Any]
) -> None:
    call = keeper.reserve("gemini")
    with pytest.raises(InvalidInputError) as caught:
        call.settle(**given)
    assert caught.value.field == field
    assert call.is_open
    call.release()
    assert list(keeper.events()) == []


@pytest.mark.parametrize(("field", "given"), RESERVING)
def test_a_wrong_extend_is_named(keeper: Keeper, field: str, given: dict[str, Any]) -> None:
    call = keeper.reserve("gemini")
    with pytest.raises(InvalidInputError, match=field):
        call.extend(given["ttl_seconds"])
    call.release()


def test_a_cost_above_what_the_ledger_stores_is_refused(make: MakeKeeper) -> None:
    keeper = make(limit(1, name="money", meter="cost"))
    with pytest.raises(InvalidInputError, match="cost more than"):
        keeper.record("gemini", model="gemini-2.5-pro", output_tokens=10**12)
    assert list(keeper.entries()) == []


@pytest.mark.parametrize("by", [("colour",), ("scope",), ("",)])
def test_usage_by_an_unknown_name_is_refused(keeper: Keeper, by: tuple[str, ...]) -> None:
    with pytest.raises(InvalidInputError, match="by"):
        keeper.usage(by=by)


@pytest.mark.parametrize(
    "given",
    [
        {"durability": "forever"}, {"config": {"timezone": "Mars/Base"}},
        {"config": {"limt": []}}, {"config": {"limit": [{"name": "x"}]}},
        {"config": {"on_limit": "cry"}}, {"ledger": "redis://here"}, {"ledger": ""},
    ],
)  # fmt: skip
def test_a_keeper_names_a_wrong_setting(given: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        Keeper(**{"ledger": "memory:", "config": {}, **given})
    assert caught.value.where and caught.value.fix


def test_text_with_control_characters_is_stored_printable(keeper: Keeper) -> None:
    labels = keeper.record(
        "Gemini", model="m\0x", operation="dịch\ud800\n", scope={"dự án": "phim\t01" * 99},
        note="\x1b[31m", event_id="id\n1",
    )  # fmt: skip
    assert labels.labels.provider == "gemini"
    for text in (labels.id, labels.labels.model, labels.labels.operation, labels.note):
        assert text.isprintable()
    assert all(len(value) <= 256 for _, value in labels.labels.scope)
