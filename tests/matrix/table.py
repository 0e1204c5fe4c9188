"""Runs all cases and writes docs/{en,vi}/evidence/sdks.md: `python tests/matrix/table.py`.

`./dev test --matrix` runs the same cases. Only this program writes the pages, from its own results.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from tests.matrix.environments import version  # noqa: E402 - found just now
from tests.matrix.features import (  # noqa: E402
    ASSUMED,
    EXACT,
    LIBRARIES,
    OPEN,
    READ,
    SETTINGS,
)
from tests.matrix.harness import HERE, LIVE, Result, play  # noqa: E402


class Words(NamedTuple):
    """The words in the cells of a page. The other text is in page.en.md and page.vi.md."""

    marks: dict[str, str]
    wrong: str


EN = Words({EXACT: "exact", READ: "as read", OPEN: "open", ASSUMED: "assumed"}, "WRONG")
VI = Words({EXACT: "đúng hệt", READ: "như đã đọc", OPEN: "còn chờ", ASSUMED: "giả định"}, "SAI")
_COLUMNS = (
    "", "429", "500", "retried 429", "retried 500", "retried slow", "broken", "cut", "cut-early",
    "slow",
)  # fmt: skip


class Row(NamedTuple):
    """One feature of one SDK."""

    sdk: str
    feature: str
    results: dict[str, Result]


def main() -> int:
    """Run all cases, write the pages, and fail if a case had a wrong result."""
    if not LIVE:
        print("the hooks for WebSockets are not there: live sessions are left out")
    rows = [row for name in SETTINGS for row in rows_of(name)]
    for words, language in ((EN, "en"), (VI, "vi")):
        page = ROOT / "docs" / language / "evidence" / "sdks.md"
        frame = (HERE / f"page.{language}.md").read_text(encoding="utf-8")
        text = frame.replace("{table}", table(words, rows))
        page.write_text(text, encoding="utf-8", newline="\n")
    wrong = [(row.sdk, each) for row in rows for each in row.results.values() if each.problem]
    for sdk, each in wrong:
        print(f"{sdk}: {each.case.name}: {each.problem}")
    print(f"{sum(len(row.results) for row in rows)} cases, {len(wrong)} wrong")
    return 1 if wrong else 0


def rows_of(name: str) -> list[Row]:
    """The results of one environment."""
    setting = SETTINGS[name]
    cases = [case for case in setting.cases if LIVE or not case.live]
    with tempfile.TemporaryDirectory() as folder:
        results = {each.case: each for each in play(setting, Path(folder), cases)}
    print(f"{name}: {len(results)} cases", flush=True)
    if name != "libraries":
        sdk = f"{setting.distribution} {version(name, setting.distribution)}"
        return _rows(sdk, results.values())
    rows = []
    for library, played in LIBRARIES.items():
        is_own = library == "urllib.request"
        sdk = library if is_own else f"{library} {version(name, library)}"
        rows += _rows(sdk, [results[case] for case in played])
    return rows


def _rows(sdk: str, results: Iterable[Result]) -> list[Row]:
    rows: dict[str, Row] = {}
    for result in results:
        feature = result.case.row or result.case.feature
        rows.setdefault(feature, Row(sdk, feature, {})).results[result.case.column] = result
    return list(rows.values())


def table(words: Words, rows: list[Row]) -> str:
    """The rows of the page's table."""
    lines = ["|---" * (len(_COLUMNS) + 2) + "|"]
    said = ""
    for row in rows:
        cells = [_cell(words, row.results.get(column)) for column in _COLUMNS]
        sdk, said = row.sdk if row.sdk != said else "", row.sdk
        lines.append(f"| {sdk} | {row.feature} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(words: Words, result: Result | None) -> str:
    if result is None:
        return ""
    if result.problem:
        return words.wrong
    return ", ".join(dict.fromkeys(words.marks[hold] for hold in result.case.holds))


if __name__ == "__main__":
    sys.exit(main())
