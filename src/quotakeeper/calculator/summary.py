"""Formats the summary and the warnings of TokenCalculator as lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from quotakeeper.calculator.operations import usd
from quotakeeper.value_classes import dataclass

RULE = "=" * 70
WARNING_LINES = {
    "gemini": "⚠️ Gemini API approaching daily limits",
    "deepgram": "⚠️ Deepgram API approaching daily limits",
}


@dataclass(frozen=True, slots=True)
class RunTotals:
    """The totals of this run. Costs are in US dollars.

    A cost is None if operations were made but none has a price. `gemini_unpriced`,
    `deepgram_unpriced` and `unpriced` (all) count the operations without a price.
    """

    operations: int
    gemini_operations: int
    deepgram_operations: int
    gemini_tokens: int
    gemini_cost: float | None
    deepgram_cost: float | None
    total_cost: float | None
    gemini_unpriced: int = 0
    deepgram_unpriced: int = 0
    unpriced: int = 0


def run_totals(operations: Sequence[Mapping[str, Any]], pico: Mapping[str, int]) -> RunTotals:
    """Add up the operations of a run. `pico` is the cost by provider, in pico-dollars."""
    gemini = [usage for usage in operations if usage["api_type"] == "gemini"]
    deepgram = [usage for usage in operations if usage["api_type"] == "deepgram"]
    unpriced = [_unpriced(each) for each in (gemini, deepgram, operations)]
    return RunTotals(
        len(operations), len(gemini), len(deepgram),
        sum(usage.get("total_tokens", 0) for usage in gemini),
        _known(pico["gemini"], unpriced[0]), _known(pico["deepgram"], unpriced[1]),
        _known(sum(pico.values()), unpriced[2]), *unpriced,
    )  # fmt: skip


def summary_lines(date: str, run: RunTotals, status: Mapping[str, Any]) -> list[str]:
    """Return the lines of the summary in the form of the project brief. `status` has the daily
    figures.

    A limit that is not in force is left out. If a cost is unknown, its line says so.
    """
    gemini, deepgram = status["gemini"], status["deepgram"]
    today = sum(part.get("unpriced_calls", 0) for part in (gemini, deepgram))
    return [
        RULE,
        "📊 TOKEN USAGE & QUOTA SUMMARY",
        RULE,
        f"📅 Date: {date}",
        f"🔄 Total Operations: {run.operations}",
        f"🔤 Gemini Operations: {run.gemini_operations}",
        f"🎤 Deepgram Operations: {run.deepgram_operations}",
        "",
        "🔤 GEMINI API:",
        f"  Total Tokens: {run.gemini_tokens:,}",
        f"  Cost: {_cost(run.gemini_cost, run.gemini_unpriced)}",
        "  Daily Tokens: " + _of_limit(gemini, "tokens", "{:,}"),
        _daily_cost(gemini),
        "",
        "🎤 DEEPGRAM API:",
        f"  Total Cost: {_cost(run.deepgram_cost, run.deepgram_unpriced)}",
        "  Daily Minutes: " + _of_limit(deepgram, "minutes", "{:.1f}"),
        _daily_cost(deepgram),
        "",
        "💰 OVERALL SUMMARY:",
        f"  Total Cost: {_cost(run.total_cost, run.unpriced)}",
        f"  Daily Total Cost: {_cost(status['overall']['total_daily_cost'], today)}",
        RULE,
    ]


def summary_record(run: RunTotals, tokens: int, timestamp: str) -> dict[str, Any]:
    """Return the totals of a run as the dict that `get_summary` returns."""
    return {
        "total_operations": run.operations,
        "gemini_operations": run.gemini_operations,
        "deepgram_operations": run.deepgram_operations,
        "total_tokens": tokens,
        "total_cost_usd": run.total_cost,
        "gemini_tokens": run.gemini_tokens,
        "gemini_cost_usd": run.gemini_cost,
        "deepgram_cost_usd": run.deepgram_cost,
        "timestamp": timestamp,
    } | ({"unpriced_operations": run.unpriced} if run.unpriced else {})


def warning_lines(status: Mapping[str, Any]) -> list[str]:
    """Return a line for each API that has used 80 % or more of a daily limit."""
    return [text for api, text in WARNING_LINES.items() if status[api]["status"] == "WARNING"]


def _unpriced(operations: Sequence[Mapping[str, Any]]) -> int:
    return sum(bool(usage.get("unpriced")) for usage in operations)


def _known(pico: int, unpriced: int) -> float | None:
    return None if unpriced and not pico else usd(pico)


def _cost(cost: float | None, unpriced: int) -> str:
    known = "" if cost is None else f"${cost:.6f}"
    unknown = f"unpriced: {unpriced} calls, cost unknown" if unpriced else ""
    return ", ".join(filter(None, (known, unknown)))


def _of_limit(part: Mapping[str, Any], meter: str, form: str) -> str:
    used, limit = part[f"{meter}_used"], part[f"{meter}_limit"]
    if limit is None:
        return form.format(used)
    return f"{form.format(used)} / {form.format(limit)} ({part[f'{meter}_percent']:.1f}%)"


def _daily_cost(part: Mapping[str, Any]) -> str:
    limit, unpriced = part["cost_limit"], part.get("unpriced_calls", 0)
    if limit is None:
        return f"  Daily Cost: {_cost(part['cost_used'], unpriced)}"
    if part["cost_used"] is None:
        return f"  Daily Cost: {_cost(None, unpriced)} / ${limit:.2f}"
    share = f"{_cost(part['cost_used'], 0)} / ${limit:.2f} ({part['cost_percent']:.1f}%)"
    return f"  Daily Cost: {', '.join(filter(None, (share, _cost(None, unpriced))))}"
