"""Draws docs/images/layers.svg from the import contract in pyproject.toml.

Run it after a change of the contract: `python scripts/draw_layers.py`. A test compares the two.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "images" / "layers.svg"
CONTRACT = "Layers point downwards"
# A short description of each part.
PARTS = {
    "__main__": "python -m quotakeeper",
    "cli": "commands, text for people",
    "dashboard": "a page on this machine",
    "gateway": "calls of others, by key",
    "pipeline": "the brief's pipeline",
    "sandbox": "providers on loopback",
    "http_server": "guards of what listens",
    "app": "use cases, records",
    "launch": "starts a program",
    "testing": "the store contract",
    "intercept": "hooks under HTTP libraries",
    "metering": "the life of a metered call",
    "calculator": "the brief's front",
    "keeper": "the facade a program holds",
    "keeper_limits": "limits of a running keeper",
    "function_meter": "metered functions, labelled blocks",
    "ledger_copying": "from one store to another",
    "order_giver": "pauses, raised limits, credit",
    "keeper_reads": "status, usage, events, verify",
    "alerts": "sends what people are told",
    "alert_wiring": "settings to alerts",
    "gateway_wiring": "the mark of a gateway",
    "key_wiring": "settings to virtual keys",
    "wiring": "settings to live objects",
    "known_names": "names that exist",
    "server_store": "a ledger on a server",
    "telemetry": "figures for monitoring",
    "stores": "memory, SQL, SQLite",
    "engine": "worker, leases, journals",
    "catalogue": "dated prices",
    "providers": "what a provider says",
    "config": "settings, read once",
    "tokens": "token counts",
    "domain": "the rules, pure",
    "clocks": "time",
    "native_threads": "threads that never turn green",
    "zone_names": "zones that were meant",
    "file_safety": "whose a file is",
    "file_sharing": "a group's ledger",
    "identifiers": "ids, random values",
    "loggers": "loggers",
    "schemas": "numbers of documents",
    "errors": "every error",
    "refusal_protocols": "what an error reads of a refusal",
    "value_classes": "plain values, quick to import",
}
WIDTH, BOX, GAP, MARGIN = 1_080, 54, 14, 20


def layers(pyproject: str) -> list[list[str]]:
    """The layers of the contract, highest first. Each is a row of parts."""
    contracts = tomllib.loads(pyproject)["tool"]["importlinter"]["contracts"]
    found = next(each for each in contracts if each["name"] == CONTRACT)
    return [[part.strip(" ()") for part in row.split("|")] for row in found["layers"]]


def svg(rows: list[list[str]]) -> str:
    """Draw one box for each part and one row for each layer. Imports point down."""
    height = len(rows) * (BOX + GAP) + 2 * MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        '<g stroke="#5a6b7b" stroke-width="2" fill="none">'
        f'<path d="M {MARGIN + 8} {MARGIN} V {height - MARGIN}"/>'
        f'<path d="M {MARGIN + 2} {height - MARGIN - 10} l 6 10 l 6 -10"/></g>',
    ]
    for index, row in enumerate(rows):
        top = MARGIN + index * (BOX + GAP)
        left = MARGIN + 36
        width = (WIDTH - left - MARGIN - GAP * (len(row) - 1)) // len(row)
        for part in row:
            lines += _box(part, left, top, width)
            left += width + GAP
    return "\n".join([*lines, "</svg>", ""])


def _box(part: str, left: int, top: int, width: int) -> list[str]:
    middle = left + width // 2
    return [
        f'<rect x="{left}" y="{top}" width="{width}" height="{BOX}" rx="6" '
        'fill="#eef3f8" stroke="#5a6b7b"/>',
        f'<text x="{middle}" y="{top + 23}" text-anchor="middle" font-size="17" '
        f'font-weight="bold" fill="#1b2733">{part}</text>',
        f'<text x="{middle}" y="{top + 43}" text-anchor="middle" font-size="13" '
        f'fill="#44525f">{PARTS[part]}</text>',
    ]


def main() -> int:
    """Write the picture."""
    PICTURE.write_text(svg(layers((ROOT / "pyproject.toml").read_text("utf-8"))), "utf-8")
    print(PICTURE.relative_to(ROOT), file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
