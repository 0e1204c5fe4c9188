"""`quotakeeper report`: spend beside budget, by limit and period."""

from __future__ import annotations

import json

from tests.cli.conftest import CommandLine

CONFIG = """\
timezone = "UTC"

[[limit]]
name = "day"
meter = "requests"
window = "day"
amount = 10

[[limit]]
name = "each"
per = "user"
meter = "requests"
window = "month"
amount = 4

[[limit]]
name = "burst"
meter = "requests"
window = "minute"
amount = 60
"""


def used(cli: CommandLine) -> None:
    """Lan calls twice on the 23rd, and on the 25th with Minh, who has one call open."""
    path = cli.write_config(CONFIG)
    with cli.keeper(config=path) as keeper:
        for user, days in (("lan", 0), ("lan", 2), ("lan", 0), ("minh", 0)):
            cli.clock.advance(hours=24 * days)
            keeper.reserve("gemini", scope={"user": user}).settle()


def rows(cli: CommandLine, *given: str) -> list[tuple[str, str, str, str, str, str]]:
    found = json.loads(cli.run("report", "--json", *given).out)["budgets"]
    return [
        (x["name"], x["since"][:10], x["amount"], x["used"], x["remaining"], x["percent"])
        for x in found
    ]


def test_without_a_range_the_periods_under_way_are_shown(cli: CommandLine) -> None:
    used(cli)
    assert rows(cli) == [
        ("day", "2026-11-25", "10", "3", "7", "30"),
        ("each [user=lan]", "2026-11-01", "4", "3", "1", "75"),
        ("each [user=minh]", "2026-11-01", "4", "1", "3", "25"),
        ("burst", "2026-11-25", "60", "3", "57", "5"),
    ]
    lines = cli.run("report").out.splitlines()
    head = next(number for number, line in enumerate(lines) if line.startswith("BUDGET"))
    assert lines[head].split() == ["BUDGET", "PERIOD", "AMOUNT", "USED", "%", "LEFT"]
    assert lines[head + 1].split() == ["day", "2026-11-25", "10", "requests", "3", "30.0%", "7"]
    assert "2026-11 " in lines[head + 2]
    assert "NGÂN SÁCH" in cli.run("--lang", "vi", "report").out


def test_with_a_range_each_period_in_it_counts_whole(cli: CommandLine) -> None:
    used(cli)
    by_day = [
        ("day", "2026-11-25", "10", "3", "7", "30"), ("day", "2026-11-24", "10", "0", "10", "0"),
        ("day", "2026-11-23", "10", "1", "9", "10"),
    ]  # fmt: skip
    assert rows(cli, "--since", "2026-11-23T18:00")[:3] == by_day
    assert rows(cli, "--last", "7d")[3] == ("day", "2026-11-22", "10", "0", "10", "0")
    only = rows(cli, "--since", "2026-11-23", "--until", "2026-11-24")
    assert only[:2] == by_day[1:]
    assert only[2:] == [
        ("each [user=lan]", "2026-11-01", "4", "3", "1", "75"),
        ("each [user=minh]", "2026-11-01", "4", "1", "3", "25"),
    ]  # fmt: skip


def test_what_is_reserved_is_not_left(cli: CommandLine) -> None:
    used(cli)
    keeper = cli.keeper(config=cli.folder / "quotakeeper.toml")
    call = keeper.reserve("gemini", scope={"user": "minh"})
    assert rows(cli)[0] == ("day", "2026-11-25", "10", "3", "6", "30")
    call.release()


def test_a_raised_limit_shows_what_is_in_force(cli: CommandLine) -> None:
    used(cli)
    cli.run("limits", "raise", "day", "--to", "30", "--for", "1d", "--why", "x")
    assert rows(cli)[0] == ("day", "2026-11-25", "30", "3", "27", "10")


def test_long_lists_are_cut_for_people(cli: CommandLine) -> None:
    used(cli)
    out = cli.run("report", "--last", "60d").out
    assert "more; --json lists all of them" in out
    assert len(rows(cli, "--last", "60d")) > 40


def test_the_table_leaves_out_earlier_periods_without_use(cli: CommandLine) -> None:
    used(cli)
    listed = [day for name, day, *_ in rows(cli, "--last", "4d") if name == "day"]
    assert listed == [f"2026-11-{day}" for day in (25, 24, 23, 22, 21)]
    lines = cli.run("report", "--last", "4d").out.splitlines()
    shown = [line.split()[1] for line in lines if line.startswith("day ")]
    assert shown == ["2026-11-25", "2026-11-23"]
    cli.clock.advance(hours=48)  # the period under way is shown, also without use
    lines = cli.run("report", "--last", "1d").out.splitlines()
    assert [line.split()[1] for line in lines if line.startswith("day ")] == ["2026-11-27"]
