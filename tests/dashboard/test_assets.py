"""The libraries of the page are the published files, and both languages say the same."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from pathlib import Path

import pytest

from quotakeeper.app.overview.judgement import Code, Word
from quotakeeper.dashboard.files import FOLDER
from quotakeeper.domain.units import METERS
from quotakeeper.domain.usage import Provenance

# SHA-256 of the files in the npm packages. `npm pack NAME@VERSION` fetches a package.
VENDORED = {
    "preact.mjs": (
        "preact 11.2.0, dist/preact.mjs",
        "bdcbd9abdf2c77c5c45326eab42191e949222d479d0d5f69467387a77040cb55",
    ),
    "htm.mjs": (
        "htm 3.1.1, dist/htm.module.js",
        "ab33dd3f38059b9be4d5f5350128eefb2356639c4e0bbe9d9e8b3ba75847e9e4",
    ),
    "uplot.js": (
        "uplot 1.6.32, dist/uPlot.iife.min.js",
        "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
    ),
    "uplot.css": (
        "uplot 1.6.32, dist/uPlot.iife.min.js and dist/uPlot.min.css",
        "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
    ),
}
LICENCES = {"preact.LICENSE.txt", "htm.LICENSE.txt", "uplot.LICENSE.txt"}
DYNAMIC = {
    "word": set(Word), "reason": set(Code), "known": set(Provenance),
    "state": {"connecting", "live", "stale", "lost"}, "theme": {"auto", "light", "dark"},
    "sign_in": {"wrong", "throttled", "lost"}, "outcome": {"error", "unknown"},
}  # fmt: skip


def words(lang: str) -> dict[str, str]:
    """The texts of a language."""
    found: dict[str, str] = json.loads((FOLDER / f"{lang}.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("name", VENDORED)
def test_each_library_is_the_published_file_and_has_its_notice(name: str, repository: Path) -> None:
    origin, digest = VENDORED[name]
    assert sha256((FOLDER / "vendor" / name).read_bytes()).hexdigest() == digest
    notice = re.sub(r"\s+", " ", (repository / "NOTICE").read_text(encoding="utf-8"))
    assert origin in notice


def test_nothing_else_is_vendored_and_each_licence_is_there() -> None:
    found = {path.name for path in (FOLDER / "vendor").iterdir()}
    assert found == {*VENDORED, *LICENCES}
    for name in LICENCES:
        assert "Copyright" in (FOLDER / "vendor" / name).read_text(encoding="utf-8")


def test_both_languages_have_the_same_texts_with_the_same_places() -> None:
    english, vietnamese = words("en"), words("vi")
    assert list(english) == list(vietnamese)
    for key, text in english.items():
        assert text.strip() and vietnamese[key].strip(), key
        places = [sorted(re.findall(r"\{\w+\}", each[key])) for each in (english, vietnamese)]
        if not key.startswith("reason."):  # a language may leave out how long before the reset
            assert places[0] == places[1], key
    assert [key for key, text in english.items() if re.search("[À-ỹ]", text)] == []


def test_every_text_that_the_page_asks_for_exists_and_every_text_is_asked_for() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.js")))
    known = words("en")
    asked = set(re.findall(r"(?:\bt|\bparts)\('([\w.]+)'", source))
    asked |= set(re.findall(r"\b(?:w|words)\['([\w.]+)'\]", source))
    asked |= set(re.findall(r"\b(?:w|words)\.(\w+)", source))
    asked |= set(re.findall(r"[?:] '([\w.]+)'", source))
    asked = {each for each in asked if each in known or "." in each}
    asked |= {f"{group}.{each}" for group, names in DYNAMIC.items() for each in names}
    asked |= {f"unit.{meter.unit}" for meter in METERS.values() if f"unit.{meter.unit}" in known}
    asked |= {
        key for key in known if key.endswith(("_endless", "_all")) and key.startswith("reason.")
    }
    asked |= {"today", "month"}
    assert asked - set(known) == set()
    assert set(known) - asked == set()
