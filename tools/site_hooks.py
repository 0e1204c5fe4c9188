"""What MkDocs asks us while it builds the site: pictures of both languages, and links out of `docs/`.

MkDocs loads this file by its path, in an environment of its own that has nothing of ours.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent.parent / "docs"
_LINK = re.compile(r"(?P<mark>!?)\[(?P<text>(?:[^\]\[]|\[[^\]]*\])*)\]\((?P<target>[^()\s]+)\)")
_FENCE = re.compile(r"^\s*(```|~~~)")


def on_files(files: Any, config: Any) -> Any:
    """Add the pictures, which both languages share."""
    from mkdocs.structure.files import File  # type: ignore[import-not-found, unused-ignore]

    for picture in sorted((DOCS / "images").rglob("*.[ps][nv]g")):
        uri = picture.relative_to(DOCS).as_posix()
        files.append(File.generated(config, uri, abs_src_path=str(picture)))
    return files


def on_page_markdown(markdown: str, page: Any, **given: Any) -> str:
    """Send links to pictures to the site's copies; name other files of the repository without a link."""
    folder = posixpath.dirname(page.file.src_uri)
    lines: list[str] = []
    is_code = False
    for line in markdown.splitlines():
        if _FENCE.match(line):
            is_code = not is_code
        lines.append(line if is_code else _LINK.sub(lambda found: _link(found, folder), line))
    return "\n".join(lines) + "\n"


def _link(found: re.Match[str], folder: str) -> str:
    target = found["target"]
    if re.match(r"[a-z]+:|#", target):
        return found[0]
    # From the folder of one language: `..` is docs/, `../..` the repository.
    path = posixpath.normpath(posixpath.join(folder, target))
    if not path.startswith("../"):
        return found[0]
    if path.startswith("../images/"):
        near = posixpath.relpath(path.removeprefix("../"), folder or ".")
        return f"{found['mark']}[{found['text']}]({near})"
    name = path.removeprefix("../").removeprefix("../")
    return found["text"] if name in found["text"] else f"{found['text']} (`{name}`)"
