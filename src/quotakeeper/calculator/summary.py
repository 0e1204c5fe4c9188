"""The brief's summary, line by line, and its warnings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quotakeeper.calculator.operations import usd

RULE = "=" * 70
WARNING_LINES = {
    "gemini": "⚠️ Gemini API approaching daily limits",
    "deepgram": "⚠️ Deepgram API approaching daily limits",
}


@dataclass(frozen=True, slots=True)
class RunTotals:
    """What this run counted, in dollars and tokens."""

    operations: int
    gemini_operations: int
    deepgram_operations: int
    gemini_tokens: int
    gemini_cost: float
    deepgram_cost: float
    total_cost: float


def run_totals(operations: Sequence[Mapping[str, Any]], pico: Mapping[str, int]) -> RunTotals:
    """Sum up a run; `pico` is what each provider cost, in pico-US-dollars."""
    gemini = [usage for usage in operations if usage["api_type"] == "gemini"]
    deepgram = [usage for usage in operations if usage["api_type"] == "deepgram"]
    return RunTotals(
        len(operations), len(gemini), len(deepgram),
        sum(usage.get("total_tokens", 0) for usage in gemini),
        usd(pico["gemini"]), usd(pico["deepgram"]), usd(sum(pico.values())),
    )  # fmt: skip


def summary_lines(date: str, run: RunTotals, status: Mapping[str, Any]) -> list[str]:
    """The summary exactly as the brief shows it; daily figures come from `status`."""
    gemini, deepgram = status["gemini"], status["deepgram"]
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
        f"  Cost: ${run.gemini_cost:.6f}",
        f"  Daily Tokens: {gemini['tokens_used']:,} / {gemini['tokens_limit']:,} "
        f"({gemini['tokens_percent']:.1f}%)",
        _daily_cost(gemini),
        "",
        "🎤 DEEPGRAM API:",
        f"  Total Cost: ${run.deepgram_cost:.6f}",
        f"  Daily Minutes: {deepgram['minutes_used']:.1f} / {deepgram['minutes_limit']:.1f} "
        f"({deepgram['minutes_percent']:.1f}%)",
        _daily_cost(deepgram),
        "",
        "💰 OVERALL SUMMARY:",
        f"  Total Cost: ${run.total_cost:.6f}",
        f"  Daily Total Cost: ${status['overall']['total_daily_cost']:.6f}",
        RULE,
    ]


def warning_lines(status: Mapping[str, Any]) -> list[str]:
    """The brief's warnings for whatever has reached 80 % of a daily limit."""
    return [text for api, text in WARNING_LINES.items() if status[api]["status"] == "WARNING"]


def _daily_cost(part: Mapping[str, Any]) -> str:
    return (
        f"  Daily Cost: ${part['cost_used']:.6f} / ${part['cost_limit']:.2f} "
        f"({part['cost_percent']:.1f}%)"
    )
