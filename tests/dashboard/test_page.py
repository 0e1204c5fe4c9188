"""The page in a real browser: accessibility, language, theme, live updates, keyboard, hostile text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from quotakeeper import Keeper
from quotakeeper.errors import LedgerUnavailableError
from quotakeeper.testing import FakeClock
from tests.dashboard.browser import (
    DESKTOP,
    PHONE,
    ServedDashboard,
    chromium,
    page_of,
    served_dashboard,
)
from tests.dashboard.demo_ledger import demo_ledger

EMPTY: dict[str, object] = {"default_limits": False, "timezone": "UTC"}
# The policy of the page refuses HTML from text.
SET_HTML = (
    "(() => { try { document.body.innerHTML = '<b>x</b>'; } catch (e) { return e.name; } })()"
)
HOSTILE = '<img src=x onerror="window.stolen=1"><script>window.stolen=1</script>\'"&lt;'


PERCENTAGES = [
    ("0", 0, "0"), ("0.01", 0, "<1"), ("0.49", 0, "<1"), ("0.5", 0, "1"), ("99.49", 0, "99"),
    ("99.5", 0, "99"), ("100", 0, "100"), ("100.3", 0, "100"), ("0.01", 1, "<0.1"),
    ("0.05", 1, "0.1"), ("99.94", 1, "99.9"), ("99.99", 1, "99.9"), ("1234.56", 1, "1,234.6"),
]  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The browser of this module."""
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def demo() -> Iterator[ServedDashboard]:
    """A dashboard over the ledger of the pictures."""
    made = demo_ledger()
    with served_dashboard(made.keeper, made.clock) as served:
        served.open_calls = made.open_calls
        yield served


def violations(page: Any) -> list[str]:
    """The rules of axe-core that the page breaks, with the elements."""
    from axe_playwright_python.sync_playwright import Axe

    # The policy of the page allows no script from text, so the rules are run by the debugger.
    answer = Axe().run(page).response
    assert len(answer["passes"]) > 15, "the rules were not run"
    found = answer["violations"]
    return [f"{each['id']}: {[node['html'][:120] for node in each['nodes'][:3]]}" for each in found]


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_is_accessible_in_both_languages_and_asks_no_other_host(
    browser: Any, demo: ServedDashboard, theme: str, size: tuple[int, int]
) -> None:
    with page_of(browser, size, theme=theme) as (page, seen):
        page.goto(demo.url)
        page.wait_for_selector(".sentence")
        for lang, word in (("vi", "CẦN XEM"), ("en", "CHECK")):
            page.locator(f'input[value="{lang}"]').check(force=True)
            page.get_by_text(word, exact=True).wait_for()
            assert page.evaluate("document.documentElement.lang") == lang
            assert page.locator("canvas").count() == 1
            assert violations(page) == []
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, "the page scrolls sideways"
        assert seen.problems == []
        assert {urlsplit(each).netloc for each in seen.requests} == {urlsplit(demo.url).netloc}
        assert page.evaluate("document.cookie") == ""
        assert page.url.endswith("/"), "the token stays in the address bar"
        assert page.evaluate(SET_HTML) == "TypeError"


def test_the_sign_in_page_is_accessible_and_works_by_keyboard_alone(
    browser: Any, demo: ServedDashboard
) -> None:
    with page_of(browser, lang="en") as (page, _):
        page.goto(demo.url.partition("#")[0])
        page.get_by_role("heading", name="Sign in").wait_for()
        assert violations(page) == []
        page.locator("input[name=token]").focus()
        page.keyboard.type("wrong")
        page.keyboard.press("Enter")
        page.get_by_role("alert").wait_for()
        page.keyboard.press("ControlOrMeta+A")
        page.keyboard.type(demo.url)  # the whole address is understood too
        page.keyboard.press("Enter")
        page.wait_for_selector(".sentence")
        page.get_by_role("button", name="Sign out").focus()
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Sign in").wait_for()
        page.reload()
        page.get_by_role("heading", name="Sign in").wait_for()


def test_every_stop_of_the_tab_key_is_visible(browser: Any, demo: ServedDashboard) -> None:
    with page_of(browser, lang="en") as (page, _):
        page.goto(demo.url)
        page.wait_for_selector(".sentence")
        stops = []
        for _ in range(9):
            page.keyboard.press("Tab")
            stops.append(page.evaluate(
                "(() => { const e = document.activeElement; const s = e.matches('.choice input') "
                "? e.nextElementSibling : e; const style = getComputedStyle(s); "
                "return [e.tagName, e.name || e.textContent.slice(0, 12), style.outlineStyle]; })()"
            ))  # fmt: skip
        names = [each[1] for each in stops]
        assert names[:4] == ["Skip to the ", "lang", "theme", "Sign out"]
        assert "as a table" in names
        assert [each for each in stops if each[0] != "BODY" and each[2] == "none"] == []


