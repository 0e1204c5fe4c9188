"""`doctor --accept-clock`, `doctor --repair-clock`, and how `status` and `doctor` show a doubt."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from quotakeeper import ClockSuspectError
from quotakeeper.domain.windows import SECOND
from tests.cli.conftest import CommandLine

DAY = 86_400 * SECOND
LIMIT = """
default_limits = false
timezone = "UTC"
[[limit]]
name = "cap"
meter = "requests"
window = "day"
amount = 2
"""


@pytest.fixture
def used(cli: CommandLine) -> CommandLine:
    cli.write_config(LIMIT)
    with cli.keeper() as keeper:
        keeper.record("gemini")
    return cli


def test_status_and_doctor_show_it_and_accept_ends_it(used: CommandLine) -> None:
    used.clock._now += DAY
    out = used.run("status").out
    assert "CLOCK NOT TRUSTED: it jumped ahead by 1 d" in out
    assert "shows 2026-11-24 12:00:00; the last trusted time is 2026-11-23 12:00:00" in out
    assert "ĐỒNG HỒ KHÔNG ĐÁNG TIN" in used.run("--lang", "vi", "status").out
    shown = json.loads(used.run("status", "--json").out)["clock"]
    assert shown == {
        "suspect": True, "ahead_seconds": 86_400, "bound_seconds": 300,
        "shown_at": "2026-11-24T12:00:00Z", "trusted_at": "2026-11-23T12:00:00Z",
    }  # fmt: skip
    found = used.run("doctor")
    assert found.code == 1 and "doctor --accept-clock" in found.out
    with used.keeper() as keeper, pytest.raises(ClockSuspectError):
        keeper.reserve("gemini")
    done = used.run("doctor", "--accept-clock", "--why", "battery")
    assert (done.code, "jumped ahead by 1 d" in done.err + done.out) == (0, True)
    again = used.run("doctor", "--accept-clock")
    assert "nothing was changed" in again.err + again.out
    assert json.loads(used.run("status", "--json").out)["clock"] is None
    assert used.run("doctor").code == 0
    with used.keeper() as keeper:
        keeper.reserve("gemini").release()


def test_repair_shows_first_and_needs_yes(used: CommandLine) -> None:
    used.clock._now += 400 * DAY
    used.run("doctor", "--accept-clock")
    with used.keeper() as keeper:
        keeper.record("gemini")
    used.clock._now -= 400 * DAY
    assert "doctor --repair-clock" in used.run("doctor").out
    with used.keeper() as keeper:
        before = list(keeper.entries())
    shown = used.run("doctor", "--repair-clock")
    said = shown.out + shown.err
    assert shown.code == 0
    assert (
        "the ledger's time is 400 d ahead of the clock: the newest entry has the time 2027-12-28 12:00:00"
        in said
    )
    assert "nothing confirms this clock" in said and "--yes copies the ledger" in said
    with used.keeper() as keeper:
        assert list(keeper.entries()) == before
    done = json.loads(used.run("doctor", "--repair-clock", "--yes", "--json").out)
    assert (done["done"], done["calls"], done["ahead_seconds"]) == (True, 1, 400 * 86_400)
    assert Path(done["backup"]).exists()
    with used.keeper() as keeper:
        assert keeper.status().limits[0].used == 2
        assert keeper.verify() == []
    again = used.run("doctor", "--repair-clock", "--yes")
    assert "nothing to repair" in again.out + again.err
    assert used.run("doctor").code == 0


@pytest.mark.parametrize(
    "options", ["--yes", "--why x", "--accept-clock --repair-clock", "--accept-clock --yes"]
)
def test_options_that_do_not_go_together_are_refused(used: CommandLine, options: str) -> None:
    assert used.run("doctor", *options.split()).code == 2


def test_without_a_ledger_there_is_nothing_to_do(cli: CommandLine) -> None:
    assert cli.run("doctor", "--repair-clock", "--ledger", "missing.db").code == 2
    assert not (cli.folder / "missing.db").exists()
