"""compact: old calls go, what they came to stays, and the command says both."""

from __future__ import annotations

import asyncio
import json

import pytest

from quotakeeper import InvalidInputError
from tests.cli.conftest import CommandLine


def filled(cli: CommandLine, each: int = 20) -> None:
    with cli.keeper(durability="process") as keeper:
        for day in range(3):
            for number in range(each):
                keeper.record("gemini", model="gemini-2.0-flash", event_id=f"{day} {number}",
                              input_tokens=1_000)  # fmt: skip
            cli.clock.advance(hours=24 * 30)
        keeper.record("gemini", model="gemini-2.0-flash", event_id="today", input_tokens=1)


def test_reports_say_the_same_and_single_calls_are_gone(cli: CommandLine) -> None:
    filled(cli)
    before = {name: cli.run(*name.split()).out for name in ("report --by day --json", "status")}
    done = cli.run("compact", "--keep", "45d")
    assert done.code == 0, done.err
    assert "deleted 40 calls that were older than 2027-01-07" in done.out
    assert {name: cli.run(*name.split()).out for name in before} == before
    assert cli.run("verify").code == 0
    listed = json.loads(cli.run("events", "--limit", "100", "--json").out)
    assert len(listed["events"] if isinstance(listed, dict) else listed) == 21


def test_in_json_with_sizes(cli: CommandLine) -> None:
    filled(cli, each=400)
    said = json.loads(cli.run("compact", "--keep", "45d", "--shrink", "--json").out)
    assert (said["calls"], said["entries"]) == (800, 800)
    assert said["bytes_after"] < said["bytes_before"]
    assert said["kept_from"].startswith("2027-01-07T")
    again = json.loads(cli.run("compact", "--keep", "45d", "--json").out)
    assert again["calls"] == 0


@pytest.mark.parametrize("keep", ["10d", "0d", "soon", "-1d", "400"])
def test_too_short_or_no_span_is_refused_and_nothing_goes(cli: CommandLine, keep: str) -> None:
    filled(cli)
    refused = cli.run("compact", "--keep", keep)
    assert refused.code == 2 and "keep" in refused.err
    with cli.keeper() as keeper:
        assert len(list(keeper.events())) == 61
        with pytest.raises(InvalidInputError, match="keep_days"):
            keeper.compact(34)


def test_in_vietnamese(cli: CommandLine) -> None:
    filled(cli)
    assert "đã xóa 40 lượt gọi" in cli.run("--lang", "vi", "compact", "--keep", "45d").out


def test_awaited(cli: CommandLine) -> None:
    filled(cli)

    async def compacted() -> tuple[int, int]:
        async with cli.keeper() as keeper:
            done = await keeper.acompact(45, shrink=True)
            assert keeper.verify() == []
            return done.calls, done.entries

    assert asyncio.run(compacted()) == (40, 40)