def test_a_live_update_keeps_the_focus_and_what_was_opened(browser: Any) -> None:
    clock = FakeClock()
    keeper = Keeper("memory:", EMPTY, clock=clock)
    with served_dashboard(keeper, clock) as served, page_of(browser, lang="en") as (page, seen):
        page.goto(served.url)
        page.get_by_text("No calls yet.").wait_for()
        page.locator("summary").click()
        page.evaluate("window.before = document.activeElement")
        keeper.record("deepgram", model="nova-3", operation="listen", audio_seconds=60)
        page.get_by_role("cell", name="1 min").wait_for()
        clock.advance(seconds=5)
        keeper.record("deepgram", model="nova-2", operation="listen", audio_seconds=60)
        page.get_by_role("rowheader", name="nova-2").wait_for()
        assert page.evaluate("window.before === document.activeElement")
        assert page.locator("details").get_attribute("open") is not None
        assert seen.problems == []


def test_hostile_names_are_shown_as_text(browser: Any) -> None:
    clock = FakeClock()
    limit = {"name": HOSTILE, "meter": "requests", "window": "day", "amount": 1}
    keeper = Keeper("memory:", {**EMPTY, "limit": [limit]}, clock=clock)
    scope = {"key": HOSTILE, "project": HOSTILE}
    keeper.record("deepgram", model=HOSTILE, operation=HOSTILE, scope=scope, audio_seconds=60)
    with served_dashboard(keeper, clock) as served, page_of(browser, lang="en") as (page, _):
        page.goto(served.url)
        page.get_by_text("BLOCKED", exact=True).wait_for()
        assert page.evaluate("window.stolen") is None
        assert page.locator("main img, main script").count() == 0
        assert page.locator(".calls th .name").inner_text() == HOSTILE
        assert page.locator(".limits b").first.inner_text() == HOSTILE
        assert HOSTILE in page.locator(".who tbody th").inner_text()


def test_a_dashboard_that_has_stopped_is_shown_as_lost(browser: Any) -> None:
    clock = FakeClock()
    keeper = Keeper("memory:", EMPTY, clock=clock)
    with served_dashboard(keeper, clock) as served, page_of(browser, lang="vi") as (page, _):
        page.goto(served.url)
        page.get_by_text("trực tiếp", exact=True).wait_for()
        served.stop()
        page.get_by_text("mất kết nối", exact=True).wait_for()
        assert "còn chạy không" in page.locator(".banner").inner_text()


def test_figures_of_a_ledger_that_does_not_answer_stay_and_are_called_old(
    browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock()
    keeper = Keeper("memory:", EMPTY, clock=clock)
    keeper.record("deepgram", model="nova-3", operation="listen", audio_seconds=60)

    def fails(after: int = 0) -> None:
        raise LedgerUnavailableError("ledger.db", "is locked", "try again")

    with served_dashboard(keeper, clock) as served, page_of(browser, lang="en") as (page, _):
        page.goto(served.url)
        page.get_by_text("live", exact=True).wait_for()
        with monkeypatch.context() as patch:
            patch.setattr(keeper, "entries", fails)
            page.get_by_text("stale", exact=True).wait_for()
            assert "from 12:00:00" in page.locator(".banner").inner_text()
            assert page.locator(".calls tbody tr").count() == 1
        page.get_by_text("live", exact=True).wait_for()
        assert page.locator(".banner").count() == 0


def test_nothing_moves_for_who_wants_no_motion(browser: Any, demo: ServedDashboard) -> None:
    for motion, name in (("no-preference", "pulse"), ("reduce", "none")):
        with page_of(browser, reduced_motion=motion) as (page, _):
            page.goto(demo.url)
            page.wait_for_selector(".pulse")
            shown = "getComputedStyle(document.querySelector('.pulse')).animationName"
            assert page.evaluate(shown) == name


def test_the_page_says_the_figures_of_the_ledger(browser: Any, demo: ServedDashboard) -> None:
    keeper = demo.keeper
    today = keeper.status().limits[0]
    with page_of(browser, lang="en") as (page, _):
        page.goto(demo.url)
        page.wait_for_selector(".sentence")
        sentence = page.locator(".sentence").inner_text()
        assert today.used_usd is not None
        assert f"${today.used_usd:.2f}" in sentence and "$10.00" in sentence
        assert page.locator(".number").count() == 5
        assert [each.split("\n")[0] for each in page.locator(".number h2").all_inner_texts()] == [
            "Today", "This month", "Runs out first", "Per minute of video", "Known from the provider",
        ]  # fmt: skip
        assert "₫" in page.locator(".number").first.inner_text()
        assert page.locator(".columns li").count() == 14
        assert page.locator(".calls tbody tr").count() == 8
        assert page.locator(".open li").count() == 2


def test_only_nothing_is_shown_as_0_percent_and_only_the_whole_as_100(
    browser: Any, demo: ServedDashboard
) -> None:
    formats = """rows => import('/format.js').then(({ Format }) =>
        rows.map(([text, most]) => new Format('en', {}, 'UTC').share(text, most)))"""
    with page_of(browser, DESKTOP) as (page, _seen):
        page.goto(demo.url)
        page.wait_for_selector(".sentence")
        shown = page.evaluate(formats, [[text, most] for text, most, _ in PERCENTAGES])
    assert shown == [expected for _, _, expected in PERCENTAGES]
