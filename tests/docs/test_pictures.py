"""The pictures of the screens are what the commands print today, and load nothing from elsewhere."""

from __future__ import annotations

import re

from scripts.draw_screens import TARGET, pictures
from tests.docs.pages import DOCS


def test_the_pictures_are_up_to_date() -> None:
    drawn = dict(pictures())
    kept = {path.name: path.read_text(encoding="utf-8") for path in TARGET.glob("*.svg")}
    assert sorted(kept) == sorted(drawn)
    stale = [name for name, svg in drawn.items() if kept[name] != svg]
    assert stale == [], "draw them with: ./dev pictures"


def test_no_picture_loads_anything() -> None:
    loading = [
        path.name
        for path in DOCS.rglob("*.svg")
        if re.search(r"(?:href|src|url\()\s*=?\s*[\"']?(?:https?:)?//", path.read_text("utf-8"))
    ]
    assert loading == []
