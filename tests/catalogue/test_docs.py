"""The prices in the documentation equal the catalogue's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from quotakeeper.catalogue import load_snapshot

DOCS = Path(__file__).parents[2] / "docs"
LANGUAGES = ("en", "vi")


def page(language):
    return (DOCS / language / "reference" / "prices.md").read_text(encoding="utf-8")


def cells(language, start):
    lines = page(language).splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith(f"| {start}")) + 2
    for line in lines[first:]:
        if not line.startswith("|"):
            return
        yield [cell.strip() for cell in line.strip("|").split("|")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_price_file_examples_load(language, tmp_path, now):
    blocks = re.findall(r"```toml\n(.*?)```", page(language), re.DOTALL)
    assert len(blocks) == 2
    paths = []
    for number, block in enumerate(blocks):
        paths.append(tmp_path / f"{number}.toml")
        paths[-1].write_text(block, encoding="utf-8")
    snapshot = load_snapshot(paths)
    assert snapshot.canonical_model("gemini", "our-writer") == "gemini-2.5-flash"
    assert snapshot.models("mistral") == ["mistral-large"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_gemini_table_equals_the_catalogue(language, prices, at):
    meters = ("input_tokens", "cached_input_tokens", "output_tokens", "input_tokens@audio")
    checked = 0
    for name, *figures in cells(language, "Gemini, USD"):
        for model in re.findall(r"gemini-\S+?(?=[ ,]|$)", name):
            later = re.search(r"20\d\d-\d\d-\d\d", name)
            for meter, figure in zip(meters, figures, strict=True):
                for usd, second in zip(re.findall(r"[\d.]+", figure), (False, True), strict=False):
                    day = later[0] if second and later else "2026-11-23"
                    base = {"output_tokens": 0, "input_tokens": 200_001 if second else 0}
                    used = {**base, meter: base.get(meter, 0) + 1_000}
                    whole = prices.price("gemini", model, used, at(day)).cost_pico
                    part = prices.price("gemini", model, base, at(day)).cost_pico
                    assert whole - part == round(float(usd) * 10**9), (model, meter, usd)
                    checked += 1
    assert checked > 40


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_deepgram_table_equals_the_catalogue(language, prices, now):
    minute = {"audio_milliseconds": 60_000}
    checked = 0
    for name, *figures in cells(language, "Deepgram, USD"):
        model = name.split(",")[0].split()[0]
        if model not in ("nova-3", "nova-2", "enhanced", "base", "whisper"):
            continue
        several = "multi" in name or "đa" in name
        recorded, streaming, growth = (re.findall(r"0\.\d+", figure) for figure in figures)
        shown = [recorded[0], *streaming]
        payg = [
            ("prerecorded", "payg", "charged"),
            ("streaming", "payg", "charged"),
            ("streaming", "payg", "list"),
        ]
        grown = [("prerecorded", "growth", "charged"), ("streaming", "growth", "charged")]
        asked = [*payg[: len(shown)], *grown]
        for usd, (mode, plan, kind) in zip([*shown, *growth], asked, strict=False):
            options = {"mode": mode, "plan": plan, "kind": kind}
            options["language"] = "multi" if several else "mono"
            got = prices.price("deepgram", model, minute, now, options).cost_pico
            assert got == round(float(usd) * 10**12), (name, options)
            checked += 1
    assert checked > 15


def test_both_pages_have_the_same_figures():
    english, vietnamese = (
        [re.findall(r"\d[\d.]*", line) for line in page(lang).splitlines() if line[:6] == "| nova"]
        for lang in LANGUAGES
    )
    assert len(english) == len(vietnamese)
    assert [row[:3] for row in english[:3]] == [row[:3] for row in vietnamese[:3]]
