"""Prices that change soon are told where prices and spend are shown."""

from __future__ import annotations

import pytest

from quotakeeper.cli import context
from tests.cli.conftest import CommandLine

LATER = (
    "price change on 2027-01-01: gemini/gemini-3.6-flash: "
    "cached_input_tokens 0.075 -> 0.15, input_tokens 0.75 -> 1.50, output_tokens 3.75 -> 7.50 "
    "USD for 1,000,000"
)


@pytest.fixture
def later(cli: CommandLine) -> CommandLine:
    """Four weeks before prices change."""
    cli.clock.set("2026-12-04T12:00:00Z")
    cli.environment.setattr(context, "now", cli.clock.now)
    return cli


def notices(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(("price change", "đổi giá"))]


def test_the_prices_of_a_model_end_with_what_changes_soon(later: CommandLine) -> None:
    said = later.run("prices", "show", "gemini-3.6-flash").out
    assert LATER in notices(said)
    assert notices(said) == said.splitlines()[-len(notices(said)) :]
    assert notices(later.run("prices", "show", "nova-3").out) == []
    assert notices(later.run("prices", "show", "gemini-3.6-flash", "--at", "2026-10-20").out) == []
    vi = later.run("prices", "show", "gemini-3.6-flash", "--lang", "vi").out
    assert any(line.startswith("đổi giá từ 2027-01-01") for line in notices(vi))


def test_the_list_of_all_prices_names_six_and_counts_the_others(later: CommandLine) -> None:
    lines = later.run("prices", "list").out.splitlines()
    assert lines[-1].startswith("and ") and "more price changes" in lines[-1]
    assert len(notices("\n".join(lines))) == 6


def test_a_report_tells_of_the_models_that_were_used(later: CommandLine) -> None:
    with later.keeper() as keeper:
        keeper.record("deepgram", model="nova-3", audio_seconds=60)
    assert notices(later.run("report").out) == []
    with later.keeper() as keeper:
        keeper.record("gemini", model="gemini-3.6-flash", input_tokens=10, output_tokens=10)
    assert LATER in notices(later.run("report").out)
    assert notices(later.run("report", "--json").out) == []
