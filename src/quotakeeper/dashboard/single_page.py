"""The overview as one HTML file: the page of the dashboard with its data, without a server.

The modules of the page become `data:` URLs of an import map. So the file loads nothing, and its
policy forbids all requests.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping

from quotakeeper.dashboard.files import FOLDER

_CSP = (
    "default-src 'none'; script-src 'unsafe-inline' data:; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)
_MODULES = (
    "vendor/preact.mjs", "vendor/htm.mjs", "format.js", "line.js", "tables.js", "overview.js",
    "single.js",
)  # fmt: skip
_IMPORT = re.compile(r"""(from\s*|import\s*)(['"])\./([\w./]+)\2""")


def single_page(record: Mapping[str, object], lang: str) -> str:
    """Return the HTML of an overview record in a language, "en" or "vi"."""
    modules = {f"page/{name}": _data_url(_module(name)) for name in _MODULES}
    styles = "".join(_text(name) for name in ("vendor/uplot.css", "style.css"))
    words = json.loads(_text(f"{lang}.json"))
    return (
        f'<!doctype html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_CSP}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{words['title']} - quotakeeper</title>\n<style>{styles}</style>\n"
        f'<script type="application/json" id="data">{_json([record, words])}</script>\n'
        f"<script>{_text('vendor/uplot.js')}</script>\n"
        f'<script type="importmap">{_json({"imports": modules})}</script>\n'
        '</head>\n<body><div id="app"></div>\n'
        "<script type=\"module\">import 'page/single.js';</script></body>\n</html>\n"
    )


def _module(name: str) -> str:
    """Return a module whose imports name the import map instead of files."""
    return _IMPORT.sub(r"\1\2page/\3\2", _text(name))


def _text(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _data_url(text: str) -> str:
    return "data:text/javascript;base64," + base64.b64encode(text.encode()).decode("ascii")


def _json(value: object) -> str:
    # Inside a script element, `<` could end the element or open a comment.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
