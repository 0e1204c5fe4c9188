"""Each alert rule fires for what it tells, stays silent otherwise, and says used and left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.monitoring.alerts import ALERTS
from tests.telemetry.prometheus_server import promtool

RULES = Path(__file__).resolve().parents[2] / "deploy" / "prometheus"
LIMIT = '{limit="all",meter="cost",window="day",mode="hard",instance="g",job="q"}'
SHADOW = LIMIT.replace("hard", "shadow")
USED = f"quotakeeper_limit_used_ratio{LIMIT}"
RESET = f"quotakeeper_limit_reset_timestamp_seconds{LIMIT}"
KNOWN = 'quotakeeper_calls_by_provenance{{provenance="{}"}}'
COST = 'quotakeeper_cost_usd_total{provider="gemini",model="a"}'
# By alert: the series with which it fires after two hours (the spike: 26), and those with which it
# does not. Values are in promtool's notation: START+STEPxCOUNT, one step a minute.
CASES: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "QuotakeeperLedgerUnreadable": (
        {"quotakeeper_ledger_readable": "0x130"}, {"quotakeeper_ledger_readable": "1x130"},
    ),
    "QuotakeeperFiguresOld": (
        {"quotakeeper_read_timestamp_seconds": "6000x130"},
        {"quotakeeper_read_timestamp_seconds": "0+60x130"},
    ),
    "QuotakeeperLimitWarning": (
        {USED: "0.8x130"},
        {USED: "0.799x130", f"quotakeeper_limit_used_ratio{SHADOW}": "2x130"},
    ),
    "QuotakeeperLimitReached": (
        {USED: "1x130"}, {USED: "0.999x130", f"quotakeeper_limit_used_ratio{SHADOW}": "2x130"},
    ),
    "QuotakeeperLimitRunsOut": (  # 0.06 an hour, with ten hours left: 0.12 + 0.6, or 0.5 + 0.6
        {USED: "0.38+0.001x130", RESET: "43200x130"}, {USED: "0+0.001x130", RESET: "43200x130"},
    ),
    "QuotakeeperSpendingSpike": ({COST: "0+1x1500 1500+10x70"}, {COST: "0+1x1600"}),
    "QuotakeeperCallsWithoutPrice": (
        {'quotakeeper_unpriced_calls_total{provider="gemini",model="other"}': "4x100 5x30"},
        {'quotakeeper_unpriced_calls_total{provider="gemini",model="other"}': "5x130"},
    ),
    "QuotakeeperCallsRefused": (
        {'quotakeeper_gateway_refusals_total{provider="gemini"}': "0+1x130"},
        {'quotakeeper_gateway_refusals_total{provider="gemini"}': "9x130"},
    ),
    "QuotakeeperMeterFaults": (
        {"quotakeeper_gateway_meter_faults_total": "0+1x130"},
        {"quotakeeper_gateway_meter_faults_total": "3x130"},
    ),
    "QuotakeeperUsageAssumed": (
        {KNOWN.format("assumed"): "6x130", KNOWN.format("reported"): "94x130"},
        {KNOWN.format("assumed"): "5x130", KNOWN.format("reported"): "95x130"},
    ),
    "QuotakeeperClockDoubted": (
        {"quotakeeper_clock_doubted": "1x130"}, {"quotakeeper_clock_doubted": "0x130"},
    ),
    "QuotakeeperPaused": (
        {'quotakeeper_paused{provider="gemini"}': "1x130"},
        {'quotakeeper_paused{provider="gemini"}': "0x80 1x50"},
    ),
    "QuotakeeperCountersNotKept": (
        {"quotakeeper_counters_kept": "0x130"}, {"quotakeeper_counters_kept": "1x130"},
    ),
}  # fmt: skip
AT, LATER = "2h", "26h"


def run_rules(
    folder: Path, rules: str, series: dict[str, str], *, every: str = "1m", **asked: Any
) -> None:
    """Run promtool's unit test of rules; JSON is YAML."""
    file = folder / "test.yml"
    given = [{"series": name, "values": values} for name, values in series.items()]
    file.write_text(json.dumps({
        "rule_files": [str(RULES / rules)], "evaluation_interval": every,
        "tests": [{"interval": "1m", "input_series": given, **asked}],
    }), encoding="utf-8")  # fmt: skip
    promtool("test", "rules", str(file))


@pytest.mark.parametrize("name", CASES)
def test_an_alert_fires_for_what_it_tells_and_not_otherwise(tmp_path: Path, name: str) -> None:
    fires, quiet = CASES[name]
    at, every = AT, "1m"
    if name == "QuotakeeperSpendingSpike":  # it needs the same hour of yesterday
        at, every = LATER, "5m"
    count = [{"expr": f'count(ALERTS{{alertname="{name}",alertstate="firing"}})', "eval_time": at,
              "exp_samples": [{"labels": "{}", "value": 1}]}]  # fmt: skip
    run_rules(tmp_path, "quotakeeper.rules.yml", fires, every=every, promql_expr_test=count)
    silent = [{"alertname": name, "eval_time": at, "exp_alerts": []}]
    run_rules(tmp_path, "quotakeeper.rules.yml", quiet, every=every, alert_rule_test=silent)


def test_each_alert_has_its_cases() -> None:
    assert set(CASES) == {each.name for each in ALERTS}
    assert all(set(each.summary) == set(each.description) == {"en", "vi"} for each in ALERTS)


@pytest.mark.parametrize(
    ("rules", "summary", "description"),
    [
        ("quotakeeper.rules.yml", "all: 85% used", "85% of the limit is used, 15% is left."),
        ("quotakeeper.vi.rules.yml", "all: đã dùng 85%", "Đã dùng 85% hạn mức, còn lại 15%."),
    ],
)
def test_a_warning_says_used_and_left(
    tmp_path: Path, rules: str, summary: str, description: str
) -> None:
    expected = {
        "exp_labels": {"severity": "warning", "limit": "all", "meter": "cost", "window": "day",
                       "mode": "hard", "instance": "g", "job": "q"},
        "exp_annotations": {"summary": summary, "description": description},
    }  # fmt: skip
    asked = [{"alertname": "QuotakeeperLimitWarning", "eval_time": AT, "exp_alerts": [expected]}]
    run_rules(tmp_path, rules, {USED: "0.85x130"}, alert_rule_test=asked)
