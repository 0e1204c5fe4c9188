"""`report --html` writes one page that loads nothing and shows the same figures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from quotakeeper import Keeper
from quotakeeper.app.overview.reading import OverviewReader
from quotakeeper.app.overview.record import overview_record
from quotakeeper.dashboard.single_page import single_page
from quotakeeper.testing import FakeClock
from tests.dashboard.browser import chromium, page_of
from tests.dashboard.demo_ledger import demo_ledger
from tests.dashboard.test_page import HOSTILE, violations


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The browser of this module."""
    with chromium() as found:
        yield found


@pytest.mark.parametrize(
    ("lang", "word", "said"),
    [("en", "CHECK", "as of 14:24"), ("vi", "CẦN XEM", "số liệu lúc 14:24")],
)
def test_the_page_shows_the_overview_and_asks_nobody(
    browser: Any, tmp_path: Path, lang: str, word: str, said: str
) -> None:
    made = demo_ledger(lang=lang)
    with made.keeper as keeper:
        html = single_page(overview_record(OverviewReader(keeper).read()), lang)
    file = tmp_path / "overview.html"
    file.write_text(html, encoding="utf-8")
    assert len(html.encode()) <= 200 * 1024
    with page_of(browser, lang=lang) as (page, seen):
        page.goto(file.as_uri())
        page.get_by_text(word, exact=True).wait_for()
        assert said in page.locator(".state").inner_text()
        assert page.locator(".line canvas").count() == 1
        assert page.locator(".calls tbody tr").count() == 8
        assert violations(page) == []
        assert seen.problems == []
        asked = [each for each in seen.requests if not each.startswith("data:")]
        assert asked == [file.as_uri()]


def test_a_hostile_name_cannot_leave_the_data(browser: Any, tmp_path: Path) -> None:
    clock = FakeClock()
    with Keeper("memory:", {"default_limits": False, "timezone": "UTC"}, clock=clock) as keeper:
        keeper.record("deepgram", model="</script>" + HOSTILE, operation="x", audio_seconds=60)
        html = single_page(overview_record(OverviewReader(keeper).read()), "en")
    data = re.findall(r'id="data">(.*?)</script>', html, re.DOTALL)[0]
    assert "<" not in data and "stolen" in data
    file = tmp_path / "overview.html"
    file.write_text(html, encoding="utf-8")
    with page_of(browser, lang="en") as (page, _):
        page.goto(file.as_uri())
        assert page.locator(".calls th .name").inner_text() == "</script>" + HOSTILE
        assert page.evaluate("window.stolen") is None
