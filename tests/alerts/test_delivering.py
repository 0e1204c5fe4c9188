"""Each alert is delivered at least once, with the same id, and by one process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from quotakeeper.alerts.sending import AlertSender
from quotakeeper.domain.alerts.alert import Alert, AlertRule
from quotakeeper.domain.alerts.delivery import DeliveryState, retry_at
from quotakeeper.domain.alerts.quiet_hours import NewAlert
from quotakeeper.domain.windows import SECOND
from tests.alerts.ledgers import Crashed, FakeChannel, alerting, limit, plain
from tests.alerts.receivers import web_receiver

HOUR = 3_600 * SECOND

CROSSER = """
import sys
from quotakeeper import Keeper
from quotakeeper.__main__ import main

with Keeper(on_warning=lambda _: None) as keeper:
    print("ready", flush=True)
    sys.stdin.readline()
    keeper.record("gemini", model="gemini-2.5-flash", input_tokens=400_000)  # 0.12 US$
    code = main(["alerts", "run"])
sys.exit(code)
"""


def test_a_threshold_crossed_by_eight_processes_at_once_is_told_once(tmp_path: Path) -> None:
    with web_receiver() as receiver:
        (tmp_path / "quotakeeper.toml").write_text(f"""
            ledger = "ledger.db"
            timezone = "UTC"
            [[limit]]
            name = "all"
            meter = "cost"
            window = "none"
            amount = "1"
            thresholds = [0.8]
            [[alerts.channel]]
            name = "phone"
            kind = "webhook"
            url = "{receiver.url}"
            networks = ["127.0.0.1/32"]
            """)
        environment = {**os.environ, "PYTHONUTF8": "1"}
        environment.pop("QUOTAKEEPER_LEDGER", None)
        programs = [
            subprocess.Popen(
                [sys.executable, "-c", CROSSER], cwd=tmp_path, env=environment, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )
            for _ in range(8)
        ]  # fmt: skip
        for each in programs:
            assert each.stdout is not None and each.stdin is not None
            assert each.stdout.readline() == "ready\n"
        for each in programs:
            assert each.stdin is not None
            each.stdin.write("go\n")
            each.stdin.flush()
        ends = [each.communicate(timeout=120) for each in programs]
    assert [each.returncode for each in programs] == [0] * 8, ends
    bodies = [(each[1]["webhook-id"], each[2]) for each in receiver.requests]
    assert len(bodies) == 1, (bodies, ends)


def test_a_receiver_that_is_down_for_an_hour_is_told_then(tmp_path: Path) -> None:
    with alerting(tmp_path) as ledger:
        ledger.channel.is_up = False
        ledger.use("0.85")
        began = ledger.clock.now()
        while ledger.clock.now() < began + HOUR:
            assert ledger.run() == []
            ledger.clock.advance(seconds=5)
        tried = ledger.channel.tried
        ledger.channel.is_up = True
        while not ledger.run():
            ledger.clock.advance(seconds=5)
        assert [each.title for each in ledger.channel.sent] == ["threshold day 80"]
        assert ledger.clock.now() <= began + HOUR + 900 * SECOND
        assert 5 < tried < 30, "the pauses between the attempts grow"
        assert ledger.run() == []


def test_a_crash_after_the_send_sends_again_with_the_same_id(tmp_path: Path) -> None:
    with alerting(tmp_path) as ledger:
        ledger.use("0.85")
        ledger.collect()
        ledger.channel.crashes = True
        with pytest.raises(Crashed):
            ledger.deliver()
        ledger.channel.crashes = False
        assert ledger.run() == [], "the claim of the process that crashed still holds"
        ledger.clock.advance(seconds=121)
        assert ledger.run() == ["threshold day 80"]
        first, second = ledger.channel.ids
        assert first == second
        ledger.clock.advance(seconds=121)
        assert ledger.run() == []


def test_a_crash_before_the_journal_position_is_stored_makes_no_second_alert(
    tmp_path: Path,
) -> None:
    with alerting(tmp_path) as ledger:
        ledger.use("0.85")
        before = ledger.store.cursor()
        assert ledger.collect() == 1
        after = ledger.store.cursor()
        rows = ledger.store.rows(0, 10)
        again = [NewAlert(each.alert) for each in rows]
        assert ledger.store.collect(before, 99, again, ["phone"], ledger.clock.now()) is None
        assert ledger.store.cursor() == after, "another process was faster"
        assert ledger.store.collect(after, after.seq or 0, again, ["phone"], 1) == 0
        assert len(ledger.store.rows(0, 10)) == 1


def test_a_process_whose_claim_has_ended_stores_no_answer(tmp_path: Path) -> None:
    with alerting(tmp_path) as ledger:
        ledger.use("0.85")
        ledger.collect()
        [slow] = ledger.store.claim("phone", "slow", ledger.clock.now())
        assert ledger.store.claim("phone", "other", ledger.clock.now()) == []
        ledger.clock.advance(seconds=121)
        now = ledger.clock.now()
        [newer] = ledger.store.claim("phone", "newer", now)
        assert not ledger.store.finish([slow], DeliveryState.SENT, now, "late", now)
        assert ledger.store.finish([newer], DeliveryState.WAITING, now, "no", now)
        assert ledger.run() == ["threshold day 80"]
        assert not ledger.store.finish([slow], DeliveryState.WAITING, now, "late", now)
        [row] = ledger.store.rows(0, 10)
        assert (row.state, row.answer, row.attempts) == (DeliveryState.SENT, "ok", 2)


def test_a_process_that_read_its_clock_before_another_claimed_gets_nothing(tmp_path: Path) -> None:
    """It reads its clock, waits for the lock of the ledger, and then finds a claim that is newer."""
    with alerting(tmp_path) as ledger:
        ledger.use("0.85")
        ledger.collect()
        early = ledger.clock.now()
        ledger.clock.advance(seconds=30)
        assert len(ledger.store.claim("phone", "first", ledger.clock.now())) == 1
        assert ledger.store.claim("phone", "second", early) == []


def test_a_clock_that_was_set_back_does_not_hold_alerts_up(tmp_path: Path) -> None:
    with alerting(tmp_path) as ledger:
        ledger.channel.is_up = False
        ledger.use("0.85")
        ledger.run()
        ledger.channel.is_up = True
        ledger.clock.advance(days=-3)  # the next attempt is now in three days
        ledger.deliver()
        assert [each.title for each in ledger.channel.sent] == ["threshold day 80"]


def test_a_message_that_is_never_taken_does_not_hold_up_the_others(tmp_path: Path) -> None:
    with alerting(tmp_path, limit("a", thresholds=["0.8"]), limit("b", "2")) as ledger:
        ledger.channel.refuses = "threshold a"
        ledger.use("0.85")
        assert ledger.run() == []
        ledger.use("0.80")
        ledger.clock.advance(hours=1)
        assert ledger.run() == ["threshold b 80"]


def test_a_message_that_is_refused_for_good_is_not_sent_again_and_the_others_are_sent_at_once(
    tmp_path: Path,
) -> None:
    with alerting(tmp_path, limit("a"), limit("b"), limit("c")) as ledger:
        ledger.channel.refuses_for_good = "threshold a"
        ledger.use("0.85")
        ledger.collect()
        done = ledger.deliver()
        assert [each.title for each in ledger.channel.sent] == ["threshold b 80", "threshold c 80"]
        [refused] = [each for each in done if each.receipt.is_refused]
        assert (refused.message.title, refused.next_at) == ("threshold a 80", None)
        ledger.clock.advance(days=1)
        assert ledger.deliver() == []
        [row] = [each for each in ledger.store.rows(0, 9) if each.alert.limit == "a"]
        assert (row.state, row.attempts, row.answer) == (
            DeliveryState.FAILED, 1, "HTTP 413 Too Large",
        )  # fmt: skip


def test_after_a_day_of_retries_an_alert_is_given_up_and_shown(tmp_path: Path) -> None:
    with alerting(tmp_path) as ledger:
        ledger.channel.is_up = False
        ledger.use("0.85")
        for _ in range(100):
            ledger.run()
            ledger.clock.advance(minutes=15)
        [row] = ledger.store.rows(0, 10)
        assert (row.state, row.answer) == (DeliveryState.FAILED, "connection refused")
        tried = ledger.channel.tried
        ledger.run()
        assert ledger.channel.tried == tried


def test_a_receiver_that_is_down_is_tried_with_one_alert_at_a_time(tmp_path: Path) -> None:
    with alerting(tmp_path, limit("a"), limit("b"), limit("c")) as ledger:
        ledger.channel.is_up = False
        ledger.use("0.85")
        ledger.run()
        ledger.run()
        assert ledger.channel.tried == 1, "the others wait as long"
        ledger.channel.is_up = True
        ledger.clock.advance(seconds=10)
        assert ledger.run() == ["threshold b 80", "threshold c 80", "threshold a 80"]


def test_an_alert_is_not_given_up_after_one_attempt_because_the_machine_slept(
    tmp_path: Path,
) -> None:
    with alerting(tmp_path) as ledger:
        ledger.channel.is_up = False
        ledger.use("0.85")
        ledger.collect()
        ledger.clock.advance(days=2)
        ledger.deliver()
        ledger.channel.is_up = True
        ledger.clock.advance(seconds=10)
        ledger.deliver()
        assert [each.title for each in ledger.channel.sent] == ["threshold day 80"]


def test_each_channel_has_a_delivery_of_its_own(tmp_path: Path) -> None:
    with alerting(tmp_path) as ledger:
        ledger.use("0.85")
        ledger.collect()
        now = ledger.clock.now()
        alert = Alert("alert_x", AlertRule.TEST, now)
        assert ledger.add(alert, alert, channels=("one", "two")) == 1
        assert len(ledger.store.claim("one", "me", now)) == 1
        assert ledger.store.claim("one", "me", now) == []
        assert len(ledger.store.claim("two", "me", now)) == 1


@pytest.mark.parametrize("thousandths", [0, 500, 999])
def test_pauses_between_attempts_grow_to_fifteen_minutes_and_end_after_a_day(
    thousandths: int,
) -> None:
    now, attempts, pauses = 0, 0, []
    while (at := retry_at(attempts := attempts + 1, 0, now, thousandths)) is not None:
        pauses.append(at - now)
        now = at
    assert 5 * SECOND <= pauses[0] <= 10 * SECOND
    assert all(each <= 900 * SECOND for each in pauses)
    assert pauses[:6] == sorted(pauses[:6])
    assert 23 * HOUR < now <= 24 * HOUR


def test_a_restored_ledger_tells_nothing_twice(tmp_path: Path) -> None:
    with alerting(tmp_path) as ledger:
        ledger.use("0.85")
        assert ledger.run() == ["threshold day 80"]
        ledger.keeper._engine.worker.ask(
            lambda store, now: store.back_up(str(tmp_path / "copy.db"))
        )
        ledger.use("0.12")
        assert ledger.run() == ["threshold day 95"]
        clock = ledger.clock
    (tmp_path / "ledger.db").unlink()
    for each in tmp_path.glob("ledger.db*"):
        if each.is_file():
            each.unlink()
    (tmp_path / "copy.db").rename(tmp_path / "ledger.db")
    with alerting(tmp_path, clock=clock) as ledger:
        assert ledger.run() == []
        ledger.use("0.12")
        assert ledger.run() == ["threshold day 95"], (
            "the restored ledger does not know that it was told"
        )


def test_a_raised_and_lowered_limit_is_another_limit(tmp_path: Path) -> None:
    with alerting(tmp_path, limit("day", "1", thresholds=["0.8"])) as ledger:
        ledger.use("0.85")
        assert ledger.run() == ["threshold day 80"]
        clock = ledger.clock
    with alerting(tmp_path, limit("day", "2", thresholds=["0.8"]), clock=clock) as ledger:
        ledger.use("0.05")
        assert ledger.run() == []
    with alerting(tmp_path, limit("day", "1", thresholds=["0.8"]), clock=clock) as ledger:
        ledger.use("0.01")
        assert ledger.run() == [], "the old limit was told in this period"


def test_a_broken_channel_does_not_stop_the_next_one(tmp_path: Path) -> None:
    with alerting(tmp_path) as ledger:
        ledger.use("0.01")
        ledger.collect()
        now = ledger.clock.now()
        ledger.add(Alert("alert_x", AlertRule.TEST, now), channels=("down", "up"))
        down, up = FakeChannel(is_up=False), FakeChannel()
        done = AlertSender(ledger.store, {"down": down, "up": up}, plain, ledger.clock).deliver()
        assert [(each.channel, each.receipt.is_taken) for each in done] == [
            ("down", False), ("up", True),
        ]  # fmt: skip
