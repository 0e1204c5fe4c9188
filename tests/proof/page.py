"""Writes the page of the proof, in English and Vietnamese, from the result of one run."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.proof import parts
from tests.proof.page_texts import TEXTS

ROOT = Path(__file__).resolve().parents[2]
RESULT = ROOT / "docs" / "reliability.json"
PAGES = {
    language: ROOT / "docs" / language / "evidence" / "reliability.md" for language in ("en", "vi")
}


def write(result: Mapping[str, Any]) -> None:
    """Write both pages."""
    for language, path in PAGES.items():
        path.write_text(rendered(result, language), encoding="utf-8")


def rendered(result: Mapping[str, Any], language: str) -> str:
    """The page in one language."""
    text = TEXTS[language]
    number = _number(language)
    rows = [
        f"| `{part['name']}` | {_promise(part, language)} | {number(part['cases'])} "
        f"| {_found(part, text)} | {part['seed']} | {number(round(part['seconds']))} s |"
        for part in result["parts"]
    ]
    lines = [
        *text["top"],
        "",
        text["run"].format(**{**result, "total": number(sum(x["cases"] for x in result["parts"]))}),
        "",
        text["head"],
        "|---|---|--:|---|--:|--:|",
        *rows,
        "",
        *text["repeat"],
        "",
        *_figures(result, text),
        *_tables(result, language),
        *_known_bugs(text, language),
        *text["not_promised"],
    ]
    return "\n".join(lines) + "\n"


def _promise(part: Mapping[str, Any], language: str) -> str:
    promise = part["promise"]
    if language == "vi" and part["name"] in parts.names():
        promise = getattr(parts.load(part["name"]), "PROMISE_VI", promise)
    return str(promise).replace("|", "\\|").replace("\n", " ")


def _found(part: Mapping[str, Any], text: Mapping[str, Any]) -> str:
    return str(text["nothing"]) if not part["found"] else f"**{len(part['found'])}**"


def _figures(result: Mapping[str, Any], text: Mapping[str, Any]) -> list[str]:
    lines = [text["figures"], ""]
    for part in result["parts"]:
        said = [f"  - {line}" for line in (*part["notes"], *part["found"])]
        if said:
            lines += [f"- `{part['name']}`", *said]
    return [*lines, ""]


def _tables(result: Mapping[str, Any], language: str) -> list[str]:
    """The tables of the parts that have one. A case has its name in the first column."""
    lines: list[str] = []
    number = _number(language)
    for part in result["parts"]:
        rows = part.get("rows") or ()
        if not rows or part["name"] not in parts.names():
            continue
        texts = parts.load(part["name"]).TABLE[language]
        lines += [
            f"## {texts['title']}", "",
            f"| {' | '.join(texts['head'])} |",
            "|---" + "|--:" * (len(texts["head"]) - 1) + "|",
            *(f"| {' | '.join((texts[name], *map(number, figures)))} |" for name, *figures in rows),
            "",
        ]  # fmt: skip
    return lines


def _known_bugs(text: Mapping[str, Any], language: str) -> list[str]:
    if "museum" not in parts.names():
        return []
    rooms = parts.load("museum")
    return [
        text["museum"], "", text["museum_head"], "|---|---|",
        *(f"| {case} | {why[language]} |" for case, why in rooms.NOT_YET),
        "",
    ]  # fmt: skip


def _number(language: str) -> Callable[[int], str]:
    return lambda value: f"{value:,}" if language == "en" else f"{value:,}".replace(",", ".")


def last_result() -> dict[str, Any]:
    """The result that the pages were made from."""
    result: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8"))
    return result
