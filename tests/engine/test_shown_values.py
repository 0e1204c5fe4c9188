"""What a person reads beside the exact integers: dollars, dates, tables, the text of a warning."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal, localcontext

from quotakeeper import LimitWarning, UsageTable, Verdict
from tests.engine.conftest import MakeKeeper
from tests.engine.support import limit

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_an_event_has_dollars_and_a_date(make: MakeKeeper) -> None:
    keeper = make(limit(100))
    told = keeper.record("gemini", requests=1, cost_usd="0.123456789012")
    untold = keeper.record("gemini", model="gemini-0", requests=1)
    assert (told.cost_usd, told.time) == (Decimal("0.123456789012"), NOON)
    assert untold.cost_usd is None
    with localcontext() as host:
        host.prec = 2
        assert told.cost_usd == Decimal("0.123456789012")


def test_a_status_has_dollars_where_the_limit_is_on_money_and_dates(make: MakeKeeper) -> None:
    money = limit("2", name="money", meter="cost")
    keeper = make(limit(100), money)
    keeper.record("gemini", requests=1, cost_usd="0.5")
    status = keeper.status()
    requests, cost = status.limits
    assert (requests.used_usd, requests.reserved_usd, requests.remaining_usd) == (None, None, None)
    assert (cost.used_usd, cost.reserved_usd, cost.remaining_usd) == (
        Decimal("0.5"), Decimal(0), Decimal("1.5"),
    )  # fmt: skip
    assert status.time == NOON
    assert cost.reset_time == datetime(2026, 11, 24, tzinfo=UTC)
    assert keeper.usage()[0].cost_usd == Decimal("0.5")


def cells(html: str) -> list[str]:
    return re.findall(r"<t[hd] [^>]*>(.*?)</t[hd]>", html)


def test_a_notebook_shows_status_and_reports_as_tables_and_every_label_is_escaped(
    make: MakeKeeper,
) -> None:
    bad = '<script>alert(1)</script>&"'
    keeper = make(limit(100, name=bad))
    keeper.record("gemini", scope={"user": bad}, requests=2, cost_usd="0.25")
    keeper.record("gemini", model="gemini-0", requests=1)
    status = keeper.status()._repr_html_()
    usage = keeper.usage(by=("provider", "scope.user"))
    assert isinstance(usage, UsageTable) and isinstance(usage, list)
    for html in (status, usage._repr_html_()):
        assert html.startswith("<table>") and html.endswith("</table>")
        assert "<script>" not in html and "&lt;script&gt;" in html
    assert "3 requests" in cells(status) and "100 requests" in cells(status)
    assert "2026-11-24 00:00:00" in cells(status)
    shown = cells(usage._repr_html_())
    assert shown[:2] == ["provider / scope.user", "calls"]
    assert "0.25" in shown and "unknown" in shown


def test_a_warning_is_a_verdict_with_a_text_for_people(make: MakeKeeper) -> None:
    warned: list[LimitWarning] = []
    keeper = make(limit(100, thresholds=["0.8"]), on_warning=warned.append)
    keeper.record("gemini", requests=85)
    (warning,) = warned
    assert isinstance(warning, Verdict)
    assert (warning.used, warning.limit.name) == (85, "cap")
    assert (
        warning.text
        == str(warning)
        == (
            "limit 'cap' is at 85.00 %: 85 of 100 requests per day used, 0 reserved; "
            "resets at 2026-11-24T00:00:00+00:00"
        )
    )
    assert warning.reset_time == datetime(2026, 11, 24, tzinfo=UTC)
