"""Columns that only some reports have: the media of jobs, a second currency, another model."""

from __future__ import annotations

import csv
import io
import json

import pytest

from tests.cli.conftest import CommandLine

VND = """
[currency]
code = "VND"
per_usd = 26_300
date = 2026-11-20
source = "my bank"
"""


@pytest.fixture
def jobs(cli: CommandLine) -> CommandLine:
    """Two jobs of known length, one of none, and a call outside of any."""
    with cli.keeper() as keeper:
        for job, seconds, cost in (
            ("a.mp4", "90", "0.30"), ("a.mp4", "90", "0.15"), ("b.mp4", "30.5", "0.10"),
            ("c.mp4", "long", "1"), ("", "", "2"),
        ):  # fmt: skip
            scope = {"job": job, "media_seconds": seconds} if job else None
            keeper.record("gemini", scope=scope, requests=1, cost_usd=cost)
    return cli


def rows_of(text: str) -> dict[str, dict[str, str]]:
    return {row["job"]: row for row in csv.DictReader(io.StringIO(text, newline=""))}


def test_by_job_a_minute_of_media_has_its_cost(jobs: CommandLine) -> None:
    record = json.loads(jobs.run("report", "--by", "job", "--json").out)
    found = {
        row["job"]: (row["media_seconds"], row["cost_usd_per_media_minute"])
        for row in record["rows"]
    }
    assert found == {
        "": (None, None), "a.mp4": ("90", "0.30"), "b.mp4": ("30.5", "0.196721311475"),
        "c.mp4": (None, None),
    }  # fmt: skip
    total = record["totals"]
    assert total["media_seconds"] == "120.5"
    assert total["cost_usd_per_media_minute"] == "0.273858921162"  # 0.55 over 120.5 seconds
    table = jobs.run("report", "--by", "job").out
    header, a, *_ = (line for line in table.splitlines() if "MEDIA" in line or "a.mp4" in line)
    assert "MEDIA MINUTES" in header and "COST A MINUTE" in header
    assert a.split()[-3:-1] == ["1.5", "$0.30"]
    assert rows_of(jobs.run("report", "--by", "job", "--csv").out)["a.mp4"]["media_seconds"] == "90"
    assert "CHI PHÍ MỖI PHÚT" in jobs.run("report", "--by", "job", "--lang", "vi").out


def test_an_unpriced_call_leaves_the_cost_of_a_minute_unknown(jobs: CommandLine) -> None:
    with jobs.keeper() as keeper:
        scope = {"job": "a.mp4", "media_seconds": "90"}
        keeper.record("gemini", model="gemini-0", scope=scope, requests=1)
    record = json.loads(jobs.run("report", "--by", "job", "--json").out)
    found = {row["job"]: row["cost_usd_per_media_minute"] for row in record["rows"]}
    assert found["a.mp4"] is None and found["b.mp4"] is not None


def test_without_jobs_and_settings_a_report_is_what_it_was(jobs: CommandLine) -> None:
    record = json.loads(jobs.run("report", "--json").out)
    assert not {"currency", "as_if"} & record.keys()
    assert "media_seconds" not in record["totals"]


def test_a_second_currency_stands_beside_with_its_rate_its_day_and_its_source(
    jobs: CommandLine,
) -> None:
    jobs.write_config(VND)
    record = json.loads(jobs.run("report", "--by", "job", "--json").out)
    assert record["currency"] == {
        "code": "VND", "per_usd": "26300", "date": "2026-11-20", "source": "my bank",
        "provenance": "assumed",
    }  # fmt: skip
    assert record["totals"]["cost_vnd"] == "93365"
    said = jobs.run("report", "--by", "job").out
    assert "93,365 VND" in said
    assert "VND is assumed: 1 USD = 26,300 VND, 2026-11-20, my bank" in said
    assert "93.365 VND" in jobs.run("report", "--by", "job", "--lang", "vi").out
    assert "1 USD = 26300 VND" in jobs.run("config", "show").out.replace(",", "")


