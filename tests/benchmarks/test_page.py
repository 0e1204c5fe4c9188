"""The performance pages: made from JSON only, up to date in the repository, with missed aims shown."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from benchmarks import aims, page, results
from benchmarks.results import Figures
from benchmarks.words import EN, LANGUAGES, VI

_MACHINE = {"cores": 2, "cpu": "Some CPU", "memory_gib": 24, "system": "Linux x86_64",
            "python": "CPython 3.11.7", "sqlite": "3.40.1", "fdatasync_per_s": 6222,
            "load": 0.25}  # fmt: skip


def _line(key: str, value: float, unit: str = "us", ratio: float | None = None) -> dict[str, Any]:
    return {"name": f"  {key}", "value": value, "unit": unit, "low": value, "high": value,
            "ratio": ratio, "against": "ours" if ratio else "", "key": key}  # fmt: skip


def _bench(*lines: dict[str, Any], notes: tuple[str, ...] = (), **machine: Any) -> dict[str, Any]:
    return {"measured": "2026-11-25", "seconds": 60, "rounds": 5, "machine": _MACHINE | machine,
            "notes": list(notes), "lines": list(lines)}  # fmt: skip


FIXED: results.Results = {
    "admission": _bench(
        _line("admission.process.one.rate", 3480.4, "per s"),
        _line("admission.process.one.p50", 287.25),
        _line("admission.process.one.reserve_p50", 142.0),
        _line("admission.process.four.rate", 12_000.0, "per s"),
        _line("admission.process.four.admitted", 1000, "of 1,000", 1.0),
        _line("admission.limits-memory.one.rate", 102_805.0, "per s"),
        _line("admission.limits-memory.four.rate", 332_884.0, "per s"),
        _line("admission.limits-memory.four.admitted", 4000, "of 1,000", 4.0),
        notes=("Redis: absent",),
    ),
    "growth": _bench(
        _line("growth.1000.reserve_p50", 60.0),
        _line("growth.1000.bytes", 385.0, "B/event"),
        _line("growth.1000000.reserve_p50", 61.5),
        _line("growth.1000000.bytes", 248.6, "B/event"),
        _line("growth.1000000.before", 300.5, "MiB"),
        _line("growth.1000000.after", 80.25, "MiB", 0.27),
        cpu="Another CPU",
    ),
    "pricing": _bench(
        _line("pricing.quotakeeper", 1.234), _line("pricing.litellm", 68.4, ratio=57.3)
    ),
    "forecast": _bench(
        {**_line("", 2.5, "%"), "name": "forecast, office, at 25 %", "high": 9.04},
        {**_line("", 1.25, "%"), "name": "forecast, office, at 50 %", "high": 4.0},
    ),
    "overhead": _bench(
        {**_line("", 950.4), "name": "httpx, async, metered, power, p50"},
        {**_line("", 61.0, ratio=1.07), "name": "  added, power, p50", "against": "bare"},
    ),
    "fleet": _bench(
        _line("fleet.local", 500.0),
        {
            **_line("fleet.conditional.1", 3488.0, "per s", 2.4),
            "against": "locked",
            "name": "conditional commits, 16 processes of batches of 16, 1 ms",
        },
        _line("fleet.commit.5", 7200.0, "us", 1.31),
        _line("fleet.pyrate-postgres.rate", 300.0, "per s"),
        _line("fleet.pyrate-postgres.admitted", 900, "of 1,000", 0.9),
        _line("fleet.postgres-lease.admitted", 1000, "of 1,000", 1.0),
    ),
    "something": _bench({**_line("", 0.05, "ms", 2.0), "name": "a new line"}),
}


def test_numbers_have_the_format_of_each_language() -> None:
    assert [EN.number(n) for n in (1234567.0, 287.25, 41.74, 1.234, 0.0456, 3, 0)] == [
        "1,234,567", "287", "41.7", "1.23", "0.046", "3", "0",
    ]  # fmt: skip
    assert [VI.number(n) for n in (1234567.0, 41.74, 0.0456)] == ["1.234.567", "41,7", "0,046"]


@pytest.mark.parametrize(
    ("value", "said"),
    [(1000, "1,000 of 1,000"), (4000, "4,000 of 1,000 (+300 %)"), (501, "501 of 1,000 (-50 %)")],
)
def test_an_overshoot_is_shown_in_calls_and_per_cent(value: int, said: str) -> None:
    assert page.admitted(_line("x", value, "of 1,000", value / 1000), EN) == said


@pytest.mark.parametrize(
    ("language", "rows"),
    [
        (
            "en",
            [
                "| **quotakeeper**, `process` | 287 | 3,480 | – | 12,000 | – | 1,000 of 1,000 |",
                "| limits, memory | – | 102,805 | – | 332,884 | – | 4,000 of 1,000 (+300 %) |",
                "| `process`: `reserve`, p50, one caller | at most 60 µs | 142 µs | **missed** |",
                "| the ledger's file, an event, at 1,000,000 events | at most 250 bytes "
                "| 249 bytes | reached |",
                "| lease: `reserve`, p50, one caller | at most 5 µs | not measured |  |",
                "| 1,000,000 | 61.5 | – | – | – | – | – | 249 |",
                "| 1,000,000 | 300 | 80.2 | – |",
                "| litellm | 68.4 | 57.3x |",
                "- `admission`: Redis: absent",
                "| office | 2.5 / 9.04 | 1.25 / 4 |",
                "| httpx, async, metered, power, p50 | 950 | µs |  |",
                "| a conditional commit at 5 ms, beside 1.3 round trips and the same commit at 0 ms "
                "| at most 1 times | 1.31 times | **missed** |",
                "| conditional commits, 16 processes of batches of 16, 1 ms, beside the lock "
                "| at least 2 times | 2.4 times | reached |",
                "| conditional commits, 16 processes of batches of 16, 1 ms | 3,488 | a second "
                "| 2.4x locked |",
                "| PyrateLimiter, PostgreSQL | 300 | 900 of 1,000 (-10 %) |",
                "## `something`",
                "| a new line | 0.05 | ms | 2x ours |",
            ],
        ),
        (
            "vi",
            [
                "| limits, bộ nhớ | – | 102.805 | – | 332.884 | – | 4.000 trên 1.000 (+300 %) |",
                "| `process`: `reserve`, p50, một nơi gọi | nhiều nhất 60 µs | 142 µs | **chưa đạt** |",
                "| litellm | 68,4 | 57,3x |",
                "| ghi có điều kiện, 16 tiến trình, mỗi lô 16 lượt gọi, 1 ms | 3.488 | mỗi giây "
                "| 2,4x ghi dưới khóa |",
                "| httpx, async, có đo, power, p50 | 950 | µs |  |",
                "| thêm, power, p50 | 61 | µs | 1,07x không đo |",
            ],
        ),
    ],
)
def test_the_page_has_the_figures(language: str, rows: list[str]) -> None:
    text = page.page(Figures(FIXED), LANGUAGES[language])
    lines = text.splitlines()
    assert [row for row in rows if row not in lines] == []
    assert not re.search(r"\{\w*\}", text)


def test_a_machine_is_described_once_and_a_second_one_separately() -> None:
    text = page.page(Figures(FIXED), EN)
    facts = "cores: 2, memory, GiB: 24, Linux x86_64, CPython 3.11.7, SQLite 3.40.1"
    assert f"Measured on 2026-11-25: Some CPU, {facts} (`admission`, `pricing`, " in text
    assert f"Measured on 2026-11-25: Another CPU, {facts} (`growth`)." in text
    assert "| `pricing` | 6,222 | 0.25 | 60 |" in text
    assert EN.crowded not in text


def test_figures_of_a_busy_machine_are_called_provisional() -> None:
    busy = FIXED | {"pricing": _bench(_line("pricing.quotakeeper", 1.2), load=2.5)}
    assert EN.crowded in page.page(Figures(busy), EN)


def test_a_page_without_figures_says_so() -> None:
    for words in LANGUAGES.values():
        text = page.page(Figures({}), words)
        assert text.count(words.unmeasured) > len(aims.AIMS)
    assert all(ElementTree.fromstring(text) is not None for name, text in page.texts({}).items()
               if name.endswith(".svg"))  # fmt: skip


def test_the_picture_shows_which_library_admits_too_many() -> None:
    svg = page.texts(FIXED)["docs/images/admission.en.svg"]
    assert re.search(r'fill="#c62828"[^>]*>4,000 of 1,000<', svg)
    assert re.search(r'fill="#1b1f24"[^>]*>1,000 of 1,000<', svg)


def test_a_curve_rises_with_its_figures() -> None:
    steep = copy.deepcopy(FIXED)
    steep["growth"]["lines"][2]["value"] = 6_000.0
    svg = page.texts(steep)["docs/images/growth.en.svg"]
    points = re.search(r'<polyline points="([^"]+)"[^>]*stroke="#1769aa"', svg)
    assert points is not None
    (_, first), (_, last) = (map(float, point.split(",")) for point in points[1].split())
    assert last < first  # y grows downwards


def test_both_languages_ask_for_the_same_tables() -> None:
    asked = [
        re.findall(r"\{(\w+)\}", (page.HERE / f"page.{language}.md").read_text(encoding="utf-8"))
        for language in LANGUAGES
    ]
    assert asked[0] == asked[1]
    assert set(asked[0]) == set(page.TABLES)


# -- what is in the repository


def test_the_pages_match_the_stored_figures() -> None:
    """`./dev bench --pages` writes them again."""
    made = page.texts(results.read(results.LATEST))
    different = [
        name for name, text in made.items()
        if (page.ROOT / name).read_text(encoding="utf-8") != text
    ]  # fmt: skip
    assert different == []


def test_every_aim_has_a_stored_figure() -> None:
    kept = results.read(results.LATEST)
    figures = Figures(kept)
    # Until `fleet` is measured on a machine with nothing else to do, the page says "not measured".
    asked = (*aims.AIMS, *aims.FLEET) if "fleet" in kept else aims.AIMS
    without = [aim.said["en"] for aim in asked if aim.found(figures) is None]
    if any("does not know `lease`" in note for note in kept["admission"]["notes"]):
        without.remove("lease: `reserve`, p50, one caller")
    assert without == []


def test_no_page_links_to_the_old_page() -> None:
    pages = [*Path(page.ROOT / "docs").rglob("*.md")]
    assert pages
    assert [path for path in pages if "benchmarks.md" in path.read_text(encoding="utf-8")] == []
