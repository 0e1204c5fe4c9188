"""Draws the pictures of the dashboard: `./dev pictures`.

The distribution's Chromium opens the page over the demo ledger of the tests, in both languages and
both themes, on a desktop and on a phone. Fonts differ between machines, so no test compares the
pictures; look at them after a change of the page.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.dashboard.browser import (  # noqa: E402 - the path is set above
    DESKTOP,
    PHONE,
    chromium,
    page_of,
    served_dashboard,
)
from tests.dashboard.demo_ledger import demo_ledger  # noqa: E402 - as above

TARGET = ROOT / "docs" / "images" / "dashboard"


def main() -> int:
    """Write all pictures, and print their names."""
    TARGET.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for lang in ("en", "vi"):
            made = demo_ledger(lang=lang)
            with served_dashboard(made.keeper, made.clock) as served:
                served.open_calls = made.open_calls
                _draw_language(browser, served.url, lang)
    return 0


def _draw_language(browser: Any, url: str, lang: str) -> None:
    for name, theme in (("desktop", "light"), ("desktop", "dark"), ("phone", "light")):
        is_phone = name == "phone"
        scale = {"device_scale_factor": 2} if is_phone else {}
        size = PHONE if is_phone else DESKTOP
        with page_of(browser, size, lang=lang, theme=theme, **scale) as (page, _):
            _draw(page, url, TARGET / f"{name}-{theme}.{lang}.png", whole=not is_phone)


def _draw(page: Any, url: str, path: Path, *, whole: bool) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(url)
    page.wait_for_selector(".line canvas")
    page.screenshot(path=path, full_page=whole)
    print(path.relative_to(ROOT))


if __name__ == "__main__":
    sys.exit(main())
