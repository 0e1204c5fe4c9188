"""What becomes an alert, and what does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from quotakeeper import LimitExceeded
from quotakeeper.alerts import collecting
from quotakeeper.alerts.collecting import seq_before, simulate
from quotakeeper.domain.alerts.alert import Alert, AlertRule
from quotakeeper.domain.alerts.alert_records import alert_from, alert_json
from quotakeeper.domain.ledger.forgetting import LabelValue
from quotakeeper.domain.windows import SECOND
from tests.alerts.ledgers import Alerting, alerting, limit

DAY = 86_400 * SECOND


def newest(ledger: Alerting) -> Alert:
    ledger.collect()
    return ledger.store.rows(0, 1)[0].alert


def test_each_threshold_is_told_once_in_each_period(tmp_path: Path) -> None:
    with alerting(tmp_path) as ledger:
        ledger.use("0.5")
        assert ledger.run() == []
        ledger.use("0.35")
        assert ledger.run() == ["threshold day 80"]
        ledger.use("0.01")
        assert ledger.run() == []
        ledger.use("0.10")
        assert ledger.run() == ["threshold day 95"]
        ledger.use("0.10")
        assert ledger.run() == ["threshold day 100"]
        ledger.clock.advance(days=1)
        ledger.use("0.9")
        assert ledger.run() == ["threshold day 80"], "a new day"


def test_one_booking_that_reaches_several_thresholds_tells_the_highest(tmp_path: Path) -> None:
    with alerting(tmp_path, limit("a"), limit("b")) as ledger:
        ledger.use("1.2")
        assert ledger.run() == ["threshold a 100", "threshold b 100"]


@pytest.mark.parametrize("most", range(1, 8))
def test_a_reading_that_ends_between_two_thresholds_of_a_booking_tells_the_highest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(collecting, "_MOST_READ", most)
    with alerting(tmp_path, limit("a"), limit("b")) as ledger:
        ledger.use("1.2")
        assert len(list(ledger.keeper.entries())) == 7, "the booking, and 3 crossings of each limit"
        found = simulate(ledger.keeper, ledger.wanted, 0)
        assert [(each.limit, each.level) for each in found] == [("a", 10**12), ("b", 10**12)]
        assert ledger.run() == ["threshold a 100", "threshold b 100"]


def test_only_the_wanted_thresholds_are_told(tmp_path: Path) -> None:
    with alerting(tmp_path, thresholds=["0.8", "1"]) as ledger:
        ledger.use("0.96")
        assert ledger.run() == []
        ledger.use("0.1")
        assert ledger.run() == ["threshold day 100"]


def test_an_alert_says_used_left_and_when_it_resets(tmp_path: Path) -> None:
    with alerting(tmp_path) as ledger:
        ledger.use("0.9")
        found = newest(ledger)
    assert (found.used, found.left, found.amount) == (9 * 10**11, 10**11, 10**12)
    assert found.resets_at == 1_795_453_200 * SECOND, "2026-11-24 00:00 in Viet Nam"
    assert not found.blocks


def test_a_full_hard_limit_blocks_and_a_full_soft_limit_does_not(tmp_path: Path) -> None:
    with alerting(tmp_path, limit("h"), limit("s", mode="soft")) as ledger:
        ledger.use("1")
        ledger.collect()
        found = {each.alert.limit: each.alert.blocks for each in ledger.store.rows(0, 9)}
    assert found == {"h": True, "s": False}


def test_a_shadow_limit_is_not_told(tmp_path: Path) -> None:
    with alerting(tmp_path, limit("x", mode="shadow")) as ledger:
        ledger.use("1.2")
        assert ledger.run() == []


def test_a_limit_of_each_label_value_is_told_with_its_value(tmp_path: Path) -> None:
    with alerting(tmp_path, limit("each", per="user")) as ledger:
        for name in ("an", "binh"):
            ledger.keeper.record(
                "gemini", model="gemini-2.5-flash", input_tokens=3_000_000, scope={"user": name}
            )
        assert ledger.run() == ["threshold each [user=an] 80", "threshold each [user=binh] 80"]
        scopes = {each.alert.scope for each in ledger.store.rows(0, 9)}
        assert scopes == {(("user", "an"),), (("user", "binh"),)}
        store = ledger.keeper._engine.worker
        store.ask(lambda store, now: store.forget_label(LabelValue("user", "an"), "gone"))
        names = {each.alert.limit for each in ledger.store.rows(0, 9)}
        assert names == {"each [user=gone]", "each [user=binh]"}


def test_a_limit_that_is_not_in_the_config_is_told_by_its_account(tmp_path: Path) -> None:
    with alerting(tmp_path, limit("sound", "10", meter="audio_minutes", window="month")) as ledger:
        ledger.keeper.record("deepgram", model="nova-3", audio_seconds=540)
        clock = ledger.clock
    with alerting(tmp_path, limit("other"), clock=clock) as ledger:
        assert ledger.run() == ["threshold sound 80"]
        found = ledger.store.rows(0, 1)[0].alert
    assert (found.meter, found.used, found.left) == ("audio_minutes", 540_000, 60_000)
    assert found.resets_at is not None and found.resets_at > found.at + 7 * DAY


@pytest.mark.parametrize("window", ["none", "rolling 24h"])
def test_a_limit_without_periods_has_no_reset(tmp_path: Path, window: str) -> None:
    with alerting(tmp_path, limit("x", window=window)) as ledger:
        ledger.use("0.9")
        found = newest(ledger)
    assert (found.resets_at, found.window) == (None, window)


def test_a_model_without_a_price_is_told_once_a_day(tmp_path: Path) -> None:
    with alerting(tmp_path, limit("t", "9", meter="requests")) as ledger:
        ledger.use("1", "gemini-99-x")
        ledger.use("1", "gemini-99-y")
        ledger.use("1", "gemini-99-x")
        assert ledger.run() == ["unpriced gemini-99-x", "unpriced gemini-99-y"]
        held = ledger.keeper.reserve("gemini", model="gemini-99-x", input_tokens=5)
        ledger.run()
        ledger.clock.advance(minutes=50)
        held.settle(input_tokens=5)
        assert ledger.run() == []
        ledger.clock.advance(days=1)
        held = ledger.keeper.reserve("gemini", model="gemini-99-x", input_tokens=5)
        assert ledger.run() == []
        held.settle(input_tokens=5)
        assert ledger.run() == ["unpriced gemini-99-x"], "its labels come from its first entry"


def test_a_refusal_is_told_once_in_each_period_of_the_limit(tmp_path: Path) -> None:
    with alerting(tmp_path) as ledger:
        for day in range(2):
            ledger.use("0.78")
            for _ in range(3):
                with pytest.raises(LimitExceeded):
                    ledger.keeper.reserve(
                        "gemini", model="gemini-2.5-flash", input_tokens=1_000_000
                    )
            ledger.keeper._engine.observers.rest(5)
            assert ledger.run() == ["refused day"], day
            ledger.clock.advance(days=1)
        found = ledger.store.rows(0, 1)[0].alert
    assert (found.asked, found.used, found.left) == (3 * 10**11, 78 * 10**10, 22 * 10**10)
    assert found.blocks


def test_a_refusal_because_of_running_calls_does_not_block_and_hides_no_other(
    tmp_path: Path,
) -> None:
    with alerting(tmp_path, rules=["refused"]) as ledger:
        running = ledger.keeper.reserve("gemini", model="gemini-2.5-flash", input_tokens=3_000_000)
        with pytest.raises(LimitExceeded):
            ledger.keeper.reserve(
                "gemini", model="gemini-2.5-flash", input_tokens=1_000_000, at_once=True
            )
        ledger.keeper._engine.observers.rest(5)
        assert ledger.run() == ["refused day"]
        held = ledger.store.rows(0, 1)[0].alert
        assert (held.is_held, held.blocks, held.used, held.reserved) == (True, False, 0, 9 * 10**11)
        running.settle(input_tokens=3_000_000)
        with pytest.raises(LimitExceeded):
            ledger.keeper.reserve("gemini", model="gemini-2.5-flash", input_tokens=1_000_000)
        ledger.keeper._engine.observers.rest(5)
        assert ledger.run() == ["refused day"]
        assert ledger.store.rows(0, 1)[0].alert.blocks


def test_a_pause_and_its_end_are_told(tmp_path: Path) -> None:
    with alerting(tmp_path) as ledger:
        ledger.keeper.pause("gemini", why="a runaway loop")
        assert ledger.run() == ["paused gemini"]
        found = ledger.store.rows(0, 1)[0].alert
        assert found.why == "a runaway loop" and "@" in found.by
        ledger.keeper.resume("gemini")
        assert ledger.run() == ["resumed gemini"]
        ledger.keeper.pause("gemini", why="again")
        assert ledger.run() == ["paused gemini"]


@pytest.mark.parametrize(
    ("rule", "told"),
    [("threshold", "threshold day 80"), ("unpriced", "unpriced gemini-99-x"),
     ("paused", "paused deepgram"), ("refused", "refused day")],
)  # fmt: skip
def test_a_rule_can_be_the_only_one(tmp_path: Path, rule: str, told: str) -> None:
    with alerting(tmp_path, rules=[rule]) as ledger:
        ledger.use("0.85")
        ledger.use("1", "gemini-99-x")
        with pytest.raises(LimitExceeded):
            ledger.keeper.reserve("gemini", model="gemini-2.5-flash", input_tokens=1_000_000)
        ledger.keeper.pause("deepgram", why="a test")
        ledger.keeper._engine.observers.rest(5)
        assert ledger.run() == [told]


def test_the_first_reading_begins_a_day_back(tmp_path: Path) -> None:
    with alerting(tmp_path) as ledger:
        ledger.use("0.85")
        ledger.clock.advance(days=2)
        ledger.use("0.85")
        assert ledger.run() == ["threshold day 80"]
        assert len(ledger.store.rows(0, 9)) == 1


def test_what_is_older_than_a_day_is_not_told(tmp_path: Path) -> None:
    with alerting(tmp_path) as ledger:
        ledger.use("0.1")
        ledger.run()
        ledger.use("0.75")
        ledger.clock.advance(days=1, seconds=1)
        assert ledger.run() == []


def test_history_is_simulated_without_a_change(tmp_path: Path) -> None:
    with alerting(tmp_path) as ledger:
        for _ in range(3):
            ledger.use("0.85")
            ledger.clock.advance(days=10)
        since = ledger.clock.now() - 25 * DAY
        found = simulate(ledger.keeper, ledger.wanted, since)
        assert [each.rule for each in found] == [AlertRule.THRESHOLD] * 2
        assert ledger.store.rows(0, 9) == []


def test_the_entry_before_an_instant_is_found(tmp_path: Path) -> None:
    with alerting(tmp_path) as ledger:
        for _ in range(20):
            ledger.use("0.001")
            ledger.clock.advance(minutes=1)
        entries = list(ledger.keeper.entries())
        for each in entries:
            before = [one.seq for one in entries if one.at < each.at]
            assert seq_before(ledger.keeper, each.at) == max(before, default=0)
        assert seq_before(ledger.keeper, ledger.clock.now()) == entries[-1].seq


def test_an_alert_is_stored_whole() -> None:
    found = Alert(
        "alert_1", AlertRule.REFUSED, 5, 'lim "it"', "tokens", "day", 9, 8, 7, 6, 5, 99, "hard",
        (("user", "Ân"),), "gemini", "m", "why", "an@desk", 77,
    )  # fmt: skip
    assert alert_from(alert_json(found)) == found
    assert alert_from(alert_json(Alert("a", AlertRule.TEST, 1))) == Alert("a", AlertRule.TEST, 1)
    for broken in ("", "[]", '{"id": 1}', '{"id":"a","rule":"x","at":1}', '{"id":"a","at":"1"}'):
        with pytest.raises((ValueError, TypeError, KeyError)):
            alert_from(broken)
