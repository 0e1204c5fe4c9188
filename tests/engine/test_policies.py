"""The policies: over a limit, without a price, at a threshold."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from quotakeeper import LimitExceeded, UnpricedModelError, Verdict
from quotakeeper.testing import FakeClock
from tests.engine.conftest import MakeKeeper
from tests.engine.support import SECONDS, limit, python

COST = {"name": "money", "meter": "cost"}
TOKENS: dict[str, Any] = {"model": "gemini-99-unheard-of", "input_tokens": 1_000_000}


def test_limit_exceeded_has_the_facts_for_a_program_and_a_person(make: MakeKeeper) -> None:
    keeper = make(limit(10), limit(3, name="calls an hour", window="hour"))
    keeper.record("gemini", requests=2)
    with pytest.raises(LimitExceeded) as caught:
        keeper.reserve("gemini", requests=2)
    error = caught.value
    assert (error.limit.name, error.asked, error.remaining) == ("calls an hour", 2, 1)
    resets = datetime(2026, 11, 23, 13, tzinfo=UTC)
    assert error.resets_at == int(resets.timestamp()) * 1_000_000
    for part in ("'calls an hour'", "asked 2", "remaining 1", "2026-11-23T13:00:00+00:00"):
        assert part in str(error)
    assert [verdict.limit.name for verdict in error.decision.refusing] == ["calls an hour"]
    with pytest.raises(LimitExceeded) as both:
        keeper.reserve("gemini", requests=9)
    assert len(both.value.decision.refusing) == 2
    assert both.value.limit.name == "cap"  # the limit that resets last
    assert keeper.status().limits[0].reserved == 0  # a refused call reserves under no limit


def test_on_limit_warn_admits_the_call_and_warns(make: MakeKeeper) -> None:
    heard: list[Verdict] = []
    keeper = make(limit(2), on_limit="warn", on_warning=heard.append)
    keeper.record("gemini", requests=2)
    call = keeper.reserve("gemini", requests=5)
    assert not call.decision.warnings[0].fits
    call.settle(requests=5)
    (standing,) = keeper.status().limits
    assert (standing.used, standing.state) == (7, "exceeded")
    assert heard


@pytest.mark.parametrize("mode", ["soft", "shadow"])
def test_a_limit_that_is_not_hard_never_refuses(make: MakeKeeper, mode: str) -> None:
    keeper = make(limit(1, mode=mode))
    for _ in range(3):
        keeper.reserve("gemini").settle(requests=1)
    assert keeper.status().limits[0].used == 3


def test_unpriced_count_only_leaves_the_cost_unknown_and_visible(make: MakeKeeper) -> None:
    keeper = make(limit("1.00", **COST))
    event = keeper.record("gemini", **TOKENS)
    assert event.cost_pico is None and not event.priced and event.price_id == ""
    row = keeper.usage(by=("model",))[0]
    assert (row.calls, row.unpriced_calls, row.cost_pico) == (1, 1, 0)
    assert row.quantities["input_tokens"] == 1_000_000


def test_unpriced_refuse_books_nothing(make: MakeKeeper) -> None:
    keeper = make(limit("1.00", **COST), on_unpriced="refuse")
    for use in (keeper.reserve, keeper.record):
        with pytest.raises(UnpricedModelError, match="gemini-99-unheard-of") as caught:
            use("gemini", **TOKENS)
        assert (caught.value.provider, caught.value.model) == ("gemini", TOKENS["model"])
    assert list(keeper.entries()) == []
    keeper.record("gemini", model="gemini-2.0-flash", input_tokens=1)


def test_unpriced_highest_counts_the_highest_price_against_money(make: MakeKeeper) -> None:
    keeper = make(limit("0.000001", **COST), on_unpriced="price_as_highest")
    with pytest.raises(LimitExceeded):
        keeper.reserve("gemini", **TOKENS)
    event = keeper.record("gemini", **TOKENS)
    known = keeper.record("gemini", model="gemini-2.0-flash", input_tokens=1_000_000)
    assert event.cost_pico is not None and known.cost_pico is not None
    assert event.cost_pico > known.cost_pico


def test_each_threshold_warns_once_a_period(make: MakeKeeper, clock: FakeClock) -> None:
    heard: list[tuple[str, int]] = []
    keeper = make(
        limit(100, thresholds=[0.5, 0.8, 1]),
        on_warning=lambda v: heard.append((v.limit.name, v.used + v.reserved + v.asked)),
    )
    for _ in range(12):
        keeper.record("gemini", requests=10)
    assert [used for _, used in heard] == [50, 80, 100]
    heard.clear()
    clock.advance(days=1)
    keeper.record("gemini", requests=85)  # crosses two thresholds: one warning, for the higher
    keeper.record("gemini", requests=1)
    assert [used for _, used in heard] == [85]


def test_many_threads_cause_one_warning(make: MakeKeeper) -> None:
    heard: list[Verdict] = []
    keeper = make(limit(100, thresholds=[0.5]), on_warning=heard.append)
    keeper.record("gemini", requests=49)
    barrier = threading.Barrier(8)

    def work() -> None:
        barrier.wait()
        keeper.record("gemini", requests=2)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(heard) == 1


def test_a_released_reservation_uses_up_no_warning(make: MakeKeeper) -> None:
    heard: list[int] = []
    keeper = make(limit(10), on_warning=lambda verdict: heard.append(verdict.used))
    call = keeper.reserve("gemini", requests=8)
    assert [verdict.limit.name for verdict in call.decision.warnings] == ["cap"]
    call.release()
    assert heard == []
    keeper.record("gemini", requests=8)
    assert heard == [8]


def test_a_threshold_warns_again_after_use_fell_below_it(make: MakeKeeper) -> None:
    heard: list[int] = []
    keeper = make(limit(10), on_warning=lambda verdict: heard.append(verdict.used))
    keeper.record("gemini", event_id="a", requests=8)
    keeper.correct("a", requests=9)
    keeper.correct("a", requests=2)
    assert heard == [8]
    keeper.record("gemini", requests=6)
    assert heard == [8, 8]


def test_a_shadow_limit_is_noted_and_does_not_warn(make: MakeKeeper) -> None:
    heard: list[Verdict] = []
    keeper = make(limit(10, mode="shadow"), on_warning=heard.append)
    keeper.record("gemini", requests=9)
    assert heard == []
    assert [entry.kind for entry in keeper.entries()] == ["record", "cross"]


def test_without_a_callback_a_warning_is_logged(
    make: MakeKeeper, caplog: pytest.LogCaptureFixture
) -> None:
    keeper = make(limit(10))
    with caplog.at_level(logging.WARNING, logger="quotakeeper"):
        keeper.record("gemini", requests=9)
        keeper.record("gemini", requests=0)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "'cap'" in caplog.text and "9 of 10 requests" in caplog.text


def test_without_a_log_handler_a_warning_is_printed(tmp_path: Path) -> None:
    child = python(_WARNED, tmp_path / "ledger.db")
    out, err = child.communicate(timeout=SECONDS)
    assert (child.returncode, out) == (0, "")
    assert err.startswith("quotakeeper: warning: limit 'cap' is at 90.00 %: 9 of 10 requests")
    assert err.count("\n") == 1


_WARNED = """
import sys
from quotakeeper import Keeper
limit = {"name": "cap", "provider": "gemini", "meter": "requests", "window": "day", "amount": 10}
with Keeper(sys.argv[1], {"timezone": "UTC", "limit": [limit]}, "process") as keeper:
    keeper.record("gemini", requests=9)
    keeper.record("gemini", requests=0)
"""


def test_a_callback_that_raises_does_not_break_the_call(
    make: MakeKeeper, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(verdict: Verdict) -> None:
        raise ZeroDivisionError

    keeper = make(limit(10), on_warning=fails)
    assert keeper.record("gemini", requests=9).quantities == {"requests": 9}
    assert "on_warning failed" in caplog.text
