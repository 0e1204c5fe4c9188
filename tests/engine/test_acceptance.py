"""Problems that an outside tester found: figures missing in a reply, settling by id, readable warnings."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from quotakeeper import InvalidInputError, Keeper, LimitExceeded, Provenance

CONFIG = {
    "timezone": "Asia/Ho_Chi_Minh",
    "limit": [
        {"name": "L", "provider": "gemini", "meter": "requests", "window": "day", "amount": 2,
         "mode": "hard"},
        {"name": "S", "provider": "gemini", "meter": "requests", "window": "day", "amount": 1,
         "mode": "shadow"},
    ],
}  # fmt: skip


def test_a_figure_that_the_provider_leaves_out_keeps_its_reserved_amount(tmp_path: Path) -> None:
    with Keeper(tmp_path / "l.db", {"timezone": "UTC"}) as keeper:
        with keeper.reserve("gemini", input_tokens=500, output_tokens=80) as call:
            event = call.settle(input_tokens=None, output_tokens=60)
        assert dict(event.quantities) == {"input_tokens": 500, "output_tokens": 60, "requests": 1}
        assert event.provenance is Provenance.ESTIMATED
        assert keeper.verify() == []


def test_a_figure_of_none_books_nothing(tmp_path: Path) -> None:
    with Keeper(tmp_path / "l.db", {"timezone": "UTC"}) as keeper:
        with pytest.raises(InvalidInputError, match="input_tokens: is None"):
            keeper.record("gemini", input_tokens=None)
        with pytest.raises(InvalidInputError, match="output_tokens: is None"):
            keeper.reserve("gemini", output_tokens=None)
        with pytest.raises(
            InvalidInputError, match="input_text: cannot be given together with input_tokens"
        ):
            keeper.record("gemini", input_tokens=1, input_text="a")
        assert list(keeper.events()) == [] and keeper.reservations() == []


def test_a_reservation_can_be_ended_by_its_id(tmp_path: Path) -> None:
    with Keeper(tmp_path / "l.db", {"timezone": "UTC"}) as keeper:
        first = keeper.reserve("gemini", model="gemini-2.0-flash", input_tokens=10)
        second = keeper.reserve("gemini", input_tokens=10)
        third = keeper.reserve("gemini", input_tokens=10)
        assert keeper.settle(first.id, input_tokens=7).quantities["input_tokens"] == 7
        assert keeper.settle(second, input_tokens=8).quantities["input_tokens"] == 8
        keeper.release(third.id)
        assert keeper.reservations() == []
        with pytest.raises(InvalidInputError, match="no open reservation 'nobody'"):
            keeper.settle("nobody", input_tokens=1)


def test_awaitable_methods_end_a_reservation_by_its_id(tmp_path: Path) -> None:
    async def ends() -> list[int]:
        async with Keeper(tmp_path / "l.db", {"timezone": "UTC"}) as keeper:
            first = await keeper.areserve("gemini", input_tokens=10)
            second = await keeper.areserve("gemini", input_tokens=10)
            event = await keeper.asettle(first.id, input_tokens=7)
            await keeper.arelease(second.id)
            return [event.quantities["input_tokens"], len(keeper.reservations())]

    assert asyncio.run(ends()) == [7, 0]


def test_a_warning_is_readable_text_and_a_shadow_limit_is_only_noted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), Keeper(tmp_path / "l.db", CONFIG) as keeper:
        keeper.record("gemini")
        keeper.record("gemini")
        with pytest.raises(LimitExceeded, match=r"asked 1, remaining 0 .*\+07:00"):
            keeper.reserve("gemini")
    said = [r.getMessage() for r in caplog.records if r.name == "quotakeeper.engine"]
    assert len(said) == 1
    assert said[0].startswith("quotakeeper: warning: limit 'L' is at 100.00 %: 2 of 2 requests")
    assert said[0].endswith("+07:00")