def test_as_if_another_model_had_been_called(busy: CommandLine) -> None:
    record = json.loads(busy.run("report", "--as-if", "model=gemini-2.5-pro", "--json").out)
    assert record["as_if"] == {
        "model": "gemini/gemini-2.5-pro",
        "basis": "the same quantities, call by call, at the list price of each call's own day",
        "provenance": "assumed",
    }
    found = {
        row["operation"]: (row["as_if_compared_cost_usd"], row["as_if_left_out_calls"])
        for row in record["rows"]
    }
    # Sound has no price there, and what the unpriced call has cost is not known.
    assert found == {
        "translate": ("4.35", 0), "rewrite": ("0.0037", 0), "dịch lại": (None, 1),
        "=cmd()": (None, 1), "speech_to_text": (None, 1),
    }  # fmt: skip
    translate = next(row for row in record["rows"] if row["operation"] == "translate")
    with busy.keeper() as keeper:
        event = keeper.event("e1")
        assert event is not None
        priced = keeper.prices.snapshot.price(
            "gemini", "gemini-2.5-pro", event.quantities, event.at
        )
    assert priced.cost_pico is not None
    assert float(translate["as_if_cost_usd"]) == priced.cost_pico / 1e12
    assert record["totals"]["as_if_left_out_calls"] == 3
    said = busy.run("report", "--as-if", "gemini/gemini-2.5-pro").out
    assert "would cost on gemini/gemini-2.5-pro; assumed: the same quantities" in said
    assert "3 calls are not compared" in said


def test_as_if_takes_the_price_of_each_calls_own_day(cli: CommandLine) -> None:
    for day in ("2026-12-01T00:00:00Z", "2027-01-02T00:00:00Z"):  # the price doubles between them
        cli.clock.set(day)
        with cli.keeper() as keeper:
            keeper.record("gemini", model="gemini-2.5-flash", input_tokens=1_000_000)
    record = json.loads(cli.run("report", "--as-if", "gemini/gemini-3.6-flash", "--json").out)
    assert record["totals"]["as_if_cost_usd"] == "2.25"  # 0.75 and 1.50


@pytest.mark.parametrize("name", ["model=no-such-model", "", "model=gemini/no-such"])
def test_as_if_of_a_model_without_a_price_is_refused(busy: CommandLine, name: str) -> None:
    result = busy.run("report", f"--as-if={name}")
    assert result.code == (0 if not name else 2)
    assert name == "" or "no price is known for" in result.err


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ('code = "VND"', "per_usd is missing"),
        (
            'code = "USD"\nper_usd = 1\ndate = 2026-11-20\nsource = "x"',
            "not the code of a currency (USD is not allowed here)",
        ),
        ('code = "VND"\nper_usd = 0\ndate = 2026-11-20\nsource = "x"', "is not a valid rate"),
        ('code = "VND"\nper_usd = "x"\ndate = 2026-11-20\nsource = "x"', "is not a number"),
        ('code = "VND"\nper_usd = 1\ndate = "soon"\nsource = "x"', "is not a date"),
        ('code = "VND"\nper_usd = 1\ndate = 2026-11-20\nsource = ""', "is empty"),
        ('kode = "VND"', "is not a known key"),
    ],
)
def test_a_wrong_rate_is_named(cli: CommandLine, table: str, problem: str) -> None:
    cli.write_config(f"[currency]\n{table}\n")
    result = cli.run("status")
    assert result.code == 78
    assert "quotakeeper.toml: currency" in result.err and problem in result.err


def test_the_rate_may_be_a_variable(cli: CommandLine) -> None:
    cli.environment.setenv("QUOTAKEEPER_CURRENCY", "VND 26300.5 2026-11-20 my own bank")
    assert "1 USD = 26,300.5 VND, 2026-11-20, my own bank" in cli.run("config", "show").out
