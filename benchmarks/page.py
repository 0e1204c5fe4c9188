"""Writes docs/{en,vi}/evidence/performance.md and their pictures from the stored figures.

The sentences are in page.en.md and page.vi.md, with names in braces for the parts that this module
makes. It measures nothing: the same JSON gives the same pages.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import aims, charts, cost_table, gateway_table
from benchmarks.admission import CONTENDERS
from benchmarks.fleet import PEER_KEYS
from benchmarks.measuring import ROOT
from benchmarks.results import Figures, Results
from benchmarks.words import ABSENT, LANGUAGES, Words

HERE = Path(__file__).resolve().parent
_KNOWN = ("admission", "costs", "ledger", "growth", "overhead", "gateway", "fleet", "forecast", "pricing",
          "estimate", "footprint")  # fmt: skip
_FOOTPRINTS = ("quotakeeper", "genai-prices", "langfuse", "openlit", "tokencost", "litellm")


def write(benches: Results) -> list[Path]:
    """Write the pages and the pictures. Returns the paths that were written."""
    written = []
    for name, text in texts(benches).items():
        path = ROOT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        written.append(path)
    return written


def texts(benches: Results) -> dict[str, str]:
    """The text of every generated file, by its path from the root."""
    figures = Figures(benches)
    made: dict[str, str] = {}
    for language, words in LANGUAGES.items():
        made[f"docs/{language}/evidence/performance.md"] = page(figures, words)
        made[f"docs/images/admission.{language}.svg"] = charts.admission(figures, words)
        made[f"docs/images/growth.{language}.svg"] = charts.growth(figures, words)
    return made


def page(figures: Figures, words: Words) -> str:
    """One page: its template with every table filled in. Raises KeyError for an unknown name."""
    frame = (HERE / f"page.{words.language}.md").read_text(encoding="utf-8")
    return re.sub(r"\{(\w+)\}", lambda found: TABLES[found[1]](figures, words), frame)


def _machine(figures: Figures, words: Words) -> str:
    """The machines of the benchmarks, equal ones listed once; then how busy each benchmark found it."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, bench in figures.benches.items():
        about = bench["machine"]
        shown = (bench["measured"], *(_shown(words, about.get(each)) for each in words.machine))
        groups.setdefault(shown, []).append(f"`{name}`")
    lines = []
    for shown, names in groups.items():
        told = zip(words.machine.values(), shown[1:], strict=True)
        facts = ", ".join(f"{title} {value}".strip() for title, value in told)
        lines.append(f"{words.measured} {shown[0]}: {facts} ({', '.join(names)}).")
    return "\n\n".join(lines) or words.unmeasured


def _busy(figures: Figures, words: Words) -> str:
    lines = []
    crowded = False
    for name, bench in figures.benches.items():
        about = bench["machine"]
        load, cores = about.get("load"), about.get("cores")
        crowded = crowded or bool(load and cores and load > cores)
        cells = [_shown(words, about.get("fdatasync_per_s")), _shown(words, load)]
        lines.append(f"| `{name}` | {' | '.join(cells)} | {words.number(bench['seconds'])} |")
    if crowded:
        lines += ["", words.crowded]
    return "\n".join(lines) or f"| {words.unmeasured} | | | |"


def _shown(words: Words, value: object) -> str:
    return words.number(value) if isinstance(value, int | float) else str(value or ABSENT)


def _admission(figures: Figures, words: Words) -> str:
    lines = []
    for who in CONTENDERS:
        key = f"admission.{who.key}"
        if figures.line(f"{key}.one.rate") is None:
            continue
        cells = [words.contenders[who.key], words.cell(figures.value(f"{key}.one.p50"))]
        cells += [
            words.cell(figures.value(f"{key}.{how}.rate")) for how in ("one", "eight", "four")
        ]
        cells += [
            admitted(figures.line(f"{key}.{how}.admitted"), words) for how in ("eight", "four")
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) or f"| {words.unmeasured} |"


def admitted(found: dict[str, Any] | None, words: Words) -> str:
    """ "1,000 of 1,000", with the difference in per cent if the two numbers differ."""
    if found is None:
        return ABSENT
    limit = int(found["unit"].removeprefix("of ").replace(",", ""))
    said = f"{words.number(found['value'])} {words.of} {words.number(limit)}"
    off = round(100 * (found["value"] / limit - 1))
    return said if found["value"] == limit else f"{said} ({off:+d} %)"


def _lane(figures: Figures, words: Words) -> str:
    """The time of a decision alone, and with its settlement, for one caller."""
    lines = []
    for who in ("power", "process", "lease", "memory"):
        key = f"admission.{who}.one"
        if figures.line(f"{key}.rate") is not None:
            whats = ("reserve_p50", "reserve_p99", "p50", "p99")
            cells = [words.cell(figures.value(f"{key}.{what}")) for what in whats]
            cells.append(words.cell(figures.value(f"admission.{who}.tasks.rate")))
            lines.append(f"| {words.contenders[who]} | {' | '.join(cells)} |")
    return "\n".join(lines) or f"| {words.unmeasured} |"


def _ledger(figures: Figures, words: Words) -> str:
    lines = []
    for who, title in words.callers.items():
        cells = [
            words.cell(figures.value(f"ledger.{what}.{durability}.{who}"))
            for what in ("record", "pair")
            for durability in ("power", "process")
        ]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _growth(figures: Figures, words: Words) -> str:
    lines = []
    for events in figures.sizes():
        whats = ("reserve_p50", "reserve_p99", "settle_p50", "status", "status_cli", "report_cli",
                 "bytes")  # fmt: skip
        cells = [words.cell(figures.value(f"growth.{events}.{what}")) for what in whats]
        lines.append(f"| {words.number(events)} | {' | '.join(cells)} |")
    return "\n".join(lines) or f"| {words.unmeasured} |"


