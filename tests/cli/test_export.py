"""`quotakeeper export`: to stdout and into files, over a range of time."""

from __future__ import annotations

import csv
import io
import json

import pytest

from tests.cli.conftest import CommandLine


def ids(text: str) -> list[str]:
    return [json.loads(line)["id"] for line in text.splitlines()]


def test_ndjson_is_the_default(busy: CommandLine) -> None:
    result = busy.run("export")
    assert (result.code, result.err) == (0, "")
    assert ids(result.out) == ["e1", "e2", "e3", "e4", "e5"]
    first = json.loads(result.out.splitlines()[0])
    assert first["scope"] == {"project": "phim-01"}
    assert first["quantities"] == {
        "input_tokens": 12_000_000,
        "output_tokens": 300_000,
        "requests": 1,
    }
    assert first["cost_usd"] == "4.35"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--since", "2026-11-23T12:20"], ["e2", "e3", "e4", "e5"]),
        (["--until", "2026-11-23T12:20:00Z"], ["e1"]),
        (["--since", "2026-11-23", "--until", "2026-11-23"], ["e1", "e2", "e3", "e4", "e5"]),
        (["--since", "today"], ["e1", "e2", "e3", "e4", "e5"]),
        (["--until", "yesterday"], []),
        (["--last", "30m"], ["e2", "e3", "e4", "e5"]),
        (["--since", "2026-11-23T19:40:00+07:00"], ["e4", "e5"]),
    ],
)
def test_ranges_are_half_open_and_in_the_ledgers_zone(
    busy: CommandLine, arguments: list[str], expected: list[str]
) -> None:
    assert ids(busy.run("export", *arguments).out) == expected


def test_a_bare_date_is_that_day_in_the_zone_of_the_settings(busy: CommandLine) -> None:
    busy.environment.setenv("QUOTAKEEPER_TIMEZONE", "Asia/Ho_Chi_Minh")
    assert len(ids(busy.run("export", "--since", "2026-11-23", "--until", "2026-11-23").out)) == 5
    busy.environment.setenv("QUOTAKEEPER_TIMEZONE", "Pacific/Kiritimati")  # already the 24th there
    assert ids(busy.run("export", "--until", "2026-11-23").out) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["--since", "soon"],
        ["--last", "7 fortnights"],
        ["--last", "1h", "--since", "today"],
        ["--since", "2026-11-23", "--until", "2026-11-22"],
        ["--since", "2026-02-30"],
        ["--bom"],
        ["--out", "."],
        ["--out", "absent/x.json"],
    ],
)
def test_what_makes_no_sense_is_refused_in_three_lines(
    busy: CommandLine, arguments: list[str]
) -> None:
    result = busy.run("export", *arguments)
    assert (result.code, result.out) == (2, "")
    what, why, fix = result.err.splitlines()
    assert what.startswith("error: ")
    assert why.startswith("  why: ")
    assert fix.startswith("  try: ")


def test_csv_into_a_file_that_excel_reads(busy: CommandLine) -> None:
    result = busy.run("export", "--format", "csv", "--out", "báo cáo.csv", "--bom")
    assert (result.code, result.out) == (0, "")
    assert result.err == "events written to báo cáo.csv: 5\n"
    data = (busy.folder / "báo cáo.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert rows[3]["operation"] == "'=cmd()"
    assert rows[2]["operation"] == "dịch lại"
    assert rows[2]["cost_usd"] == ""
    assert rows[0]["input_tokens"] == "12000000"


@pytest.mark.parametrize("name", ["ledger.db", "./ledger.db-wal", "link.db"])
def test_the_ledger_itself_is_never_written_over(busy: CommandLine, name: str) -> None:
    if name == "link.db":
        (busy.folder / name).symlink_to(busy.ledger)
    result = busy.run("export", "--out", name)
    assert result.code == 2
    assert "is the ledger itself" in result.err
    assert busy.run("verify").code == 0


def test_json_says_when_it_was_made(busy: CommandLine) -> None:
    record = json.loads(busy.run("export", "--format", "json").out)
    assert record["schema"] == 1
    assert record["generated_at"] == "2026-11-23T12:45:03Z"
    assert len(record["events"]) == 5


def test_an_empty_ledger_is_an_empty_export(cli: CommandLine) -> None:
    assert cli.run("export").out == ""
    assert json.loads(cli.run("export", "--format", "json").out)["events"] == []
    assert cli.run("export", "--format", "csv").out.count("\n") == 1
