"""`./dev docs`: builds the pages into build/site, one static site for each language.

MkDocs runs in strict mode, in an environment made from requirements/site.txt. The build fails for a
broken link, for a page without a place in the navigation, and for a file loaded from elsewhere.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.checkout import EXIT_UNAVAILABLE
from tools.environments import Shelf, UnavailableError

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "build" / "site"
LANGUAGES = {"en": "English", "vi": "Tiếng Việt"}
SHELF = Shelf(ROOT / "requirements", ROOT / ".cache" / "site")
STAND_INS = "https://unpkg.com/"
# A page may link to the web; it may not load anything from there.
_LOADED = re.compile(
    r"<(?:script|img|iframe|source|link(?![^>]*rel=\"?canonical))\b[^>]*?"
    r"\b(?:src|href)=\"?((?:https?:)?//[^\"\s>]+)"
)
_ITEM = re.compile(r"^- \[(?P<title>[^\]]+)\]\((?P<path>[^)]+)\)")
_START = """<!doctype html><meta charset="utf-8"><title>quotakeeper</title>
<p><a href="en/index.html">English</a></p><p><a href="vi/index.html">Tiếng Việt</a></p>
"""


def navigation(index: Path) -> list[object]:
    """The navigation of a language: the sections and links of its index page, in their order."""
    found: list[object] = ["index.md"]
    section: list[object] = []
    for line in index.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            section = []
            found.append({line.removeprefix("## ").partition(":")[0]: section})
        elif item := _ITEM.match(line):
            section.append({item["title"].replace("`", ""): item["path"]})
    return found


def configuration(language: str) -> dict[str, object]:
    """What is added to mkdocs.yml for one language."""
    return {
        "INHERIT": str(ROOT / "mkdocs.yml"),
        "docs_dir": str(ROOT / "docs" / language),
        "site_dir": str(SITE / language),
        "theme": {"language": language},
        "plugins": {"search": {"lang": [language]}},
        "hooks": [str(ROOT / "tools" / "site_hooks.py")],
        "nav": navigation(ROOT / "docs" / language / "index.md"),
        "extra": {
            "alternate": [
                {"name": name, "link": f"../{each}/index.html", "lang": each}
                for each, name in LANGUAGES.items()
            ]
        },
    }


def loaded_from_elsewhere(site: Path) -> Iterator[str]:
    """Each file on the web that a built page or style sheet would load."""
    for path in sorted(site.rglob("*")):
        if path.suffix == ".html":
            for address in _LOADED.findall(path.read_text(encoding="utf-8")):
                yield f"{path.relative_to(site)}: {address}"
        elif path.suffix == ".js" and STAND_INS in path.read_text(encoding="utf-8"):
            yield f"{path.relative_to(site)}: {STAND_INS}"
        elif path.suffix in (".css", ".svg"):
            text = path.read_text(encoding="utf-8")
            for address in re.findall(r"(?:@import|url\()\s*[\"']?((?:https?:)?//[^\"')]+)", text):
                yield f"{path.relative_to(site)}: {address}"


def _close_the_theme(site: Path) -> None:
    """Take the address from which the theme's script would load stand-ins for old browsers."""
    for script in site.rglob("bundle.*.js"):
        text = script.read_text(encoding="utf-8")
        script.write_text(text.replace(STAND_INS, "about:blank#"), encoding="utf-8")


def build() -> int:
    """Build both languages; 0 if every link leads somewhere and nothing comes from elsewhere."""
    try:
        python = SHELF.prepare("site")
    except UnavailableError as error:
        print(f"dev: {error}", file=sys.stderr)
        return EXIT_UNAVAILABLE
    shutil.rmtree(SITE, ignore_errors=True)
    SITE.mkdir(parents=True)
    quiet = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}  # an announcement of Material's
    for language in LANGUAGES:
        settings = SITE.parent / f"mkdocs.{language}.yml"
        settings.write_text(json.dumps(configuration(language)), encoding="utf-8")
        # With --quiet, strict mode would not count warnings.
        command = [str(python), "-m", "mkdocs", "build", "--strict", "-f", str(settings)]
        ran = subprocess.run(
            command, cwd=ROOT, env=quiet, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            encoding="utf-8", check=False,
        )  # fmt: skip
        if ran.returncode:
            print(ran.stdout, file=sys.stderr)
            return ran.returncode
    _close_the_theme(SITE)
    (SITE / "index.html").write_text(_START, encoding="utf-8")
    if found := list(loaded_from_elsewhere(SITE)):
        print("dev: the site would load files from elsewhere:", *found, sep="\n  ", file=sys.stderr)
        return 1
    print(f"built {SITE}/index.html")
    return 0
