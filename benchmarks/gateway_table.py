"""The tables of the benchmark `gateway`: its aims, and each server's figures."""

from __future__ import annotations

from benchmarks import aims
from benchmarks.gateway import SERVERS
from benchmarks.results import Figures
from benchmarks.words import Words

_COLUMNS = ("p50", "p99", "16.rate", "16.processor", "64.rate", "64.processor", "streams.first",
            "streams.memory", "idle")  # fmt: skip


def aim_rows(figures: Figures, words: Words) -> str:
    """The rows of the aims: what, aim, figure, verdict."""
    return aims.rows(figures, words, aims.GATEWAY)


def table(figures: Figures, words: Words) -> str:
    """One row for each server that was measured."""
    lines = []
    for who in SERVERS:
        key = f"gateway.{who}"
        if figures.value(f"{key}.p50") is not None:
            cells = [words.cell(figures.value(f"{key}.{what}")) for what in _COLUMNS]
            lines.append(f"| {words.contenders[f'gateway-{who}']} | {' | '.join(cells)} |")
    return "\n".join(lines) or f"| {words.unmeasured} |"
