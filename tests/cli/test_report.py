"""`quotakeeper report` and `quotakeeper events`."""

from __future__ import annotations

import csv
import io
import json

from tests.cli.conftest import CommandLine, golden


def test_table_of_everything(busy: CommandLine) -> None:
    result = busy.run("report")
    assert (result.code, result.err) == (0, "")
    golden("report.txt", result.out)
    golden("report-vi.txt", busy.run("report", "--lang", "vi", "--by", "day,provider").out)


def test_json_adds_up_and_keeps_the_unpriced_apart(busy: CommandLine) -> None:
    record = json.loads(busy.run("report", "--by", "day,provider", "--json").out)
    assert record["timezone"] == "UTC"
    assert record["by"] == ["day", "provider"]
    deepgram, gemini = record["rows"]
    assert (deepgram["day"], deepgram["provider"]) == ("2026-11-23", "deepgram")
    assert deepgram["quantities"] == {"audio_milliseconds": 60_180_500, "requests": 2}
    assert deepgram["provenance"] == {"estimated": 1, "reported": 1}
    assert (gemini["calls"], gemini["unpriced_calls"], gemini["cost_usd"]) == (3, 1, "4.3537")
    assert record["totals"]["calls"] == 5
    assert record["totals"]["cost_usd"] == "8.666635833333"


def test_csv_has_numbers_as_numbers(busy: CommandLine) -> None:
    out = busy.run("report", "--by", "operation", "--csv").out
    rows = {row["operation"]: row for row in csv.DictReader(io.StringIO(out, newline=""))}
    assert rows["'=cmd()"]["audio_milliseconds"] == "60060000"
    assert rows["dịch lại"]["unpriced_calls"] == "1"
    assert '"' not in out.splitlines()[1].partition(",")[2]


def test_by_scope_and_range(busy: CommandLine) -> None:
    record = json.loads(busy.run("report", "--by", "scope.project", "--json").out)
    assert [row["scope.project"] for row in record["rows"]] == ["", "phim-01"]
    record = json.loads(busy.run("report", "--last", "10m", "--json").out)
    assert record["since"] == "2026-11-23T12:35:03Z"
    assert record["totals"]["calls"] == 2
    assert "No calls in this time range." in busy.run("report", "--until", "yesterday").out


def test_an_unknown_dimension_names_the_known_ones(busy: CommandLine) -> None:
    result = busy.run("report", "--by", "colour")
    assert result.code == 2
    assert "provider, model, operation" in result.err
    assert busy.run("report", "--json", "--csv").code == 2


def test_events_newest_first(busy: CommandLine) -> None:
    result = busy.run("events")
    golden("events.txt", result.out)
    record = json.loads(busy.run("events", "--json", "--limit", 2).out)
    assert [event["id"] for event in record["events"]] == ["e5", "e4"]
    record = json.loads(busy.run("events", "--json", "--provider", "deepgram").out)
    assert [event["id"] for event in record["events"]] == ["e4", "e2"]
    record = json.loads(busy.run("events", "--json", "--operation", "dịch lại").out)
    assert [event["id"] for event in record["events"]] == ["e3"]
    assert busy.run("events", "--limit", 0).code == 2


def test_no_events_yet(cli: CommandLine) -> None:
    assert cli.run("events").out == "No calls yet.\n"
    assert json.loads(cli.run("events", "--json").out) == {
        "schema": 1, "events": [],
    }  # fmt: skip


def test_a_hostile_name_cannot_steer_the_terminal(cli: CommandLine) -> None:
    with cli.keeper() as keeper:
        keeper.record("openai", operation="\x1b[2J\u202eevil\n", model="a\tb", event_id="\x07")
    for command in ("events", "report", "watch --once"):
        out = cli.run(*command.split()).out
        assert not {"\x1b", "\u202e", "\t", "\x07"} & set(out)
