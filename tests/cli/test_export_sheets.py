"""`export --excel` and `--format xlsx`: what a spreadsheet opens without a question."""

from __future__ import annotations

import builtins
import csv
import io
import zipfile
from xml.etree import ElementTree

import pytest

from quotakeeper.config.terminal import writes_decimal_comma
from tests.cli.conftest import CommandLine
from tests.cli.test_report_columns import VND

MARK = b"\xef\xbb\xbf"
CELL = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def table(data: bytes, separator: str) -> list[dict[str, str]]:
    assert data.startswith(MARK)
    text = io.StringIO(data.decode("utf-8-sig"), newline="")
    return list(csv.DictReader(text, delimiter=separator))


@pytest.mark.parametrize(
    ("variable", "arguments", "separator", "cost"),
    [
        ("C.UTF-8", [], ",", "4.35"),
        ("en_US.UTF-8", ["--lang", "vi"], ",", "4.35"),
        ("vi_VN.UTF-8", [], ";", "4,35"),
        ("de_DE.UTF-8", ["--lang", "en"], ";", "4,35"),
        ("C.UTF-8", ["--lang", "vi"], ";", "4,35"),
        ("vi_VN.UTF-8", ["--separator", "comma"], ",", "4.35"),
        ("C.UTF-8", ["--separator", "semicolon"], ";", "4,35"),
    ],
)
def test_separators_and_decimals_are_those_of_the_locale(
    busy: CommandLine, variable: str, arguments: list[str], separator: str, cost: str
) -> None:
    busy.environment.setenv("LANG", variable)
    assert busy.run("export", "--excel", "--out", "a.csv", *arguments).code == 0
    rows = table((busy.folder / "a.csv").read_bytes(), separator)
    assert [rows[0]["cost_usd"], rows[2]["cost_usd"]] == [cost, ""]
    assert rows[3]["operation"] == "'=cmd()"


def test_times_are_local_and_a_second_currency_stands_beside(busy: CommandLine) -> None:
    busy.write_config(VND)
    busy.environment.setenv("QUOTAKEEPER_TIMEZONE", "Asia/Ho_Chi_Minh")
    busy.run("export", "--excel", "--out", "a.csv")
    first = table((busy.folder / "a.csv").read_bytes(), ",")[0]
    assert first["time (Asia/Ho_Chi_Minh)"] == "2026-11-23 19:00:00"
    assert first["cost_vnd (assumed, 2026-11-20, my bank)"] == "114405"


@pytest.mark.parametrize(
    ("environ", "lang", "comma"),
    [
        ({}, "en", False),
        ({}, "vi", True),
        ({"LANG": "POSIX"}, "vi", True),
        ({"LANG": "vi_VN", "LC_NUMERIC": "en_US.UTF-8"}, "vi", False),
        ({"LC_ALL": "fr_FR.UTF-8", "LC_NUMERIC": "en_US"}, "en", True),
    ],
)
def test_where_a_comma_stands_before_decimals(
    environ: dict[str, str], lang: str, comma: bool
) -> None:
    assert writes_decimal_comma(lang, environ) is comma


@pytest.mark.parametrize(
    "arguments",
    [
        ["--excel", "--format", "json"],
        ["--separator", "comma"],
        ["--format", "xlsx"],
        ["--format", "xlsx", "--out", "-"],
        ["--format", "xlsx", "--excel", "--out", "a.xlsx"],
        ["--format", "xlsx", "--bom", "--out", "a.xlsx"],
    ],
)
def test_what_makes_no_sense_is_refused(busy: CommandLine, arguments: list[str]) -> None:
    result = busy.run("export", *arguments)
    assert (result.code, result.out) == (2, "")
    assert "  try: " in result.err


def cells(data: bytes) -> list[list[tuple[str, str]]]:
    """The type and the value of every cell of the first sheet."""
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        strings = [
            "".join(node.itertext())
            for node in ElementTree.fromstring(book.read("xl/sharedStrings.xml"))
        ]
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    rows = []
    for row in sheet.iter(f"{CELL}row"):
        found = []
        for cell in row:
            kind, value = cell.get("t", "n"), cell.findtext(f"{CELL}v", "")
            assert cell.find(f"{CELL}f") is None  # no formula
            found.append(("s", strings[int(value)]) if kind == "s" else (kind, value))
        rows.append(found)
    return rows


def test_a_workbook_has_numbers_and_dates_as_such_and_no_formula(busy: CommandLine) -> None:
    pytest.importorskip("xlsxwriter")
    busy.write_config(VND)
    result = busy.run("export", "--format", "xlsx", "--out", "báo cáo.xlsx")
    assert (result.code, result.out) == (0, "")
    assert result.err == "events written to báo cáo.xlsx: 5\n"
    header, first, *others = cells((busy.folder / "báo cáo.xlsx").read_bytes())
    assert header[1] == ("s", "time (UTC)")
    assert first[0] == ("s", "e1")
    assert first[1] == ("n", "46349.5")  # 2026-11-23 12:00 in days since 1900
    assert ("n", "4.35") in first and ("n", "12000000") in first and ("n", "114405") in first
    assert any(("s", "'=cmd()") in row for row in others) or any(
        ("s", "=cmd()") in row for row in others
    )


def test_without_the_library_the_extra_is_named(
    busy: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def absent(name: str, *arguments: object, **named: object) -> object:
        if name == "xlsxwriter":
            raise ImportError(name)
        return real(name, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", absent)
    result = busy.run("export", "--format", "xlsx", "--out", "a.xlsx")
    assert result.code == 69
    assert 'pip install ".[xlsx]"' in result.err
    assert not (busy.folder / "a.xlsx").exists()
