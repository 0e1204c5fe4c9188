"""Reads the parts of a multipart form, the format in which programs send files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from quotakeeper.value_classes import dataclass

_BOUNDARY = re.compile(r"boundary=(?:\"([^\"]{1,200})\"|([^;,\s]{1,200}))", re.IGNORECASE)
_NAME = re.compile(r"[;\s]name=\"?([^\";\r\n]*)", re.IGNORECASE)
_FILE = re.compile(r"filename\*?=", re.IGNORECASE)
_MOST_PARTS = 1_000


@dataclass(frozen=True, slots=True)
class FormPart:
    """One part of a form: its name, whether it is a file, and its content."""

    name: str
    filename: bool
    data: bytes


def form_parts(content_type: str, body: bytes) -> Iterator[FormPart]:
    """Yield the parts of a multipart form; nothing if `body` is not such a form.

    Of a form that was cut, the parts that arrived are yielded.
    """
    found = _BOUNDARY.search(content_type)
    if found is None or not content_type.lower().lstrip().startswith("multipart/"):
        return
    mark = b"--" + (found.group(1) or found.group(2)).encode("utf-8", "replace")
    at = body.find(mark)
    for _ in range(_MOST_PARTS):
        if at < 0:
            return
        start = at + len(mark)
        if body[start : start + 2] == b"--":
            return
        at = body.find(b"\r\n" + mark, start)
        piece = body[start + 2 : at if at >= 0 else len(body)]
        at = at + 2 if at >= 0 else -1
        head, gap, data = piece.partition(b"\r\n\r\n")
        if not gap:
            continue
        said = head.decode("utf-8", "replace")
        name = _NAME.search(said)
        yield FormPart(name.group(1) if name else "", bool(_FILE.search(said)), data)