def _compacted(figures: Figures, words: Words) -> str:
    lines = []
    for events in figures.sizes():
        key = f"growth.{events}"
        if figures.line(f"{key}.after") is not None:
            cells = [words.cell(figures.value(f"{key}.{what}"))
                     for what in ("before", "after", "compact")]  # fmt: skip
            lines.append(f"| {words.number(events)} | {' | '.join(cells)} |")
    return "\n".join(lines) or f"| {words.unmeasured} | | | |"


def _fleet_aims(figures: Figures, words: Words) -> str:
    return aims.rows(figures, words, aims.FLEET)


def _fleet(figures: Figures, words: Words) -> str:
    bench = figures.benches.get("fleet", {"lines": []})
    peers = tuple(f"fleet.{who}." for who in PEER_KEYS)
    kept = [
        each | {"unit": each["unit"].replace("per s", words.per_second)}
        for each in bench["lines"]
        if not each["key"].startswith(peers)
    ]
    return _listed({"lines": kept}, words)


def _fleet_peers(figures: Figures, words: Words) -> str:
    lines = []
    for who in PEER_KEYS:
        rate = figures.value(f"fleet.{who}.rate")
        if rate is not None:
            found = admitted(figures.line(f"fleet.{who}.admitted"), words)
            lines.append(f"| {words.contenders[who]} | {words.cell(rate)} | {found} |")
    return "\n".join(lines) or f"| {words.unmeasured} | | |"


def _pricing(figures: Figures, words: Words) -> str:
    lines = []
    for who in ("quotakeeper", "tokencost", "genai-prices", "litellm"):
        found = figures.line(f"pricing.{who}")
        if found is not None:
            times = "" if found["ratio"] is None else f"{words.number(found['ratio'])}x"
            name = f"**{who}**" if who == "quotakeeper" else who
            lines.append(f"| {name} | {words.number(found['value'])} | {times} |")
    return "\n".join(lines) or f"| {words.unmeasured} | | |"


def _estimate(figures: Figures, words: Words) -> str:
    names = {"en": ("English", "Vietnamese", "Chinese"),
             "vi": ("tiếng Anh", "tiếng Việt", "tiếng Trung")}[words.language]  # fmt: skip
    lines = []
    for language, title in zip(("English", "Vietnamese", "Chinese"), names, strict=True):
        whats = ("plain", "numpy", "error", "bias", "covered")
        cells = [words.cell(figures.value(f"estimate.{language}.{what}")) for what in whats]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _footprint(figures: Figures, words: Words) -> str:
    lines = []
    for who in _FOOTPRINTS:
        whats = ("import", "memory", "disk", "packages")
        cells = [words.cell(figures.value(f"footprint.{who}.{what}")) for what in whats]
        name = f"**{who}**" if who == "quotakeeper" else who
        if figures.line(f"footprint.{who}.import") is not None:
            lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) or f"| {words.unmeasured} | | | | |"


def _overhead(figures: Figures, words: Words) -> str:
    return _listed(figures.benches.get("overhead"), words)


def _forecast(figures: Figures, words: Words) -> str:
    """The median error and the 90th percentile of the error, for each kind of day."""
    bench = figures.benches.get("forecast", {"lines": []})
    kinds: dict[str, list[str]] = {}
    for each in bench["lines"]:
        found = _FORECAST.fullmatch(each["name"].strip())
        if found is not None:
            said = f"{words.number(each['value'])} / {words.number(each['high'])}"
            kinds.setdefault(found["kind"], []).append(said)
    lines = [f"| {words.said(kind)} | {' | '.join(cells)} |" for kind, cells in kinds.items()]
    return "\n".join(lines) or f"| {words.unmeasured} | | | |"


_FORECAST = re.compile(r"forecast, (?P<kind>.+), at \d+ %")


def _others(figures: Figures, words: Words) -> str:
    """Benchmarks without a table of their own, line by line, as the screen shows them."""
    head = "\n\n| | | | |\n|---|---|---|---|\n"
    return "\n\n".join(
        f"## `{name}`{head}{_listed(bench, words)}"
        for name, bench in figures.benches.items()
        if name not in _KNOWN
    )


def _listed(bench: dict[str, Any] | None, words: Words) -> str:
    lines = []
    for each in bench["lines"] if bench else ():
        ratio, cells = each["ratio"], [words.said(each["name"].strip())]
        cells += [words.number(each["value"]), each["unit"].replace("us", "µs")]
        cells.append(
            "" if ratio is None else f"{words.number(ratio)}x {words.said(each['against'])}"
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) or f"| {words.unmeasured} | | | |"


def _skipped(figures: Figures, words: Words) -> str:
    said = [
        f"- `{name}`: {note}" for name, bench in figures.benches.items() for note in bench["notes"]
    ]
    return f"{words.skipped}:\n\n" + "\n".join(said) if said else ""


TABLES: dict[str, Callable[[Figures, Words], str]] = {
    "machine": _machine,
    "busy": _busy,
    "aims": aims.rows,
    "costs": cost_table.table,
    "admission": _admission,
    "lane": _lane,
    "ledger": _ledger,
    "growth": _growth,
    "compacted": _compacted,
    "gateway_aims": gateway_table.aim_rows,
    "gateway": gateway_table.table,
    "fleet_aims": _fleet_aims,
    "fleet": _fleet,
    "fleet_peers": _fleet_peers,
    "pricing": _pricing,
    "estimate": _estimate,
    "footprint": _footprint,
    "overhead": _overhead,
    "forecast": _forecast,
    "others": _others,
    "skipped": _skipped,
}
