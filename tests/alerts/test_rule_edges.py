"""What the rules of alerts leave out, and limits without a next period."""

from __future__ import annotations

from datetime import UTC
from types import SimpleNamespace
from typing import Any

from quotakeeper.domain.alerts.alert import Alert, AlertRule
from quotakeeper.domain.alerts.rules import AlertRules
from quotakeeper.domain.ledger.entries import Kind
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.windows import SECOND, parse_window

DAY = 86_400 * SECOND
NOW = 20_000 * DAY + 5 * SECOND


def _rules(*names: str) -> AlertRules:
    return AlertRules("ledger", names, (), (), UTC, lambda name: UTC)


def _refused(window: str) -> Any:
    limit = Limit("calls", "requests", parse_window(window), 5)
    return SimpleNamespace(
        limit=limit, period=SimpleNamespace(start_at=7), resets_at=NOW + 9, is_held=False,
        used=5, reserved=0, asked=1,
    )  # fmt: skip


def _told(window: str, at: int) -> Alert:
    (alert,) = _rules("refused").refusals([_refused(window)], at)
    return alert


def test_refusals_are_told_only_if_they_are_wanted() -> None:
    assert list(_rules("threshold").refusals([_refused("day")], NOW)) == []
    assert _told("day", NOW).rule is AlertRule.REFUSED


def test_a_limit_without_a_next_period_is_told_once_a_day() -> None:
    for window in ("rolling 24h", "none"):
        first = _told(window, NOW)
        assert first.id == _told(window, NOW + DAY - 10 * SECOND).id
        assert first.id != _told(window, NOW + DAY).id
    assert (_told("none", NOW).resets_at, _told("rolling 24h", NOW).resets_at) == (None, NOW + 9)


def test_a_call_whose_first_entry_is_gone_and_another_notice_make_no_alert() -> None:
    figures = SimpleNamespace(cost_pico=None, quantities={"requests": 1})
    call: Any = SimpleNamespace(
        at=NOW, crossing=None, kind=Kind.SETTLE, figures=figures, labels=None, ref=3, notice=None
    )
    other: Any = SimpleNamespace(
        at=NOW, crossing=None, kind=Kind.RESERVE, notice=SimpleNamespace(subject="gemini")
    )
    asked: list[int] = []
    rules = _rules("unpriced", "paused")
    assert list(rules.alerts([call, other], lambda seq: asked.append(seq), NOW)) == []
    assert asked == [3]
