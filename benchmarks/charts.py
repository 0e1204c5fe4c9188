"""Draws two SVG pictures as text: speed and overshoot of each library, and cost as a ledger grows."""

from __future__ import annotations

import math
from html import escape
from typing import NamedTuple

from benchmarks.admission import CONTENDERS
from benchmarks.results import Figures
from benchmarks.words import Words

_OURS, _PEER, _OVER, _UNDER = "#1769aa", "#8a94a0", "#c62828", "#b26a00"
_INK, _FAINT, _LINES = "#1b1f24", "#57606a", "#d8dee4"
_WIDTH = 860


class Bar(NamedTuple):
    """One library: calls per second, and how many calls it admitted at the limit."""

    name: str
    rate: float
    admitted: float
    limit: int
    ours: bool


def bars(figures: Figures, words: Words) -> list[Bar]:
    """The libraries that enforce a limit, fastest first."""
    found = []
    for who in CONTENDERS:
        rate = figures.value(f"admission.{who.key}.four.rate")
        line = figures.line(f"admission.{who.key}.four.admitted")
        if rate and line is not None:
            limit = int(line["unit"].removeprefix("of ").replace(",", ""))
            name = words.contenders[who.key].replace("*", "").replace("`", "")
            ours = name.startswith("quotakeeper")
            found.append(Bar(name, rate, line["value"], limit, ours))
    return sorted(found, key=lambda bar: -bar.rate)


def admission(figures: Figures, words: Words) -> str:
    """Draw a bar for each library's speed. Beside it: the calls that it admitted at the limit."""
    drawn = bars(figures, words)
    top, step, left, longest = 74, 34, 230, 330
    height = top + step * max(len(drawn), 1) + 16
    parts = _begun(words.chart["admission"], words.chart["admission_note"], height)
    if not drawn:
        return _ended([*parts, _text(left, top + 14, words.unmeasured, _FAINT)])
    least = math.log10(min(bar.rate for bar in drawn)) - 0.5
    most = math.log10(max(bar.rate for bar in drawn))
    for number, bar in enumerate(drawn):
        y = top + number * step
        width = max(2.0, longest * (math.log10(bar.rate) - least) / (most - least))
        colour = _OURS if bar.ours else _PEER
        parts.append(_text(left - 10, y + 15, bar.name, _INK, anchor="end", bold=bar.ours))
        parts.append(
            f'<rect x="{left}" y="{y}" width="{width:.1f}" height="20" rx="2" fill="{colour}"/>'
        )
        speed = f"{words.number(round(bar.rate))} {words.per_second}"
        parts.append(_text(left + width + 6, y + 15, speed, _FAINT))
        said = f"{words.number(bar.admitted)} {words.of} {words.number(bar.limit)}"
        off = bar.admitted - bar.limit
        verdict = _OVER if off > 0 else _UNDER if off < 0 else _INK
        parts.append(_text(_WIDTH - 16, y + 15, said, verdict, anchor="end", bold=off > 0))
    return _ended(parts)


def growth(figures: Figures, words: Words) -> str:
    """Draw lines of microseconds over the number of events; both axes are logarithmic."""
    sizes = figures.sizes()
    left, right, top, bottom = 100, 185, 74, 44
    height = 360
    parts = _begun(words.chart["growth"], words.chart["growth_note"], height)
    curves = {
        what: [(n, figures.value(f"growth.{n}.{what}")) for n in sizes]
        for what in ("reserve_p99", "reserve_p50", "settle_p50")
    }
    known = {what: [(n, v) for n, v in curve if v] for what, curve in curves.items()}
    values = [v for curve in known.values() for _, v in curve]
    if not values:
        return _ended([*parts, _text(left, top + 14, words.unmeasured, _FAINT)])
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    first, last = math.log10(sizes[0]), math.log10(sizes[-1])

    def across(events: int) -> float:
        share = (math.log10(events) - first) / (last - first) if last > first else 0.5
        return left + share * (_WIDTH - left - right)

    def up(value: float) -> float:
        share = (math.log10(value) - low) / max(high - low, 1)
        return height - bottom - share * (height - top - bottom)

    for power in range(low, high + 1):
        y = up(10.0**power)
        parts.append(f'<path d="M{left} {y:.1f}H{_WIDTH - right}" stroke="{_LINES}"/>')
        parts.append(
            _text(left - 8, y + 4, f"{words.number(10.0**power)} µs", _FAINT, anchor="end")
        )
    for events in sizes:
        parts.append(
            _text(
                across(events), height - bottom + 20, words.number(events), _FAINT, anchor="middle"
            )
        )
    colours = {"reserve_p50": _OURS, "settle_p50": _PEER, "reserve_p99": _UNDER}
    ends = _spread([(up(curve[-1][1]), what) for what, curve in known.items() if curve])
    for what, curve in known.items():
        points = " ".join(f"{across(n):.1f},{up(v):.1f}" for n, v in curve)
        colour = colours[what]
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2.5"/>'
        )
        parts += [f'<circle cx="{across(n):.1f}" cy="{up(v):.1f}" r="3.5" fill="{colour}"/>'
                  for n, v in curve]  # fmt: skip
        if curve:
            said = f"{words.chart[what]}: {words.number(curve[-1][1])} µs"
            parts.append(_text(_WIDTH - right + 12, ends[what] + 4, said, colour))
    return _ended(parts)


def _spread(ends: list[tuple[float, str]]) -> dict[str, float]:
    """The vertical positions of the labels, moved apart where they would overlap."""
    placed: dict[str, float] = {}
    lowest = -math.inf
    for y, what in sorted(ends):
        placed[what] = lowest = max(y, lowest + 18)
    return placed


def _begun(title: str, note: str, height: int) -> list[str]:
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        f'viewBox="0 0 {_WIDTH} {height}" role="img" font-family="system-ui, sans-serif" '
        'font-size="13">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        _text(16, 28, title, _INK, bold=True, size=16),
        _text(16, 48, note, _FAINT),
    ]


def _ended(parts: list[str]) -> str:
    return "\n".join([*parts, "</svg>"]) + "\n"


def _text(
    x: float, y: float, text: str, colour: str, *, anchor: str = "start", bold: bool = False,
    size: int = 13,
) -> str:  # fmt: skip
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}" '
        f'font-size="{size}"{weight}>{escape(text)}</text>'
    )
