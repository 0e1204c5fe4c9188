"""`correct` gives a counted event new figures as a new entry, and balances follow."""

from __future__ import annotations

import asyncio
import logging
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from quotakeeper import Keeper
from quotakeeper.domain.ledger.entries import Kind
from quotakeeper.errors import InvalidInputError
from quotakeeper.testing import FakeClock

CONFIG = {
    "timezone": "UTC",
    "default_limits": False,
    "limit": [
        {"name": "minutes", "provider": "deepgram", "meter": "audio_minutes", "window": "day",
         "amount": 10},
        {"name": "money", "meter": "cost", "window": "day", "amount": "5.00"},
    ],
}  # fmt: skip


def make(tmp_path: Path, clock: FakeClock | None = None, **config: Any) -> Keeper:
    return Keeper(ledger=tmp_path / "l.db", config={**CONFIG, **config}, clock=clock or FakeClock())


def used(keeper: Keeper) -> dict[str, int]:
    return {status.limit.name: status.used for status in keeper.status().limits}


def test_new_figures_replace_the_old_ones_and_balances_follow(tmp_path: Path) -> None:
    clock = FakeClock()
    with make(tmp_path, clock) as keeper:
        first = keeper.record(
            "deepgram", model="nova-3", operation="listen", event_id="a", audio_seconds=60,
            options={"mode": "streaming", "addons": "diarize"}, note="as it was", duration_ms=7,
        )  # fmt: skip
        before = list(keeper.entries())
        clock.advance(minutes=3)
        event = keeper.correct("a", audio_seconds=120)
        assert (event.at, event.labels) == (first.at, first.labels)
        assert event.quantities == {"audio_milliseconds": 120_000, "requests": 1}
        assert (event.note, event.duration_ms) == ("as it was", 7)
        # Priced like the call: streaming, with the add-on.
        assert first.cost_pico and event.cost_pico == 2 * first.cost_pico
        assert event.price_id == first.price_id
        assert used(keeper) == {"minutes": 120_000, "money": event.cost_pico}
        after = list(keeper.entries())
        assert after[:-1] == before and after[-1].kind is Kind.CORRECT
        assert keeper.correct("a", audio_seconds=120) == event
        assert list(keeper.entries()) == after
        assert keeper.event("a") == event
        assert keeper.verify() == []


def test_a_correction_uses_the_prices_of_the_events_own_time(tmp_path: Path) -> None:
    clock = FakeClock("2026-11-30T12:00:00+00:00")
    with make(tmp_path, clock) as keeper:
        first = keeper.record("gemini", model="gemini-4-argon", event_id="a", input_tokens=1_000)
        clock.advance(hours=36)  # the introductory price has ended
        later = keeper.record("gemini", model="gemini-4-argon", input_tokens=1_000)
        assert first.cost_pico and later.cost_pico == 2 * first.cost_pico
        event = keeper.correct("a", input_tokens=3_000)
        assert event.cost_pico == 3 * first.cost_pico


def test_a_cost_that_the_provider_charged_is_stored_unchanged(tmp_path: Path) -> None:
    with make(tmp_path) as keeper:
        keeper.record("deepgram", model="nova-3", event_id="a", audio_seconds=60)
        event = keeper.correct("a", cost_usd="0.00123")
        assert (event.cost_pico, event.price_id) == (1_230_000_000, "")
        assert event.quantities == {"audio_milliseconds": 60_000, "requests": 1}
        event = keeper.correct("a", cost_usd=Decimal("0.5"), audio_seconds=61, note="account")
        assert (event.cost_pico, event.note) == (500_000_000_000, "account")
        assert used(keeper) == {"minutes": 61_000, "money": 500_000_000_000}
        event = keeper.correct("a", note="said only")
        assert (
            event.cost_pico == 500_000_000_000 and event.quantities["audio_milliseconds"] == 61_000
        )
        recorded = keeper.record("deepgram", model="nova-3", cost_usd="0.25", audio_seconds=1)
        assert (recorded.cost_pico, recorded.price_id) == (250_000_000_000, "")


def test_figures_that_a_correction_leaves_out_stay(tmp_path: Path) -> None:
    with make(tmp_path, on_unpriced="count_only") as keeper:
        keeper.record(
            "gemini", model="unheard-of", event_id="a", input_tokens=5, provenance="estimated",
            outcome="error", model_served="x-1",
        )  # fmt: skip
        event = keeper.correct("a", outcome="ok")
        assert (event.outcome, event.provenance, event.model_served) == ("ok", "estimated", "x-1")
        assert event.quantities == {"input_tokens": 5, "requests": 1} and event.cost_pico is None
        event = keeper.correct("a", input_tokens=7)
        assert (event.outcome, event.provenance) == ("ok", "reported")


def test_a_correction_replaces_the_figures_of_an_assumed_call(tmp_path: Path) -> None:
    with make(tmp_path) as keeper:
        with pytest.raises(ZeroDivisionError):  # noqa: SIM117
            with keeper.reserve(
                "deepgram", model="nova-3", event_id="a", audio_seconds=600
            ) as call:
                call.mark_sent()
                _ = 1 // 0
        assert used(keeper)["minutes"] == 600_000
        event = keeper.correct("a", audio_seconds=31.5, outcome="ok")
        assert (event.provenance, event.outcome) == ("reported", "ok")
        assert used(keeper)["minutes"] == 31_500
        with keeper.reserve("deepgram", model="nova-3", audio_seconds=500) as call:
            call.settle(audio_seconds=1)


def test_a_correction_is_never_refused_and_may_warn(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with make(tmp_path) as keeper:
        keeper.record("deepgram", model="nova-3", event_id="a", audio_seconds=1)
        with caplog.at_level(logging.WARNING, "quotakeeper"):
            keeper.correct("a", audio_seconds=3_000)
        assert "limit 'minutes' is at 500.00 %" in caplog.text


@pytest.mark.parametrize("awaited", [False, True])
def test_a_correction_that_is_impossible_says_why(tmp_path: Path, awaited: bool) -> None:
    def correct(keeper: Keeper, event_id: Any, **given: Any) -> Any:
        if awaited:
            return asyncio.run(keeper.acorrect(event_id, **given))
        return keeper.correct(event_id, **given)

    with make(tmp_path) as keeper:
        keeper.record("deepgram", model="nova-3", event_id="a", audio_seconds=1)
        held = keeper.reserve("deepgram", model="nova-3", event_id="held", audio_seconds=1)
        before = list(keeper.entries())
        for event_id, given, words in (
            ("nobody", {"audio_seconds": 1}, "no event 'nobody'"),
            ("held", {"audio_seconds": 1}, "open reservation"),
            ("a", {}, "no corrected figure is given"),
            ("a", {"audio_seconds": -1}, "negative"),
            ("a", {"audio_seconds": None}, "is None"),
            ("a", {"furlongs": 3}, "not a quantity that can be counted"),
            ("a", {"input_tokens": 1.5}, "not whole"),
            ("a", {"cost_usd": "-1"}, "negative"),
            ("a", {"cost_usd": "many"}, "not a number"),
            ("a", {"provenance": "rumour"}, "unknown provenance"),
            ("a", {"outcome": "maybe"}, "unknown outcome"),
        ):
            with pytest.raises(InvalidInputError, match=words):
                correct(keeper, event_id, **given)
        with pytest.raises(InvalidInputError, match="not known before"):
            keeper.reserve("deepgram", model="nova-3", cost_usd=1)
        assert list(keeper.entries()) == before
        assert correct(keeper, "a", audio_seconds=2).quantities["audio_milliseconds"] == 2_000
        held.release()
