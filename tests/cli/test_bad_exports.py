"""Exports that are none: each is told apart and explained, and nothing is written."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tests.cli.conftest import CommandLine

HEAD = "Usage start date,SKU description,Usage amount,Usage unit,Cost ($)"
SKU = "Generate content input token count gemini 2.5 flash text"
LOGIN = b"<!DOCTYPE html><html><title>Sign in</title></html>"
REQUEST = {
    "request_id": "r1", "created": "2026-11-23T12:00:00.000Z", "path": "/v1/listen?model=nova-3",
    "code": 200, "response": {"details": {"usd": 0.01, "duration": 1.5, "method": "sync"}},
}  # fmt: skip


def page(**changed: object) -> bytes:
    return json.dumps({"page": 0, "requests": [REQUEST, {**REQUEST, "request_id": "r2", **changed}]}
                      ).encode()  # fmt: skip


def details(**changed: object) -> bytes:
    said = {**REQUEST["response"]["details"], **changed}  # type: ignore[index]
    return page(response={"details": said})


EITHER = {
    "empty": (b"", "is empty"),
    "blank": (b" \n\n", "is empty"),
    "only a mark": (b"\xef\xbb\xbf", "is empty"),
    "a login page": (LOGIN, "web page"),
    "a login page, marked": (b"\xef\xbb\xbf\r\n" + LOGIN, "web page"),
    "UTF-16": ("Cost ($)".encode("utf-16"), "UTF-16"),
    "packed": (gzip.compress(b"a,b"), "is packed"),
    "a spreadsheet": (b"PK\x03\x04 and so on", "spreadsheet"),
    "binary": (b"abc\0def", "is not text"),
    "Latin": (b'{"requests": [\xe9]}\nUsage start date,\xe9', "is not UTF-8"),
}
JSON = {
    "cut in a request": (page()[:-30], "cut short"),
    "cut between": (page()[:-2], "it ends here"),
    "cut in a text": (b'{"requests": [{"request_id": "r', "cut short"),
    "a CSV": (b"Usage start date,Cost\n1,2\n", "neither an object nor a list"),
    "a number": (b"12", "neither an object nor a list"),
    "other JSON": (b'{"hello": 1}', "request_id: is missing"),
    "a list of numbers": (b"[1, 2]", "a value that is not an object"),
    "requests that are none": (b'{"requests": [1]}', "not an object"),
    "trailing words": (page() + b" and so on", "neither an object nor a list"),
    "no number": (b'{"requests": [{"usd": NaN}]}', "NaN"),
    "a missing comma": (page().replace(b'"code": 200, ', b'"code": 200 ', 1), "damaged"),
    "deep": (b'{"requests": [' + b"[" * 100_000, "nested too deeply"),
    "no id": (page(request_id=""), "request_id: is missing"),
    "no time": (page(created="soon"), "created: 'soon' of request r2 is not a time"),
    "no money": (details(usd="1,00"), "usd: '1,00' of request r2 is not a number"),
    "negative money": (details(usd=-1), "usd: -1 of request r2 is out of range"),
    "too much money": (details(usd=10**9), "out of range"),
    "endless": (details(duration=10**14), "out of range"),
    "no length": (details(duration=True), "is not a number"),
}
CSV = {
    "JSON": (b'{"requests": []}', "the required columns"),
    "other columns": (b"a,b,c\n1,2,3\n", "found: a, b, c"),
    "no cost": (b"Usage start date,SKU description\n", "cost: one of"),
    "other money above": (
        f"Currency,VND\n{HEAD}\n2026-11-23,{SKU},1,count,1\n".encode(), "quotakeeper can compare only USD",
    ),
    "other money in the header": (
        f"{HEAD.replace('($)', '(€)')}\n2026-11-23,{SKU},1,count,1\n".encode(), "is in '€'",
    ),
    "other money in a row": (
        f"{HEAD},Currency\n2026-11-23,{SKU},1,count,1,USD\n2026-11-23,{SKU},1,count,1,EUR\n"
        .encode(), "line 3: the export is in 'EUR'",
    ),
    "money of no country": (
        f"{HEAD.replace(' ($)', '')}\n2026-11-23,{SKU},1,count,1\n".encode(),
        "does not say its currency",
    ),
    "by month": (f"{HEAD}\n2026-11,{SKU},1,count,1\n".encode(), "'2026-11' is not a date"),
    "no number": (f"{HEAD}\n2026-11-23,{SKU},1,count,x\n".encode(), "line 2: Cost ($): 'x'"),
    "a decimal comma": (
        f'{HEAD}\n2026-11-23,{SKU},1,count,"1.234,56"\n'.encode(), "is not a number",
    ),
    "a short row": (f"{HEAD}\n2026-11-23,{SKU},1\n".encode(), "line 2: has 3 of 5 columns"),
    "an open quote": (f'{HEAD}\n2026-11-23,"{SKU},1,count,1\n'.encode(), "is not CSV"),
    "too much": (f"{HEAD}\n2026-11-23,{SKU},{10**15},count,1\n".encode(), "out of range"),
    "absurd": (f"{HEAD}\n2026-11-23,{SKU},1,count,1E999\n".encode(), "is not a number"),
}  # fmt: skip


def refused(cli: CommandLine, provider: str, data: bytes, words: str) -> None:
    with cli.keeper() as keeper:
        keeper.record("deepgram", model="nova-3", operation="listen", audio_seconds=1)
        before = list(keeper.entries())
    path = cli.folder / "x.dat"
    path.write_bytes(data)
    ran = cli.run("reconcile", provider, "--apply", "--file", path)
    assert ran.code == 2, (ran.out, ran.err)
    assert ran.out == ""
    assert words in ran.err and "--file x.dat" in ran.err
    assert ran.err.count("\n") == 3
    with cli.keeper() as keeper:
        assert list(keeper.entries()) == before


@pytest.mark.parametrize("provider", ["deepgram", "gemini"])
@pytest.mark.parametrize(("data", "words"), EITHER.values(), ids=EITHER)
def test_what_is_no_export(cli: CommandLine, provider: str, data: bytes, words: str) -> None:
    refused(cli, provider, data, words)


@pytest.mark.parametrize(("data", "words"), JSON.values(), ids=JSON)
def test_requests_that_cannot_be_read(cli: CommandLine, data: bytes, words: str) -> None:
    refused(cli, "deepgram", data, words)


@pytest.mark.parametrize(("data", "words"), CSV.values(), ids=CSV)
def test_bills_that_cannot_be_read(cli: CommandLine, data: bytes, words: str) -> None:
    refused(cli, "gemini", data, words)


def test_a_file_that_is_not_there(cli: CommandLine, tmp_path: Path) -> None:
    for provider in ("deepgram", "gemini"):
        for path in ("absent.json", str(tmp_path)):
            ran = cli.run("reconcile", provider, "--file", path)
            assert ran.code == 2 and "cannot be read" in ran.err
    assert cli.run("reconcile", "deepgram", "--file", "bad\0name").code == 2


def test_one_bad_file_among_good_ones_writes_nothing(cli: CommandLine) -> None:
    (cli.folder / "good.json").write_bytes(page())
    (cli.folder / "bad.json").write_bytes(page()[:-30])
    ran = cli.run("reconcile", "deepgram", "--apply", "--file", "good.json", "--file", "bad.json")
    assert ran.code == 2 and "--file bad.json" in ran.err
    with cli.keeper() as keeper:
        assert list(keeper.entries()) == []
