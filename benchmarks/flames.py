"""Draws a flame graph as SVG text: each box is a function, as wide as its share of the time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape

_WIDTH, _ROW, _TOP = 1_200, 17, 46
_LEAST_WIDTH = 0.6  # pixels; narrower boxes are left out
_LETTER = 6.4  # the width of a letter, in pixels
# Colours by where a function is defined.
_COLOURS = (
    (("quotakeeper.stores", "quotakeeper.domain"), "#7cb98f"),
    (("quotakeeper.engine", "quotakeeper.keeper", "quotakeeper.catalogue"), "#8fb6e0"),
    (("quotakeeper.",), "#f0b76e"),
)
_OTHERS = "#d8dee4"


@dataclass
class _Box:
    """One function below its callers: its name, its time with all that it calls, its callees."""

    name: str
    spent: int = 0
    called: dict[str, _Box] = field(default_factory=dict)


def flame_graph(title: str, stacks: Mapping[tuple[str, ...], int]) -> str:
    """Draw stacks with the time of each. Hover over a box to read its name and its share."""
    root = _Box("all")
    for stack, spent in stacks.items():
        root.spent += spent
        box = root
        for name in stack:
            box = box.called.setdefault(name, _Box(name))
            box.spent += spent
    boxes = list(_placed(root, 0.0, 0, _WIDTH / max(root.spent, 1)))
    depth = max((row for _, _, row, _ in boxes), default=0) + 1
    height = _TOP + depth * _ROW + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'font-family="ui-monospace, monospace" font-size="11">',
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="8" y="20" font-size="15" fill="#1b1f24">{escape(title)}</text>',
        '<text x="8" y="37" fill="#57606a">Width: share of the processor time. Below: callers; above: '
        "what they call. Green: rules and rows; blue: engine; orange: hooks and providers.</text>",
    ]
    for box, x, row, width in boxes:
        y = height - 10 - (row + 1) * _ROW
        share = f"{box.name}: {100 * box.spent / max(root.spent, 1):.1f} %"
        text = box.name.removeprefix("quotakeeper.")[: max(0, int(width / _LETTER) - 1)]
        parts.append(
            f'<g><title>{escape(share)}</title><rect x="{x:.1f}" y="{y}" width="{width:.1f}" '
            f'height="{_ROW - 1}" fill="{_colour(box.name)}"/>'
            + (f'<text x="{x + 3:.1f}" y="{y + 12}">{escape(text)}</text>' if len(text) > 3 else "")
            + "</g>"
        )
    return "\n".join([*parts, "</svg>", ""])


def _placed(
    box: _Box, x: float, row: int, scale: float
) -> Iterator[tuple[_Box, float, int, float]]:
    """Yield each box with its left edge, its row from the bottom, and its width."""
    width = box.spent * scale
    if width < _LEAST_WIDTH:
        return
    yield box, x, row, width
    for name in sorted(box.called):
        yield from _placed(box.called[name], x, row + 1, scale)
        x += box.called[name].spent * scale


def _colour(name: str) -> str:
    for beginnings, colour in _COLOURS:
        if name.startswith(beginnings):
            return colour
    return _OTHERS
