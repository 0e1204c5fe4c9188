"""`on_limit = "clamp"`: the keeper lowers a call's output cap to the amount that a limit has left."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from quotakeeper import LimitExceeded
from quotakeeper.domain.decisions import OutputCap
from quotakeeper.testing import FakeClock
from tests.engine.conftest import MakeKeeper
from tests.engine.support import limit

MOST: dict[str, Any] = {"model": "gemini-2.5-flash", "input_tokens": 1_000, "output_tokens": 65_536}
MONEY = limit("0.10", meter="cost")


def test_the_output_cap_is_lowered_to_what_is_left_and_the_caller_reads_it(
    make: MakeKeeper,
) -> None:
    keeper = make(MONEY, on_limit="clamp")
    with keeper.reserve("gemini", **MOST) as call:
        assert call.decision.basis is not None
        cap = call.decision.basis.clamped_output_tokens
        # $0.10, less 1,000 x $0.30 / 1M, at $2.50 / 1M
        assert cap == 39_880 == call.hold.quantities["output_tokens"]
        assert call.decision.basis.most["output_tokens"] == 65_536
        assert keeper.status().limits[0].remaining == 0
        call.settle(input_tokens=1_000, output_tokens=cap)
    assert keeper.status().limits[0].used == 10**11


@pytest.mark.parametrize(("meter", "cap"), [("tokens", 9_000), ("output_tokens", 10_000)])
def test_a_limit_on_tokens_lowers_the_cap_exactly(make: MakeKeeper, meter: str, cap: int) -> None:
    keeper = make(limit(10_000, meter=meter), on_limit="clamp")
    with keeper.reserve("gemini", **MOST) as call:
        assert call.hold.quantities["output_tokens"] == cap
        assert keeper.status().limits[0].remaining == 0


def test_the_limit_with_the_least_left_decides_the_cap(make: MakeKeeper) -> None:
    keeper = make(
        MONEY, limit(20_000, name="t", meter="tokens"), limit(70_000, name="wide", meter="tokens"),
        on_limit="clamp",
    )  # fmt: skip
    with keeper.reserve("gemini", **MOST) as call:
        assert call.hold.quantities["output_tokens"] == 19_000


def test_a_call_that_fits_keeps_its_cap(make: MakeKeeper) -> None:
    keeper = make(limit("1.00", meter="cost"), on_limit="clamp")
    with keeper.reserve("gemini", **MOST) as call:
        assert call.hold.quantities["output_tokens"] == 65_536
        assert call.decision.basis is None


@pytest.mark.parametrize(("least", "fits"), [(256, False), (99, True), (100, True), (101, False)])
def test_a_call_with_less_left_than_the_least_output_is_refused(
    make: MakeKeeper, least: int, fits: bool
) -> None:
    keeper = make(limit(1_100, meter="tokens"), on_limit="clamp", clamp_least=least)
    if fits:
        with keeper.reserve("gemini", **MOST) as call:
            assert call.hold.quantities["output_tokens"] == 100
        return
    with pytest.raises(LimitExceeded) as caught:
        keeper.reserve("gemini", **MOST)
    assert caught.value.asked == 66_536  # the amount of the whole call
    assert f"fewer output tokens are left than clamp_least = {least}" in str(caught.value)


def test_a_limit_without_output_tokens_refuses_and_does_not_clamp(make: MakeKeeper) -> None:
    keeper = make(limit(1, meter="requests"), on_limit="clamp")
    keeper.record("gemini", requests=1)
    with pytest.raises(LimitExceeded, match="is used up"):
        keeper.reserve("gemini", **MOST)


def test_several_answers_of_one_call_share_what_is_left(make: MakeKeeper) -> None:
    keeper = make(limit(10_000, meter="output_tokens"), on_limit="clamp")
    asked: dict[str, Any] = {**MOST, "output_tokens": 3 * 65_536}
    cap = OutputCap("maxOutputTokens", is_named=False, answers=3)
    with keeper.reserve("gemini", **asked, output_cap=lambda: cap) as call:
        assert call.hold.quantities["output_tokens"] == 9_999


@pytest.mark.parametrize(
    "cap",
    [None, OutputCap("max_tokens", is_named=True, fixed="the body is a stream"),
     OutputCap("max_tokens", is_named=True, least=10_001)],
)  # fmt: skip
def test_a_call_whose_cap_cannot_be_lowered_is_refused(
    make: MakeKeeper, cap: OutputCap | None
) -> None:
    keeper = make(limit(10_000, meter="output_tokens"), on_limit="clamp")
    with pytest.raises(LimitExceeded) as caught:
        keeper.reserve("gemini", **MOST, output_cap=lambda: cap)
    if cap is not None and cap.fixed:
        assert "cannot be lowered: the body is a stream" in str(caught.value)


def test_a_clamped_call_waits_for_room_that_others_hold(make: MakeKeeper, clock: FakeClock) -> None:
    keeper = make(limit(10_000, meter="output_tokens"), on_limit="clamp")
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(lambda: keeper.reserve("gemini", **MOST)).result()
    sleep = clock.sleep

    def ends(seconds: float) -> None:
        sleep(seconds)
        if other.is_open:
            other.settle(output_tokens=400)

    clock.sleep = ends  # type: ignore[method-assign]
    # A call larger than the whole limit waits too, because its cap will be lowered.
    with keeper.reserve("gemini", **MOST) as call:
        assert call.hold.quantities["output_tokens"] == 9_600


def test_a_repeated_id_is_the_same_call_although_its_cap_was_lowered(make: MakeKeeper) -> None:
    keeper = make(limit(10_000, meter="output_tokens"), on_limit="clamp")
    first = keeper.reserve("gemini", event_id="a", **MOST)
    again = keeper.reserve("gemini", event_id="a", **MOST)
    assert again.id == first.id and again.hold == first.hold
    first.settle(output_tokens=5)
    assert keeper.reserve("gemini", event_id="a", **MOST).event == first.event


def test_an_awaited_call_is_clamped_in_the_same_way(make: MakeKeeper) -> None:
    keeper = make(MONEY, on_limit="clamp")

    async def go() -> int:
        async with keeper.areserve("gemini", **MOST) as call:
            return int(call.hold.quantities["output_tokens"])

    assert asyncio.run(go()) == 39_880


def test_on_limit_wait_waits_for_the_end_of_the_period(make: MakeKeeper, clock: FakeClock) -> None:
    keeper = make(limit(2, window="minute"), on_limit="wait")
    clock.advance(seconds=20)
    keeper.record("gemini", requests=2)
    call = keeper.reserve("gemini")
    assert sum(clock.slept) == pytest.approx(40, abs=1) and max(clock.slept) <= 1
    assert call.decision.basis is not None and call.decision.basis.waited_ms >= 39_000
    call.release()


def test_a_period_that_ends_after_the_longest_wait_is_not_waited_for(
    make: MakeKeeper, clock: FakeClock
) -> None:
    keeper = make(limit(2, window="month"), on_limit="wait")
    keeper.record("gemini", requests=2)
    with pytest.raises(LimitExceeded, match="wait_seconds"):
        keeper.reserve("gemini")
    assert clock.slept == []


def test_a_wait_for_a_period_has_a_bound(make: MakeKeeper, clock: FakeClock) -> None:
    keeper = make(limit(2, window="rolling 60m"), on_limit="wait", wait_seconds=90)
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(lambda: keeper.reserve("gemini", requests=2)).result()
    with pytest.raises(LimitExceeded, match=r"waited 90 s.*raise wait_seconds"):
        keeper.reserve("gemini")
    assert sum(clock.slept) == pytest.approx(90)
    other.release()


def test_a_call_that_can_never_fit_does_not_wait(make: MakeKeeper, clock: FakeClock) -> None:
    keeper = make(limit(2, window="minute"), on_limit="wait")
    with pytest.raises(LimitExceeded, match="is smaller than this call"):
        keeper.reserve("gemini", requests=3)
    assert clock.slept == []
