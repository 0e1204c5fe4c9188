"""The files of the page. They are read once and served from memory, also compressed."""

from __future__ import annotations

import gzip
from hashlib import sha256
from pathlib import Path

from quotakeeper.value_classes import dataclass

FOLDER = Path(__file__).parent / "assets"
_UNSERVED = ("single.js",)  # only in the page as a file
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file: its bytes, also compressed by gzip, its media type, and its entity tag."""

    content: bytes
    packed: bytes
    media_type: str
    tag: str


def page_files() -> dict[str, PageFile]:
    """Return all files of the page by their path in the URL. The page itself is at `/`."""
    found = {}
    for path in sorted(FOLDER.rglob("*")):
        media_type = _TYPES.get(path.suffix)
        if media_type is not None and path.name not in _UNSERVED:
            name = path.relative_to(FOLDER).as_posix()
            url = "/" if name == "index.html" else f"/{name}"
            found[url] = _page_file(path.read_bytes(), media_type)
    return found


def _page_file(content: bytes, media_type: str) -> PageFile:
    tag = f'"{sha256(content).hexdigest()[:20]}"'
    return PageFile(content, gzip.compress(content, 9, mtime=0), media_type, tag)
