"""Figures, times, tables and errors as they are shown."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotakeeper import errors
from quotakeeper.cli import exit_codes
from quotakeeper.cli.arguments import hoisted
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.table import columns_of, cut, flowed, table_lines
from quotakeeper.cli.text.times import parse_moment, parse_range, parse_span
from quotakeeper.cli.text.words import Words
from quotakeeper.domain.forecasting.status import percent_of
from quotakeeper.domain.units import METERS
from quotakeeper.domain.windows import SECOND

NOON = 1_795_435_200 * SECOND  # 2026-11-23T12:00:00Z
SAIGON = ZoneInfo("Asia/Ho_Chi_Minh")
HOUR = 3_600 * SECOND


def test_figures_in_both_languages() -> None:
    assert figures.grouped("1234567.891", "en") == "1,234,567.891"
    assert figures.grouped("1234567.891", "vi") == "1.234.567,891"
    assert figures.grouped("-0.5", "en") == "-0.5"
    assert figures.money(4_321_000_000, "en") == "$0.004321"
    assert figures.money(4_321_000_000, "vi") == "0,004321 US$"
    assert figures.money(10 * 10**12, "en") == "$10.00"
    assert figures.money(None, "en") == "?"
    assert figures.money(1, "en") == "$0.00"
    assert figures.with_unit(90_000, METERS["audio_minutes"], "vi") == "1,5 phút"
    assert [figures.compact(n, "en") for n in (0, 9_999, 10_000, 999_499, 999_500, 12_345_678)] == [
        "0", "9,999", "10k", "999k", "1.0M", "12.3M",
    ]  # fmt: skip
    shown = [
        figures.about(n, METERS["tokens"], "en") for n in (0, 999, 12_345, 999_500, 16_391_120)
    ]
    assert shown == ["0", "999", "12,300", "1,000,000", "16,400,000"]
    assert figures.about(1_682_520_000, METERS["audio_minutes"], "vi") == "28.000"
    assert figures.about(90_000, METERS["audio_minutes"], "en") == "1.5"
    shown = [figures.about(n, METERS["cost"], "en") for n in (5_798_490_566_037, 97_123 * 10**5, 0)]
    assert shown == ["$5.80", "$0.00971", "$0.00"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0", "0.0%"), ("0.01", "<0.1%"), ("0.05", "<0.1%"), ("0.06", "0.1%"), ("82.05", "82.0%"),
        ("99.99", "99.9%"), ("100", "100.0%"), ("1234.5", "1,234.5%"),
    ],
)  # fmt: skip
def test_a_percentage_never_says_full_or_empty_when_it_is_not(value: str, expected: str) -> None:
    assert figures.percent(Decimal(value), "en") == expected


def test_the_percentage_of_a_few_tokens_is_not_shown_as_0() -> None:
    assert figures.percent(percent_of(78, 15_000_000), "en") == "<0.1%"
    assert figures.percent(percent_of(99_996, 100_000), "vi") == "99,9%"


@pytest.mark.parametrize(
    ("seconds", "en", "vi"),
    [
        (0, "0 s", "0 giây"),
        (-5, "0 s", "0 giây"),
        (59, "59 s", "59 giây"),
        (60, "1 min", "1 phút"),
        (3_661, "1 h 1 min", "1 giờ 1 phút"),
        (3_601, "1 h", "1 giờ"),
        (90_000, "1 d 1 h", "1 ngày 1 giờ"),
    ],
)
def test_durations(seconds: int, en: str, vi: str) -> None:
    assert figures.duration(seconds * SECOND, "en") == en
    assert figures.duration(seconds * SECOND, "vi") == vi


def test_moments_are_read_in_the_zone() -> None:
    def read(text: str, **given: bool) -> int:
        return parse_moment(text, SAIGON, NOON, "--since", **given)

    midnight = NOON - 19 * HOUR  # 2026-11-23 00:00 in Saigon
    assert read("2026-11-23") == read("today") == midnight
    assert read("2026-11-23", end=True) == midnight + 24 * HOUR
    assert read("yesterday") == midnight - 24 * HOUR
    assert read("2026-11-23T19:00") == NOON
    assert read("2026-11-23 19:00:00") == NOON
    assert read("2026-11-23T12:00:00Z") == NOON
    assert read("2026-11-23T12:00:00Z", end=True) == NOON
    assert read("90m") == NOON - 90 * 60 * SECOND


@given(st.text(max_size=30))
def test_no_text_breaks_the_readers(text: str) -> None:
    for reader in (
        lambda: parse_moment(text, UTC, NOON, "--since"),
        lambda: parse_span(text),
        lambda: parse_range(text, text, None, UTC, NOON),
    ):
        try:
            reader()
        except errors.InvalidInputError as error:
            assert error.fix


def test_spans() -> None:
    assert [parse_span(text) // SECOND for text in ("90m", "24h", "7d", "2w", "5min")] == [
        5_400, 86_400, 604_800, 1_209_600, 300,
    ]  # fmt: skip
    assert parse_range(None, None, "1h", UTC, NOON) == (NOON - HOUR, None)
    assert parse_range(None, "2026-11-22", "1d", UTC, NOON) == (
        NOON - 36 * HOUR, NOON - 12 * HOUR,
    )  # fmt: skip


@given(st.text(max_size=40), st.integers(0, 30))
def test_a_cut_text_fits_and_is_printable(text: str, columns: int) -> None:
    shown = cut(text, columns)
    assert columns_of(shown) <= columns
    assert all(c.isprintable() or c == "\u3000" for c in shown)


def test_columns_of_wide_and_combining_characters() -> None:
    assert columns_of("翻译") == 4
    assert columns_of("dịch") == 4
    assert columns_of("di\u0323ch") == 4
    lines = table_lines(["A", "B"], [["翻译", "1"], ["abcd", "22"]], right=frozenset({1}))
    assert lines == ["A      B", "翻译   1", "abcd  22"]


@given(
    st.lists(st.tuples(st.text(max_size=20), st.integers(0, 10**6)), min_size=1, max_size=5),
    st.integers(30, 60),
)
def test_a_table_fits_as_long_as_its_numbers_do(rows: list[tuple[str, int]], width: int) -> None:
    cells = [[name, f"{number:,}"] for name, number in rows]
    lines = table_lines(["NAME", "NUMBER"], cells, right=frozenset({1}), width=width)
    assert len(lines) == len(rows) + 1
    assert all(columns_of(line) <= width for line in lines)
    for line, (_, number) in zip(lines[1:], rows, strict=True):
        assert line.endswith(f"{number:,}")


def test_pieces_flow_into_lines() -> None:
    assert flowed(["aaa", "bbb", "ccc"], 9, separator=" · ") == ["aaa · bbb", "ccc"]
    assert flowed(["a" * 20], 9, separator=" · ", indent="  ") == ["  " + "a" * 20]


def test_global_options_are_moved_to_the_front() -> None:
    assert hoisted(["status", "--ledger", "x", "--json", "--lang=vi"]) == [
        "--ledger", "x", "--lang=vi", "status", "--json",
    ]  # fmt: skip
    assert hoisted(["estimate", "text", "--", "--ledger", "x"]) == [
        "estimate", "text", "--", "--ledger", "x",
    ]  # fmt: skip
    assert hoisted(["status", "--ledger"]) == ["--ledger", "status"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.InvalidInputError("amount", "is wrong"), 2),
        (errors.ConfigError("quotakeeper.toml: x", "is wrong", "right it"), 78),
        (errors.MissingExtraError("cli", "watch"), 69),
        (errors.LedgerUnavailableError("l.db", "is locked"), 69),
        (errors.LedgerCorruptError("l.db", "is damaged"), 1),
        (errors.LedgerVersionError("l.db", "is newer"), 1),
        (errors.TokenizerError("the hash is wrong"), 1),
        (errors.KeyConflictError("id"), 1),
        (errors.UnpricedModelError("gemini", "x"), 1),
    ],
)
@pytest.mark.parametrize("lang", ["en", "vi"])
def test_an_error_is_three_lines_and_a_code(
    capsys: pytest.CaptureFixture[str], error: errors.QuotakeeperError, code: int, lang: str
) -> None:
    assert exit_codes.report(error, Words(lang)) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    lines = shown.err.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("error: " if lang == "en" else "lỗi: ")
    assert all(line.partition(": ")[2] for line in lines)


def test_an_error_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    exit_codes.report(errors.ConfigError("\x1b[2J", "a\nb", "\u202e"), Words("en"))
    assert capsys.readouterr().err.count("\n") == 3
