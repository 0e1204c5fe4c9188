"""`quotakeeper reconcile gemini`: a Cloud Billing export against the ledger, by day and model."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from typing import Any

import pytest

import quotakeeper
from quotakeeper import Keeper
from quotakeeper.intercept import import_hook
from quotakeeper.metering.process_meter import current_meter
from quotakeeper.sandbox import Sandbox
from quotakeeper.testing import FakeClock
from tests.cli.conftest import CommandLine

KEY = "canary-gemini-5f0e9d1c7b"
HEAD = "Usage start date,SKU description,Usage amount,Usage unit,Unrounded Cost ($)"
SKU = "Generate content input token count gemini 2.5 flash text"


@pytest.fixture
def watched(cli: CommandLine) -> Iterator[Keeper]:
    keeper = cli.keeper(config={"timezone": "UTC", "default_limits": False})
    watching = quotakeeper.watch(keeper)
    try:
        yield keeper
    finally:
        watching.close()
        keeper.close()
        import_hook.uninstall()


def flushed() -> bool:
    """Whether every call that has ended is in the ledger."""
    meter = current_meter()
    return meter is not None and meter.flush(20)


def exchange(sandbox: Sandbox, path: str, body: str = "", fault: str = "") -> bytes:
    connection = http.client.HTTPConnection(sandbox.base_url[7:], timeout=20)
    headers = {"x-goog-api-key": KEY, **({"x-sandbox-fault": fault} if fault else {})}
    try:
        connection.request("POST" if body else "GET", path, body or None, headers)
        return connection.getresponse().read()
    except (http.client.HTTPException, OSError):
        return b""
    finally:
        connection.close()


def ask(sandbox: Sandbox, model: str = "gemini-2.5-flash", fault: str = "") -> None:
    body = json.dumps({"contents": [{"parts": [{"text": "xin chào " * 500}]}]})
    exchange(sandbox, f"/v1beta/models/{model}:generateContent", body, fault)


def save(cli: CommandLine, text: str, name: str = "bill.csv") -> str:
    path = cli.folder / name
    path.write_text(text, encoding="utf-8", newline="")
    return str(path)


def said(cli: CommandLine, *more: str) -> dict[str, Any]:
    ran = cli.run("reconcile", "gemini", "--json", *more)
    assert KEY not in ran.out + ran.err
    found: dict[str, Any] = json.loads(ran.out)
    assert ran.code == (5 if found["differences"] else 0)
    return found


def test_the_sandbox_s_bill_is_the_ledger(
    cli: CommandLine, watched: Keeper, clock: FakeClock
) -> None:
    with Sandbox(clock=clock) as sandbox:
        for model in ("gemini-2.5-flash", "gemini-2.5-flash-lite", "gemini-2.5-pro"):
            ask(sandbox, model)
            ask(sandbox, model)
            clock.advance(hours=10)
        ask(sandbox, "gemini-3-flash-preview")
        ask(sandbox, fault="503")
        assert flushed()
        bill = exchange(sandbox, "/__sandbox__/billing.csv").decode()
        found = said(cli, "--file", save(cli, bill))
        assert (found["differences"], found["alike"]) == ([], 4)
        assert found["totals"]["here"]["cost_usd"] == found["totals"]["there"]["cost_usd"]
        assert found["timezone"] == "America/Los_Angeles"
        # A call that was cut is estimated here and known there.
        ask(sandbox, fault="cut")
        assert flushed()
        bill = exchange(sandbox, "/__sandbox__/billing.csv").decode()
        found = said(cli, "--file", save(cli, bill))
        kinds = {one["kind"] for one in found["differences"]}
        assert kinds == {"now_known"}
        assert {one["uncertain_calls"] for one in found["differences"]} == {1}


def test_apply_writes_nothing_and_says_so(cli: CommandLine) -> None:
    with cli.keeper() as keeper:
        keeper.record("gemini", model="gemini-2.5-flash", input_tokens=1_000, event_id="a")
        before = list(keeper.entries())
    bill = save(cli, f"{HEAD}\n2026-11-23,{SKU},2000,count,0.0006\n")
    ran = cli.run("reconcile", "gemini", "--file", bill, "--apply")
    assert ran.code == 5
    assert "--apply wrote nothing" in ran.out and "another quantity" in ran.out
    ran = cli.run("reconcile", "gemini", "--file", bill, "--apply", "--json")
    assert json.loads(ran.out)["applied"] is False and "wrote nothing" in ran.err
    with cli.keeper() as keeper:
        assert list(keeper.entries()) == before


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}\n2026-11-23,{SKU},\"1,234,000\",count,0.3702\n",
        # Another order, more columns, what the console puts above and below.
        "Invoice number,1\r\nCurrency,USD\r\n\r\nCost ($),Cost type,SKU description,Usage unit,"
        "Usage amount,Usage start date,Service description\r\n"
        f"0.3702,Usage,{SKU},count,\"1,234,000\",2026-11-23,Gemini API\r\n"
        "9.99,Usage,Jobs Memory,second,5,2026-11-23,Cloud Run\r\n"
        f"3.00,Tax,{SKU},,,2026-11-23,Gemini API\r\n12.99,,,,,,\r\n",
        # BigQuery, flattened: hours in UTC that are one Pacific day.
        "service_description,sku_description,usage_start_time,usage_amount,usage_unit,cost,currency\n"
        f"Gemini API,{SKU},2026-11-23 08:00:00 UTC,1000000,count,0.3,USD\n"
        f"Gemini API,{SKU},2026-11-24 07:00:00 UTC,234000.0,count,0.0702,USD\n",
        "\ufeff" + f"{HEAD}\n2026-11-23,{SKU.upper()},1234000,tokens,3.702E-1\n",
    ],
    ids=["report", "cost table", "bigquery", "bom"],
)  # fmt: skip
def test_columns_are_found_by_name(cli: CommandLine, text: str) -> None:
    with cli.keeper() as keeper:
        keeper.record("gemini", model="gemini-2.5-flash", input_tokens=1_234_000)
    found = said(cli, "--file", save(cli, text))
    assert (found["differences"], found["alike"]) == ([], 1)


def test_every_kind_of_difference_is_named(cli: CommandLine) -> None:
    with cli.keeper() as keeper:
        for model, tokens in (("gemini-2.5-flash", 1_000_000), ("gemini-2.5-pro", 10),
                              ("gemini-2.0-flash", 5_000_000)):  # fmt: skip
            keeper.record("gemini", model=model, input_tokens=tokens, output_tokens=0)
    lines = [
        f"2026-11-23,{SKU},1000000,count,0.9",  # dearer than we think
        "2026-11-23,Generate_content output token count for gemini 2.0 flash text,7,count,0",
        "2026-11-23,Generate content input token count gemini 2.0 flash text,5000000,count,0.5",
        "2026-11-23,Generate content input token count gemini 3.5 flash lite text,9,count,0.1",
        "2026-11-23,Gemini API context cache storage,3,hour,0.25",
        "2026-11-23,Generate content input token count gemini 2.0 flash,-2,count,-0.0001",
    ]
    found = said(cli, "--file", save(cli, "\n".join([HEAD, *lines])))
    named = [(one["kind"], one["model"], one["meter"]) for one in found["differences"]]
    assert named == [
        ("missing_here", "", "cost"),
        ("quantity", "gemini-2.0-flash", "input_tokens"),
        ("quantity", "gemini-2.0-flash", "output_tokens"),
        ("quantity", "gemini-2.0-flash", "cost"),
        ("price", "gemini-2.5-flash", "cost"),
        ("missing_there", "gemini-2.5-pro", "input_tokens"),
        ("missing_there", "gemini-2.5-pro", "cost"),
        ("missing_here", "gemini-3.5-flash-lite", "input_tokens"),
        ("missing_here", "gemini-3.5-flash-lite", "cost"),
    ]
    (price,) = [one for one in found["differences"] if one["kind"] == "price"]
    assert (price["here"], price["there"]) == ("0.30", "0.90")
    assert found["not_tokens"] == {"Gemini API context cache storage": "0.25"}
    ran = cli.run("reconcile", "gemini", "--file", str(cli.folder / "bill.csv"))
    assert "not tokens: Gemini API context cache storage, $0.25" in ran.out


def test_only_the_days_asked_for_are_compared(cli: CommandLine) -> None:
    bill = save(cli, f"{HEAD}\n2026-11-20,{SKU},5,count,1\n2026-11-23,{SKU},5,count,1\n")
    found = said(cli, "--file", bill, "--since", "2026-11-23T12:00-08:00")
    assert {one["day"] for one in found["differences"]} == {"2026-11-23"}
    found = said(cli, "--file", bill, "--since", "2026-11-24T12:00-08:00")
    assert found["differences"] == []


def test_rows_are_not_held(cli: CommandLine) -> None:
    import tracemalloc

    path = cli.folder / "large.csv"
    many = 50_000  # `./dev bench reconcile` takes a million
    with open(path, "w", encoding="utf-8") as file:
        file.write(HEAD + "\n")
        file.writelines(f"2026-11-23,{SKU},1,count,0.0000003\n" for _ in range(many))
    with cli.keeper() as keeper:
        keeper.record("gemini", model="gemini-2.5-flash", input_tokens=many)
    assert said(cli, "--file", str(path))["alike"] == 1
    tracemalloc.start()
    try:
        assert said(cli, "--file", str(path))["totals"]["there"]["lines"] == many
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < path.stat().st_size / 2


def test_it_says_that_a_file_is_needed(cli: CommandLine) -> None:
    ran = cli.run("reconcile", "gemini")
    assert ran.code == 2 and "Google has no API" in ran.err and "CSV" in ran.err
    ran = cli.run("reconcile", "gemini", "--file", "x", "--base-url", "https://example.org")
    assert ran.code == 2 and "deepgram only" in ran.err
