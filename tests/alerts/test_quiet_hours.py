"""In quiet hours, only alerts that block calls are sent. The others come in one digest."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from quotakeeper.domain.alerts.delivery import DeliveryState
from quotakeeper.domain.alerts.quiet_hours import NewAlert, QuietHours, quiet_hours
from quotakeeper.domain.windows import moment
from quotakeeper.errors import InvalidInputError
from quotakeeper.stores.sql.alert_rows import AlertRows
from quotakeeper.testing import FakeClock
from quotakeeper.value_classes import replace
from tests.alerts.ledgers import Crashed, alerting, limit

QUIET = "22:00-07:00"


def night() -> FakeClock:
    return FakeClock("2026-11-23T23:30:00+07:00")


def test_alerts_of_the_night_come_in_one_digest_in_the_morning(tmp_path: Path) -> None:
    limits = limit("a", thresholds=["0.5"]), limit("b", "2", thresholds=["0.4"])
    with alerting(tmp_path, *limits, clock=night(), quiet=QUIET) as ledger:
        ledger.use("0.6")
        assert ledger.run() == []
        ledger.use("0.25")
        assert ledger.run() == []
        ledger.clock.set("2026-11-24T06:59:59+07:00")
        assert ledger.run() == []
        ledger.clock.set("2026-11-24T07:00:00+07:00")
        assert ledger.run() == ["digest: threshold a 50, threshold b 40"]
        assert ledger.run() == []


def test_a_single_alert_of_the_night_comes_as_it_is(tmp_path: Path) -> None:
    with alerting(tmp_path, clock=night(), quiet=QUIET) as ledger:
        ledger.use("0.85")
        assert ledger.run() == []
        ledger.clock.set("2026-11-24T07:00:00+07:00")
        assert ledger.run() == ["threshold day 80"]


def test_an_alert_that_blocks_calls_comes_at_once(tmp_path: Path) -> None:
    with alerting(tmp_path, clock=night(), quiet=QUIET) as ledger:
        ledger.use("0.85")
        assert ledger.run() == []
        ledger.use("0.3")
        assert ledger.run() == ["threshold day 100"]
        ledger.keeper.pause("gemini", why="a test")
        assert ledger.run() == ["paused gemini"]


def test_an_alert_that_comes_late_is_not_sent_with_a_part_that_another_process_sends(
    tmp_path: Path,
) -> None:
    limits = limit("a", thresholds=["0.5"]), limit("b", "2", thresholds=["0.4"])
    with alerting(tmp_path, *limits, clock=night(), quiet=QUIET) as ledger:
        ledger.use("0.6")
        ledger.collect()
        [row] = ledger.store.rows(0, 10)
        morning = FakeClock("2026-11-24T07:00:00+07:00").now()
        ledger.clock.set("2026-11-24T07:00:00+07:00")
        [sending] = ledger.store.claim("phone", "other", morning)
        late = replace(row.alert, id="alert_late", limit="late")
        ledger.store.add([NewAlert(late, morning)], ["phone"], morning)
        assert ledger.run() == ["threshold late 50"]
        assert ledger.store.finish([sending], DeliveryState.SENT, morning, "ok", morning)
        assert ledger.run() == []


def test_the_outcome_of_a_digest_is_one_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part that is sent again would have another id, and the receiver could not know it."""
    limits = limit("a", thresholds=["0.5"]), limit("b", thresholds=["0.5"])
    with alerting(tmp_path, *limits, clock=night(), quiet=QUIET) as ledger:
        ledger.use("0.6")
        ledger.run()
        ledger.clock.set("2026-11-24T07:00:00+07:00")
        finish = AlertRows.finish
        done: list[object] = []

        def crash_at_the_second(self: AlertRows, *given: Any) -> bool:
            if done:
                raise Crashed
            done.append(given)
            return finish(self, *given)

        with monkeypatch.context() as patched:
            patched.setattr(AlertRows, "finish", crash_at_the_second)
            with pytest.raises(Crashed):
                ledger.run()
        ledger.clock.advance(seconds=121)
        ledger.run()
        first, second = ledger.channel.ids
        assert first == second


def test_a_digest_that_is_sent_again_is_the_same(tmp_path: Path) -> None:
    limits = limit("a", thresholds=["0.5"]), limit("b", thresholds=["0.5"])
    with alerting(tmp_path, *limits, clock=night(), quiet=QUIET) as ledger:
        ledger.use("0.6")
        ledger.run()
        ledger.clock.set("2026-11-24T07:00:00+07:00")
        ledger.channel.crashes = True
        with pytest.raises(Crashed):
            ledger.run()
        ledger.channel.crashes = False
        assert ledger.run() == []
        ledger.clock.advance(seconds=121)
        ledger.use("0.6")  # of the new day
        assert ledger.run() == ["digest: threshold a 50, threshold b 50", "threshold a 50",
                                "threshold b 50"]  # fmt: skip
        assert ledger.channel.ids[0] == ledger.channel.ids[1]


@pytest.mark.parametrize(
    ("text", "now", "until"),
    [
        ("22:00-07:00", "2026-11-23T21:59:59", None),
        ("22:00-07:00", "2026-11-23T22:00:00", "2026-11-24T07:00:00"),
        ("22:00-07:00", "2026-11-24T06:59:59", "2026-11-24T07:00:00"),
        ("22:00-07:00", "2026-11-24T07:00:00", None),
        ("0:00-6:30", "2026-11-24T00:00:00", "2026-11-24T06:30:00"),
        ("12:00-13:00", "2026-11-24T12:30:00", "2026-11-24T13:00:00"),
        ("12:00-13:00", "2026-11-24T13:30:00", None),
        ("22:00-00:00", "2026-12-31T23:00:00", "2027-01-01T00:00:00"),
    ],
)
@pytest.mark.parametrize("zone", ["Asia/Ho_Chi_Minh", "UTC", "America/New_York"])
def test_quiet_hours_end_by_the_local_clock(
    text: str, now: str, until: str | None, zone: str
) -> None:
    place = ZoneInfo(zone)
    clock = FakeClock(moment(0, place).fromisoformat(now).replace(tzinfo=place))
    found = quiet_hours(text).until(clock.now(), place)
    shown = None if found is None else f"{moment(found, place):%Y-%m-%dT%H:%M:%S}"
    assert shown == until


def test_quiet_hours_over_a_change_of_clocks_end_at_the_wall_time() -> None:
    zone = ZoneInfo("Europe/Berlin")
    for day, hours in (("2026-03-28", 8), ("2026-10-24", 10), ("2026-11-24", 9)):
        clock = FakeClock(moment(0, zone).fromisoformat(f"{day}T22:00:00").replace(tzinfo=zone))
        found = QuietHours(22 * 60, 7 * 60).until(clock.now(), zone)
        assert found is not None and found - clock.now() == hours * 3_600 * 1_000_000


@pytest.mark.parametrize("text", ["", "22-7", "24:00-07:00", "22:00-22:00", "22:60-07:00", 22])
def test_other_texts_are_refused(text: object) -> None:
    with pytest.raises(InvalidInputError, match="22:00-07:00"):
        quiet_hours(text)
