"""A second currency and the next price changes on the screens of today, status and watch."""

from __future__ import annotations

import re

import pytest

from quotakeeper.app.live_frame import look
from quotakeeper.cli import context
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.watch.view import fitted_lines
from tests.cli.conftest import CommandLine
from tests.cli.test_report_columns import VND

RATE = "1 USD = 26,300 VND, 2026-11-20, my bank"
SCREENS = (("today",), ("status",), ("watch", "--once"))
CHANGE = "price change on 2027-01-01: gemini/gemini-3.6-flash"


@pytest.fixture
def spent(cli: CommandLine) -> CommandLine:
    """Ten cents, four weeks before the price of the model changes."""
    cli.clock.set("2026-12-04T12:00:00Z")
    cli.environment.setattr(context, "now", cli.clock.now)
    cli.write_config(VND)
    with cli.keeper() as keeper:
        keeper.record("gemini", model="gemini-3.6-flash", requests=1, cost_usd="0.10")
    return cli


@pytest.mark.parametrize("screen", SCREENS)
def test_a_cost_stands_in_both_currencies_with_the_rate(
    spent: CommandLine, screen: tuple[str, ...]
) -> None:
    said = spent.run(*screen).out
    assert "2,630 / 263,000 VND" in said
    assert said.count(RATE) == 1
    assert "VND is assumed: " in said or "2,630 VND (assumed: " in said
    assert "2.630 / 263.000 VND" in spent.run(*screen, "--lang", "vi").out
    assert "/ 113,090 VND" in said  # the limit of Deepgram's cost
    marked = r"(?<![\d.,])\$\S+ (USD|VND)|US\$ (USD|VND)"  # two currency marks on one amount
    assert not re.search(marked, said)


@pytest.mark.parametrize("screen", SCREENS)
def test_without_a_rate_no_screen_names_another_currency(
    spent: CommandLine, screen: tuple[str, ...]
) -> None:
    spent.write_config("")
    assert "VND" not in spent.run(*screen).out


@pytest.mark.parametrize("screen", SCREENS)
def test_the_next_price_change_of_a_used_model_is_shown(
    spent: CommandLine, screen: tuple[str, ...]
) -> None:
    said = spent.run(*screen).out
    assert CHANGE in said
    assert "and 1 more price change; see quotakeeper prices list" in said or screen == ("status",)
    assert max(map(len, said.splitlines())) <= 100
    spent.clock.advance(days=8)  # the model was not used in the last seven days
    assert CHANGE not in spent.run(*screen).out


def test_a_cost_that_is_not_known_is_no_amount_of_another_currency(cli: CommandLine) -> None:
    cli.write_config(VND)
    with cli.keeper() as keeper:
        keeper.record("gemini", model="gemini-0", requests=1)
    said = cli.run("today").out
    assert "  ? (assumed: " in said
    assert "? / 263,000 VND" in said
    with cli.keeper() as keeper:
        keeper.record("gemini", model="gemini-3.6-flash", requests=1, cost_usd="0.10")
    assert "  2,630 VND+? (assumed: " in cli.run("today").out


def test_the_live_screen_of_24_lines_keeps_its_limits_and_calls(spent: CommandLine) -> None:
    with spent.keeper() as keeper:
        session = CommandContext(lang="en").in_currency_of(keeper.settings)
        frame = look(keeper, calls=60)
    fitted = fitted_lines(frame, session, 80, 23, 0, frame.status.as_of)
    text = "\n".join(fitted.lines)
    assert (fitted.hidden, len(fitted.lines) <= 23) == (0, True)
    assert "2,630 VND (assumed: " in text
    assert CHANGE in text
    assert any(line.split()[-2:] == ["-", "$0.10"] for line in fitted.lines)
    low = fitted_lines(frame, session, 80, 13, 0, frame.status.as_of)
    assert CHANGE not in "\n".join(low.lines)
